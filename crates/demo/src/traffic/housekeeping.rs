//! What databases, caches and jobs do on their own.

use super::moments;
use crate::dice::Words;
use crate::hour::Planned;
use crate::script::{Script, on_database};
use crate::shop::{Level, Service};
use foghorn_domain::clock::SignedDuration;

/// A statement of a program, with how often it is made in a usual hour.
struct Habit {
    service: Service,
    per_hour: i64,
    level: Level,
    text: Words,
}

const HABITS: [Habit; 20] = [
    habit(Service::OrdersDb, 12, Level::Info, |dice| {
        format!(
            "checkpoint complete: wrote {} buffers (1.3%); 0 WAL file(s) added, 0 removed, 1 recycled; write={}.{:03} s, sync=0.004 s",
            dice.between(80, 400),
            dice.between(8, 26),
            dice.between(0, 999)
        )
    }),
    habit(Service::OrdersDb, 10, Level::Info, |dice| {
        format!(
            "automatic analyze of table \"orders.public.order_items\" system usage: CPU: user: 0.{:02} s, elapsed: 0.{:02} s",
            dice.between(1, 30),
            dice.between(31, 80)
        )
    }),
    // Slow enough to be noted by the database, and not so slow that anybody waits for it.
    habit(Service::OrdersDb, 24, Level::Info, |dice| {
        format!(
            "duration: {}.{:03} ms  execute <unnamed>: SELECT id, total FROM orders WHERE placed_at > $1 LIMIT 500",
            dice.between(510, 980),
            dice.between(0, 999)
        )
    }),
    habit(Service::OrdersDb, 30, Level::Info, |dice| {
        format!("connection authorized: user=checkout database=orders application_name=checkout-{}", dice.between(1, 2))
    }),
    habit(Service::CatalogDb, 12, Level::Info, |dice| {
        format!(
            "[MY-011953] [InnoDB] Page cleaner took {}ms to flush {} pages",
            dice.between(1000, 1800),
            dice.between(90, 800)
        )
    }),
    habit(Service::CatalogDb, 14, Level::Info, |dice| slow_query(dice.between(520, 900), dice.between(2_000, 40_000))),
    habit(Service::Sessions, 12, Level::Info, |dice| {
        format!("{} changes in 300 seconds. Saving...", dice.between(100, 900))
    }),
    habit(Service::Sessions, 12, Level::Info, |_| "Background saving terminated with success".to_owned()),
    habit(Service::Sessions, 12, Level::Info, |dice| {
        format!("Fork CoW for RDB: current {} MB, peak {} MB", dice.between(1, 6), dice.between(7, 12))
    }),
    habit(Service::Auth, 20, Level::Info, |dice| {
        format!("msg=\"expired sessions removed\" count={}", dice.between(0, 60))
    }),
    habit(Service::Auth, 8, Level::Warning, |dice| {
        format!("msg=\"password hash uses the former cost\" customer={} cost=10", dice.between(20_000, 89_999))
    }),
    habit(Service::Cart, 20, Level::Info, |dice| {
        format!("msg=\"baskets written back\" count={} took={}ms", dice.between(5, 90), dice.between(4, 60))
    }),
    habit(Service::Checkout, 12, Level::Info, |dice| {
        format!(
            "c.s.checkout.HikariStats - orders pool: total=20, active={}, idle={}, waiting=0",
            dice.between(2, 7),
            dice.between(11, 18)
        )
    }),
    habit(Service::Checkout, 10, Level::Warning, |dice| {
        format!(
            "c.s.checkout.AddressClient - address service answered after {} ms, taking the customer's spelling",
            dice.between(900, 1500)
        )
    }),
    habit(Service::Payments, 20, Level::Info, |dice| {
        format!("payments.reconcile: {} payments settled, 0 open", dice.between(3, 40))
    }),
    habit(Service::Payments, 10, Level::Warning, |dice| {
        format!(
            "payments.gateway: acquirer asked to try again, attempt 1 of 3 for order {}",
            dice.between(100_000, 999_999)
        )
    }),
    habit(Service::Catalog, 12, Level::Info, |dice| {
        format!("catalog.index: {} products indexed in {} ms", dice.between(3, 80), dice.between(200, 900))
    }),
    habit(Service::Catalog, 8, Level::Warning, |dice| {
        format!("catalog.images: product {} has no picture, using the placeholder", dice.between(1000, 4999))
    }),
    habit(Service::Web, 8, Level::Warning, |dice| {
        format!("translation missing for checkout.note.{} in nl, showing en", dice.between(1, 30))
    }),
    habit(Service::Web, 12, Level::Info, |dice| {
        format!("assets preloaded: {} files, {} kB", dice.between(20, 40), dice.between(300, 900))
    }),
];

const fn habit(service: Service, per_hour: i64, level: Level, text: Words) -> Habit {
    Habit { service, per_hour, level, text }
}

pub(super) fn write(mut script: Script, lasts: SignedDuration, rate: u32) -> Vec<Planned> {
    for Habit { service, per_hour, level, text } in &HABITS {
        for at in moments(&mut script.dice, lasts, per_hour * i64::from(rate)) {
            let machine = script.dice.between(1, service.instances());
            let text = text(&mut script.dice);
            let event = script.log(at, (*service, machine), *level, &text);
            if matches!(service, Service::OrdersDb | Service::CatalogDb | Service::Sessions) {
                on_database(event, *service);
            }
        }
    }
    script.finish()
}

/// An entry of MySQL's slow query log.
pub(crate) fn slow_query(millis: i64, rows: i64) -> String {
    format!(
        "# Query_time: {}.{:03}  Lock_time: 0.000  Rows_sent: 20  Rows_examined: {rows} SELECT * FROM product_views WHERE product = ?",
        millis / 1000,
        millis % 1000
    )
}
