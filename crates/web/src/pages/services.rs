//! `GET /services`: every service that has sent something, those in trouble first.

use super::layout::{Place, age, page, said, severity};
use super::query::address;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::words::with_thousands;
use foghorn_store::dashboard::ServiceOverview;
use maud::{Markup, html};

/// More rows make no page that somebody reads.
const MOST_SHOWN: usize = 300;

pub(crate) async fn get_page(State(app): State<App>) -> Result<Markup, Problem> {
    let mark = app.store().change_mark().await?;
    let services = app.store().services().await?;
    let now = app.store().clock().now();
    let content = html! {
        h1 { "Services" }
        div #services data-live {
            @if services.is_empty() {
                p.empty { "No service has sent anything yet. Send a log: " code { "foghorn send app.log" } }
            } @else { (table(&services, now)) }
        }
    };
    Ok(page("Services", Place::Services, Some(mark), content))
}

fn table(services: &[ServiceOverview], now: Timestamp) -> Markup {
    html! {
        table role="table" {
            caption.unseen { "Services, those with open incidents first" }
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "Service" } th role="columnheader" scope="col" { "Environment" }
                th role="columnheader" scope="col" { "Open incidents" }
                th.number role="columnheader" scope="col" { "Events in a day" }
                th.number role="columnheader" scope="col" { "Last event" }
            } }
            tbody role="rowgroup" { @for service in services.iter().take(MOST_SHOWN) { (row(service, now)) } }
        }
        p.total { (with_thousands(services.len() as u64)) " services"
            @if services.len() > MOST_SHOWN { ", the first " (MOST_SHOWN) " of them shown" } }
        @if services.iter().any(|service| service.is_estimated) {
            p.quiet { "“About” is an estimate from a sample of the day's events." }
        }
    }
}

fn row(service: &ServiceOverview, now: Timestamp) -> Markup {
    let open = address("/", &[("status", super::list::OPEN), ("service", &service.service)]);
    html! {
        tr role="row" {
            th role="rowheader" scope="row" {
                a href=(address("/", &[("service", &service.service)])) { (said(&service.service, 80)) }
            }
            td role="cell" data-label="Environment" { (said(&service.environment, 60)) }
            td role="cell" data-label="Open incidents" {
                @if let Some(worst) = service.worst {
                    a href=(open) { (with_thousands(service.open_incidents)) } " " (severity(worst))
                } @else { "0" }
            }
            td.number role="cell" data-label="Events in a day" {
                @match (service.is_estimated, service.events_last_day) {
                    (true, 0) => "few",
                    (true, events) => { "about " (with_thousands(events)) },
                    (false, events) => (with_thousands(events)),
                }
            }
            td.number role="cell" data-label="Last event" {
                @match service.last_event { Some(at) => { (age(at, now)) " ago" }, None => "—" }
            }
        }
    }
}
