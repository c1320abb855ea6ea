//! What PagerDuty is asked, and what its answers mean.

use crate::common::{message, now};
use foghorn_domain::event::EventStatus;
use foghorn_domain::severity::Severity;
use foghorn_outbound::pagerduty::{Facts, PagerDuty, PagerDutySettings, RoutingKey};
use foghorn_outbound::{Receipt, Retry, SendError};
use foghorn_sources::pagerduty::parse_enqueue;
use foghorn_testkit::hooks::{HookServer, Recorded, Scripted};
use serde_json::json;
use std::time::Duration;

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn key() -> RoutingKey {
    RoutingKey::parse(KEY).unwrap()
}

fn pagerduty(server: &HookServer) -> PagerDuty {
    PagerDuty::new(PagerDutySettings { events_url: server.url(""), ..PagerDutySettings::default() }).unwrap()
}

fn facts() -> Facts {
    Facts {
        incident_id: 7,
        severity: Severity::Critical,
        service: "checkout".to_owned(),
        environment: "production".to_owned(),
        kind: "db_timeout".to_owned(),
        first_seen: now(),
    }
}

async fn trigger(server: &HookServer) -> Result<Receipt, SendError> {
    pagerduty(server).trigger(&key(), &message(), &facts(), now()).await
}

#[tokio::test]
async fn an_alert_is_triggered_acknowledged_and_resolved_under_one_key() {
    let server = HookServer::start().await;
    let pagerduty = pagerduty(&server);
    let receipt = trigger(&server).await.unwrap();
    assert_eq!(receipt.provider_id.as_deref(), Some("foghorn-incident-7"));
    pagerduty.acknowledge(&key(), 7, now()).await.unwrap();
    pagerduty.resolve(&key(), 7, now()).await.unwrap();
    let requests = server.requests();
    for (request, action) in requests.iter().zip(["trigger", "acknowledge", "resolve"]) {
        assert_eq!((request.method.as_str(), request.uri.path()), ("POST", "/v2/enqueue"));
        assert_eq!(request.header("content-type"), "application/json");
        let event = request.json();
        assert_eq!(event["event_action"], action);
        assert_eq!(event["dedup_key"], "foghorn-incident-7");
        assert_eq!(event["routing_key"], KEY);
    }
    let event = requests[0].json();
    assert_eq!(event["payload"]["summary"], "CRITICAL · checkout · database connection timeout");
    assert_eq!(event["links"][0]["href"], "https://foghorn.example.org/incidents/7");
    let fields: Vec<String> = requests[1].json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["dedup_key", "routing_key", "event_action"]);
}

#[tokio::test]
async fn what_is_sent_passes_foghorns_own_reader_of_the_same_interface() {
    let server = HookServer::start().await;
    let pagerduty = pagerduty(&server);
    trigger(&server).await.unwrap();
    pagerduty.acknowledge(&key(), 7, now()).await.unwrap();
    pagerduty.resolve(&key(), 7, now()).await.unwrap();
    let read = |request: &Recorded| parse_enqueue(&request.body, now(), 0).unwrap();
    let read: Vec<_> = server.requests().iter().map(read).collect();
    let statuses: Vec<_> = read.iter().map(|read| read.event.status).collect();
    let expected = [EventStatus::Firing, EventStatus::Acknowledged, EventStatus::Resolved];
    assert_eq!(statuses, expected.map(Some));
    assert!(read.iter().all(|read| read.dedup_key == "foghorn-incident-7"));
    assert!(read[0].event.payload.contains("CRITICAL · checkout · database connection timeout"));
}

