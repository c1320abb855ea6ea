//! What every page has around it.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};

pub(super) fn page(title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Foghorn" }
                link rel="stylesheet" href="/assets/foghorn.css";
            }
            body {
                header { a.brand href="/" { "Foghorn" } }
                main { (content) }
            }
        }
    }
}

/// How long ago, in one unit.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let passed = now.duration_since(at).max(SignedDuration::ZERO).as_secs();
    match passed {
        0..60 => format!("{passed} s"),
        60..3_600 => format!("{} min", passed / 60),
        3_600..86_400 => format!("{} h", passed / 3_600),
        _ => format!("{} d", passed / 86_400),
    }
}

/// A moment, readable and exact.
pub(super) fn moment(at: Timestamp) -> Markup {
    let text = at.to_string();
    let readable = text.get(..19).unwrap_or(&text).replace('T', " ");
    html! { time datetime=(text) { (readable) " UTC" } }
}
