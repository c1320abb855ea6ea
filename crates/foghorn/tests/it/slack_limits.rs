//! A Slack that only ever asks to wait: somebody else is told in time, and it says so.

use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Fault};
use serde_json::{Value, json};

const TWO_CHANNELS: &str = r##"
fallback = ["second"]

[receivers.first]
kind = "slack"
channel = "#incident-alerts"

[receivers.second]
kind = "slack"
channel = "#second"

[[route]]
receivers = ["first"]
"##;

fn firing(number: usize, severity: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{number}"),
            "payload": format!("check {number} of service-{number} fails"),
            "metadata": { "severity": severity, "service": format!("service-{number}") } })
}

/// Slack answers so many attempts with 429 and so many seconds.
async fn at_a_limited_slack(routing: &str, times: usize, seconds: u64) -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.add_channel("#second");
    (0..times).for_each(|_| slack.fault_on("chat.postMessage", Fault::TooMany(seconds)));
    let app = App::at_slack(&slack, routing);
    (slack, app)
}

/// Lets time pass until a telling of `first` is given up. Answers after how many seconds.
async fn until_given_up(app: &mut App) -> i64 {
    for seconds in 0..1_000 {
        app.settle().await;
        if told(app, "first", "failed") > 0 {
            return seconds;
        }
        app.advance(SignedDuration::from_secs(1));
    }
    panic!("it is never given up");
}

fn told(app: &App, receiver: &str, status: &str) -> i64 {
    let of = format!("receiver = '{receiver}' AND status = '{status}'");
    app.count(&format!("SELECT count(*) FROM notifications WHERE {of}"))
}

#[tokio::test]
async fn who_is_only_asked_to_wait_tells_somebody_else_pages_soonest() {
    for (severity, seconds, attempts, given_up_after) in
        [("critical", 30, 4, 90), ("warning", 60, 15, 840), ("critical", 600, 1, 0), ("warning", 600, 2, 600)]
    {
        let (slack, mut app) = at_a_limited_slack(TWO_CHANNELS, attempts, seconds).await;
        app.send(firing(1, severity)).await;
        assert_eq!(until_given_up(&mut app).await, given_up_after, "{severity}, {seconds}");
        app.tell_everybody().await;
        assert_eq!((slack.messages(FakeSlack::CHANNEL).len(), slack.messages("#second").len()), (0, 1));
        let lines = app.get("/api/v1/incidents/1/explain").await.expect(200).json()["lines"].to_string();
        assert!(lines.contains("ratelimited") && lines.contains("lasted too long"), "{lines}");
        assert!(lines.contains("given up; told to second (#second) instead"), "{lines}");
        assert!(app.audit().await.contains(&"agent slack_failed".to_owned()));
    }
}

#[tokio::test]
async fn a_restart_does_not_begin_the_waiting_anew() {
    let (slack, mut app) = at_a_limited_slack(TWO_CHANNELS, 15, 60).await;
    app.send(firing(1, "warning")).await;
    for _ in 0..15 {
        app.settle().await;
        app = app.restart().await;
        app.advance(SignedDuration::from_mins(1));
    }
    app.tell_everybody().await;
    assert_eq!((told(&app, "first", "failed"), slack.messages("#second").len()), (1, 1));
}

#[tokio::test]
async fn what_waits_behind_it_is_not_given_up_one_after_the_other() {
    let (slack, mut app) = at_a_limited_slack(TWO_CHANNELS, 15, 60).await;
    app.send_all((0..20).map(|number| firing(number, "warning")).collect()).await;
    assert_eq!(until_given_up(&mut app).await, 840);
    app.tell_everybody().await;
    assert_eq!(told(&app, "first", "failed"), 20);
    assert_eq!(told(&app, "second", "sent") + told(&app, "second", "joined"), 20);
    assert_eq!(slack.messages("#second").len(), 1);
}

#[tokio::test]
async fn another_failure_begins_the_waiting_anew() {
    let (slack, mut app) = at_a_limited_slack(TWO_CHANNELS, 10, 60).await;
    slack.fault_on("chat.postMessage", Fault::Status(503));
    (0..10).for_each(|_| slack.fault_on("chat.postMessage", Fault::TooMany(60)));
    app.send(firing(1, "warning")).await;
    app.tell_everybody().await;
    assert_eq!((told(&app, "first", "sent"), told(&app, "first", "failed")), (1, 0));
}

#[tokio::test]
async fn where_nobody_else_is_to_be_told_it_waits() {
    let (slack, mut app) = at_a_limited_slack("", 10, 600).await;
    app.send(firing(1, "critical")).await;
    for _ in 0..11 {
        app.minutes_later(11).await;
    }
    assert_eq!((slack.faults_due(), told(&app, "slack", "sent")), (0, 1));
}
