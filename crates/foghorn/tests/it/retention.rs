//! What is forgotten, and what an incident keeps.

use foghorn_domain::clock::SignedDuration;
use foghorn_store::retention::Retention;
use foghorn_testkit::{App, event};

async fn forget(app: &App, retention: Retention) -> usize {
    let mut gone = 0;
    loop {
        match app.handles.store.forget_step(retention).await.unwrap() {
            0 => return gone,
            step => gone += step,
        }
    }
}

#[tokio::test]
async fn events_go_after_their_time_and_the_evidence_stays_with_the_incident() {
    let mut app = App::new();
    for n in 0..50 {
        app.send(event("orders", "log", &format!("ERROR database query timeout after {n} ms"))).await;
    }
    app.settle().await;
    app.advance(SignedDuration::from_hours(24 * 13));
    app.send(event("orders", "log", "INFO all is well")).await;
    app.settle().await;
    assert_eq!(forget(&app, Retention::default()).await, 0);
    app.advance(SignedDuration::from_hours(24 * 2));
    assert_eq!(forget(&app, Retention::default()).await, 50);
    assert_eq!(app.get("/api/v1/events?count=exact").await.json()["total"], 1);
    let incident = app.incident(1).await;
    assert_eq!(incident["event_count"], 50);
    assert!(incident["evidence"][0]["line"].as_str().unwrap().contains("database query timeout"));
}

#[tokio::test]
async fn above_the_size_the_oldest_go_first_and_nothing_untriaged_ever() {
    let mut app = App::new();
    for n in 0..40 {
        app.send(event("orders", "log", &format!("INFO {n} {}", "x".repeat(2000)))).await;
    }
    let tiny = Retention { max_bytes: 1, ..Retention::default() };
    assert_eq!(forget(&app, tiny).await, 0, "triage has not seen them");
    app.settle().await;
    assert_eq!(forget(&app, tiny).await, 40);
    let next = app.send(event("orders", "log", "INFO the next")).await;
    assert_eq!(next, 41, "an id is never given twice");
}
