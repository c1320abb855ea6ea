//! The two sample events of the reference.

use foghorn_testkit::{App, event};
use serde_json::{Value, json};

async fn opened_by(sample: Value) -> Value {
    let mut app = App::new();
    app.send(sample).await;
    app.settle().await;
    let incidents = app.incidents().await;
    app.incident(App::only(&incidents)["id"].as_i64().unwrap()).await
}

fn assert_is_whole(incident: &Value, kind: &str, matched: &str) {
    assert_eq!(incident["kind"], kind);
    assert_eq!(incident["status"], "notified");
    assert!(["warning", "error", "critical"].contains(&incident["severity"].as_str().unwrap()));
    let evidence = incident["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|entry| entry["text"].as_str().unwrap().contains(matched)), "{evidence:#?}");
    let analysis = &incident["analysis"];
    assert_eq!(analysis["source"], "builtin");
    let causes = analysis["root_causes"].as_array().unwrap();
    assert!((1..=3).contains(&causes.len()));
    for cause in causes {
        assert!(!cause["cause"].as_str().unwrap().is_empty());
        assert!(!cause["fixes"].as_array().unwrap().is_empty(), "{cause:#?}");
        assert!(!cause["rollback"].as_str().unwrap().is_empty(), "{cause:#?}");
    }
    let tellings = incident["notifications"].as_array().unwrap();
    assert_eq!(tellings.len(), 1);
    assert_eq!((&tellings[0]["reason"], &tellings[0]["status"]), (&json!("opened"), &json!("sent")));
}

#[tokio::test]
async fn a_script_in_a_request_opens_an_xss_incident() {
    let incident =
        opened_by(event("nginx", "http_request", "GET /search?q=<script>alert('xss')</script> HTTP/1.1")).await;
    assert_is_whole(&incident, "xss", "<script");
}

#[tokio::test]
async fn a_database_timeout_in_a_log_opens_a_db_timeout_incident() {
    let incident = opened_by(event("checkout", "log", "ERROR Database connection timeout after 30000ms")).await;
    assert_is_whole(&incident, "db_timeout", "timeout");
    assert!(incident["labels"].as_array().unwrap().contains(&json!("db_timeout")));
}

#[tokio::test]
async fn both_together_are_two_incidents_and_two_tellings_and_a_whole_chain() {
    let mut app = App::new();
    app.send(event("nginx", "http_request", "GET /search?q=<script>alert('xss')</script> HTTP/1.1")).await;
    app.send(event("checkout", "log", "ERROR Database connection timeout after 30000ms")).await;
    app.settle().await;
    let sent = |reason: &str, id| (id, reason.to_owned(), "sent".to_owned());
    assert_eq!(app.tellings().await, [sent("opened", 1), sent("opened", 2)]);
    assert_eq!(app.audit().await, ["triage opened", "triage opened", "agent notified", "agent notified"]);
}
