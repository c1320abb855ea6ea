//! The three endings, and what comes after one.

use foghorn_testkit::{App, event};
use serde_json::{Value, json};

fn check(status: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "payload": "api does not answer", "status": status, "dedup_key": "api" })
}

fn timeout() -> Value {
    event("orders", "log", "ERROR database query timeout after 5000 ms")
}

#[tokio::test]
async fn the_sources_end_ends_its_incident_and_says_so() {
    let mut app = App::new();
    app.send(check("firing")).await;
    app.settle().await;
    app.send(check("resolved")).await;
    app.settle().await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["status"], &incident["ended_by"]), (&json!("resolved"), &json!("source")));
    assert!(incident["timeline"].as_array().unwrap().iter().any(|entry| entry["details"]["ended_by"] == "source"));
}

#[tokio::test]
async fn an_unchanged_repost_for_five_minutes_is_no_event_and_no_telling() {
    let mut app = App::new();
    let first = app.send(check("firing")).await;
    app.settle().await;
    for _ in 0..30 {
        app.advance(foghorn_domain::clock::SignedDuration::from_secs(10));
        assert_eq!(app.send(check("firing")).await, first);
        app.settle().await;
    }
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 1);
    assert_eq!(app.tellings().await.len(), 1);
    assert_eq!(app.incident(1).await["event_count"], 1);
}

#[tokio::test]
async fn half_an_hour_of_quiet_ends_an_incident_born_of_logs() {
    let mut app = App::new();
    app.send(timeout()).await;
    app.settle().await;
    app.minutes_later(29).await;
    assert_eq!(app.incident(1).await["status"], "notified");
    app.minutes_later(2).await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["status"], &incident["ended_by"]), (&json!("resolved"), &json!("quiet")));
}

#[tokio::test]
async fn an_alert_does_not_end_by_quiet() {
    let mut app = App::new();
    app.send(check("firing")).await;
    app.settle().await;
    app.minutes_later(300).await;
    assert_eq!(app.incident(1).await["status"], "notified");
}

#[tokio::test]
async fn a_repeat_within_the_hour_reopens_and_tells_so() {
    let mut app = App::new();
    app.send(timeout()).await;
    app.settle().await;
    app.minutes_later(31).await;
    app.minutes_later(20).await;
    app.send(timeout()).await;
    app.settle().await;
    let incidents = app.incidents().await;
    let incident = App::only(&incidents);
    assert_eq!((&incident["status"], &incident["reopened_count"]), (&json!("notified"), &json!(1)));
    let reasons: Vec<String> = app.tellings().await.into_iter().map(|(_, reason, _)| reason).collect();
    assert_eq!(reasons, ["opened", "reopened"]);
}

#[tokio::test]
async fn a_repeat_after_the_reopen_window_opens_a_new_one_that_links_back() {
    let mut app = App::new();
    app.send(timeout()).await;
    app.settle().await;
    app.minutes_later(31).await;
    app.minutes_later(61).await;
    app.send(timeout()).await;
    app.settle().await;
    let incidents = app.incidents().await;
    assert_eq!(incidents.len(), 2);
    assert_eq!(incidents[1]["previous_incident_id"], 1);
    assert_eq!(incidents[0]["fingerprint"], incidents[1]["fingerprint"]);
    let message = app.incident(2).await["notifications"][0]["message"].clone();
    assert!(message["history"].as_str().unwrap().starts_with("Seen 1×"), "{message:#}");
}

#[tokio::test]
async fn a_source_that_goes_on_after_a_persons_resolve_is_told_again_after_the_grace() {
    let mut app = App::new();
    app.send(check("firing")).await;
    app.settle().await;
    app.act(1, "resolve").await.expect(200);
    app.send(check("firing")).await;
    app.settle().await;
    let incident = app.incident(1).await;
    assert_eq!(incident["status"], "resolved");
    assert!(!incident["still_firing_since"].is_null());
    app.minutes_later(30).await;
    assert_eq!(app.tellings().await.len(), 1);
    app.minutes_later(31).await;
    let reasons: Vec<String> = app.tellings().await.into_iter().map(|(_, reason, _)| reason).collect();
    assert_eq!(reasons, ["opened", "still_firing"]);
}

#[tokio::test]
async fn a_false_positive_is_recorded_and_not_told_for_seven_days() {
    let mut app = App::new();
    app.send(timeout()).await;
    app.settle().await;
    app.act(1, "false_positive").await.expect(200);
    app.minutes_later(60 * 24 * 6).await;
    app.send(timeout()).await;
    app.settle().await;
    assert_eq!(app.tellings().await.len(), 1);
    assert_eq!(app.incident(1).await["event_count"], 2);
    app.minutes_later(60 * 24 * 2).await;
    app.send(timeout()).await;
    app.settle().await;
    assert_eq!(app.incidents().await.len(), 2);
}

#[tokio::test]
async fn four_changes_in_half_an_hour_are_flapping_and_no_longer_told() {
    let mut app = App::new();
    for _ in 0..6 {
        app.send(check("firing")).await;
        app.minutes_later(1).await;
        app.send(check("resolved")).await;
        app.minutes_later(1).await;
    }
    let incidents = app.incidents().await;
    assert_eq!(App::only(&incidents)["is_flapping"], true);
    let sent = app.tellings().await.into_iter().filter(|(_, _, status)| status == "sent").count();
    assert!(sent <= 2, "opened, perhaps reopened once, then nothing: {:?}", app.tellings().await);
    app.minutes_later(31).await;
    assert_eq!(app.incident(1).await["is_flapping"], false);
}

#[tokio::test]
async fn an_event_older_than_the_resolve_does_not_reopen() {
    let mut app = App::new();
    app.send(timeout()).await;
    app.settle().await;
    app.minutes_later(5).await;
    app.act(1, "resolve").await.expect(200);
    let mut late = timeout();
    late["event_timestamp"] = json!("2026-01-02T03:05:00Z");
    app.send(late).await;
    app.settle().await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["status"], &incident["event_count"]), (&json!("resolved"), &json!(2)));
}

#[tokio::test]
async fn a_flapping_check_that_turns_critical_is_told_all_the_same() {
    let mut app = App::new();
    let graded = |status: &str, severity: &str| {
        let mut check = check(status);
        check["metadata"] = json!({ "severity": severity });
        check
    };
    for _ in 0..3 {
        app.send(graded("firing", "warning")).await;
        app.settle().await;
        app.send(graded("resolved", "warning")).await;
        app.settle().await;
    }
    let before = app.tellings().await.iter().filter(|(_, _, status)| status == "sent").count();
    app.send(graded("firing", "critical")).await;
    app.settle().await;
    let tellings = app.tellings().await;
    assert_eq!(tellings.iter().filter(|(_, _, status)| status == "sent").count(), before + 1, "{tellings:?}");
    assert!(tellings.contains(&(1, "severity_raised".to_owned(), "sent".to_owned())));
}

#[tokio::test]
async fn a_flapping_check_that_settles_on_firing_is_told_when_it_has_calmed() {
    let mut app = App::new();
    for _ in 0..3 {
        app.send(check("firing")).await;
        app.settle().await;
        app.send(check("resolved")).await;
        app.settle().await;
    }
    app.send(check("firing")).await;
    app.settle().await;
    let sent = |tellings: Vec<(i64, String, String)>| tellings.iter().filter(|(_, _, status)| status == "sent").count();
    let before = sent(app.tellings().await);
    app.minutes_later(31).await;
    assert_eq!(sent(app.tellings().await), before + 1);
    assert_eq!(app.incident(1).await["status"], "notified");
}
