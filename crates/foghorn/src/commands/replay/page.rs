//! The receipt as one page that needs nothing else: no script, no font, no picture. Its policy forbids all of them, so
//! that a line of a log that was taken for markup could do nothing either.

use super::report::{Report, TEMPLATES_SHOWN, clock, whom};
use super::text::ended;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::severity::Urgency;
use foghorn_domain::text::{cut, plain_text};
use foghorn_domain::words::{counted, span, with_thousands};
use foghorn_pipeline::replay::{ReplayedIncident, TemplateCount};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Rows of a list; the JSON has all.
const SHOWN: usize = 500;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("page.css");

/// Draws the page.
pub(super) fn page(report: &Report) -> Markup {
    let title = format!("Replay of {}", said(&report.input, 120));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) " · Foghorn" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (head(report))
                    (told(report))
                    (held(report))
                    (templates(&report.receipt.templates))
                    (unparsed(report))
                }
            }
        }
    }
}

fn head(report: &Report) -> Markup {
    let receipt = &report.receipt;
    let numbers = [
        (report.events(), "events"),
        (receipt.templates.len() as u64, "log templates"),
        (receipt.incidents.len() as u64, "incidents"),
        (receipt.messages() as u64, "messages"),
        (receipt.pages() as u64, "pages"),
        (report.held_back() as u64, "held back"),
    ];
    html! {
        p { "Nobody was told. This is what would have come of it." }
        @if let (Some(first), Some(last)) = (receipt.first, receipt.last) {
            p.quiet { "From " (moment(first)) " to " (moment(last)) ", " (span(last.duration_since(first))) "; " (report.clock_in_words()) "." }
        }
        dl.numbers { @for (number, name) in numbers { div { dt { (name) } dd { (with_thousands(number)) } } } }
        p.sum { (report.sum_in_words()) }
        @if !report.receivers().is_empty() {
            p { "Messages would have gone to "
                @for (index, (whom, count)) in report.receivers().iter().enumerate() {
                    @if index > 0 { ", " }
                    b { (said(whom, 120)) } " (" (with_thousands(*count as u64)) ")"
                }
                "."
            }
        }
    }
}

fn told(report: &Report) -> Markup {
    let count = report.told().count();
    html! {
        h2 { "What would have been told" }
        @if count == 0 { p { "Nothing. Nobody would have been disturbed." } }
        ol.incidents { @for one in report.told().take(SHOWN) { (incident(one)) } }
        (and_more(count))
    }
}

fn incident(one: &ReplayedIncident) -> Markup {
    let incident = &one.incident;
    html! {
        li id={ "incident-" (incident.id) } {
            p.headline {
                span class={ "severity " (incident.severity.as_str()) } { (incident.severity.as_str()) } " "
                b { (said(&incident.service, 80)) } " · " (said(&incident.summary, 300))
            }
            p.quiet {
                "#" (incident.id) ", " (incident.kind.as_str()) ", " (counted(incident.event_count, "event")) " from "
                (moment(incident.first_seen)) " to " (moment(incident.last_seen)) ", " @if incident.ended_by.is_some() { "ended " } (ended(one))
            }
            ul {
                @for telling in &one.tellings {
                    li {
                        @if telling.urgency == Urgency::Page { strong.page { "page" } " " }
                        (moment(telling.at)) " to " b { (said(&whom(&telling.receiver, &telling.channel), 160)) }
                        ": " (telling.reason.as_str().replace('_', " "))
                        @if let Some(route) = &telling.route { ", by " (said(route, 200)) }
                    }
                }
                @if let Some(with) = one.told_with { li { "in the message of " a href={ "#incident-" (with) } { "#" (with) } } }
                @for held in &one.held_back { li { "held back " (moment(held.at)) ": " (said(&held.why, 300)) } }
            }
        }
    }
}

fn held(report: &Report) -> Markup {
    let reasons = report.reasons_held();
    let mut untold: Vec<&ReplayedIncident> = report.untold().collect();
    untold.sort_by_key(|one| std::cmp::Reverse(one.incident.event_count));
    html! {
        h2 { "What would have been held back, and why" }
        @if reasons.is_empty() { p { "Nothing." } }
        ul { @for (why, count) in reasons.iter().take(SHOWN) { li { b { (with_thousands(*count as u64)) } " × " (said(why, 300)) } } }
        @if !untold.is_empty() {
            details {
                summary { (counted(untold.len() as u64, "incident")) " of which nobody would have heard" }
                ol.incidents { @for one in untold.iter().take(SHOWN) { (incident(one)) } }
                (and_more(untold.len()))
            }
        }
    }
}

fn templates(templates: &[TemplateCount]) -> Markup {
    html! {
        h2 { "The most frequent log templates, each with its first line" }
        @if templates.is_empty() { p { "None." } }
        ul.templates { @for one in templates.iter().take(TEMPLATES_SHOWN) {
            li { b { (with_thousands(one.count)) } " " span.quiet { (said(&one.service, 80)) } " " code { (said(&one.first_line, 200)) } }
        } }
        @let more = templates.len().saturating_sub(TEMPLATES_SHOWN);
        @if more > 0 { p.quiet { "and " (with_thousands(more as u64)) " more" } }
    }
}

fn unparsed(report: &Report) -> Markup {
    html! { @if report.unparsed > 0 {
        h2 { "What could not be read" }
        ul { @for one in &report.unparsed_first {
            li { "line " (one.line) ", column " (one.column) ": " (said(&one.why, 300)) }
        } }
        @let more = report.unparsed.saturating_sub(report.unparsed_first.len() as u64);
        @if more > 0 { p.quiet { "and " (with_thousands(more)) " more" } }
    } }
}

fn and_more(count: usize) -> Markup {
    html! { @if count > SHOWN { p.quiet { "and " (with_thousands((count - SHOWN) as u64)) " more; foghorn replay --json names all" } } }
}

fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (clock(at)) } }
}

/// Text from outside on one visible line.
fn said(text: &str, at_most: usize) -> String {
    cut(&plain_text(text), at_most)
}
