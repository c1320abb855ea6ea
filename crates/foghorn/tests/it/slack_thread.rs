//! What becomes known after the message was posted: said once in its thread, whatever happens in between.

use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Fault, Hand, SlackMessage, event};
use serde_json::{Value, json};

/// Trouble of one database under a service.
fn timeout(service: &str) -> Value {
    event(service, "log", "ERROR connection to server at \"orders-db\" failed: timeout expired")
}

async fn at_slack(routing: &str) -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.strict_rate(true);
    let app = App::at_slack(&slack, routing);
    (slack, app)
}

/// One message about the service `cart`, that stands in the channel.
async fn told() -> (FakeSlack, App) {
    let (slack, mut app) = at_slack("").await;
    app.send(timeout("cart")).await;
    app.tell_everybody().await;
    assert_eq!(slack.all_messages().len(), 1);
    app.advance(SignedDuration::from_secs(5));
    (slack, app)
}

fn replies(slack: &FakeSlack) -> Vec<SlackMessage> {
    slack.all_messages().into_iter().filter(|message| message.thread_ts.is_some()).collect()
}

/// The one reply, which stands below the one message.
#[track_caller]
fn only_reply(slack: &FakeSlack) -> SlackMessage {
    let all = slack.all_messages();
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[1].thread_ts.as_ref(), Some(&all[0].ts));
    all[1].clone()
}

#[tokio::test]
async fn related_incidents_that_join_a_message_are_one_reply_in_its_thread() {
    let (slack, mut app) = told().await;
    for service in ["users", "stock", "billing"] {
        app.send(timeout(service)).await;
        app.settle().await;
        app.advance(SignedDuration::from_secs(2));
    }
    app.tell_everybody().await;
    let reply = only_reply(&slack);
    let text = reply.blocks.to_string();
    assert!(["#2 users", "#3 stock", "#4 billing"].iter().all(|part| text.contains(part)), "{text}");
    assert!(text.contains("orders-db"), "what they share: {text}");
    assert!(reply.at.duration_since(slack.all_messages()[0].at) >= SignedDuration::from_secs(30));
    // The message shows them as before, and a reply is neither told again nor edited.
    assert!(slack.all_messages()[0].blocks.to_string().contains("#4 billing"));
    app.send(timeout("users")).await;
    app.minutes_later(2).await;
    app.tell_everybody().await;
    assert!(only_reply(&slack).edits.is_empty());
    assert!(slack.ledger().values().all(|times| *times == 1));
    let lines = app.get("/api/v1/incidents/1/explain").await.expect(200).json()["lines"].to_string();
    assert!(lines.contains("because more became known, in the thread of its message"), "{lines}");
}

#[tokio::test]
async fn repeats_are_no_news_until_their_count_reaches_the_next_power_of_ten() {
    let (slack, mut app) = told().await;
    app.send_all((0..8).map(|_| timeout("cart")).collect()).await;
    app.minutes_later(1).await;
    app.tell_everybody().await;
    assert_eq!(replies(&slack).len(), 0, "nine events");
    app.send_all((0..30).map(|_| timeout("cart")).collect()).await;
    app.tell_everybody().await;
    app.send_all((0..30).map(|_| timeout("cart")).collect()).await;
    app.minutes_later(1).await;
    app.tell_everybody().await;
    let reply = only_reply(&slack);
    assert!(reply.blocks.to_string().contains("events by now"), "{:#}", reply.blocks);
    app.send_all((0..40).map(|_| timeout("cart")).collect()).await;
    app.minutes_later(1).await;
    app.tell_everybody().await;
    let last = replies(&slack).pop().unwrap();
    assert!(last.blocks.to_string().contains("109 events by now"), "{:#}", last.blocks);
    assert_eq!(replies(&slack).len(), 2);
}

