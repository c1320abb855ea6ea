//! The tab of memories: incidents like this one, what fixed them, and who says so.

use crate::pages::layout::{moment, said};
use crate::pages::memory::{KeepingPlace, fix, votes};
use foghorn_domain::analyst::SimilarIncident;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::IncidentId;
use foghorn_domain::words::{ago, counted};
use foghorn_store::model::History;
use maud::{Markup, html};

/// What fixed the one most like it, where an engineer looks first.
pub(super) fn best_fix(id: IncidentId, similar: &[SimilarIncident], user: Option<&str>) -> Markup {
    let best = similar.first().and_then(|found| Some((found, found.confirmed_fix()?)));
    html! {
        // Always there, so that it can appear on an open page.
        div #remembered data-live {
            @if let Some((found, solution)) = best {
                section.card.remembered aria-label="What fixed the like before" {
                    h2 { "What fixed " @if found.similarity >= 1.0 { "this" } @else { "the like" } " before" }
                    (fix(Some(solution), found.confirmed))
                    (about(found))
                    (votes(&found.id, &KeepingPlace::Incident { id }, user))
                }
            }
        }
    }
}

pub(super) fn recalled(
    id: IncidentId,
    history: &History,
    similar: &[SimilarIncident],
    now: Timestamp,
    user: Option<&str>,
) -> Markup {
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
            li.card id=(format!("M{number}")) {
                h2 { "M" (number) " " (said(&found.summary, 300)) }
                (fix(found.solution.as_deref(), found.confirmed))
                (about(found))
                @if found.confirmed_fix().is_some() { (votes(&found.id, &KeepingPlace::Incident { id }, user)) }
            }
        } }
    }
}

/// How alike, where, who says so, when, and what became of it.
fn about(found: &SimilarIncident) -> Markup {
    html! {
        p.quiet {
            "Similarity " (format!("{:.2}", found.similarity.clamp(0.0, 1.0)))
            @if found.similarity >= 1.0 { ", the same fingerprint" } @else if !found.is_strong() { ", a weak match" }
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
