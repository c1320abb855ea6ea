//! Told again for a reason, and quiet for a reason: what stands in Slack after each.

use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Hand, event};
use serde_json::{Value, json};

fn check(number: usize, severity: &str, status: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "status": status, "dedup_key": format!("check-{number}"),
            "payload": format!("check {number} of service-{number} fails"),
            "metadata": { "severity": severity, "service": format!("service-{number}") } })
}

async fn at_slack(routing: &str) -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.add_channel("#leads");
    let app = App::at_slack(&slack, routing);
    (slack, app)
}

/// The messages of the usual channel, by what tells them apart: number of the incident and why it was told.
fn told(slack: &FakeSlack, channel: &str) -> Vec<String> {
    let why = |text: &str| {
        let known = [
            "Severity raised",
            "Reopened",
            "Still firing",
            "Not acknowledged",
            "Silence ended",
            "Maintenance ended",
            "No longer muted by incident 1",
            "Grew beyond its silence",
        ];
        known.into_iter().find(|words| text.contains(words)).unwrap_or("new").to_owned()
    };
    let messages = slack.messages(channel);
    let line = |section: &str| {
        section.split_once("*Incident ").and_then(|(_, rest)| rest.split_once('*')).unwrap().0.to_owned()
    };
    messages.iter().map(|message| format!("{} {}", line(message.sections()[0]), why(message.sections()[0]))).collect()
}

async fn tell(app: &mut App, events: Vec<Value>) {
    for event in events {
        app.send(event).await;
    }
    app.tell_everybody().await;
}

/// Minutes pass, and the stages see every one of them.
async fn pass(app: &mut App, minutes: i64) {
    for _ in 0..minutes {
        app.minutes_later(1).await;
    }
    app.tell_everybody().await;
}

async fn silence(app: &App, matchers: &[&str], duration: &str) -> i64 {
    let wanted = json!({ "matchers": matchers, "duration": duration, "comment": "moving the database", "user": "ana" });
    app.post("/api/v1/silences", wanted).await.expect(201).json()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_raised_severity_is_told_once_more_in_words() {
    let (slack, mut app) = at_slack("").await;
    for severity in ["warning", "critical", "warning", "critical"] {
        tell(&mut app, vec![check(1, severity, "firing")]).await;
    }
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new", "#1 Severity raised"]);
    assert!(slack.all_messages()[1].sections()[0].contains("it is critical now"));
}

#[tokio::test]
async fn what_comes_back_is_told_once_more_in_words() {
    let (slack, mut app) = at_slack("").await;
    let timeout = || event("orders", "log", "ERROR database query timeout after 5000 ms");
    tell(&mut app, vec![timeout()]).await;
    pass(&mut app, 31).await;
    tell(&mut app, vec![timeout(), timeout()]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new", "#1 Reopened"]);
    // The first message shows that it is not over.
    assert!(!slack.all_messages()[0].edits.is_empty());
}

const ESCALATION: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"

[receivers.leads]
kind = "slack"
channel = "#leads"

[[route]]
receivers = ["alerts"]
repeat_interval = "2h"
escalation = [{ after = "15m", receivers = ["leads"] }, { after = "45m", receivers = ["leads", "alerts"] }]
"##;

#[tokio::test]
async fn what_nobody_takes_goes_up_step_by_step_each_once() {
    let (slack, mut app) = at_slack(ESCALATION).await;
    tell(&mut app, vec![check(1, "critical", "firing")]).await;
    pass(&mut app, 14).await;
    assert!(told(&slack, "#leads").is_empty());
    pass(&mut app, 2).await;
    assert_eq!(told(&slack, "#leads"), ["#1 Not acknowledged"]);
    // A restart takes no step twice.
    let mut app = app.restart().await;
    pass(&mut app, 20).await;
    assert_eq!(told(&slack, "#leads"), ["#1 Not acknowledged"]);
    pass(&mut app, 12).await;
    assert_eq!(told(&slack, "#leads"), ["#1 Not acknowledged", "#1 Not acknowledged"]);
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new", "#1 Not acknowledged"]);
    pass(&mut app, 75).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL).len(), 3, "the repetition after two hours");
    assert_eq!(told(&slack, "#leads").len(), 2);
    app.click(&Hand::john(), "ack", 1).await;
    pass(&mut app, 130).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL).len(), 3);
}

const TWO_PACES: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"

[receivers.leads]
kind = "slack"
channel = "#leads"

[receivers.bosses]
kind = "slack"
channel = "#bosses"

