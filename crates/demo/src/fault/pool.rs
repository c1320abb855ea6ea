//! The orders database has no connection left. Every service that needs one words it in its own way.

use crate::dice::Words;
use crate::script::{Script, millis, on_database, seconds, traced};
use crate::shop::{Level, Service};
use crate::traffic::failed_request;
use foghorn_domain::clock::SignedDuration;

/// Seconds.
pub(crate) const LASTS: i64 = 330;

/// A wording: who says it, how soon after the database itself, how often in a minute, and how.
struct Wording {
    service: Service,
    after: i64,
    per_minute: i64,
    level: Level,
    text: Words,
}

const WORDINGS: [Wording; 8] = [
    wording(Service::OrdersDb, 0, 14, Level::Fatal, |_| "sorry, too many clients already".to_owned()),
    wording(Service::OrdersDb, 9, 6, Level::Fatal, |_| {
        "remaining connection slots are reserved for non-replication superuser connections".to_owned()
    }),
    wording(Service::Checkout, 14, 12, Level::Error, |dice| {
        format!(
            "c.s.checkout.OrderRepository - no connection to jdbc:postgresql://orders-db:5432/orders: HikariPool-1 - Connection is not available, request timed out after 30000ms (total=20, active=20, idle=0, waiting={})",
            dice.between(9, 60)
        )
    }),
    wording(Service::Checkout, 22, 5, Level::Error, |_| {
        "o.h.engine.jdbc.spi.SqlExceptionHelper - FATAL: sorry, too many clients already".to_owned()
    }),
    wording(Service::Payments, 31, 8, Level::Error, |_| {
        "payments.db: sqlalchemy.exc.TimeoutError: QueuePool limit of size 10 overflow 5 reached, connection timed out, timeout 30.00 (postgresql+psycopg2://orders-db:5432/orders)".to_owned()
    }),
    wording(Service::Payments, 48, 3, Level::Error, |_| {
        "payments.reconcile: could not connect to server orders-db, port 5432: FATAL: too many connections for role payments".to_owned()
    }),
    wording(Service::Cart, 40, 7, Level::Error, |dice| {
        format!(
            "msg=\"saved basket not read\" basket={} err=\"pq: sorry, too many clients already\" db_host=orders-db:5432",
            dice.hex(8)
        )
    }),
    wording(Service::Cart, 66, 3, Level::Error, |_| {
        "msg=\"health check failed\" err=\"database orders-db did not answer: dial tcp orders-db:5432: i/o timeout\""
            .to_owned()
    }),
];

const fn wording(service: Service, after: i64, per_minute: i64, level: Level, text: Words) -> Wording {
    Wording { service, after, per_minute, level, text }
}

/// Writes the fault from `at` on, for so many seconds.
pub(crate) fn write(script: &mut Script, at: SignedDuration, lasts: i64) {
    for Wording { service, after, per_minute, level, text } in &WORDINGS {
        let mut second = *after;
        while second < lasts {
            let moment = at + seconds(second) + millis(script.dice.between(0, 900));
            let machine = script.dice.between(1, service.instances());
            let text = text(&mut script.dice);
            on_database(script.log(moment, (*service, machine), *level, &text), Service::OrdersDb);
            second += script.dice.between(1, 2 * 60 / per_minute);
        }
    }
    // What customers get to see of it.
    let mut second = 35;
    while second < lasts {
        let moment = at + seconds(second);
        let trace = failed_request(script, moment, ("POST", "/api/orders"), (503, 30_010), (Service::Checkout, 1));
        let text = "checkout is busy (503), showed the page that asks for patience";
        traced(script.log(moment + millis(9), (Service::Web, script_machine(second)), Level::Error, text), &trace);
        second += script.dice.between(5, 16);
    }
}

fn script_machine(second: i64) -> i64 {
    1 + second % Service::Web.instances()
}
