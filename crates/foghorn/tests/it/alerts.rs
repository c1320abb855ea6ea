//! Alertmanager and PagerDuty as sources: the wire as their own clients speak it.

use foghorn_testkit::App;
use serde_json::{Value, json};

fn alert(ends_at: Option<&str>) -> Value {
    let mut alert = json!({
        "labels": { "alertname": "DiskFull", "severity": "critical", "instance": "db1", "job": "node", "empty": "" },
        "annotations": { "summary": "/var is 95% full" },
        "startsAt": "2026-01-02T03:04:00Z",
        "generatorURL": "http://prometheus.example/graph?g0"
    });
    if let Some(ends_at) = ends_at {
        alert["endsAt"] = json!(ends_at);
    }
    json!([alert])
}

#[tokio::test]
async fn an_alert_that_prometheus_posts_opens_pages_and_ends() {
    let mut app = App::new();
    let answer = app.post("/api/v2/alerts", alert(None)).await.expect(200);
    assert_eq!(answer.text, "");
    app.settle().await;
    let incident = app.incident(1).await;
    assert_eq!(incident["kind"], "alert");
    assert_eq!((&incident["severity"], &incident["urgency"]), (&json!("critical"), &json!("page")));
    assert_eq!(incident["service"], "node");
    app.post("/api/v2/alerts", alert(Some("2026-01-02T03:04:04Z"))).await.expect(200);
    app.settle().await;
    assert_eq!(app.incident(1).await["ended_by"], "source");
}

#[tokio::test]
async fn reposts_every_ten_seconds_add_no_event_and_an_alert_not_reposted_ends() {
    let mut app = App::new();
    app.post("/api/v2/alerts", alert(None)).await.expect(200);
    app.settle().await;
    for _ in 0..30 {
        app.advance(foghorn_domain::clock::SignedDuration::from_secs(10));
        app.post("/api/v2/alerts", alert(None)).await.expect(200);
        app.settle().await;
    }
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 1);
    assert_eq!(app.tellings().await.len(), 1);
    app.minutes_later(6).await;
    let incident = app.incident(1).await;
    assert_eq!((&incident["status"], &incident["ended_by"]), (&json!("resolved"), &json!("source")));
}

#[tokio::test]
async fn valid_alerts_are_stored_where_others_are_refused() {
    let app = App::new();
    let mixed = json!([alert(None)[0], { "labels": {} }, { "labels": { "alertname": "Other" } }]);
    let problem = app.post("/api/v2/alerts", mixed).await.expect(400).json();
    assert!(problem["detail"].as_str().unwrap().contains("labels"), "{problem}");
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 2);
}

#[tokio::test]
async fn the_same_alert_by_webhook_and_by_post_is_one() {
    let mut app = App::new();
    app.post("/api/v2/alerts", alert(None)).await.expect(200);
    let webhook = json!({
        "version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0, "status": "resolved", "receiver": "r",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am.example",
        "alerts": [{ "status": "resolved", "labels": alert(None)[0]["labels"], "annotations": {},
                     "startsAt": "2026-01-02T03:04:00Z", "endsAt": "2026-01-02T03:04:03Z", "generatorURL": "", "fingerprint": "f404" }]
    });
    app.post("/webhook/alertmanager", webhook).await.expect(200);
    app.settle().await;
    let incidents = app.incidents().await;
    assert_eq!(App::only(&incidents)["status"], "resolved");
}

fn trigger(action: &str) -> Value {
    json!({ "routing_key": "R0UT1NGKEY", "event_action": action, "dedup_key": "db1/disk",
            "payload": { "summary": "Disk 95% on db1", "source": "db1", "severity": "critical", "component": "postgres" } })
}

#[tokio::test]
async fn pagerduty_triggers_acknowledges_and_resolves() {
    let mut app = App::new();
    let answer = app.post("/v2/enqueue", trigger("trigger")).await.expect(202).json();
    assert_eq!(answer, json!({ "status": "success", "message": "Event processed", "dedup_key": "db1/disk" }));
    app.settle().await;
    assert_eq!(app.incident(1).await["service"], "postgres");
    app.post("/v2/enqueue", trigger("acknowledge")).await.expect(202);
    app.settle().await;
    assert_eq!(app.incident(1).await["status"], "acknowledged");
    app.post("/v2/enqueue", trigger("resolve")).await.expect(202);
    app.settle().await;
    assert_eq!(app.incident(1).await["ended_by"], "source");
    for path in ["/api/v1/events", "/api/v1/incidents/1"] {
        assert!(!app.get(path).await.text.contains("R0UT1NGKEY"), "the routing key is a secret");
    }
}

#[tokio::test]
async fn a_resolve_for_nothing_is_dropped_and_says_so() {
    let mut app = App::new();
    app.post("/v2/enqueue", trigger("resolve")).await.expect(202);
    app.settle().await;
    assert_eq!(app.incidents().await, Vec::<Value>::new());
    let event = app.get("/api/v1/events/1").await.json();
    assert!(event["decision"].as_str().unwrap().contains("nothing open"), "{event}");
}

#[tokio::test]
async fn a_pagerduty_body_that_is_wrong_is_refused_by_name() {
    let app = App::new();
    let mut wrong = trigger("trigger");
    wrong["payload"]["severity"] = json!("purple");
    let problem = app.post("/v2/enqueue", wrong).await.expect(400).json();
    assert!(problem["detail"].as_str().unwrap().contains("severity"), "{problem}");
    app.post("/v2/enqueue", json!({ "event_action": "trigger" })).await.expect(400);
}

#[tokio::test]
async fn two_prometheus_servers_that_watch_the_same_thing_are_one_alert_in_one_episode() {
    let mut app = App::new();
    let post = |start: &str, end: Option<&str>| {
        let mut alerts = alert(end);
        alerts[0]["startsAt"] = json!(start);
        alerts
    };
    for _ in 0..5 {
        app.post("/api/v2/alerts", post("2026-01-02T03:04:00Z", None)).await.expect(200);
        app.post("/api/v2/alerts", post("2026-01-02T03:04:03Z", None)).await.expect(200);
    }
    app.settle().await;
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 1);
    app.act(1, "resolve").await.expect(200);
    app.post("/api/v2/alerts", post("2026-01-02T03:04:03Z", None)).await.expect(200);
    app.settle().await;
    assert_eq!(app.incident(1).await["status"], "resolved", "the same episode does not reopen");
    let late_end_of_an_earlier_episode = post("2026-01-02T02:00:00Z", Some("2026-01-02T02:30:00Z"));
    app.post("/api/v2/alerts", late_end_of_an_earlier_episode).await.expect(200);
    app.settle().await;
    assert!(!app.incident(1).await["still_firing_since"].is_null(), "it still fires");
}

#[tokio::test]
async fn a_source_that_invents_alerts_fills_no_list_and_hides_no_critical() {
    let mut app = App::new();
    let named = |n: usize, severity: &str| {
        json!({ "source": "monitor", "type": "check", "payload": format!("check {n} is down"), "status": "firing",
                "dedup_key": format!("check-{n}-{severity}"), "metadata": { "severity": severity } })
    };
    for first in (0..1_200).step_by(300) {
        app.send_all((first..first + 300).map(|n| named(n, "warning")).collect()).await;
    }
    app.send(named(0, "critical")).await;
    app.settle().await;
    let total = app.get("/api/v1/incidents?count=exact").await.json()["total"].as_u64().unwrap();
    assert_eq!(total, 1_002, "a thousand of their own, one for the rest, and the critical one");
    assert_eq!(app.get("/api/v1/incidents?severity=critical").await.json()["total"], 1);
}
