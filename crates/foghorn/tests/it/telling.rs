//! A person is told once for each reason; everything else is an edit.

use foghorn_testkit::{App, event};
use serde_json::{Value, json};

fn reasons(tellings: &[(i64, String, String)]) -> Vec<&str> {
    tellings.iter().map(|(_, reason, _)| reason.as_str()).collect()
}

#[tokio::test]
async fn a_raised_severity_tells_again_once() {
    let mut app = App::new();
    let alert = |severity: &str| {
        json!({ "source": "uptime", "type": "check", "payload": format!("latency is {severity}"), "status": "firing",
                "dedup_key": "latency", "metadata": { "severity": severity } })
    };
    for severity in ["warning", "critical", "warning", "critical"] {
        app.send(alert(severity)).await;
        app.settle().await;
    }
    let incident = app.incident(1).await;
    assert_eq!((&incident["severity"], &incident["urgency"]), (&json!("critical"), &json!("page")));
    assert_eq!(reasons(&app.tellings().await), ["opened", "severity_raised"]);
    let message = &incident["notifications"][1]["message"];
    assert!(message["reason"].as_str().unwrap().contains("critical"), "{message:#}");
}

#[tokio::test]
async fn a_dead_database_under_eight_services_is_eight_incidents_and_one_telling() {
    let mut app = App::new();
    let services = ["cart", "checkout", "orders", "search", "users", "stock", "billing", "mail"];
    for (n, service) in services.iter().enumerate() {
        let text = format!(
            "ERROR could not connect to server: Connection refused. Is the server running on host \"orders-db\" and accepting TCP/IP connections on port 5432? attempt {n}"
        );
        app.send(event(service, "log", &text)).await;
        app.advance(foghorn_domain::clock::SignedDuration::from_secs(5));
    }
    app.settle().await;
    assert_eq!(app.incidents().await.len(), 8);
    let tellings = app.tellings().await;
    let sent: Vec<_> = tellings.iter().filter(|(_, _, status)| status == "sent").collect();
    assert_eq!(sent.len(), 1, "{tellings:?}");
    assert_eq!(tellings.iter().filter(|(_, _, status)| status == "joined").count(), 7);
    app.settle().await;
    let message = app.incident(1).await["notifications"][0]["message"].clone();
    assert_eq!(message["related"].as_array().unwrap().len(), 7, "{message:#}");
    assert!(message["related"][0].as_str().unwrap().contains("orders-db"));
}

#[tokio::test]
async fn an_unrelated_incident_in_the_same_minute_tells_anew() {
    let mut app = App::new();
    for (service, host) in [("cart", "orders-db"), ("mail", "mail-db")] {
        app.send(event(service, "log", &format!("ERROR connection to server at \"{host}\" failed: timeout expired")))
            .await;
    }
    app.settle().await;
    assert!(app.tellings().await.iter().all(|(_, _, status)| status == "sent"));
}

#[tokio::test]
async fn growth_edits_the_message_and_tells_nobody() {
    let mut app = App::new();
    for _ in 0..5 {
        app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
        app.settle().await;
    }
    let incident = app.incident(1).await;
    assert_eq!(incident["notifications"].as_array().unwrap().len(), 1);
    assert_eq!(incident["notifications"][0]["edits"], 4);
    assert!(incident["notifications"][0]["message"]["status_line"].as_str().unwrap().contains("5 events"));
    assert_eq!(app.audit().await, ["triage opened", "agent notified"]);
}

#[tokio::test]
async fn an_error_line_of_a_raw_log_is_recorded_and_says_why_nobody_was_told() {
    let mut app = App::new();
    app.send(event("web", "log", "2026-01-02 03:04:05 ERROR could not render template invoice.html")).await;
    app.settle().await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["status"], &incident["urgency"]), (&json!("open"), &json!("record")));
    assert_eq!(incident["notifications"][0]["status"], "held");
    let explained = app.get("/api/v1/incidents/1/explain").await.expect(200).json();
    let lines: Vec<&str> = explained["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.contains("not told") && line.contains("raw log stream")), "{lines:#?}");
}

#[tokio::test]
async fn an_error_line_that_is_new_after_a_day_of_watching_is_told() {
    let mut app = App::new();
    app.send(event("web", "log", "2026-01-02 03:04:05 INFO started")).await;
    app.settle().await;
    app.minutes_later(60 * 25).await;
    app.send(event("web", "log", "2026-01-03 04:04:05 ERROR could not render template invoice.html")).await;
    app.settle().await;
    assert_eq!(reasons(&app.tellings().await), ["opened"]);
    assert_eq!(app.incident(1).await["status"], "notified");
}

#[tokio::test]
async fn an_explicit_error_report_is_told() {
    let mut app = App::new();
    let report = json!({ "source": "billing", "type": "error", "payload": "invoice run stopped at customer 4711" });
    app.post("/webhook/error-log", report).await.expect(200);
    app.settle().await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["kind"], &incident["urgency"]), (&json!("error"), &json!("notify")));
}