[receivers.office]
kind = "slack"
channel = "#office"

[[route]]
receivers = ["alerts"]
continue = true
repeat_interval = "1h"
escalation = [{ after = "10m", receivers = ["leads"] }]

[[route]]
receivers = ["office"]
repeat_interval = "50m"
escalation = [{ after = "30m", receivers = ["bosses"] }]
"##;

#[tokio::test]
async fn the_steps_of_two_routes_are_taken_each_at_its_own_time() {
    let slack = FakeSlack::with_clock(App::clock()).await;
    ["#leads", "#bosses", "#office"].iter().for_each(|channel| drop(slack.add_channel(channel)));
    let mut app = App::at_slack(&slack, TWO_PACES);
    tell(&mut app, vec![check(1, "critical", "firing")]).await;
    let counts = || ["#leads", "#bosses", "#office", FakeSlack::CHANNEL].map(|channel| told(&slack, channel).len());
    assert_eq!(counts(), [0, 0, 1, 1]);
    pass(&mut app, 11).await;
    assert_eq!(counts(), [1, 0, 1, 1]);
    pass(&mut app, 20).await;
    assert_eq!(counts(), [1, 1, 1, 1]);
    pass(&mut app, 20).await;
    assert_eq!(counts(), [1, 1, 2, 1]);
    pass(&mut app, 10).await;
    assert_eq!(counts(), [1, 1, 2, 2]);
}

#[tokio::test]
async fn what_was_told_together_goes_up_together() {
    let (slack, mut app) = at_slack(ESCALATION).await;
    let timeout =
        |service: &str| event(service, "log", "ERROR connection to server at \"orders-db\" failed: timeout expired");
    tell(&mut app, ["cart", "users", "stock"].map(timeout).into()).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
    pass(&mut app, 16).await;
    assert_eq!(told(&slack, "#leads"), ["#1 Not acknowledged"]);
    // Who takes the message takes what stands in it.
    app.click(&Hand::john(), "ack", 1).await;
    tell(&mut app, ["cart", "users", "stock"].map(timeout).into()).await;
    pass(&mut app, 12).await;
    assert_eq!(told(&slack, "#leads").len(), 1);
    // One that outlasts it goes up on its own.
    app.click(&Hand::john(), "resolve", 1).await;
    tell(&mut app, vec![timeout("users")]).await;
    pass(&mut app, 2).await;
    assert!(told(&slack, "#leads").contains(&"#2 Not acknowledged".to_owned()), "{:#?}", told(&slack, "#leads"));
}

#[tokio::test]
async fn who_acknowledges_in_time_is_not_asked_again() {
    let (slack, mut app) = at_slack(ESCALATION).await;
    tell(&mut app, vec![check(1, "critical", "firing")]).await;
    pass(&mut app, 14).await;
    app.click(&Hand::john(), "ack", 1).await;
    pass(&mut app, 60).await;
    assert!(told(&slack, "#leads").is_empty());
}

/// Twenty checks of one service.
fn shop(number: usize, status: &str) -> Value {
    let mut event = check(number, "warning", status);
    event["metadata"]["service"] = json!("shop");
    event
}

#[tokio::test]
async fn a_silence_that_ends_tells_once_about_those_that_still_fire() {
    let (slack, mut app) = at_slack("").await;
    let id = silence(&app, &["service = shop"], "2h").await;
    tell(&mut app, (0..20).map(|number| shop(number, "firing")).collect()).await;
    assert!(slack.all_messages().is_empty());
    assert_eq!(app.count("SELECT count(*) FROM incidents WHERE status = 'open'"), 20);
    let lines = app.get("/api/v1/incidents/1/explain").await.expect(200).json()["lines"].to_string();
    assert!(lines.contains(&format!("silence {id} by ana")) && lines.contains("moving the database"), "{lines}");
    tell(&mut app, (3..20).map(|number| shop(number, "resolved")).collect()).await;
    pass(&mut app, 118).await;
    assert!(slack.all_messages().is_empty());
    pass(&mut app, 5).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 Silence ended"]);
    let message = &slack.all_messages()[0];
    let text = message.blocks.to_string();
    assert!(text.contains("#2") && text.contains("#3") && !text.contains("#4"), "{text}");
    assert_eq!(app.count("SELECT count(*) FROM incidents WHERE status = 'notified'"), 3);
    pass(&mut app, 10).await;
    let mut app = app.restart().await;
    pass(&mut app, 10).await;
    assert_eq!(slack.all_messages().len(), 1);
}

