//! The tabs of what happened: the timeline, and who was told what.

use crate::pages::audit::details;
use crate::pages::layout::{moment, said};
use foghorn_domain::message::{Message, render_text};
use foghorn_domain::text::plain_text;
use foghorn_store::model::{Notification, TimelineEntry};
use maud::{Markup, html};
use serde_json::Value;

pub(super) fn timeline(entries: &[TimelineEntry]) -> Markup {
    html! {
        @if entries.is_empty() { p.empty { "Nothing has happened to it yet." } }
        ol.timeline { @for entry in entries.iter().rev() {
            li {
                (moment(entry.at)) " " strong { (said(&entry.who, 80)) } " "
                @match (entry.action.as_str(), entry.details.get("note").and_then(Value::as_str)) {
                    ("note", Some(note)) => { "wrote: " span.note { (said(note, 2000)) } },
                    (action, _) => { (said(action, 60).replace('_', " "))
                        @if entry.details.as_object().is_some_and(|fields| !fields.is_empty()) {
                            p.quiet { (details(&entry.details)) }
                        }
                    },
                }
            }
        } }
    }
}

pub(super) fn told(tellings: &[Notification]) -> Markup {
    html! {
        @if tellings.is_empty() { p.empty { "Nobody has been told." } }
        ol.events { @for telling in tellings.iter().rev() {
            li {
                p {
                    strong { (telling.reason.as_str().replace('_', " ")) } ": " (telling.status.as_str()) ", " (said(&telling.receiver, 60))
                    " · " (telling.urgency.as_str()) " · " (moment(telling.sent_at.unwrap_or(telling.created_at)))
                    @if let Some(why) = &telling.why { " · " (said(why, 300)) }
                    @if let Some(other) = telling.told_with { " · in the message of " a href=(format!("/incidents/{other}")) { "#" (other) } }
                    @if telling.edits > 0 { " · edited " (telling.edits) "×" }
                }
                @if let Some(text) = telling.message.as_ref().and_then(as_sent) {
                    details id=(format!("message-{}", telling.id)) {
                        summary { "The message as it stands" }
                        pre { (text) }
                    }
                }
            }
        } }
    }
}

/// A message as its receiver shows it, line by line.
fn as_sent(message: &Value) -> Option<String> {
    let message: Message = serde_json::from_value(message.clone()).ok()?;
    let lines = render_text(&message).lines().take(60).map(plain_text).collect::<Vec<_>>();
    Some(lines.join("\n"))
}
