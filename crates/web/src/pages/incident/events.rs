//! The tab of raw events: the latest ones, masked, with what was matched marked.

use super::marked::marked;
use crate::pages::layout::{moment, said, said_lines};
use crate::problem::Problem;
use crate::state::App;
use foghorn_domain::incident::Incident;
use foghorn_domain::redaction::redact_json;
use foghorn_domain::text::{cut, plain_text};
use foghorn_domain::words::with_thousands;
use foghorn_store::model::{Paging, StoredEvent};
use maud::{Markup, html};
use serde_json::Value;

const SHOWN: u32 = 20;
const PAYLOAD_CHARACTERS: usize = 2_000;
const LINES: usize = 40;

pub(super) async fn latest(app: &App, incident: &Incident) -> Result<Markup, Problem> {
    let paging = Paging { limit: SHOWN, cursor: None, exact_count: false };
    let page = app.store().events(Some(incident.id), paging).await?;
    // Masking long payloads computes; the threads that wait for others must not do it.
    let drawn = tokio::task::spawn_blocking(move || html! { @for stored in &page.items { (event(stored)) } }).await;
    let drawn = drawn.map_err(|_| Problem::overloaded())?;
    Ok(html! {
        @if incident.event_count > u64::from(SHOWN) {
            p.quiet { "The latest " (SHOWN) " of " (with_thousands(incident.event_count)) "." }
        }
        @if drawn.0.is_empty() {
            p.empty { "None is kept: retention has forgotten them, or another program wrote this incident." }
        }
        ol.events { (drawn) }
    })
}

fn event(stored: &StoredEvent) -> Markup {
    let event = &stored.event;
    let found: Vec<String> =
        stored.findings.iter().flat_map(|finding| &finding.evidence).map(|found| said(&found.text, 200)).collect();
    let needles: Vec<&str> = found.iter().take(12).map(String::as_str).collect();
    html! {
        li id=(format!("event-{}", event.id)) data-item {
            p.quiet {
                strong { "Event " (event.id) } " " (moment(event.created_at)) " · " (said(&event.source, 80)) " · " (said(&event.event_type, 40))
                @if let Some(severity) = event.severity { " · " (severity.as_str()) }
                @if let Some(status) = event.status { " · " (status.as_str()) }
            }
            pre { (marked(&said_lines(&event.payload, LINES, PAYLOAD_CHARACTERS), &needles)) }
            @if !event.metadata.is_empty() {
                details id=(format!("metadata-{}", event.id)) {
                    summary { "Metadata" }
                    pre { (metadata(&event.metadata)) }
                }
            }
            p.quiet { @for finding in stored.findings.iter().take(4) {
                (finding.kind) " " (format!("{:.2}", finding.score))
                @for found in finding.evidence.iter().take(2) { ", " code { (said(&found.rule, 80)) } " in " (said(&found.at, 80)) }
                ". "
            } }
        }
    }
}

fn metadata(metadata: &serde_json::Map<String, Value>) -> String {
    let masked = redact_json(&Value::Object(metadata.clone()));
    let text = serde_json::to_string_pretty(&masked).unwrap_or_default();
    let plain: Vec<String> = text
        .lines()
        .take(LINES)
        .map(|line| format!("{}{}", &line[..line.len() - line.trim_start_matches(' ').len()], plain_text(line)))
        .collect();
    cut(&plain.join("\n"), PAYLOAD_CHARACTERS)
}
