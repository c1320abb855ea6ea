//! Socket Mode: the same hands over a connection that Foghorn opens, by the real program.

use crate::process::Server;
use foghorn_testkit::FakeSlack;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

async fn until(slack: &FakeSlack, what: &str, holds: impl Fn(&FakeSlack) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), slack.until(holds)).await;
    waited.unwrap_or_else(|_| panic!("never came true: {what}"));
}

fn click(envelope: &str, trigger: &str, action: &str) -> Value {
    json!({ "type": "interactive", "envelope_id": envelope, "accepts_response_payload": false, "payload": {
        "type": "block_actions", "trigger_id": trigger, "team": { "id": FakeSlack::TEAM },
        "user": { "id": "U0JOHN", "username": "john.doe", "team_id": FakeSlack::TEAM },
        "actions": [{ "action_id": action, "value": "1" }],
    } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_and_a_command_come_over_the_connection_and_count_once() {
    let (directory, slack) = (TempDir::new().unwrap(), FakeSlack::start().await);
    let url = slack.base_url();
    let environment = [
        ("SLACK_API_URL", &*url),
        ("SLACK_BOT_TOKEN", FakeSlack::TOKEN),
        ("SLACK_APP_TOKEN", FakeSlack::APP_TOKEN),
        ("SLACK_CHANNEL", FakeSlack::CHANNEL),
    ];
    let server = Server::start_with(directory.path(), &environment);
    let event = json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": "a", "payload": "a fails",
        "metadata": { "severity": "error", "service": "orders" } });
    assert_eq!(server.request("POST", "/events", &event.to_string()).unwrap().0, 200);
    until(&slack, "it is told", |slack| !slack.all_messages().is_empty()).await;
    until(&slack, "it listens", |slack| slack.connections() > 0).await;

    // Slack delivers an envelope again when it thinks that nobody took it.
    for envelope in ["e1", "e2"] {
        slack.deliver(click(envelope, "t1", "ack"));
    }
    until(&slack, "both are taken", |slack| slack.acknowledgements().len() == 2).await;
    slack.deliver(
        json!({ "type": "slash_commands", "envelope_id": "e3", "accepts_response_payload": true, "payload": {
        "command": "/foghorn", "text": "resolve 1 raised the pool", "user_id": "U0JOHN", "user_name": "john.doe",
        "team_id": FakeSlack::TEAM, "trigger_id": "t2" } }),
    );
    until(&slack, "the command is taken", |slack| slack.acknowledgements().len() == 3).await;
    let said = slack.acknowledgements()[2]["payload"]["text"].clone();
    assert_eq!(said, json!("Incident 1 resolved by john.doe"));

    let audit = server.request("GET", "/api/v1/audit?limit=200", "").unwrap().1;
    let by_john = |action: &str| {
        let is_his = |row: &&Value| row["who"] == "john.doe" && row["action"] == action;
        audit["items"].as_array().unwrap().iter().filter(is_his).count()
    };
    assert_eq!((by_john("acknowledged"), by_john("resolved"), by_john("solution_added")), (1, 1, 1), "{audit}");
}
