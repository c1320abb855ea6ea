//! Metrics of a good day: steady, with the unrest that measuring brings.

use crate::fault::Fault;
use crate::hour::Planned;
use crate::script::Script;
use crate::shop::Service;
use foghorn_domain::clock::SignedDuration;

/// A number that is measured every [`EVERY`] seconds.
pub(crate) struct Gauge {
    pub(crate) service: Service,
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) usual: f64,
    pub(crate) spread: f64,
}

/// Seconds between two values of a number.
const EVERY: i64 = 60;

/// What is watched.
pub(crate) const GAUGES: [Gauge; 9] = [
    gauge(Service::Proxy, "requests_per_second", "", 21.0, 1.5),
    gauge(Service::Web, "request_p95", " ms", 92.0, 4.0),
    gauge(Service::Cart, "request_p95", " ms", 24.0, 1.5),
    gauge(Service::Checkout, "request_p95", " ms", 390.0, 15.0),
    gauge(Service::Catalog, "request_p95", " ms", 128.0, 6.0),
    gauge(Service::Auth, "request_p95", " ms", 170.0, 7.0),
    gauge(Service::OrdersDb, "connections", "", 74.0, 3.0),
    gauge(Service::CatalogDb, "threads_running", "", 6.0, 0.7),
    gauge(Service::Sessions, "used_memory", " MB", 412.0, 4.0),
];

const fn gauge(service: Service, name: &'static str, unit: &'static str, usual: f64, spread: f64) -> Gauge {
    Gauge { service, name, unit, usual, spread }
}

pub(super) fn write(
    mut script: Script,
    lasts: SignedDuration,
    rate: u32,
    faults: &[(Fault, SignedDuration)],
) -> Vec<Planned> {
    let every = EVERY * 1000 / i64::from(rate.max(1));
    for (index, gauge) in GAUGES.iter().enumerate() {
        // Scrapes are spread over the interval.
        let mut at = every * index as i64 / GAUGES.len() as i64;
        while i128::from(at) < lasts.as_millis() {
            let moment = SignedDuration::from_millis(at);
            let mut value = script.dice.about(gauge.usual, gauge.spread);
            let mut under = None;
            for (fault, began) in faults {
                let strain = fault.strain(gauge.service, moment - *began);
                value *= strain;
                under = under.or((strain > 1.0).then_some(*fault));
            }
            script.metric(moment, gauge.service, (gauge.name, gauge.unit), value, under);
            at += every;
        }
    }
    script.finish()
}
