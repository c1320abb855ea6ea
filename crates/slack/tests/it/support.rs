//! What the tests share.

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
