//! What every page has around it, and the small parts that several pages show.

use super::assets::{ICON_ADDRESS, SCRIPT_ADDRESS, STYLE_ADDRESS};
use crate::state::App;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Status;
use foghorn_domain::redaction::redact;
use foghorn_domain::severity::Severity;
use foghorn_domain::text::{cut, outside_text, plain_text};
use foghorn_domain::words::{counted, with_thousands};
use foghorn_pipeline::replicas::REMEDY;
use foghorn_store::dashboard::ChangeMark;
use foghorn_store::model::Page;
use maud::{DOCTYPE, Markup, html};

/// Which of the places in the head of the page this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Incidents,
    Services,
    Memory,
    Silences,
    Audit,
    Settings,
    /// None of them: a mistake, or the door.
    Nowhere,
}

const PLACES: [(Place, &str, &str); 6] = [
    (Place::Incidents, "/", "Incidents"),
    (Place::Services, "/services", "Services"),
    (Place::Memory, "/memory", "Memory"),
    (Place::Silences, "/silences", "Silences"),
    (Place::Audit, "/audit", "Audit"),
    (Place::Settings, "/settings", "Settings"),
];

/// A whole page. With a `mark`, the state it shows, it is kept up to date: its regions with `data-live`.
pub(super) fn page(title: &str, place: Place, mark: Option<ChangeMark>, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-mark=[mark] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (cut(title, 120)) " · Foghorn" }
                link rel="icon" type="image/svg+xml" href=(*ICON_ADDRESS);
                link rel="stylesheet" href=(*STYLE_ADDRESS);
                @if mark.is_some() { script src=(*SCRIPT_ADDRESS) defer {} }
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header.top {
                    a.brand href="/" { "Foghorn" }
                    nav aria-label="Places" { @for (this, address, name) in PLACES {
                        a href=(address) aria-current=[(this == place).then_some("true")] { (name) }
                    } }
                    span #live-sign role="status" {}
                }
                main #content tabindex="-1" { (content) }
            }
        }
    }
}

/// What is said above everything else: that processes are configured differently.
pub(super) fn banner(app: &App) -> Markup {
    let differences = app.pipeline.replicas.differences();
    html! {
        @if !differences.is_empty() {
            p.wrong role="alert" {
                "Processes of this Foghorn are configured differently: "
                @for (index, difference) in differences.iter().enumerate() {
                    @if index > 0 { "; " }
                    (said(&difference.to_string(), 300))
                }
                ". " (REMEDY) "."
            }
        }
    }
}

/// Text from outside: masked, one plain line, not longer than this many characters.
pub(super) fn said(text: &str, at_most: usize) -> String {
    cut(&outside_text(text), at_most)
}

/// Text from outside with its lines kept: masked, each line plain, and no more lines and characters than this.
pub(super) fn said_lines(text: &str, most_lines: usize, at_most: usize) -> String {
    // Of a longer text only so much is masked and shown.
    let read = &text[..text.floor_char_boundary(16 * at_most)];
    let masked = redact(read).into_string();
    let plain: Vec<String> = masked.lines().take(most_lines).map(plain_text).collect();
    // Masked again: something invisible may have hidden a secret the first time.
    cut(&redact(&plain.join("\n")).into_string(), at_most)
}

/// How long ago, in one unit.
pub(super) fn age(at: Timestamp, now: Timestamp) -> Markup {
    let passed = now.duration_since(at).max(SignedDuration::ZERO).as_secs();
    let text = match passed {
        0..60 => format!("{passed} s"),
        60..3_600 => format!("{} min", passed / 60),
        3_600..86_400 => format!("{} h", passed / 3_600),
        _ => format!("{} d", passed / 86_400),
    };
    let exact = at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    html! { time datetime=(at.to_string()) title=(exact) { (text) } }
}

/// A moment, readable and exact.
pub(super) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (at.strftime("%Y-%m-%d %H:%M:%S").to_string()) " UTC" } }
}

/// A severity, by colour and by word.
pub(super) fn severity(severity: Severity) -> Markup {
    html! { span class={ "severity " (severity.as_str()) } { (severity.as_str()) } }
}

/// A status in words.
pub(super) fn status(status: Status) -> Markup {
    let words = match status {
        Status::Open | Status::Notified => "New",
        Status::Acknowledged => "Acknowledged",
        Status::NeedsInfo => "Needs info",
        Status::Resolved => "Resolved",
        Status::FalsePositive => "False positive",
    };
    html! { span class={ "status " (status.as_str()) } { (words) } }
}

/// How many things a list holds in all: `1 row`, `10,000 or more rows`.
pub(super) fn total<T>(list: &Page<T>, thing: &str) -> String {
    if list.total_estimated {
        format!("{} or more {thing}s", with_thousands(list.total))
    } else {
        counted(list.total, thing)
    }
}

/// The link to the next page of a list, and the one back to its start.
pub(super) fn pager(older: Option<String>, newest: Option<String>) -> Markup {
    html! {
        @if older.is_some() || newest.is_some() {
            nav.pager aria-label="Pages" {
                @if let Some(newest) = newest { a href=(newest) { "Newest" } }
                @if let Some(older) = older { a href=(older) rel="next" { "Older" } }
            }
        }
    }
}
