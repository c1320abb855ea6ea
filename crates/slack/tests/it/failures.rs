use crate::support::{client, mark, message, with_timeout};
use foghorn_slack::blocks::Rendered;
use foghorn_slack::{Retry, Secret, SlackClient};
use foghorn_testkit::{FakeSlack, Fault};
use serde_json::json;
use std::time::Duration;

/// Posts into a Slack that fails in one way, and says what the error says.
async fn post_into(fault: Fault) -> (String, Retry, bool, usize) {
    let slack = FakeSlack::start().await;
    slack.fault(fault.clone());
    // Only what never answers is waited for.
    let hangs = matches!(fault, Fault::Hang);
    let client = with_timeout(&slack, if hangs { Duration::from_millis(200) } else { Duration::from_secs(30) });
    let error = client.post(FakeSlack::CHANNEL, &message("it broke"), None, &mark("n1")).await.unwrap_err();
    (error.code().to_owned(), error.retry(), error.may_have_landed(), slack.all_messages().len())
}

#[tokio::test]
async fn every_way_to_fail_is_told_apart() {
    let cases = [
        (Fault::TooMany(7), "ratelimited", Retry::After(Duration::from_secs(7)), false, 0),
        (Fault::Status(500), "http_500", Retry::Backoff, true, 0),
        (Fault::Status(503), "http_503", Retry::Backoff, true, 0),
        (Fault::Status(404), "http_404", Retry::Never, false, 0),
        (Fault::Status(302), "http_3xx", Retry::Never, false, 0),
        (Fault::Html, "not_json", Retry::Backoff, true, 0),
        (Fault::OkFalse("invalid_auth"), "invalid_auth", Retry::Never, false, 0),
        (Fault::OkFalse("channel_not_found"), "channel_not_found", Retry::Never, false, 0),
        (Fault::OkFalse("not_in_channel"), "not_in_channel", Retry::Never, false, 0),
        (Fault::OkFalse("msg_too_long"), "msg_too_long", Retry::Never, false, 0),
        (Fault::OkFalse("ratelimited"), "ratelimited", Retry::After(Duration::from_secs(5)), false, 0),
        (Fault::OkFalse("internal_error"), "internal_error", Retry::Backoff, true, 0),
        (Fault::OkFalse("<b>\u{1b}[2J"), "b2J", Retry::Never, false, 0),
        (Fault::OkFalse(""), "unknown_error", Retry::Never, false, 0),
        (Fault::Hang, "timeout", Retry::Backoff, true, 0),
        (Fault::HalfClose, "connection_cut", Retry::Backoff, true, 0),
        (Fault::Cut, "connection_cut", Retry::Backoff, true, 0),
        (Fault::LandThenCut, "connection_cut", Retry::Backoff, true, 1),
        (Fault::LandThenFail, "http_500", Retry::Backoff, true, 1),
        (Fault::Endless, "answer_too_large", Retry::Backoff, true, 0),
    ];
    for (fault, code, retry, may_have_landed, landed) in cases {
        let seen = post_into(fault.clone()).await;
        assert_eq!(seen, (code.to_owned(), retry, may_have_landed, landed), "{fault:?}");
    }
}

#[tokio::test]
async fn nothing_was_sent_where_there_is_no_connection() {
    let client = SlackClient::new("http://127.0.0.1:1/api/", Secret::new("x"), Duration::from_secs(30)).unwrap();
    let error = client.post("#x", &message("x"), None, &mark("n")).await.unwrap_err();
    assert_eq!((error.code(), error.retry(), error.may_have_landed()), ("unreachable", Retry::Backoff, false));
}

#[tokio::test]
async fn slack_refuses_what_it_refuses() {
    let slack = FakeSlack::start().await;
    let foreign = slack.add_foreign_channel("strangers");
    let client = client(&slack);
    let section = |text: &str| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let blocks = |blocks| Rendered { text: "x".to_owned(), blocks };
    let button = json!({ "type": "button", "action_id": "ack", "value": "1",
        "text": { "type": "plain_text", "text": "x".repeat(76) } });
    let cases = [
        ("#nowhere", message("x"), "channel_not_found"),
        (&*foreign, message("x"), "not_in_channel"),
        (FakeSlack::CHANNEL, Rendered { text: "x".repeat(40_001), ..message("x") }, "msg_too_long"),
        (FakeSlack::CHANNEL, message(&"x".repeat(3_001)), "invalid_blocks"),
        (FakeSlack::CHANNEL, blocks(json!([section(&"x".repeat(3_001))])), "invalid_blocks"),
        (FakeSlack::CHANNEL, blocks(json!([section("")])), "invalid_blocks"),
        (FakeSlack::CHANNEL, blocks(json!(vec![section("x"); 51])), "invalid_blocks"),
        (FakeSlack::CHANNEL, blocks(json!(vec![section(&"x".repeat(2_900)); 5])), "msg_blocks_too_long"),
        (FakeSlack::CHANNEL, blocks(json!([{ "type": "actions", "elements": [button] }])), "invalid_blocks"),
        (FakeSlack::CHANNEL, blocks(json!([{ "type": "section", "text": "x" }])), "invalid_blocks"),
    ];
    for (channel, rendered, code) in cases {
        let error = client.post(channel, &rendered, None, &mark("n")).await.unwrap_err();
        assert_eq!((error.code(), error.retry(), error.may_have_landed()), (code, Retry::Never, false));
    }
    let update = client.update(FakeSlack::CHANNEL, "1.000001", &message("x")).await;
    assert_eq!(update.unwrap_err().code(), "message_not_found");
    let thread = client.post(FakeSlack::CHANNEL, &message("x"), Some("1.000001"), &mark("n")).await;
    assert_eq!(thread.unwrap_err().code(), "thread_not_found");
    assert!(slack.all_messages().is_empty());
}
