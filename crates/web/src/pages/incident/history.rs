//! The tabs of what happened: the timeline, and who was told what.

use crate::pages::audit::details;
use crate::pages::layout::{moment, said};
use crate::telling;
use foghorn_domain::message::{Message, render_text};
use foghorn_domain::notification::NotificationStatus;
use foghorn_domain::text::plain_text;
use foghorn_domain::words::counted;
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
        ol.events { @for one in tellings.iter().rev() {
            li {
                p {
                    strong { (said(&telling::receiver(one), 100)) } ": " (standing(one.status))
                    ", " (if has_not_arrived(one) { "although" } else { "because" }) " " (telling::because(one))
                    " · " (one.urgency.as_str()) " · " (moment(one.sent_at.unwrap_or(one.created_at)))
                }
                (way(one))
                @if let Some(why) = &one.why { p { (said(why, 400)) } }
                @if let Some(other) = one.told_with { p { "In the message of " a href=(format!("/incidents/{other}")) { "#" (other) } } }
                @if one.attempts > 0 { p { (counted(one.attempts.into(), "attempt")) " failed" } }
                @if let Some(next) = telling::next(one, tellings) { p { "Next: " (said(&next, 300)) } }
                @if one.edits > 0 { p.quiet { "Edited " (counted(one.edits.into(), "time")) " since" } }
                @if one.may_repeat { p { span.flag { "may repeat an earlier message" } } }
                @if let Some(text) = one.message.as_ref().and_then(as_sent) {
                    details id=(format!("message-{}", one.id)) {
                        summary { "The message as it stands" }
                        pre { (text) }
                    }
                }
            }
        } }
    }
}

/// By which route, and which team's trouble it is.
fn way(one: &Notification) -> Markup {
    html! {
        @if one.route.is_some() || one.team.is_some() {
            p.quiet {
                @if let Some(route) = &one.route { "By " (said(route, 200)) }
                @if let Some(team) = &one.team { " for team " (said(team, 80)) }
            }
        }
    }
}

fn has_not_arrived(one: &Notification) -> bool {
    matches!(one.status, NotificationStatus::Held | NotificationStatus::Failed) || one.attempts > 0
}

fn standing(status: NotificationStatus) -> &'static str {
    match status {
        NotificationStatus::Sent => "told",
        NotificationStatus::Joined => "told with another incident",
        NotificationStatus::Held => "not told",
        NotificationStatus::Pending => "not told yet",
        NotificationStatus::Failed => "could not be told",
    }
}

/// A message as its receiver shows it, line by line.
fn as_sent(message: &Value) -> Option<String> {
    let message: Message = serde_json::from_value(message.clone()).ok()?;
    let lines = render_text(&message).lines().take(60).map(plain_text).collect::<Vec<_>>();
    Some(lines.join("\n"))
}
