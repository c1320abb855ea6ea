//! What is known of an incident beside the story: where, since when, how bad and why.

use crate::pages::layout::{moment, said, status};
use crate::pages::query::address;
use foghorn_domain::incident::{EndedBy, Incident};
use foghorn_domain::words::with_thousands;
use maud::{Markup, html};

pub(super) fn card(incident: &Incident) -> Markup {
    html! {
        section.card #facts data-live aria-label="Facts" {
            h2 { "Facts" }
            dl.facts {
                div { dt { "Status" } dd { (status(incident.status)) } }
                div { dt { "Service" } dd {
                    a href=(address("/", &[("service", &incident.service)])) { (said(&incident.service, 80)) }
                    @if incident.status.is_open() {
                        " · " a #silence href=(address("/silences", &[("service", &incident.service)])) { "Silence this service" }
                    } } }
                div { dt { "Environment" } dd { (said(&incident.environment, 60)) } }
                div { dt { "Kind" } dd { (incident.kind) } }
                div { dt { "First event" } dd { (moment(incident.first_seen)) } }
                div { dt { "Last event" } dd { (moment(incident.last_seen)) } }
                div { dt { "Events" } dd { (with_thousands(incident.event_count)) } }
                @if let (Some(by), Some(at)) = (incident.ended_by, incident.ended_at) {
                    div { dt { "Ended" } dd { (ended(by)) ", " (moment(at)) } }
                }
                @if let Some(since) = incident.still_firing_since {
                    div { dt { "Still firing" } dd { "since " (moment(since)) } }
                }
                @if let Some(since) = incident.flapping_since { div { dt { "Flapping" } dd { "since " (moment(since)) } } }
                @if incident.reopened_count > 0 {
                    div { dt { "Came back" } dd { (with_thousands(incident.reopened_count.into())) "×" } }
                }
                @for correlation in incident.correlations.iter().take(12) {
                    div { dt { (said(&correlation.attribute, 40)) } dd { (said(&correlation.value, 120)) } }
                }
                @if !incident.labels.is_empty() {
                    div { dt { "Labels" } dd {
                        @for label in incident.labels.iter().take(20) { span.chip { (said(label, 60)) } " " } } }
                }
                @if let Some(because) = &incident.opened_because {
                    div { dt { "How bad, and why" } dd { (incident.severity.as_str()) ": " (said(&because.severity, 200)) } }
                    div { dt { "Whom it disturbs" } dd { (incident.urgency.as_str()) ": " (said(&because.urgency, 200)) } }
                    div { dt { "Opened by" } dd {
                        "rule " code { (said(&because.rule, 80)) } ", score " (format!("{:.2}", because.score))
                        " of at least " (format!("{:.2}", because.threshold)) ", event " (because.event_id) } }
                    div { dt { "A repeat is" } dd { (said(&because.fingerprint_of, 300)) } }
                }
            }
            p.quiet { a href=(address("/audit", &[("incident", &incident.id.to_string())])) { "Audit rows" }
                      " · " a href=(format!("/api/v1/incidents/{}/explain", incident.id)) { "Every decision, as JSON" } }
        }
    }
}

fn ended(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Person => "by a person",
        EndedBy::Source => "by its source",
        EndedBy::Quiet => "by quiet",
    }
}
