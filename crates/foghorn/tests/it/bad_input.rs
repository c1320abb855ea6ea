//! Bad input gets a clear answer, and loses nothing.

use flate2::{Compression, write::GzEncoder};
use foghorn_testkit::{App, event};
use serde_json::{Value, json};
use std::io::Write;

#[tokio::test]
async fn each_bad_event_is_answered_by_name() {
    let app = App::new();
    let with = |name: &str, value: Value| {
        let mut bad = event("a", "log", "x");
        bad[name] = value;
        bad.to_string().into_bytes()
    };
    let deep = format!(
        "{{\"source\":\"a\",\"type\":\"log\",\"payload\":\"x\",\"metadata\":{}1{}}}",
        "{\"a\":".repeat(10_000),
        "}".repeat(10_000)
    );
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{".to_vec(), "body"),
        (b"".to_vec(), "body"),
        (b"null".to_vec(), "body"),
        (b"{\"source\":\"a\",\"type\":\"log\"}".to_vec(), "payload"),
        (with("source", json!("  ")), "source"),
        (with("type", json!(7)), "type"),
        (with("payload", json!({ "a": 1 })), "payload"),
        (with("metadata", json!([1])), "metadata"),
        (with("status", json!("melting")), "status"),
        (with("event_timestamp", json!({})), "event_timestamp"),
        (b"{\"source\":\"a\",\"type\":\"log\",\"payload\":\"\xff\"}".to_vec(), "UTF-8"),
        (deep.into_bytes(), "nested"),
    ];
    for (body, named) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = app.post_bytes("/events", "application/json", body).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{shown}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(named), "{shown}: {problem}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:foghorn:problem:"));
        assert!(problem["request_id"].is_string());
    }
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 0);
}

#[tokio::test]
async fn odd_but_acceptable_things_are_accepted_and_noted() {
    let app = App::new();
    app.post_bytes("/events", "application/json", br#"{"source":"a","type":"log","payload":"x\u0000y"}"#.to_vec())
        .await
        .expect(200);
    assert_eq!(app.get("/api/v1/events/1").await.json()["payload"], "x\u{fffd}y");
    for year in ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let mut odd = event("a", "log", "x");
        odd["event_timestamp"] = json!(year);
        let id = app.send(odd).await;
        let stored = app.get(&format!("/api/v1/events/{id}")).await.json();
        assert!(stored["event_timestamp"].is_null(), "{stored}");
        assert!(stored["metadata"].to_string().contains(&year[..4]), "{stored}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_plain_or_packed() {
    let app = App::with_web(|web| web.max_body_bytes = 100_000);
    let large = event("a", "log", &"x".repeat(200_000)).to_string().into_bytes();
    app.post_bytes("/events", "application/json", large).await.expect(413);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1_000 {
        encoder.write_all(&[b' '; 100_000]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000_000 / 500 + 100_000);
    let request = App::local(axum::http::Method::POST, "/events").header("content-encoding", "gzip");
    app.request(request.body(bomb[..bomb.len().min(99_000)].to_vec().into()).unwrap()).await.expect(413);
    let request = App::local(axum::http::Method::POST, "/events").header("content-encoding", "gzip");
    app.request(request.body(b"not gzip".to_vec().into()).unwrap()).await.expect(400);
    let request = App::local(axum::http::Method::POST, "/events").header("content-encoding", "br");
    app.request(request.body(b"x".to_vec().into()).unwrap()).await.expect(415);
}

#[tokio::test]
async fn wrong_queries_are_answered_by_name() {
    let app = App::new();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=-4", "cursor"),
        ("count=foo", "count"),
        ("status=asleep", "status"),
        ("severity=purple", "severity"),
        ("kind=weather", "kind"),
        ("since=yesterday", "since"),
    ] {
        let answer = app.get(&format!("/api/v1/incidents?{query}")).await.expect(422);
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    app.get("/api/v1/incidents?count=exact").await.expect(200);
    app.get("/nowhere").await.expect(404);
    let answer =
        app.request(App::local(axum::http::Method::DELETE, "/events").body("".into()).unwrap()).await.expect(405);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_line_of_a_megabyte_of_anything_is_stored_and_judged() {
    let mut app = App::new();
    for text in
        ["<script>".repeat(120_000), "%25".repeat(300_000), "a ".repeat(500_000), "\u{202e}\u{200b}".repeat(150_000)]
    {
        app.send(event("a", "http_request", &text)).await;
        app.send(event("a", "log", &text)).await;
    }
    app.settle().await;
    assert_eq!(app.get("/status").await.json()["events_untriaged"], 0);
}

#[tokio::test]
async fn what_is_refused_by_the_thousand_is_named_in_a_few_words() {
    let app = App::new();
    let alerts = format!("[{}]", vec!["{}"; 40_000].join(","));
    let answer = app.post_bytes("/api/v2/alerts", "application/json", alerts.into_bytes()).await.expect(400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("alerts[0].labels: ") && detail.contains("40000 alerts are refused"), "{detail}");
    assert!(answer.text.len() < 8_000, "{}", answer.text.len());

    let long = format!("{{\"source\":\"a\",\"type\":\"log\",\"payload\":\"x\",\"status\":\"{}\"}}", "é".repeat(5_000));
    let lines = format!("{long}\n\"{}\"\n{{}}\n", "x".repeat(5_000));
    let answer = app.post_bytes("/events", "application/x-ndjson", lines.into_bytes()).await.expect(422).json();
    let errors: Vec<&str> =
        answer["results"].as_array().unwrap().iter().map(|result| result["error"].as_str().unwrap()).collect();
    assert_eq!(errors.len(), 3);
    assert!(errors.iter().all(|error| error.chars().count() < 230), "{errors:#?}");
}
