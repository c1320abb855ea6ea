//! A store that does not keep up: logs are turned away first, then alerts, criticals last, and people are not.

use foghorn_testkit::{Answer, App, event};
use serde_json::{Value, json};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// A request costs 8 beside its event: room for three lines of logs, then two alerts, then one critical.
const ROOM: usize = 59;

fn log() -> Value {
    event("orders", "log", "all is well")
}

fn alert(number: usize, severity: &str) -> Value {
    json!({ "source": "orders", "type": "alert", "payload": "HighMem", "status": "firing", "severity": severity,
        "dedup_key": format!("k{number}") })
}

/// Requests whose events wait for the store.
struct Waiting<'a> {
    app: &'a App,
    requests: Vec<Pin<Box<dyn Future<Output = Answer> + 'a>>>,
}

impl Waiting<'_> {
    /// Sends, and goes on once the events wait.
    async fn send(&mut self, event: Value) {
        let app = self.app;
        self.requests.push(Box::pin(async move { app.post("/events", event).await }));
        while app.handles.metrics.waiting.get() < self.requests.len() as i64 {
            let sent = self.requests.last_mut().unwrap();
            let is_answered = poll_fn(|context| Poll::Ready(sent.as_mut().poll(context).is_ready())).await;
            assert!(!is_answered, "the store is held and yet it answered");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn while_the_store_is_behind_logs_are_turned_away_first_and_criticals_last() {
    let app = App::with_web(|web| web.max_waiting = ROOM);
    app.send(log()).await;
    let held = app.hold_writes();
    let mut waiting = Waiting { app: &app, requests: Vec::new() };
    let refused = async |event: Value, retry_after: &str| {
        let answer = app.post("/events", event).await.expect(503);
        assert_eq!(answer.headers["retry-after"], retry_after);
        assert_eq!(answer.json()["type"], "urn:foghorn:problem:overloaded");
    };
    for _ in 0..3 {
        waiting.send(log()).await;
    }
    refused(log(), "5").await;
    for number in 0..2 {
        waiting.send(alert(number, "warning")).await;
    }
    refused(alert(2, "warning"), "2").await;
    refused(log(), "5").await;
    waiting.send(alert(3, "critical")).await;
    refused(alert(4, "critical"), "1").await;
    // People have room of their own.
    app.get("/api/v1/incidents").await.expect(200);
    app.get("/").await.expect(200);
    for (lane, events) in [("logs", 2.0), ("alerts", 1.0), ("criticals", 1.0)] {
        assert_eq!(app.metric(&format!("foghorn_events_crowded_out_total{{lane=\"{lane}\"}}")).await, events);
    }
    drop(held);
    for request in waiting.requests {
        request.await.expect(200);
    }
    assert_eq!(app.metric("foghorn_events_waiting").await, 0.0);
    app.send(log()).await;
    assert_eq!(app.count("SELECT count(*) FROM raw_events"), 8);
}

#[tokio::test]
async fn who_hangs_up_leaves_the_place_taken_until_the_store_has_answered() {
    let app = App::with_web(|web| web.max_waiting = ROOM);
    app.send(log()).await;
    let held = app.hold_writes();
    let mut waiting = Waiting { app: &app, requests: Vec::new() };
    for _ in 0..3 {
        waiting.send(log()).await;
    }
    drop(waiting);
    app.post("/events", log()).await.expect(503);
    drop(held);
    while app.handles.metrics.waiting.get() > 0 {
        tokio::task::yield_now().await;
    }
    app.send(log()).await;
    assert_eq!(app.count("SELECT count(*) FROM raw_events"), 5, "what was handed over is stored");
}
