//! Criticals that are told without the database.

use super::part::section;
use super::{MAX_TEXT, Rendered};
use crate::escape::mrkdwn;
use serde_json::Value;

/// Lines of a section, and the room of each: eight of them share one, and thirty-two leave a message below its limit.
const LINES: usize = 8;
const LINE: usize = 320;
/// The most lines that are drawn.
const MOST_LINES: usize = 32;

/// Criticals that are told without the database: there are no numbers, no pages and no buttons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emergency {
    /// What a lock screen shows.
    pub headline: String,
    /// How many there are, and since when the database is away.
    pub title: String,
    /// What the reader should know about the message.
    pub note: String,
    /// Each critical; thirty-two are shown.
    pub lines: Vec<String>,
    /// That there are more than could be kept in mind.
    pub left_out: Option<String>,
}

/// What happened, what it means, and every critical in a line.
pub fn render_emergency(emergency: &Emergency) -> Rendered {
    let mut first = vec![format!("*Emergency* — {}", mrkdwn(&emergency.title, 400)), mrkdwn(&emergency.note, 900)];
    first.extend(emergency.left_out.as_deref().map(|left_out| mrkdwn(left_out, 300)));
    let mut blocks = vec![section(&first)];
    let lines = &emergency.lines[..emergency.lines.len().min(MOST_LINES)];
    for some in lines.chunks(LINES) {
        blocks.push(section(&some.iter().map(|line| format!("• {}", mrkdwn(line, LINE))).collect::<Vec<_>>()));
    }
    let text = mrkdwn(&format!("DATABASE AWAY · {}", emergency.headline), MAX_TEXT);
    Rendered { text, blocks: Value::Array(blocks) }
}
