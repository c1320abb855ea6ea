//! `GET /`: incidents, newest first.

use super::layout::{age, page};
use crate::api::PagingQuery;
use crate::api::incidents::IncidentQuery;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Query, State};
use foghorn_domain::incident::Incident;
use foghorn_store::model::{Counts, IncidentFilter, Page};
use maud::{Markup, html};

/// Tabs: name, and the statuses behind it.
const TABS: [(&str, &str); 6] = [
    ("All", ""),
    ("New", "open,notified"),
    ("Acknowledged", "acknowledged"),
    ("Needs info", "needs_info"),
    ("Resolved", "resolved"),
    ("False positive", "false_positive"),
];

pub(crate) async fn get_page(
    State(app): State<App>,
    Query(query): Query<IncidentQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Markup, Problem> {
    let filter = query.parse()?;
    let incidents = app.store().incidents(filter.clone(), paging.parse()?).await?;
    let counts = app.store().counts().await?;
    let now = app.store().clock().now();
    let content = html! {
        (tabs(&filter, &counts))
        form.search method="get" action="/" role="search" {
            @if !filter.statuses.is_empty() { input type="hidden" name="status" value=(filter.statuses.join(",")); }
            label for="q" { "Search" }
            input type="search" id="q" name="q" value=(filter.q.as_deref().unwrap_or_default());
            button { "Search" }
        }
        @if incidents.items.is_empty() { (empty(&filter, &counts)) } @else { (table(&incidents, now)) }
        @if let Some(cursor) = incidents.next_cursor {
            p { a href=(format!("/?status={}&cursor={cursor}", filter.statuses.join(","))) { "Older incidents" } }
        }
    };
    Ok(page("Incidents", content))
}

fn tabs(filter: &IncidentFilter, counts: &Counts) -> Markup {
    let current = filter.statuses.join(",");
    html! {
        nav aria-label="Incidents by status" {
            @for (name, statuses) in TABS {
                a href=(if statuses.is_empty() { "/".to_owned() } else { format!("/?status={statuses}") })
                  aria-current=[(current == statuses).then_some("page")] {
                    (name) " " span.count { (count_of(statuses, counts)) }
                }
            }
        }
    }
}

fn count_of(statuses: &str, counts: &Counts) -> u64 {
    let is_counted = |status: &str| statuses.is_empty() || statuses.split(',').any(|wanted| wanted == status);
    counts.incidents.iter().filter(|(status, _)| is_counted(status)).map(|(_, count)| count).sum()
}

fn empty(filter: &IncidentFilter, counts: &Counts) -> Markup {
    html! {
        @if filter.q.is_some() || !filter.statuses.is_empty() {
            p.empty { "No incident matches. " a href="/" { "Show all" } }
        } @else {
            p.empty { "No incidents. " (counts.events) " events have come in so far." }
            p { "Send one: " code { "foghorn simulate db_timeout" } ", or a log: " code { "foghorn send app.log" } }
        }
    }
}

fn table(incidents: &Page<Incident>, now: foghorn_domain::clock::Timestamp) -> Markup {
    html! {
        table {
            thead { tr { th { "Severity" } th { "Incident" } th { "Service" } th { "Status" } th.number { "Events" } th.number { "Last" } } }
            tbody {
                @for incident in &incidents.items {
                    tr {
                        td { span class={ "severity " (incident.severity.as_str()) } { (incident.severity.as_str()) } }
                        td { a href=(format!("/incidents/{}", incident.id)) { "#" (incident.id) " " (incident.summary) }
                             " " span.kind { (incident.kind) } }
                        td { (incident.service) }
                        td { (incident.status.as_str().replace('_', " ")) }
                        td.number { (incident.event_count) }
                        td.number { (age(incident.last_seen, now)) }
                    }
                }
            }
        }
        p.total { (incidents.total) @if incidents.total_estimated { " or more" } " incidents" }
    }
}
