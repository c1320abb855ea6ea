//! A message drawn as HTML: nothing from elsewhere is loaded, nothing is escaped by hand, and the only link
//! leads to the incident's page.

use super::text::{SENT_BY, first_lines, what_the_page_is_for};
use foghorn_domain::message::Message;
use maud::{DOCTYPE, Markup, html};

/// Mail programs drop style sheets, so that styles stand at each element; colours are left to the reader's
/// theme.
const BODY: &str = "font-family:system-ui,sans-serif;font-size:15px;line-height:1.45;max-width:44em;margin:1em";
const HEADLINE: &str = "font-size:18px;font-weight:600;margin:0 0 .3em";
const LINE: &str = "margin:.2em 0";
const LABEL: &str = "font-size:13px;font-weight:600;margin:1.1em 0 .2em";
const BUTTON: &str =
    "display:inline-block;padding:.5em 1em;border:1px solid currentColor;border-radius:4px;text-decoration:none";
const SMALL: &str = "font-size:12px;margin:1.5em 0 0";

/// The mail's HTML part.
pub(super) fn draw(message: &Message) -> String {
    let mut first = first_lines(message);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="color-scheme" content="light dark";
                title { (message.plain_title()) }
            }
            body style=(BODY) {
                @if let Some(headline) = first.next() { h1 style=(HEADLINE) { (headline) } }
                @for line in first { p style=(LINE) { (line) } }
                h2 style=(LABEL) { (message.plain_title()) }
                (lines("Status", [message.status_line.as_str()]))
                (lines("Summary", [message.ai_summary.as_str()]))
                (lines("Causes and fixes", message.causes.iter().map(String::as_str)))
                (lines("Similar incidents", message.similar.iter().map(String::as_str)))
                (lines("Told together with", message.related.iter().map(String::as_str)))
                (lines("Note", message.marked.as_deref()))
                @if let Some(link) = &message.link {
                    p style=(LABEL) { (what_the_page_is_for(message)) }
                    p style=(LINE) { a href=(link) style=(BUTTON) { "Open the incident" } }
                }
                p style=(SMALL) { (SENT_BY) }
            }
        }
    };
    page.into_string()
}

fn lines<'a>(label: &str, lines: impl IntoIterator<Item = &'a str>) -> Markup {
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    html! {
        @if !lines.is_empty() {
            h3 style=(LABEL) { (label) }
            @for line in lines { p style=(LINE) { (line) } }
        }
    }
}
