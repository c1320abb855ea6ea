//! The tab of memories: incidents like this one, what fixed them, and who says so.

use crate::pages::layout::{moment, said};
use crate::pages::memory::fix;
use foghorn_domain::analyst::SimilarIncident;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::words::{ago, counted};
use foghorn_store::model::History;
use maud::{Markup, html};

pub(super) fn recalled(history: &History, similar: &[SimilarIncident], now: Timestamp) -> Markup {
    html! {
        @if history.seen_before > 0 {
            p.quiet { "The same trouble was there " (counted(history.seen_before, "time")) " before"
                @if let Some(last) = history.last_seen { ", last " (ago(last, now)) } "." }
        }
        @if similar.is_empty() {
            p.empty { "Nothing similar is remembered. What is written down as the fix of this incident will be offered "
                      "when something like it happens." }
        }
        ol.cards { @for (number, found) in (1..).zip(similar) {
            li.card id=(format!("M{number}")) { (memory(number, found)) }
        } }
    }
}

fn memory(number: usize, found: &SimilarIncident) -> Markup {
    html! {
        h2 { "M" (number) " " (said(&found.summary, 300)) }
        (fix(found.solution.as_deref(), found.confirmed))
        p.quiet {
            "Similarity " (format!("{:.2}", found.similarity.clamp(0.0, 1.0)))
            @if found.similarity >= 1.0 { ", the same fingerprint" }
            @if !found.service.is_empty() { " · " (said(&found.service, 80)) }
            @if let Some(author) = &found.author { " · written by " (said(author, 80)) }
            @if let Some(at) = found.resolved_at { ", " (moment(at)) }
            @if let Some(outcome) = &found.outcome { " · " (said(outcome, 100)) }
            @match found.incident_id {
                Some(id) => { " · " a href=(format!("/incidents/{id}")) { "incident #" (id) } },
                None => { " · " (said(&found.id, 80)) },
            }
        }
    }
}
