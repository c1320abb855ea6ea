//! A message drawn as plain text, for readers and programs that want no HTML.

use foghorn_domain::message::Message;

/// The mail's text part. On a lock screen its first lines follow the subject.
pub(super) fn draw(message: &Message) -> String {
    let mut text = String::new();
    for line in first_lines(message) {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(&format!("\n{}\n", message.plain_title()));
    section(&mut text, "Status", [message.status_line.as_str()]);
    section(&mut text, "Summary", [message.ai_summary.as_str()]);
    section(&mut text, "Causes and fixes", message.causes.iter().map(String::as_str));
    section(&mut text, "Similar incidents", message.similar.iter().map(String::as_str));
    section(&mut text, "Told together with", message.related.iter().map(String::as_str));
    section(&mut text, "Note", message.marked.as_deref());
    if let Some(link) = &message.link {
        text.push_str(&format!("\n{}:\n{link}\n", what_the_page_is_for(message)));
    }
    text.push_str(&format!("\n-- \n{SENT_BY}\n"));
    text
}

/// Who writes here.
pub(super) const SENT_BY: &str = "Sent by Foghorn. Replies to this mail are not read.";

/// What an engineer reads first.
pub(super) fn first_lines(message: &Message) -> impl Iterator<Item = &str> {
    let lines = [Some(&message.headline), message.reason.as_ref(), Some(&message.history), message.change.as_ref()];
    lines.into_iter().flatten().map(String::as_str).filter(|line| !line.is_empty())
}

/// Acting needs a log-in and a click there: programs that look into mails follow every link in them.
pub(super) fn what_the_page_is_for(message: &Message) -> String {
    let labels: Vec<&str> = message.actions.iter().map(|button| button.label.as_str()).collect();
    match labels.is_empty() {
        true => "The incident's page".to_owned(),
        false => format!("On the incident's page ({})", labels.join(", ")),
    }
}

fn section<'a>(text: &mut String, label: &str, lines: impl IntoIterator<Item = &'a str>) {
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n{label}\n  {}\n", lines.join("\n  ")));
    }
}
