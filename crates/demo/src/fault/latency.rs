//! Reading products gets slower: first it is noticed in numbers and warnings, then the alert fires, then readers
//! give up. A missing index and a growing table.

use crate::script::{Alert, Script, millis, on_database, seconds, traced};
use crate::shop::{Level, Service};
use crate::traffic::{failed_request, slow_query};
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::event::EventStatus;
use foghorn_domain::severity::Severity;

/// Seconds.
pub(crate) const LASTS: i64 = 540;

/// The alert is raised so many seconds after the climb began.
const ALERT_AFTER: i64 = 40;

const ALERT: Alert<'static> = Alert {
    name: "CatalogLatencyHigh",
    summary: "95 of 100 product pages wait longer than 2 s for catalog, measured at the proxy",
    severity: Severity::Critical,
    labels: &[("service", "catalog"), ("upstream", "catalog-1"), ("database", "catalog-db"), ("team", "shop")],
};

/// Writes the fault from `at` on, for so many seconds; the alert ends a little after.
pub(crate) fn write(script: &mut Script, at: SignedDuration, lasts: i64) {
    warn(script, at, lasts);
    let since = at + seconds(ALERT_AFTER);
    let mut second = ALERT_AFTER;
    while second < lasts + 20 {
        // Prometheus says it again and again while it lasts.
        script.alert(at + seconds(second), &ALERT, since, EventStatus::Firing);
        second += 60;
    }
    script.alert(at + seconds(lasts + 40), &ALERT, since, EventStatus::Resolved);
    give_up(script, at, lasts);
}

/// Slower and slower.
fn warn(script: &mut Script, at: SignedDuration, lasts: i64) {
    let mut second = 0;
    while second < lasts {
        let slower = (second as f64 / lasts as f64).sqrt();
        let took = script.dice.about(300.0 + 4200.0 * slower, 200.0).max(250.0) as i64;
        let catalog = (Service::Catalog, script.dice.between(1, 2));
        let text =
            format!("catalog.products: product {} read in {took} ms, cache miss", script.dice.between(1000, 4999));
        script.log(at + seconds(second), catalog, Level::Warning, &text);
        if script.dice.chance(35) {
            let text = slow_query(took, took * 700);
            on_database(
                script.log(at + seconds(second + 1), (Service::CatalogDb, 1), Level::Info, &text),
                Service::CatalogDb,
            );
        }
        if script.dice.chance(25) {
            let text = format!("msg=\"price asked for again, catalog is slow\" took={took}ms");
            script.log(at + seconds(second + 2), (Service::Cart, 1), Level::Warning, &text);
        }
        second += script.dice.between(2, 6);
    }
}

/// Readers that will wait no longer.
fn give_up(script: &mut Script, at: SignedDuration, lasts: i64) {
    let mut second = ALERT_AFTER + 8;
    while second < lasts {
        let moment = at + seconds(second);
        let catalog = (Service::Catalog, script.dice.between(1, 2));
        let target = format!("/product/{}", script.dice.between(1000, 4999));
        let trace = failed_request(script, moment, ("GET", &target), (504, 5_001), catalog);
        let text = "catalog.products: query timed out after 5000 ms on catalog-db:3306, table product_views";
        let event = script.log(moment, catalog, Level::Error, text);
        on_database(event, Service::CatalogDb);
        traced(event, &trace);
        let web = (Service::Web, script.dice.between(1, 3));
        traced(
            script.log(moment + millis(4), web, Level::Error, "catalog gave no answer in 5000 ms, page without prices"),
            &trace,
        );
        // The database is among the first to say so.
        if second == ALERT_AFTER + 8 || script.dice.chance(30) {
            let text =
                format!("[Server] long running query: {} s, reading product_views", script.dice.between(30, 400));
            on_database(
                script.log(moment + millis(300), (Service::CatalogDb, 1), Level::Warning, &text),
                Service::CatalogDb,
            );
        }
        second += script.dice.between(5, 14);
    }
}
