//! `GET /audit`: who did what, newest first, and how far the chain of these rows is known to be whole.

mod chain;

pub(crate) use chain::{Verified, post_verify};

use super::layout::{Place, moment, page, pager, said, total};
use super::query::address;
use crate::api::PagingQuery;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Query, State};
use foghorn_domain::audit::AuditEntry;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// Rows of one incident only.
#[derive(Deserialize)]
pub(crate) struct AuditQuery {
    incident: Option<String>,
}

pub(crate) async fn get_page(
    State(app): State<App>,
    Query(query): Query<AuditQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Markup, Problem> {
    let mark = app.store().change_mark().await?;
    let paging = paging.parse_for_page()?;
    let incident = query.incident.filter(|id| !id.is_empty());
    let incident_id = incident.as_deref().map(|id| crate::api::parse_id(id, "incident")).transpose()?;
    let entries = app.store().audit_entries(incident_id, paging).await?;
    let chain = chain::state(&app).await?;
    let of = incident.as_deref().unwrap_or_default();
    let older =
        entries.next_cursor.map(|cursor| address("/audit", &[("incident", of), ("cursor", &cursor.to_string())]));
    let newest = paging.cursor.map(|_| address("/audit", &[("incident", of)]));
    let content = html! {
        h1 { "Audit" @if let Some(id) = incident_id { " of " a href=(format!("/incidents/{id}")) { "incident #" (id) } } }
        (chain::card(&chain))
        div #entries data-live {
            @if entries.items.is_empty() { p.empty { "Nothing has been written down yet." } } @else {
                table role="table" {
                    caption.unseen { "Audit rows, newest first" }
                    thead role="rowgroup" { tr role="row" {
                        th role="columnheader" scope="col" { "Row" } th role="columnheader" scope="col" { "When" }
                        th role="columnheader" scope="col" { "Who" } th role="columnheader" scope="col" { "Action" }
                        th role="columnheader" scope="col" { "Incident" } th role="columnheader" scope="col" { "Details" }
                        th role="columnheader" scope="col" { "Hash" }
                    } }
                    tbody role="rowgroup" { @for entry in &entries.items { (row(entry)) } }
                }
                p.total { (total(&entries, "row")) }
            }
            (pager(older, newest))
        }
    };
    Ok(page("Audit", Place::Audit, Some(mark), content))
}

fn row(entry: &AuditEntry) -> Markup {
    html! {
        tr role="row" id=(format!("row-{}", entry.id)) data-item {
            td role="cell" data-label="Row" { (entry.id) }
            td role="cell" data-label="When" { (moment(entry.created_at)) }
            td role="cell" data-label="Who" { (said(&entry.who, 80)) }
            td role="cell" data-label="Action" { (said(&entry.action, 60).replace('_', " ")) }
            td role="cell" data-label="Incident" {
                @match entry.incident_id { Some(id) => a href=(format!("/incidents/{id}")) { "#" (id) }, None => "—" }
            }
            td role="cell" data-label="Details" { (details(&entry.details)) }
            td role="cell" data-label="Hash" {
                @if entry.hash.is_empty() { span.flag { "not sealed yet" } }
                @else { code { (said(&entry.hash, 13)) } }
            }
        }
    }
}

/// The values of an entry, in few words: what is not there is not said, and of a digest its beginning.
pub(super) fn details(details: &Value) -> Markup {
    let Some(fields) = details.as_object() else { return html! { (said(&details.to_string(), 200)) } };
    let is_said = |(_, value): &(&String, &Value)| !value.is_null();
    html! {
        @for (index, (name, value)) in fields.iter().filter(is_said).take(8).enumerate() {
            @if index > 0 { ", " }
            span.quiet { (said(name, 40).replace('_', " ")) } " "
            @match value {
                Value::String(digest) if name.ends_with("sha256") => (said(digest, 13)),
                Value::String(text) => (said(text, 120)),
                other => (said(&other.to_string(), 120)),
            }
        }
    }
}