#[tokio::test]
async fn a_silence_ended_by_hand_tells_what_still_fires_at_once() {
    let (slack, mut app) = at_slack("").await;
    silence(&app, &["service = shop"], "2h").await;
    tell(&mut app, vec![shop(1, "firing"), check(2, "warning", "firing")]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#2 new"]);
    app.type_command(&Hand::john(), "unsilence 1").await;
    app.tell_everybody().await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#2 new", "#1 Silence ended"]);
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_silence_tells_nothing() {
    let (slack, mut app) = at_slack("").await;
    silence(&app, &["service = shop"], "2h").await;
    app.send(shop(1, "firing")).await;
    app.settle_triage().await;
    for minutes in [0, 30, 30, 30] {
        app = app.restart().await;
        pass(&mut app, minutes).await;
        tell(&mut app, vec![shop(1, "firing"), shop(2, "firing")]).await;
    }
    assert!(slack.all_messages().is_empty());
    assert!(app.tellings().await.iter().all(|(_, _, status)| status == "held"));
}

#[tokio::test]
async fn one_silence_under_another_waits_for_the_last() {
    let (slack, mut app) = at_slack("").await;
    silence(&app, &["service = shop"], "1h").await;
    silence(&app, &["service = shop", "kind = alert"], "3h").await;
    silence(&app, &["service = shop"], "2h").await;
    tell(&mut app, vec![shop(1, "firing")]).await;
    pass(&mut app, 170).await;
    assert!(slack.all_messages().is_empty(), "{:#?}", app.incident(1).await["notifications"]);
    pass(&mut app, 15).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 Silence ended"]);
}

#[tokio::test]
async fn what_was_told_before_a_silence_and_changes_in_it_is_an_edit() {
    let (slack, mut app) = at_slack("").await;
    tell(&mut app, vec![shop(1, "firing")]).await;
    silence(&app, &["service = shop"], "1h").await;
    let mut worse = shop(1, "firing");
    worse["metadata"]["severity"] = json!("critical");
    tell(&mut app, vec![worse]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
    pass(&mut app, 65).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new", "#1 Silence ended"]);
    assert!(slack.all_messages()[1].text.starts_with("CRITICAL"), "{}", slack.all_messages()[1].text);
}

const INHIBITION: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"

[[inhibit]]
name = "a check that is critical explains the warnings"
source = ["kind = alert", "severity = critical"]
target = ["severity = warning"]
equal = ["environment", "labels.cluster"]
"##;

fn in_cluster(number: usize, severity: &str, status: &str, cluster: Option<&str>) -> Value {
    let mut event = check(number, severity, status);
    if let Some(cluster) = cluster {
        event["metadata"]["labels"] = json!({ "cluster": cluster });
    }
    event
}

#[tokio::test]
async fn a_cause_keeps_its_effects_quiet_until_it_ends() {
    let (slack, mut app) = at_slack(INHIBITION).await;
    let east = |number, severity, status| in_cluster(number, severity, status, Some("east"));
    tell(&mut app, vec![east(1, "critical", "firing")]).await;
    // What is acknowledged is a cause all the same.
    app.click(&Hand::john(), "ack", 1).await;
    tell(&mut app, vec![east(2, "warning", "firing"), east(3, "warning", "firing")]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
    let lines = app.get("/api/v1/incidents/2/explain").await.expect(200).json()["lines"].to_string();
    assert!(lines.contains("inhibited by incident 1"), "{lines}");
    // Elsewhere, or where nobody knows, it is no effect.
    tell(&mut app, vec![in_cluster(4, "warning", "firing", Some("west")), in_cluster(5, "warning", "firing", None)])
        .await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new", "#4 new", "#5 new"]);
    tell(&mut app, vec![east(3, "warning", "resolved")]).await;
    pass(&mut app, 5).await;
    assert_eq!(slack.all_messages().len(), 3);
    tell(&mut app, vec![east(1, "critical", "resolved")]).await;
    pass(&mut app, 5).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL)[3..], ["#2 No longer muted by incident 1"]);
}

const MAINTENANCE: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"

[[maintenance]]
why = "the nightly import"
match = ["service = shop"]
from = "03:00"
to = "04:00"
zone = "UTC"
"##;

#[tokio::test]
async fn maintenance_is_quiet_and_what_outlasts_it_is_told() {
    let (slack, mut app) = at_slack(MAINTENANCE).await;
    tell(&mut app, vec![shop(1, "firing"), shop(2, "firing"), check(3, "warning", "firing")]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#3 new"]);
    tell(&mut app, vec![shop(2, "resolved")]).await;
    let mut app = app.restart().await;
    pass(&mut app, 50).await;
    assert_eq!(slack.all_messages().len(), 1);
    pass(&mut app, 10).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#3 new", "#1 Maintenance ended"]);
}

#[tokio::test]
async fn a_false_positive_stays_quiet() {
    let (slack, mut app) = at_slack("").await;
    let timeout = || event("orders", "log", "ERROR database query timeout after 5000 ms");
    tell(&mut app, vec![timeout()]).await;
    app.click(&Hand::john(), "false_positive", 1).await;
    for _ in 0..5 {
        app.advance(SignedDuration::from_hours(24));
        tell(&mut app, vec![timeout()]).await;
    }
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
}

const TWO_NAMES: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"

[receivers.also-alerts]
kind = "slack"
channel = "#incident-alerts"

[[route]]
match = ["kind = alert"]
receivers = ["alerts"]
continue = true

[[route]]
receivers = ["also-alerts"]
"##;

#[tokio::test]
async fn two_routes_to_one_channel_are_one_message() {
    let (slack, mut app) = at_slack(TWO_NAMES).await;
    tell(&mut app, vec![check(1, "warning", "firing")]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_taken_away_is_told_elsewhere() {
    let (slack, mut app) = at_slack(ESCALATION).await;
    slack.fault_on("chat.postMessage", foghorn_testkit::Fault::TooMany(60));
    app.send(check(1, "warning", "firing")).await;
    app.settle().await;
    app.reroute("fallback = [\"leads\"]\n[receivers.leads]\nkind = \"slack\"\nchannel = \"#leads\"\n");
    app.tell_everybody().await;
    assert_eq!((told(&slack, "#leads"), slack.messages(FakeSlack::CHANNEL).len()), (vec!["#1 new".to_owned()], 0));
}

#[tokio::test]
async fn a_routing_file_that_turns_wrong_changes_nothing() {
    let (slack, mut app) = at_slack(ESCALATION).await;
    app.reroute("fallback = [\"nobody\"]\n");
    tell(&mut app, vec![check(1, "warning", "firing")]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
    // A right one is in force at once, and what it no longer names is told elsewhere.
    app.reroute("fallback = [\"leads\"]\n[receivers.leads]\nkind = \"slack\"\nchannel = \"#leads\"\n");
    tell(&mut app, vec![check(2, "warning", "firing")]).await;
    assert_eq!(told(&slack, "#leads"), ["#2 new"]);
}

const SPARED: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"

[[route]]
receivers = ["alerts"]
group_interval = "10m"
"##;

#[tokio::test]
async fn a_route_that_spares_its_receiver_tells_the_rest_of_a_service_later_and_pages_at_once() {
    let (slack, mut app) = at_slack(SPARED).await;
    tell(&mut app, vec![shop(1, "firing")]).await;
    app.send(shop(2, "firing")).await;
    app.send(shop(3, "firing")).await;
    app.settle().await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new"]);
    let waiting = app.incident(2).await["notifications"].clone();
    let at_slack = waiting.as_array().unwrap().iter().find(|row| row["receiver"] == "alerts").unwrap();
    assert_eq!((&at_slack["status"], &at_slack["held_by"]), (&json!("pending"), &json!("interval")));
    assert!(at_slack["why"].as_str().unwrap().contains("at most every 10"), "{at_slack}");
    app.send(check(9, "critical", "firing")).await;
    app.settle().await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 new", "#4 new"]);
    pass(&mut app, 31).await;
    let all = told(&slack, FakeSlack::CHANNEL);
    assert!(all.contains(&"#2 new".to_owned()) && all.contains(&"#3 new".to_owned()), "{all:?}");
    assert_eq!(all.len(), 4);
}

#[tokio::test]
async fn what_outgrows_a_silence_is_told_at_once() {
    let (slack, mut app) = at_slack("").await;
    silence(&app, &["service = shop", "severity <= error"], "8h").await;
    tell(&mut app, vec![shop(1, "firing")]).await;
    assert!(told(&slack, FakeSlack::CHANNEL).is_empty());
    let mut worse = shop(1, "firing");
    worse["metadata"]["severity"] = json!("critical");
    tell(&mut app, vec![worse]).await;
    assert_eq!(told(&slack, FakeSlack::CHANNEL), ["#1 Grew beyond its silence"]);
}
