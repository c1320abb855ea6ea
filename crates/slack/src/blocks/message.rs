//! One incident.

use super::part::{button, entries, section};
use super::{MAX_TEXT, Rendered};
use crate::escape::{link, mrkdwn};
use crate::interaction::Button;
use foghorn_domain::message::Message;
use serde_json::{Value, json};

/// What a message's buttons need to know beside the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The incident: the value of every button.
    pub incident_id: i64,
}

/// The message in the reference's shape: a section for each part, then the buttons.
///
/// 1. title, then what is read first (severity, service, symptom; seen before or new; what was changed), why it is
///    told again, where it stands and who did what, and the link to everything;
/// 2. the AI summary, and what the reader should know about it;
/// 3. causes and fixes; 4. similar incidents; where there are any, 5. incidents told together with it.
///
/// The buttons are those of the message, which leaves out what makes no sense in the incident's status.
pub fn render(message: &Message, about: &About) -> Rendered {
    let mut blocks = vec![
        section(&first(message, about)),
        section(&summary(message)),
        section(&causes(message)),
        section(&similar(message)),
    ];
    if !message.related.is_empty() {
        blocks.push(section(&related(message)));
    }
    if let Some(buttons) = buttons(message, about) {
        blocks.push(buttons);
    }
    Rendered { text: lock_screen(message), blocks: Value::Array(blocks) }
}

/// Severity, service and symptom first, since a lock screen shows the beginning.
fn lock_screen(message: &Message) -> String {
    let parts = [Some(&message.headline), message.reason.as_ref(), Some(&message.history), message.change.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    mrkdwn(&parts.join(" — "), MAX_TEXT)
}

// The rooms of the lines below add up to less than 3,000.
fn first(message: &Message, about: &About) -> Vec<String> {
    let mut lines = vec![title(message, about), mrkdwn(&message.headline, 400), mrkdwn(&message.history, 350)];
    let optional = [&message.change, &message.reason].into_iter().flatten();
    lines.extend(optional.map(|line| mrkdwn(line, 350)));
    let status = mrkdwn(&message.status_line, 350);
    let label = format!("Open incident #{}", about.incident_id);
    let page = message.link.as_deref().and_then(|address| link(address, &label));
    lines.push([Some(status), page].into_iter().flatten().collect::<Vec<_>>().join(" · "));
    lines
}

/// `*Incident #123* — summary (team, type)`. The message's own stars are ours; whatever follows them is outside text.
fn title(message: &Message, about: &About) -> String {
    let name = format!("*Incident #{}*", about.incident_id);
    let rest = message.title.strip_prefix(&name).map_or(&*message.title, str::trim_start);
    let rest = rest.strip_prefix('—').map_or(rest, str::trim_start);
    format!("{name} — {}", mrkdwn(rest, 650))
}

fn summary(message: &Message) -> Vec<String> {
    let mut lines = vec![format!("*AI Summary:* {}", mrkdwn(&message.ai_summary, 1_300))];
    lines.extend(message.marked.as_deref().map(|note| format!("Note: {}", mrkdwn(note, 350))));
    lines
}

fn causes(message: &Message) -> Vec<String> {
    // The reference's own words; Slack takes an `&` that begins no entity as it stands.
    let mut lines = vec!["*Root causes & fixes:*".to_owned()];
    if message.causes.is_empty() {
        lines.push("None known yet".to_owned());
    }
    for (index, cause) in message.causes.iter().take(3).enumerate() {
        let number = format!("{}.", index + 1);
        let text = cause.strip_prefix(&*number).map_or(&**cause, str::trim_start);
        lines.push(format!("*{number}* {}", mrkdwn(text, 850)));
    }
    lines
}

fn similar(message: &Message) -> Vec<String> {
    let mut lines = vec!["*Previous Similar Incidents:*".to_owned()];
    match message.similar.is_empty() {
        true => lines.push("Nothing similar".to_owned()),
        false => lines.extend(message.similar.iter().take(3).map(|line| format!("• {}", mrkdwn(line, 480)))),
    }
    lines
}

fn related(message: &Message) -> Vec<String> {
    let mut lines = vec!["*Told together with it:*".to_owned()];
    lines.extend(entries(message.related.iter().map(|line| format!("• {}", mrkdwn(line, 420))), 1_200));
    lines
}

fn buttons(message: &Message, about: &About) -> Option<Value> {
    // A button that Foghorn would not know when it is pressed is no button, and Slack takes each once.
    let mut known: Vec<(Button, &str)> = Vec::new();
    for action in &message.actions {
        let button = Button::parse(&action.action_id);
        if let Some(button) = button.filter(|button| known.iter().all(|(other, _)| other != button)) {
            known.push((button, &action.label));
        }
    }
    let elements: Vec<Value> = known.iter().map(|(it, label)| button(*it, label, about.incident_id)).collect();
    (!elements.is_empty()).then(|| json!({ "type": "actions", "elements": elements }))
}
