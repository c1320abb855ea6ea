//! What the tests share.

use foghorn_domain::message::{ActionButton, Message};
use foghorn_slack::blocks::Rendered;
use foghorn_slack::{NotificationMark, Secret, SlackClient};
use foghorn_testkit::FakeSlack;
use serde_json::json;
use std::time::Duration;

/// A client with the good token, and more time than any call should take.
pub(crate) fn client(slack: &FakeSlack) -> SlackClient {
    with_timeout(slack, Duration::from_secs(30))
}

pub(crate) fn with_timeout(slack: &FakeSlack, timeout: Duration) -> SlackClient {
    SlackClient::new(&slack.base_url(), Secret::new(FakeSlack::TOKEN), timeout).unwrap()
}

pub(crate) fn message(text: &str) -> Rendered {
    let section = json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    Rendered { text: text.to_owned(), blocks: json!([section]) }
}

pub(crate) fn mark(notification_id: &str) -> NotificationMark {
    NotificationMark { notification_id: notification_id.to_owned(), attempt: 1 }
}

/// A message about an incident, in which every text from outside is `text`.
pub(crate) fn sample(text: &str) -> Message {
    let buttons = ["ack", "info", "resolve", "false_positive", "add_solution", "reopen"];
    let button = |id: &str| ActionButton { action_id: id.to_owned(), label: text.to_owned(), value: "1".to_owned() };
    Message {
        headline: text.to_owned(),
        history: text.to_owned(),
        change: Some(text.to_owned()),
        reason: Some(text.to_owned()),
        title: format!("*Incident #123* — {text}"),
        status_line: text.to_owned(),
        ai_summary: text.to_owned(),
        causes: vec![format!("1. {text}"), format!("2. {text}"), format!("3. {text}")],
        similar: vec![text.to_owned(); 3],
        related: vec![text.to_owned(); 12],
        actions: buttons.map(button).into(),
        marked: Some(text.to_owned()),
        link: Some("https://foghorn.example.org/incidents/123".to_owned()),
    }
}
