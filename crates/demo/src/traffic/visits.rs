//! Customers, and the machines that pass for them.

use super::moments;
use crate::dice::Dice;
use crate::hour::Planned;
use crate::script::{Request, Script, millis, traced};
use crate::shop::{Level, Service};
use foghorn_domain::clock::SignedDuration;

/// Visits in a usual hour.
const PER_HOUR: i64 = 1300;

/// What people look for, the awkward included.
const SEARCHES: [&str; 14] = [
    "rain+boots",
    "union+jack+mug",
    "select+wool+socks",
    "O%27Neill+jacket",
    "drop+shoulder+sweater",
    "table+%26+chairs",
    "100%25+cotton",
    "scripted+notebook",
    "where+to+wear+wellies",
    "size+%3C+40",
    "kids+or+adults",
    "caf%C3%A9+cups",
    "update+kit+for+tent",
    "order+by+friday",
];

/// A customer while the visit lasts.
struct Visit {
    client: String,
    trace: String,
}

pub(super) fn write(mut script: Script, lasts: SignedDuration, rate: u32) -> Vec<Planned> {
    for at in moments(&mut script.dice, lasts, PER_HOUR * i64::from(rate)) {
        let visit = Visit { client: client(&mut script.dice), trace: script.dice.hex(16) };
        match script.dice.between(1, 100) {
            1..=22 => look_at_product(&mut script, at, &visit),
            23..=38 => search(&mut script, at, &visit),
            39..=52 => fill_basket(&mut script, at, &visit),
            53..=60 => log_in(&mut script, at, &visit),
            61..=68 => order(&mut script, at, &visit),
            69..=72 => use_coupon(&mut script, at, &visit),
            73..=77 => miss(&mut script, at, &visit),
            _ => fetch(&mut script, at, &visit),
        }
    }
    script.finish()
}

/// An address from the blocks kept for documentation (RFC 5737) and for sharing (RFC 6598).
pub(crate) fn client(dice: &mut Dice) -> String {
    format!("100.{}.{}.{}", dice.between(64, 127), dice.between(0, 255), dice.between(1, 254))
}

fn machine(dice: &mut Dice, service: Service) -> (Service, i64) {
    (service, dice.between(1, service.instances()))
}

fn request(
    script: &mut Script,
    at: SignedDuration,
    visit: &Visit,
    (method, target): (&str, &str),
    (status, took): (u16, i64),
    upstream: (Service, i64),
) {
    let Visit { client, trace } = visit;
    let request = Request { client, method, target, status, millis: took, upstream, trace };
    script.access(at, &request);
}

fn look_at_product(script: &mut Script, at: SignedDuration, visit: &Visit) {
    let (web, catalog) = (machine(&mut script.dice, Service::Web), machine(&mut script.dice, Service::Catalog));
    let product = script.dice.between(1000, 4999);
    let took = script.dice.between(18, 90);
    let text = format!("catalog.products: product {product} read in {} ms, cache {}", took / 3, hit(&mut script.dice));
    traced(script.log(at, catalog, Level::Info, &text), &visit.trace);
    let text = format!("rendered /product/{product} in {took} ms");
    traced(script.log(at + millis(took), web, Level::Info, &text), &visit.trace);
    request(script, at + millis(took + 2), visit, ("GET", &format!("/product/{product}")), (200, took), web);
}

fn hit(dice: &mut Dice) -> &'static str {
    if dice.chance(80) { "hit" } else { "miss" }
}

fn search(script: &mut Script, at: SignedDuration, visit: &Visit) {
    let catalog = machine(&mut script.dice, Service::Catalog);
    let term = *script.dice.pick(&SEARCHES);
    let (took, found) = (script.dice.between(25, 140), script.dice.between(0, 240));
    let text = format!("catalog.search: {found} results in {took} ms");
    traced(script.log(at + millis(took), catalog, Level::Info, &text), &visit.trace);
    let target = format!("/search?q={term}&page={}", script.dice.between(1, 4));
    request(script, at + millis(took + 2), visit, ("GET", &target), (200, took), catalog);
}

