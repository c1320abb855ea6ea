//! What stands in the thread below a message.

use super::part::{context, entries, section};
use super::{MAX_TEXT, Rendered};
use crate::escape::{link, mrkdwn};
use serde_json::Value;

/// The evidence and the similar incidents, for whoever asked for more information. What does not fit is counted, and
/// reachable by the link.
pub fn render_thread_details(
    incident_id: i64,
    evidence: &[String],
    similar: &[String],
    address: Option<&str>,
) -> Rendered {
    let mut blocks = vec![list("Evidence:", evidence, "None is kept", 2_800)];
    blocks.push(list("Previous Similar Incidents:", similar, "Nothing similar", 2_800));
    let page = address.and_then(|address| link(address, &format!("Everything on incident #{incident_id}")));
    if let Some(page) = page {
        blocks.push(context(&[page]));
    }
    let first = evidence.first().map(|line| format!(": {line}")).unwrap_or_default();
    Rendered {
        text: mrkdwn(&format!("More on incident #{incident_id}{first}"), MAX_TEXT),
        blocks: Value::Array(blocks),
    }
}

/// What has become known since the message was posted: incidents that are told in it, and later evidence.
pub fn render_thread_news(
    incident_id: i64,
    related: &[String],
    evidence: &[String],
    address: Option<&str>,
) -> Rendered {
    let mut blocks = Vec::new();
    if !evidence.is_empty() {
        blocks.push(list("New since then:", evidence, "", 2_800));
    }
    if !related.is_empty() {
        blocks.push(list("Told with it since then:", related, "", 2_800));
    }
    let page = address.and_then(|address| link(address, &format!("Everything on incident #{incident_id}")));
    if let Some(page) = page {
        blocks.push(context(&[page]));
    }
    let first = evidence.iter().chain(related).next().map(|line| format!(": {line}")).unwrap_or_default();
    Rendered { text: mrkdwn(&format!("New on incident #{incident_id}{first}"), MAX_TEXT), blocks: Value::Array(blocks) }
}

fn list(title: &str, lines: &[String], none: &str, room: usize) -> Value {
    let mut shown = vec![format!("*{title}*")];
    match lines.is_empty() {
        true => shown.push(none.to_owned()),
        false => shown.extend(entries(lines.iter().map(|line| format!("• {}", mrkdwn(line, 500))), room)),
    }
    section(&shown)
}
