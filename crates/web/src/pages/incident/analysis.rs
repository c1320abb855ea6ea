//! What it probably is, with what that rests on: causes, fixes, confidence, and the evidence cited as `E1`….

use super::marked::marked;
use crate::pages::layout::{moment, said};
use foghorn_domain::analysis::AnalysisSource;
use foghorn_domain::incident::{Incident, IncidentEvidence};
use foghorn_store::model::Explanation;
use maud::{Markup, html};

/// Evidence that is shown without being asked for.
const SHOWN_AT_ONCE: usize = 3;

pub(super) fn card(explanation: &Explanation, id: i64) -> Markup {
    let analysis = &explanation.analysis;
    html! {
        section.card #analysis data-live aria-label="Analysis" {
            h2 { "What it probably is" }
            p { (said(&analysis.summary, 800)) }
            ol.causes { @for cause in &analysis.root_causes {
                li {
                    strong { (said(&cause.cause, 300)) }
                    @if !cause.evidence.is_empty() { " " span.cites { @for cited in cause.evidence.iter().take(12) { (cite(cited, id)) " " } } }
                    ul { @for fix in &cause.fixes { li { (said(fix, 600)) } } }
                    @if !cause.rollback.is_empty() { p.quiet { "To undo: " (said(&cause.rollback, 400)) } }
                }
            } }
            details #confidence {
                summary { "Confidence: " (analysis.confidence.as_str()) }
                ul { @for line in &explanation.confidence_because { li { (said(line, 400)) } } }
            }
            @if analysis.source == AnalysisSource::Builtin {
                p.quiet { "Written without a language model, from playbooks, evidence and memory." }
            }
        }
    }
}

/// `E2` is evidence on this page, `M1` a similar incident in the tab of memories.
fn cite(cited: &str, id: i64) -> Markup {
    let number = cited.get(1..).and_then(|digits| digits.parse::<u16>().ok());
    match (cited.chars().next(), number) {
        (Some('E'), Some(number)) => html! { a href=(format!("#E{number}")) { "E" (number) } },
        (Some('M'), Some(number)) => {
            html! { a href=(format!("/incidents/{id}?tab=memory#M{number}")) { "M" (number) } }
        }
        _ => html! { (said(cited, 12)) },
    }
}

pub(super) fn evidence(incident: &Incident) -> Markup {
    let (first, rest) = incident.evidence.split_at(incident.evidence.len().min(SHOWN_AT_ONCE));
    html! {
        section.card #evidence data-live aria-label="Evidence" {
            h2 { "Why we think so" }
            @if first.is_empty() { p.empty { "Nothing is on record: another program wrote this incident." } }
            (entries(first, 1))
            @if !rest.is_empty() {
                details #more-evidence {
                    summary { (rest.len()) " more" }
                    (entries(rest, first.len() + 1))
                }
            }
        }
    }
}

fn entries(evidence: &[IncidentEvidence], from: usize) -> Markup {
    html! {
        ol.evidence { @for (number, entry) in (from..).zip(evidence) {
            li id=(format!("E{number}")) {
                p.quiet {
                    strong { "E" (number) } " " (entry.kind) ", rule " code { (said(&entry.rule, 80)) } " in " (said(&entry.at, 80))
                    ", score " (format!("{:.2}", entry.score)) ", event " (entry.event_id) ", " (moment(entry.seen_at))
                }
                pre { (marked(&said(&entry.line, 1000), &[&said(&entry.text, 200)])) }
            }
        } }
    }
}

/// First things to look at, and runbooks, out of the playbook of the incident's kind.
pub(super) fn docs(explanation: &Explanation) -> Markup {
    html! {
        @if explanation.docs.is_empty() {
            p.empty { "The playbook of this kind names no runbook. Yours can: see docs/playbooks.md." }
        } @else {
            ul.docs { @for line in &explanation.docs { li { (doc(line)) } } }
        }
    }
}

/// `Look: command` is shown as something to copy.
fn doc(line: &str) -> Markup {
    let line = said(line, 600);
    match line.split_once(": ") {
        Some((what @ ("Look" | "Runbook"), rest)) => html! { span.quiet { (what) } " " code { (rest) } },
        _ => html! { (line) },
    }
}
