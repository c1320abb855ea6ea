use crate::support::client;
use foghorn_slack::interaction::Interaction;
use foghorn_slack::socket::{Delivery, run};
use foghorn_slack::{Secret, SlackError};
use foghorn_testkit::{FakeSlack, Fault};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A receiver that keeps what it heard and answers with the incident.
struct Receiver {
    heard: Arc<Mutex<Vec<Delivery>>>,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), SlackError>>,
}

fn receive(slack: &FakeSlack, token: &str) -> Receiver {
    let (client, token) = (client(slack), Secret::new(token));
    let (heard, shutdown) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
    let (keep, stop) = (heard.clone(), shutdown.clone());
    let handler = move |delivery: Delivery| {
        keep.lock().unwrap().push(delivery);
        async { Some(json!({ "text": "done" })) }
    };
    let task = tokio::spawn(async move { run(&client, &token, handler, stop).await });
    Receiver { heard, shutdown, task }
}

impl Receiver {
    async fn stop(self) -> Vec<Delivery> {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        let heard = self.heard.lock().unwrap();
        heard.clone()
    }
}

fn click(envelope: &str) -> Value {
    json!({ "type": "interactive", "envelope_id": envelope, "accepts_response_payload": false, "payload": {
        "type": "block_actions", "user": { "id": "U1", "username": "john.doe" },
        "actions": [{ "action_id": "ack", "value": "7" }],
    } })
}

#[tokio::test]
async fn clicks_and_commands_are_heard_and_acknowledged() {
    let slack = FakeSlack::start().await;
    let receiver = receive(&slack, FakeSlack::APP_TOKEN);
    slack.deliver(click("e1"));
    slack.until(|slack| slack.acknowledgements().len() == 1).await;
    slack.deliver(json!({ "type": "slash_commands", "envelope_id": "e2", "accepts_response_payload": true,
        "payload": { "command": "/foghorn", "text": "list", "user_id": "U1" } }));
    slack.until(|slack| slack.acknowledgements().len() == 2).await;
    // An answer goes out only where Slack takes one.
    let expected = [json!({ "envelope_id": "e1" }), json!({ "envelope_id": "e2", "payload": { "text": "done" } })];
    assert_eq!(slack.acknowledgements(), expected);
    let heard = receiver.stop().await;
    assert!(matches!(&heard[0], Delivery::Interaction(Interaction::Click(click)) if click.incident_id == 7));
    assert!(matches!(&heard[1], Delivery::Command(command) if command.text == "list"));
}

#[tokio::test]
async fn what_cannot_be_read_is_acknowledged_and_does_not_end_the_connection() {
    let slack = FakeSlack::start().await;
    let receiver = receive(&slack, FakeSlack::APP_TOKEN);
    slack.deliver(json!("nonsense"));
    slack.deliver(json!({ "type": "interactive", "envelope_id": "e1", "payload": { "type": "block_actions" } }));
    slack.deliver(json!({ "type": "events_api", "envelope_id": "e2", "payload": {} }));
    slack.deliver(click("e3"));
    slack.until(|slack| slack.acknowledgements().len() == 3).await;
    assert_eq!((receiver.stop().await.len(), slack.connections()), (1, 1));
}

#[tokio::test]
async fn a_connection_that_slack_renews_is_opened_anew() {
    let slack = FakeSlack::start().await;
    let receiver = receive(&slack, FakeSlack::APP_TOKEN);
    slack.deliver(json!({ "type": "disconnect", "reason": "refresh_requested" }));
    slack.until(|slack| slack.connections() == 2).await;
    slack.deliver(click("e1"));
    slack.until(|slack| slack.acknowledgements().len() == 1).await;
    assert_eq!(receiver.stop().await.len(), 1);
}

#[tokio::test]
async fn trouble_is_waited_out() {
    let slack = FakeSlack::start().await;
    slack.fault(Fault::Status(500));
    slack.fault(Fault::Cut);
    let receiver = receive(&slack, FakeSlack::APP_TOKEN);
    slack.until(|slack| slack.connections() == 1).await;
    assert_eq!(slack.calls().len(), 3);
    assert!(receiver.stop().await.is_empty());
}

#[tokio::test]
async fn a_token_that_will_never_do_ends_it_with_the_reason() {
    let slack = FakeSlack::start().await;
    for (token, code) in [("xapp-wrong", "invalid_auth"), (FakeSlack::TOKEN, "not_allowed_token_type")] {
        assert_eq!(receive(&slack, token).task.await.unwrap().unwrap_err().code(), code);
    }
}
