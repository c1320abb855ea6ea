//! The tab of memories: incidents like this one, what fixed them, and who says so.

use crate::pages::layout::{moment, said};
use crate::pages::memory::fix;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::words::{ago, counted};
use foghorn_store::model::{History, MemoryItem};
use maud::{Markup, html};

pub(super) fn similar(history: &History, now: Timestamp) -> Markup {
    html! {
        @if history.seen_before > 0 {
            p.quiet { "The same trouble was there " (counted(history.seen_before, "time")) " before"
                @if let Some(last) = history.last_seen { ", last " (ago(last, now)) } "." }
        }
        @if history.fixes.is_empty() {
            p.empty { "Nothing similar is remembered. What is written down as the fix of this incident will be offered "
                      "when something like it happens." }
        }
        ol.cards { @for (number, item) in (1..).zip(&history.fixes) {
            li.card id=(format!("M{number}")) { (remembered(number, item)) }
        } }
    }
}

fn remembered(number: usize, item: &MemoryItem) -> Markup {
    html! {
        h3 { "M" (number) " " (said(&item.summary, 300)) }
        (fix(item.solution.as_deref(), item.confirmed))
        p.quiet {
            "Similarity 1.00, the same fingerprint · " (said(&item.service, 80))
            @if let Some(author) = &item.author { " · written by " (said(author, 80)) }
            ", " (moment(item.created_at))
            @if let Some(id) = item.incident_id { " · " a href=(format!("/incidents/{id}")) { "incident #" (id) } }
        }
    }
}
