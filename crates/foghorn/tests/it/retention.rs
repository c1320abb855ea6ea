//! What is forgotten, and what an incident keeps.

use foghorn_domain::clock::SignedDuration;
use foghorn_store::retention::Retention;
use foghorn_testkit::{App, StoreKind, event};

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
    // A file forgets row by row, a database a day at once.
    let steps = if app.handles.store.is_shared() { 1 } else { 50 };
    assert_eq!(forget(&app, Retention::default()).await, steps);
    assert_eq!(app.get("/api/v1/events?count=exact").await.json()["total"], 1);
    let incident = app.incident(1).await;
    assert_eq!(incident["event_count"], 50);
    assert!(incident["evidence"][0]["line"].as_str().unwrap().contains("database query timeout"));
}

#[tokio::test]
async fn above_the_size_of_a_file_the_oldest_go_first_and_nothing_untriaged_ever() {
    let mut app = App::on(StoreKind::Sqlite);
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

#[tokio::test]
async fn above_the_size_of_a_database_the_oldest_days_go_first_and_todays_never() {
    let mut app = App::on(StoreKind::Postgres);
    for day in 0..3 {
        app.send_all((0..40).map(|n| event("orders", "log", &format!("INFO {day} {n}"))).collect()).await;
        app.settle().await;
        if day < 2 {
            app.advance(SignedDuration::from_hours(24));
        }
    }
    let late = app.send(event("orders", "log", "INFO nobody has read this yet")).await;
    let tiny = Retention { max_bytes: 1, ..Retention::default() };
    assert_eq!(forget(&app, tiny).await, 2, "two days");
    assert_eq!(app.count("SELECT count(*) FROM raw_events"), 41);
    assert_eq!(app.count("SELECT min(id) FROM raw_events"), late - 40);
}
