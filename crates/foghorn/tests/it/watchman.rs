//! Foghorn's own silence is heard outside, and that of a source inside.

use crate::process::Server;
use foghorn_testkit::hooks::{HookServer, Scripted};
use foghorn_testkit::{App, FakeSlack, event};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

async fn beating(outside: &HookServer) -> App {
    App::with_settings(App::clock(), |settings| settings.heartbeat_url = Some(outside.url("/beat")))
}

#[tokio::test]
async fn the_outside_hears_every_minute_that_everything_moves() {
    let outside = HookServer::start().await;
    let mut app = beating(&outside).await;
    app.settle().await;
    assert_eq!(outside.requests().len(), 1);
    for _ in 0..120 {
        app.advance(foghorn_domain::clock::SignedDuration::from_secs(5));
        app.settle().await;
    }
    assert_eq!(outside.requests().len(), 11);
    // The rounds are nothing that people see.
    assert_eq!((app.incidents().await.len(), app.tellings().await.len()), (0, 0));
    assert_eq!(app.metric(r#"foghorn_deliveries_total{kind="heartbeat",outcome="sent"}"#).await, 11.0);
}

#[tokio::test]
async fn where_triage_stands_still_the_outside_hears_nothing_more() {
    let outside = HookServer::start().await;
    let mut app = beating(&outside).await;
    app.minutes_later(1).await;
    let before = outside.requests().len();
    for _ in 0..10 {
        app.advance(foghorn_domain::clock::SignedDuration::from_secs(30));
        app.settle_all_but_triage().await;
    }
    assert_eq!(outside.requests().len(), before);
    // One sign of life for what was missed, not ten.
    app.settle().await;
    assert_eq!(outside.requests().len(), before + 1);
}

#[tokio::test]
async fn an_outside_that_does_not_answer_is_called_again() {
    let outside = HookServer::with_script([Scripted::status(500), Scripted::HangUp]).await;
    let mut app = beating(&outside).await;
    for _ in 0..3 {
        app.settle().await;
        app.advance(foghorn_domain::clock::SignedDuration::from_secs(11));
    }
    assert_eq!(outside.requests().len(), 3);
    assert_eq!(app.metric(r#"foghorn_deliveries_total{kind="heartbeat",outcome="put_off"}"#).await, 2.0);
    assert_eq!(app.metric(r#"foghorn_deliveries_total{kind="heartbeat",outcome="sent"}"#).await, 1.0);
}

/// By the machine's clock, as somebody sees it who looks on: `cargo test -- --ignored stopped`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes three minutes"]
async fn a_process_that_is_stopped_is_missed_outside() {
    let (outside, directory) = (HookServer::start().await, TempDir::new().unwrap());
    let url = outside.url("/beat");
    let server = Server::start_with(directory.path(), &[("FOGHORN_HEARTBEAT_URL", &url)]);
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &server.pid().to_string()]).status().unwrap().success());
    };
    server.wait_until("the first sign of life", |_| !outside.requests().is_empty());
    tokio::time::sleep(Duration::from_secs(65)).await;
    let before = outside.requests().len();
    assert_eq!(before, 2);
    signal("-STOP");
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(outside.requests().len(), before);
    signal("-CONT");
    server.wait_until("it goes on", |_| outside.requests().len() > before);
}

#[tokio::test]
async fn a_source_that_falls_silent_is_an_incident_until_it_speaks() {
    let slack = FakeSlack::with_clock(App::clock()).await;
    let mut app = App::at_slack(&slack, "");
    let speak = |minute: i64| event("orders", "log", &format!("INFO order {minute} shipped"));
    for minute in 0..40 {
        app.send(speak(minute)).await;
        app.minutes_later(1).await;
    }
    app.minutes_later(1).await;
    assert!(app.incidents().await.is_empty());
    app.minutes_later(4).await;
    app.tell_everybody().await;
    let incidents = app.incidents().await;
    let incident = App::only(&incidents);
    assert_eq!((&incident["service"], &incident["status"]), (&"orders".into(), &"notified".into()));
    let text = &slack.all_messages()[0].text;
    assert!(text.contains("orders") && text.contains("silent"), "{text}");
    // It goes on being silent; nobody is told again, not after a restart either.
    app.minutes_later(20).await;
    let mut app = app.restart().await;
    app.minutes_later(20).await;
    assert_eq!((app.incidents().await.len(), slack.all_messages().len()), (1, 1));
    app.send(speak(99)).await;
    app.minutes_later(1).await;
    app.tell_everybody().await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["status"], &incident["ended_by"]), (&"resolved".into(), &"source".into()));
    assert!(slack.all_messages()[0].sections()[0].contains("Over: its source says so"));
}

#[tokio::test]
async fn time_in_which_foghorn_was_down_makes_no_source_silent() {
    let mut app = App::new();
    for minute in 0..40 {
        app.send(event("orders", "log", &format!("INFO order {minute} shipped"))).await;
        app.minutes_later(1).await;
    }
    app.advance(foghorn_domain::clock::SignedDuration::from_hours(3));
    let mut app = app.restart().await;
    app.settle().await;
    app.minutes_later(4).await;
    assert!(app.incidents().await.is_empty(), "{:#?}", app.incidents().await);
    app.minutes_later(2).await;
    assert_eq!(app.incidents().await.len(), 1);
}
