//! Clicks, calls and commands on an incident, and what is written down of them.

use foghorn_testkit::{App, event};
use serde_json::{Value, json};

async fn with_one_incident() -> App {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    app
}

#[tokio::test]
async fn a_second_click_on_acknowledge_changes_nothing() {
    let mut app = with_one_incident().await;
    assert_eq!(app.act(1, "ack").await.expect(200).json()["status"], "acknowledged");
    let rows = app.audit().await;
    assert_eq!(app.act(1, "ack").await.expect(200).json()["status"], "acknowledged");
    app.settle().await;
    assert_eq!(app.audit().await, rows);
    assert_eq!(rows, ["triage opened", "agent notified", "ana acknowledged"]);
}

#[tokio::test]
async fn every_action_leads_to_its_status_and_the_last_two_only_reopen() {
    let app = with_one_incident().await;
    for (action, status) in [("info", "needs_info"), ("ack", "acknowledged"), ("resolve", "resolved")] {
        assert_eq!(app.act(1, action).await.expect(200).json()["status"], status);
    }
    let refusal = app.act(1, "ack").await.expect(409);
    assert!(refusal.json()["detail"].as_str().unwrap().contains("reopen it before"), "{}", refusal.text);
    assert_eq!(app.act(1, "reopen").await.expect(200).json()["status"], "notified");
    assert_eq!(app.act(1, "false_positive").await.expect(200).json()["status"], "false_positive");
}

#[tokio::test]
async fn an_unknown_action_or_incident_is_named() {
    let app = with_one_incident().await;
    let problem = app.act(1, "explode").await.expect(400).json();
    assert_eq!(problem["field"], "action");
    assert!(problem["detail"].as_str().unwrap().contains("false_positive"));
    app.act(77, "ack").await.expect(404);
    for id in ["0", "-1", "abc", "99999999999999999999"] {
        let answer = app.get(&format!("/api/v1/incidents/{id}")).await.expect(400);
        assert_eq!(answer.json()["field"], "id");
    }
}

#[tokio::test]
async fn a_late_telling_does_not_overwrite_what_a_person_set() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    // Triage alone has run when the person acts; the telling comes after.
    app.settle_triage().await;
    app.act(1, "ack").await.expect(200);
    app.settle().await;
    assert_eq!(app.incident(1).await["status"], "acknowledged");
}

#[tokio::test]
async fn a_written_solution_is_the_first_thing_the_next_one_shows() {
    let mut app = with_one_incident().await;
    let body = json!({ "solution": "raised max_connections to 200", "user": "ana" });
    app.post("/incidents/1/solution", body.clone()).await.expect(200);
    app.act(1, "resolve").await.expect(200);
    app.minutes_later(62).await;
    app.send(event("orders", "log", "ERROR database query timeout after 7000 ms")).await;
    app.settle().await;
    let incident = app.incident(2).await;
    assert_eq!(incident["similar"][0]["solution"], "raised max_connections to 200");
    let message = &incident["notifications"][0]["message"];
    let history = message["history"].as_str().unwrap();
    assert!(
        history.starts_with("Seen 1×; last") && history.contains("ana: raised max_connections to 200"),
        "{history}"
    );
    app.post("/incidents/99/solution", body).await.expect(404);
    app.post("/incidents/1/solution", json!({ "solution": "  ", "user": "ana" })).await.expect(400);
}

#[tokio::test]
async fn notes_are_shown_and_the_chain_holds_only_their_digest() {
    let app = with_one_incident().await;
    let body =
        json!({ "action": "resolve", "user": "ana", "note": "restarted the pooler", "solution": "pooler restart" });
    let incident = app.post("/api/v1/incidents/1/actions", body).await.expect(200).json();
    let timeline = incident["timeline"].as_array().unwrap();
    assert!(timeline.iter().any(|entry| entry["details"]["note"] == "restarted the pooler"), "{timeline:#?}");
    let audit = app.get("/api/v1/audit").await.text;
    assert!(!audit.contains("restarted the pooler") && audit.contains("note_sha256"), "{audit}");
    assert!(!audit.contains("pooler restart") && audit.contains("solution_sha256"), "{audit}");
}

#[tokio::test]
async fn every_row_of_the_audit_log_chains_to_the_one_before() {
    let app = with_one_incident().await;
    app.act(1, "ack").await.expect(200);
    let rows = app.get("/api/v1/audit").await.json()["items"].as_array().unwrap().clone();
    for pair in rows.windows(2) {
        assert_eq!(pair[0]["prev_hash"], pair[1]["hash"]);
    }
    assert_eq!(rows.last().unwrap()["prev_hash"], Value::from("0".repeat(64)));
}
