//! `GET /`: incidents, newest first.

mod filters;
mod spark;

use super::layout::{Place, age, banner, page, pager, said, severity, status, total};
use crate::api::PagingQuery;
use crate::api::incidents::IncidentQuery;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Query, State};
use filters::{Shown, filters, tabs};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::Incident;
use foghorn_domain::words::{counted, with_thousands};
use foghorn_store::model::Page;
use maud::{Markup, html};
use spark::{Rates, sparkline};

pub(super) use filters::OPEN;

pub(crate) async fn get_page(
    State(app): State<App>,
    Query(query): Query<IncidentQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Markup, Problem> {
    let mark = app.store().change_mark().await?;
    let paging = paging.parse_for_page()?;
    let filter = query.parse()?;
    let shown = Shown::of(&filter);
    let counts = app.store().status_counts(filter.clone()).await?;
    let incidents = app.store().incidents(filter, paging).await?;
    let now = app.store().clock().now();
    let rates = Rates::of(app.store(), &incidents.items, now).await?;
    let older = incidents.next_cursor.map(|cursor| shown.address(Some(cursor)));
    let newest = paging.cursor.map(|_| shown.address(None));
    let content = html! {
        h1 { "Incidents" }
        (banner(&app))
        (tabs(&shown, &counts))
        (filters(&shown))
        div #incidents data-live {
            (behind(&app))
            @if incidents.items.is_empty() { (empty(&app, &shown).await?) } @else { (table(&incidents, &rates, now)) }
            (pager(older, newest))
        }
    };
    Ok(page(&title(&counts), Place::Incidents, Some(mark), content))
}

/// A tab in the background tells by its title that something is new.
fn title(counts: &[(String, u64)]) -> String {
    match filters::count_of(filters::NEW, counts) {
        0 => "Incidents".to_owned(),
        new => format!("({new}) Incidents"),
    }
}

/// That events wait which the database has not got yet.
fn behind(app: &App) -> Markup {
    let waiting: u64 = app.pipeline.overflows.iter().map(|overflow| overflow.waiting().events).sum();
    html! {
        @if waiting > 0 {
            p.noted role="status" {
                "The database was away: " (counted(waiting, "event"))
                " on disk are being handed over, so what is shown here is not all there is."
            }
        }
    }
}

async fn empty(app: &App, shown: &Shown) -> Result<Markup, Problem> {
    if shown.is_narrowed() {
        return Ok(html! { p.empty { "No incident matches. " a href="/" { "Show all" } } });
    }
    let events = app.store().counts().await?.events;
    Ok(html! {
        div.empty {
            p { "No incidents. " (with_thousands(events)) " events have come in so far." }
            p { "Send one: " code { "foghorn simulate db_timeout" } ", or a log: " code { "foghorn send app.log" } }
        }
    })
}

fn table(incidents: &Page<Incident>, rates: &Rates, now: Timestamp) -> Markup {
    html! {
        table.incidents role="table" {
            caption.unseen { "Incidents, newest first" }
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "Severity" }
                th role="columnheader" scope="col" { "Incident" }
                th role="columnheader" scope="col" { "Service" }
                th role="columnheader" scope="col" { "Status" }
                th.number role="columnheader" scope="col" { "Events" }
                th role="columnheader" scope="col" { "Last " (rates.period) }
                th.number role="columnheader" scope="col" { "Opened" }
                th.number role="columnheader" scope="col" { "Last event" }
            } }
            tbody role="rowgroup" {
                @for (incident, rate) in incidents.items.iter().zip(&rates.of_each) {
                    (row(incident, rate, rates.period, now))
                }
            }
        }
        p.total { (total(incidents, "incident")) }
    }
}

fn row(incident: &Incident, rate: &[u16], period: &str, now: Timestamp) -> Markup {
    let id = incident.id;
    html! {
        tr role="row" class={ "is-" (incident.severity.as_str()) } id=(format!("incident-{id}")) data-item {
            td role="cell" data-label="Severity" { (severity(incident.severity)) }
            th.what role="rowheader" scope="row" {
                a id=(format!("open-{id}")) href=(format!("/incidents/{id}")) { (summary(incident)) }
                " " span.quiet { "#" (id) " " (incident.kind)
                    @if incident.environment != "default" { " · " (said(&incident.environment, 40)) }
                    @if incident.reopened_count > 0 { " · came back " (incident.reopened_count) "×" }
                    @if incident.flapping_since.is_some() { " · flapping" }
                    @if incident.still_firing_since.is_some() { " · still firing" } }
            }
            td role="cell" data-label="Service" { (said(&incident.service, 60)) }
            td role="cell" data-label="Status" { (status(incident.status)) }
            td.number role="cell" data-label="Events" { (with_thousands(incident.event_count)) }
            td.rate role="cell" data-label={ "Last " (period) } { (sparkline(rate, period)) }
            td.number role="cell" data-label="Opened" { (age(incident.first_seen, now)) }
            td.number role="cell" data-label="Last event" { (age(incident.last_seen, now)) }
        }
    }
}

fn summary(incident: &Incident) -> String {
    match said(&incident.summary, 160) {
        empty if empty.is_empty() => "(nothing said)".to_owned(),
        summary => summary,
    }
}