fn fill_basket(script: &mut Script, at: SignedDuration, visit: &Visit) {
    let cart = machine(&mut script.dice, Service::Cart);
    let (items, took) = (script.dice.between(1, 9), script.dice.between(3, 25));
    let basket = script.dice.hex(8);
    let text = format!("msg=\"basket updated\" basket={basket} items={items} took={took}ms");
    traced(script.log(at + millis(took), cart, Level::Info, &text), &visit.trace);
    request(script, at + millis(took + 1), visit, ("POST", "/api/cart/items"), (200, took), cart);
    if script.dice.chance(6) {
        let text = format!("msg=\"price changed since it was put in the basket\" basket={basket} items={items}");
        traced(script.log(at + millis(took + 2), cart, Level::Warning, &text), &visit.trace);
    }
}

fn log_in(script: &mut Script, at: SignedDuration, visit: &Visit) {
    let auth = machine(&mut script.dice, Service::Auth);
    let (customer, took) = (script.dice.between(20_000, 89_999), script.dice.between(60, 180));
    let is_mistyped = script.dice.chance(7);
    let (level, status, text) = if is_mistyped {
        (Level::Warning, 422, format!("msg=\"wrong password for customer {customer} from {}\"", visit.client))
    } else {
        (Level::Info, 200, format!("msg=\"logged in\" customer={customer} session=s-{}", script.dice.hex(6)))
    };
    traced(script.log(at + millis(took), auth, level, &text), &visit.trace);
    request(script, at + millis(took + 1), visit, ("POST", "/login"), (status, took), auth);
}

fn order(script: &mut Script, at: SignedDuration, visit: &Visit) {
    let checkout = machine(&mut script.dice, Service::Checkout);
    let payments = machine(&mut script.dice, Service::Payments);
    let (number, euros, cents) =
        (script.dice.between(100_000, 999_999), script.dice.between(9, 280), script.dice.between(0, 99));
    let took = script.dice.between(120, 420);
    let text = format!("payments.charge: captured {euros}.{cents:02} EUR for order {number} in {} ms", took / 2);
    traced(script.log(at + millis(took / 2), payments, Level::Info, &text), &visit.trace);
    let text = format!("c.s.checkout.OrderService - order {number} placed, total {euros}.{cents:02} EUR");
    traced(script.log(at + millis(took), checkout, Level::Info, &text), &visit.trace);
    request(script, at + millis(took + 3), visit, ("POST", "/api/orders"), (201, took), checkout);
}

fn use_coupon(script: &mut Script, at: SignedDuration, visit: &Visit) {
    let checkout = machine(&mut script.dice, Service::Checkout);
    let (percent, took) = (script.dice.between(1, 6) * 5, script.dice.between(9, 60));
    let text = format!("c.s.checkout.CouponController - coupon of {percent} percent accepted");
    traced(script.log(at + millis(took), checkout, Level::Info, &text), &visit.trace);
    request(script, at + millis(took + 1), visit, ("PUT", "/api/checkout/coupon"), (200, took), checkout);
}

/// Pages that are not there any more, and what robots ask every site for.
fn miss(script: &mut Script, at: SignedDuration, visit: &Visit) {
    const MISSING: [&str; 6] =
        ["/favicon-old.ico", "/product/17", "/sale/2019", "/apple-touch-icon-precomposed.png", "/ads.txt", "/blog/"];
    let web = machine(&mut script.dice, Service::Web);
    let target = *script.dice.pick(&MISSING);
    let took = script.dice.between(2, 9);
    request(script, at, visit, ("GET", target), (404, took), web);
    if script.dice.chance(30) {
        let text = format!("no page at {target}, sent the one with the map of the site");
        traced(script.log(at + millis(took), web, Level::Warning, &text), &visit.trace);
    }
}

fn fetch(script: &mut Script, at: SignedDuration, visit: &Visit) {
    const FILES: [&str; 6] =
        ["/", "/assets/app.4f1c.js", "/assets/shop.91ab.css", "/img/banner-spring.webp", "/api/cart", "/robots.txt"];
    let web = machine(&mut script.dice, Service::Web);
    let (target, took) = (*script.dice.pick(&FILES), script.dice.between(1, 30));
    let status = if script.dice.chance(25) { 304 } else { 200 };
    request(script, at, visit, ("GET", target), (status, took), web);
}
