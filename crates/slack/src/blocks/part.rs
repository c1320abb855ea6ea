//! The shapes of blocks that are used.

use super::{MAX_BUTTON, MAX_SECTION};
use crate::escape;
use crate::interaction::Button;
use foghorn_domain::incident::Action;
use serde_json::{Value, json};

/// A section. Its lines have been given their room already.
pub(super) fn section(lines: &[String]) -> Value {
    json!({ "type": "section", "text": mrkdwn(lines) })
}

/// Small print.
pub(super) fn context(lines: &[String]) -> Value {
    json!({ "type": "context", "elements": [mrkdwn(lines)] })
}

fn mrkdwn(lines: &[String]) -> Value {
    let text = lines.join("\n");
    debug_assert!(escape::json_length(&text) <= MAX_SECTION, "a section was given too much room: {}", text.len());
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// Text that is never markup.
pub(super) fn plain_text(text: &str, limit: usize) -> Value {
    json!({ "type": "plain_text", "text": escape::plain(text, limit), "emoji": false })
}

/// A button whose value is an incident.
pub(super) fn button(button: Button, label: &str, incident_id: i64) -> Value {
    let label = if label.trim().is_empty() { button.as_str() } else { label };
    let mut element = json!({
        "type": "button",
        "action_id": button.as_str(),
        "text": plain_text(label, MAX_BUTTON),
        "value": incident_id.to_string(),
    });
    let style = match button {
        Button::Act(Action::Ack) => Some("primary"),
        Button::Act(Action::Resolve) => Some("danger"),
        _ => None,
    };
    if let Some(style) = style {
        element["style"] = json!(style);
    }
    element
}

/// As many entries as fit into `room`, then how many more there are.
pub(super) fn entries(lines: impl ExactSizeIterator<Item = String>, mut room: usize) -> Vec<String> {
    // What the last line, with the number of those left out, takes at most.
    const LAST: usize = 40;
    let total = lines.len();
    let mut kept = Vec::new();
    for line in lines {
        let takes = escape::json_length(&line) + 2;
        let left = if kept.len() + 1 == total { room } else { room.saturating_sub(LAST) };
        if takes > left {
            kept.push(format!("and {} more", total - kept.len()));
            break;
        }
        room -= takes;
        kept.push(line);
    }
    kept
}