#[tokio::test]
async fn another_kind_of_attack_by_the_same_client_is_said_in_the_thread() {
    let (slack, mut app) = at_slack("").await;
    let request = |path: &str| {
        let mut event = event("web", "http", &format!("198.51.100.7 - - \"GET {path} HTTP/1.1\" 200"));
        event["metadata"]["client_ip"] = json!("198.51.100.7");
        event
    };
    app.send(request("/a?id=1%20UNION%20SELECT%20password%20FROM%20users--")).await;
    app.tell_everybody().await;
    app.send(request("/a?f=../../../../etc/passwd")).await;
    app.send(request("/a?q=<script>alert(1)</script>")).await;
    app.tell_everybody().await;
    assert_eq!(app.incident(1).await["event_count"], 3, "three kinds of one client are one campaign");
    let text = only_reply(&slack).blocks.to_string();
    assert!(text.contains("path_traversal") && text.contains("xss"), "{text}");
    assert!(!text.contains("<script>"), "{text}");
}

#[tokio::test]
async fn a_reply_lost_between_sending_and_recording_is_looked_for_and_not_repeated() {
    let (slack, mut app) = told().await;
    app.send(timeout("users")).await;
    app.settle().await;
    slack.fault_on("chat.postMessage", Fault::LandThenCut);
    app.tell_everybody().await;
    assert_eq!(slack.faults_due(), 0);
    assert!(only_reply(&slack).blocks.to_string().contains("#2 users"));
    // What comes after is said alone.
    app.send(timeout("stock")).await;
    app.tell_everybody().await;
    let last = replies(&slack).pop().unwrap().blocks.to_string();
    assert!(last.contains("#3 stock") && !last.contains("#2 users"), "{last}");
    assert!(slack.ledger().values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_restart_neither_forgets_a_reply_nor_repeats_one() {
    let (slack, mut app) = told().await;
    app.send(timeout("users")).await;
    app.settle().await;
    let mut app = app.restart().await;
    app.tell_everybody().await;
    assert!(only_reply(&slack).blocks.to_string().contains("#2 users"));
    let mut app = app.restart().await;
    app.minutes_later(2).await;
    app.tell_everybody().await;
    only_reply(&slack);
}

#[tokio::test]
async fn a_reply_waits_behind_every_telling_and_is_left_out_once_it_is_over() {
    let (slack, mut app) = told().await;
    app.send(timeout("users")).await;
    app.settle().await;
    app.advance(SignedDuration::from_secs(31));
    let firing = |number: usize| {
        json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{number}"),
                "payload": format!("check {number} fails"),
                "metadata": { "severity": "warning", "service": format!("service-{number}") } })
    };
    app.send_all((0..5).map(firing).collect()).await;
    app.tell_everybody().await;
    let all = slack.all_messages();
    assert_eq!((all.len(), all[6].thread_ts.is_some()), (7, true), "{all:#?}");

    app.send(timeout("stock")).await;
    app.settle().await;
    app.advance(SignedDuration::from_secs(11));
    app.settle().await;
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE reason = 'more_known' AND status = 'pending'"), 1);
    app.click(&Hand::john(), "resolve", 1).await;
    app.tell_everybody().await;
    assert_eq!(replies(&slack).len(), 1);
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE reason = 'more_known' AND status = 'held'"), 1);
}

#[tokio::test]
async fn a_reply_that_slack_refuses_is_told_to_nobody_else() {
    let (slack, mut app) = told().await;
    app.send(timeout("users")).await;
    app.settle().await;
    slack.fault_on("chat.postMessage", Fault::OkFalse("thread_locked"));
    app.tell_everybody().await;
    app.send(timeout("stock")).await;
    app.tell_everybody().await;
    assert_eq!(slack.all_messages().len(), 1);
    let count = |status: &str| {
        app.count(&format!("SELECT count(*) FROM notifications WHERE reason = 'more_known' AND status = '{status}'"))
    };
    assert_eq!((count("failed"), count("sent"), count("pending")), (1, 0, 0));
}

#[tokio::test]
async fn what_somebody_asks_for_stands_below_the_message_and_not_below_a_reply() {
    let (slack, mut app) = told().await;
    app.send(timeout("users")).await;
    app.tell_everybody().await;
    only_reply(&slack);
    app.click(&Hand::john(), "info", 1).await;
    app.tell_everybody().await;
    let all = slack.all_messages();
    assert_eq!((all.len(), all[2].thread_ts.as_ref()), (3, Some(&all[0].ts)));
}
