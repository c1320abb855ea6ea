//! What comes in through Foghorn's own doors.

use crate::process::Server;
use flate2::{Compression, write::GzEncoder};
use foghorn_testkit::{App, event};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[tokio::test]
async fn the_answer_to_one_event_is_the_references() {
    let app = App::new();
    let answer = app.post("/events", event("a", "log", "hello")).await.expect(200).json();
    assert_eq!(answer["status"], "success");
    assert_eq!(answer["event_id"], 1);
    assert_eq!(answer["message"], "Event queued for processing");
}

#[tokio::test]
async fn a_bad_line_does_not_lose_the_good_ones() {
    let app = App::new();
    let body =
        format!("{}\nnot json\n\n{}\n{}", event("a", "log", "one"), json!({ "source": "a" }), event("a", "log", "two"));
    let answer = app.post_bytes("/events", "application/x-ndjson", body.into_bytes()).await.expect(207).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    assert_eq!((&results[0]["event_id"], &results[3]["event_id"]), (&json!(1), &json!(2)));
    assert!(results[1]["error"].is_string() && results[2]["error"].as_str().unwrap().contains("type"), "{results:#?}");
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 2);
}

#[tokio::test]
async fn a_list_is_answered_by_how_much_of_it_was_taken() {
    let app = App::new();
    app.post("/events", json!([event("a", "log", "x"), event("a", "log", "y")])).await.expect(200);
    app.post("/events", json!([event("a", "log", "x"), 7])).await.expect(207);
    app.post("/events", json!([{}, 7])).await.expect(422);
}

#[tokio::test]
async fn an_idempotency_key_makes_a_repeat_the_same_event_for_a_day() {
    let app = App::new();
    let mut once = event("a", "log", "paid");
    once["idempotency_key"] = json!("payment-1");
    let first = app.send(once.clone()).await;
    assert_eq!(app.send(once.clone()).await, first);
    app.advance(foghorn_domain::clock::SignedDuration::from_hours(25));
    assert_ne!(app.send(once).await, first);
}

#[tokio::test]
async fn gzip_is_understood() {
    let app = App::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(event("a", "log", "packed").to_string().as_bytes()).unwrap();
    let request = App::local(axum::http::Method::POST, "/events")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(encoder.finish().unwrap().into())
        .unwrap();
    app.request(request).await.expect(200);
    assert_eq!(app.get("/api/v1/events/1").await.json()["payload"], "packed");
}

#[tokio::test]
async fn unknown_fields_are_kept() {
    let app = App::new();
    let mut sent = event("a", "log", "x");
    sent["region"] = json!("eu-1");
    app.send(sent).await;
    assert_eq!(app.get("/api/v1/events/1").await.json()["metadata"]["region"], "eu-1");
}

#[tokio::test]
async fn simulations_name_what_they_know() {
    let mut app = App::new();
    let problem = app.post("/simulate/earthquake", json!({})).await.expect(400).json();
    for known in ["xss", "sqli", "ssrf", "db_timeout", "latency_spike"] {
        assert!(problem["detail"].as_str().unwrap().contains(known), "{problem}");
    }
    for kind in ["xss", "sqli", "ssrf", "db_timeout"] {
        app.post(&format!("/simulate/{kind}"), json!({ "count": 3 })).await.expect(200);
    }
    app.post("/simulate/database_timeout", json!({ "count": 1, "delay_seconds": 0 })).await.expect(200);
    app.settle().await;
    let kinds: Vec<String> =
        app.incidents().await.iter().map(|incident| incident["kind"].as_str().unwrap().to_owned()).collect();
    for kind in ["xss", "sqli", "ssrf", "db_timeout"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} not in {kinds:?}");
    }
    app.post("/simulate/xss", json!({ "count": 101 })).await.expect(422);
    app.post("/simulate/xss", json!({ "delay_seconds": 61 })).await.expect(422);
}

/// What must work whatever others send: an alert, a page for somebody, and what a person does then.
fn alerts_and_hands_work(server: &Server) {
    let page = json!({ "routing_key": "team-a", "event_action": "trigger",
        "payload": { "summary": "disk full", "source": "db1", "severity": "critical" } });
    assert_eq!(server.request("POST", "/v2/enqueue", &page.to_string()).unwrap().0, 202);
    let alert = json!([{ "labels": { "alertname": "Down" } }]);
    assert_eq!(server.request("POST", "/api/v2/alerts", &alert.to_string()).unwrap().0, 200);
    server.wait_until("an incident is open", |server| server.get("/api/v1/incidents")["total"] != 0);
    let act = json!({ "action": "ack", "user": "ana" }).to_string();
    assert_eq!(server.request("POST", "/api/v1/incidents/1/actions", &act).unwrap().0, 200);
    let fix = json!({ "solution": "made room", "user": "ana" }).to_string();
    assert_eq!(server.request("POST", "/incidents/1/solution", &fix).unwrap().0, 200);
}

/// A connection that announces ten MiB and sends the first part of it.
fn upload(server: &Server, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!("POST /events HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n", server.address, 10 << 20);
    stream.write_all(head.as_bytes()).unwrap();
    // One that is refused is closed before it is written.
    let _ = stream.write_all(&vec![b' '; sent]);
    stream
}

#[test]
fn connections_that_announce_much_and_send_nothing_hinder_nobody() {
    let server = Server::start();
    let _stalled: Vec<TcpStream> = (0..100).map(|_| upload(&server, 0)).collect();
    assert_eq!(server.request("POST", "/events", &event("a", "log", "x").to_string()).unwrap().0, 200);
    alerts_and_hands_work(&server);
}

#[test]
fn a_flood_of_logs_that_fills_its_lane_leaves_alerts_and_people_theirs() {
    let server = Server::start();
    let mut uploads: Vec<TcpStream> = (0..14).map(|_| upload(&server, (10 << 20) - 1)).collect();
    let refused = uploads.iter_mut().any(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).is_ok() && answer == *b"HTTP/1.1 503"
    });
    assert!(refused, "fourteen bodies of ten MiB found room");
    alerts_and_hands_work(&server);
}