#[tokio::test]
async fn each_answer_says_whether_to_try_again() {
    let check = async |scripted: Scripted, code: &str, retry: Retry, may_have_landed: bool| {
        let server = HookServer::with_script([scripted.clone()]).await;
        let error = trigger(&server).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.retry, error.may_have_landed),
            (code, retry, may_have_landed),
            "{scripted:?}: {error}"
        );
        assert!(!format!("{error:?}").contains(KEY), "{error:?}");
        assert_eq!(server.requests().len(), 1, "{scripted:?}: one request an attempt, and none elsewhere");
    };
    check(Scripted::status(400), "refused", Retry::Never, false).await;
    check(Scripted::status(403), "login_refused", Retry::Never, false).await;
    check(Scripted::status(404), "refused", Retry::Never, false).await;
    check(Scripted::status(413), "refused", Retry::Never, false).await;
    check(Scripted::status(429), "rate_limited", Retry::Backoff, false).await;
    let after = |seconds| Retry::After(Duration::from_secs(seconds));
    check(Scripted::retry_after(429, "30"), "rate_limited", after(30), false).await;
    check(Scripted::retry_after(429, "Fri, 02 Jan 2026 03:04:45 GMT"), "rate_limited", after(40), false).await;
    check(Scripted::retry_after(429, "soon"), "rate_limited", Retry::Backoff, false).await;
    check(Scripted::retry_after(503, "7"), "server_error", after(7), false).await;
    check(Scripted::body(500, "<html>oops</html>"), "server_error", Retry::Backoff, true).await;
    check(Scripted::status(502), "server_error", Retry::Backoff, true).await;
    check(Scripted::HangUp, "interrupted", Retry::Backoff, true).await;
    check(Scripted::redirect(307, "http://169.254.169.254/"), "redirected", Retry::Never, false).await;
    check(Scripted::redirect(307, "/v2/enqueue"), "redirected", Retry::Never, false).await;
}

#[tokio::test]
async fn silence_may_mean_that_it_rang() {
    let server = HookServer::with_script([Scripted::Hang]).await;
    let hasty = PagerDutySettings {
        events_url: server.url(""),
        answer_within: Duration::from_millis(200),
        ..PagerDutySettings::default()
    };
    let error = PagerDuty::new(hasty).unwrap().resolve(&key(), 7, now()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry, error.may_have_landed), ("deadline", Retry::Backoff, true));
}

#[tokio::test]
async fn a_refusal_is_told_in_pagerdutys_own_words() {
    let check = async |body: String, expected: &str| {
        let server = HookServer::with_script([Scripted::body(400, body)]).await;
        let error = trigger(&server).await.unwrap_err();
        assert_eq!(error.detail, format!("PagerDuty answered 400 Bad Request{expected}"));
    };
    let answer = json!({ "status": "invalid event", "message": "Event object is invalid",
                         "errors": ["Length of 'routing_key' is incorrect", "'payload.source' is missing"] });
    check(
        answer.to_string(),
        ": Event object is invalid: Length of 'routing_key' is incorrect: 'payload.source' is missing",
    )
    .await;
    check("<html>\r\nno\u{1b}[31m</html>".to_owned(), ": <html> no</html>").await;
    check(json!({ "message": format!("no such key {KEY}") }).to_string(), ": no such key …").await;
    check(String::new(), "").await;
    let server = HookServer::with_script([Scripted::body(400, "x".repeat(10_000_000))]).await;
    assert!(trigger(&server).await.unwrap_err().detail.chars().count() < 400);
}

#[tokio::test]
async fn an_answer_that_breaks_off_after_its_status_was_given() {
    let server = HookServer::with_script([Scripted::BreakOff, Scripted::Flood]).await;
    assert!(trigger(&server).await.is_ok(), "200 is what counts");
    assert!(trigger(&server).await.is_ok(), "and what follows it is not waited for");
}

#[tokio::test]
async fn nothing_has_landed_where_nobody_listens() {
    let settings = PagerDutySettings { events_url: "http://127.0.0.1:1".to_owned(), ..PagerDutySettings::default() };
    let error = PagerDuty::new(settings).unwrap().resolve(&key(), 7, now()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry, error.may_have_landed), ("unreachable", Retry::Backoff, false));
}