#[tokio::test]
async fn a_change_opens_nothing_and_stands_beside_what_begins_after_it() {
    let mut app = App::new();
    app.send(event("checkout", "change", "deployed v1.2.3")).await;
    app.settle().await;
    assert_eq!(app.incidents().await, Vec::<Value>::new());
    app.minutes_later(4).await;
    app.send(event("checkout", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    let message = app.incident(1).await["notifications"][0]["message"].clone();
    assert_eq!(message["change"], "Changed 4 min before: checkout deployed v1.2.3");
}

#[tokio::test]
async fn secrets_are_masked_in_whatever_leaves() {
    let mut app = App::new();
    let secret = format!("hunter2{}", "xyzzy");
    let text = format!("ERROR database connection timeout for postgres://app:{secret}@orders-db:5432/orders");
    app.send(event("orders", "log", &text)).await;
    app.settle().await;
    for path in
        ["/api/v1/incidents/1", "/api/v1/events/1", "/api/v1/audit", "/incidents/1", "/", "/api/v1/incidents/1/explain"]
    {
        let answer = app.get(path).await.expect(200).text;
        assert!(!answer.contains(&secret), "{path}: {answer}");
    }
    assert!(app.get("/api/v1/events/1?raw=true").await.text.contains(&secret));
    assert!(app.audit().await.contains(&"local raw_event_read".to_owned()));
}

#[tokio::test]
async fn what_was_held_up_by_downtime_goes_out_as_one_message_and_criticals_on_their_own() {
    let mut app = App::new();
    for service in ["cart", "mail", "stock"] {
        app.send(event(
            service,
            "log",
            &format!("ERROR connection to server at \"{service}-db\" failed: timeout expired"),
        ))
        .await;
    }
    let critical = json!({ "source": "uptime", "type": "check", "payload": "checkout is down", "status": "firing",
                           "dedup_key": "checkout", "metadata": { "severity": "critical" } });
    app.send(critical).await;
    app.settle_triage().await;
    app.advance(foghorn_domain::clock::SignedDuration::from_mins(20));
    let mut app = app.restart().await;
    app.settle().await;
    let statuses: Vec<String> = app.tellings().await.into_iter().map(|(_, _, status)| status).collect();
    assert_eq!(statuses, ["sent", "joined", "joined", "sent"]);
    let message = app.incident(1).await["notifications"][0]["message"].clone();
    assert!(message["related"][0].as_str().unwrap().contains("due 20 min ago"), "{message:#}");
}

#[tokio::test]
async fn a_telling_that_cannot_be_made_ready_holds_up_no_other() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle_triage().await;
    app.run_sql(
        "INSERT INTO notifications (id, incident_id, receiver, channel, reason, occurrence, urgency, created_at)
         VALUES (-1, 999, 'dashboard', 'dashboard', 'opened', '1', 'page', '2026-01-01T00:00:00.000000Z')",
    );
    app.settle().await;
    assert_eq!(app.incident(1).await["status"], "notified");
    for _ in 0..10 {
        app.minutes_later(5).await;
    }
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE id = -1 AND status = 'failed'"), 1);
    assert!(app.audit().await.contains(&"agent telling_failed".to_owned()));
}

#[tokio::test]
async fn the_name_of_foghorn_in_a_request_or_an_alert_hides_nothing() {
    let mut app = App::new();
    app.send(event("nginx", "http_request", "GET /?q=<script>alert(1)</script>&x= foghorn_ HTTP/1.1")).await;
    let alert = json!({ "source": "prometheus", "type": "alert", "payload": "FoghornDown: foghorn_up is 0", "status": "firing",
                        "dedup_key": "foghorn-down", "metadata": { "service": "foghorn", "severity": "critical" } });
    app.send(alert).await;
    let own = json!({ "source": "foghorn", "type": "log", "payload": "2026-01-02T03:04:05Z ERROR foghorn_pipeline::run: triage could not commit" });
    app.send(own).await;
    app.settle().await;
    let kinds: Vec<Value> = app.incidents().await.iter().map(|incident| incident["kind"].clone()).collect();
    assert_eq!(kinds, ["xss", "alert"]);
}
