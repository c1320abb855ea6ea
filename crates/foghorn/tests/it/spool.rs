//! The database away: what comes meanwhile waits on disk, and is stored in order and once when it is back.

use crate::wire::Wire;
use foghorn_testkit::{App, postgres};
use serde_json::{Value, json};

fn numbered(number: u32) -> Value {
    json!({ "source": "orders", "type": "log", "payload": format!("ERROR order {number} failed"),
            "idempotency_key": format!("k{number}"), "metadata": { "service": "orders" } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_the_database_is_away_is_stored_in_order_and_once_when_it_is_back() {
    let database = postgres::database();
    let wire = Wire::to(&database).await;
    let mut app = App::on_database(wire.url.clone());
    assert_eq!(app.post("/events", numbered(1)).await.expect(200).json()["outcome"], "stored");
    app.settle().await;

    wire.cut();
    for number in 2..=9 {
        let answer = app.post("/events", numbered(number)).await.expect(200).json();
        assert_eq!((&answer["outcome"], &answer["event_id"]), (&json!("spooled"), &Value::Null), "{answer}");
    }
    // Whoever got no answer sends again, and a list is taken whole.
    let list = app.post("/events", json!([numbered(9), numbered(10)])).await.expect(200).json();
    assert_eq!(list["results"][1]["status"], "spooled");

    wire.mend().await;
    // As long as something waits, what comes later waits behind it.
    assert_eq!(app.post("/events", numbered(11)).await.expect(200).json()["outcome"], "spooled");
    app.settle().await;
    assert_eq!(app.post("/events", numbered(12)).await.expect(200).json()["outcome"], "stored");
    app.settle().await;
    let order = "SELECT count(*) FROM (SELECT payload, row_number() OVER (ORDER BY place, id) AS n FROM raw_events) e
                  WHERE payload = 'ERROR order ' || n || ' failed'";
    assert_eq!(postgres::count(&database, order), 12);
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 12);
    assert_eq!(postgres::count(&database, "SELECT max(upto) FROM spools"), 11);
    assert_eq!(postgres::count(&database, "SELECT sum(event_count)::bigint FROM incidents"), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_outlives_the_process_and_is_taken_over_once() {
    let database = postgres::database();
    let wire = Wire::to(&database).await;
    let app = App::on_database(wire.url.clone());
    wire.cut();
    for number in 1..=5 {
        app.post("/events", numbered(number)).await.expect(200);
    }
    wire.mend().await;
    // The process is gone and another one starts in its place.
    let mut app = app.restart().await;
    app.settle().await;
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 5);
    let mut app = app.restart().await;
    app.settle().await;
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_says_nothing_counts_as_away_and_everybody_is_told_so() {
    let database = postgres::database();
    let wire = Wire::to(&database).await;
    let mut app = App::on_database(wire.url.clone());
    assert_eq!(app.post("/events", numbered(1)).await.expect(200).json()["outcome"], "stored");
    let health = app.get("/readyz").await.expect(200).json();
    assert_eq!((&health["status"], &health["dependencies"]["spool"]["status"]), (&json!("healthy"), &json!("ok")));

    wire.silence();
    for number in 2..=30 {
        let answer = app.post("/events", numbered(number)).await.expect(200).json();
        assert_eq!(answer["outcome"], "spooled", "{answer}");
    }
    // Still ready: it takes events. Whoever asks for what the database has is told at once that it is away.
    let health = app.get("/readyz").await.expect(200).json();
    assert_eq!((&health["status"], &health["dependencies"]["store"]["status"]), (&json!("degraded"), &json!("away")));
    let spool = &health["dependencies"]["spool"];
    assert_eq!((&spool["status"], &spool["events"]), (&json!("in_use"), &json!(29)), "{spool}");
    assert!(spool["bytes"].as_u64().unwrap() > 0 && spool["oldest_received_at"].is_string(), "{spool}");
    let status = app.get("/status").await.expect(200).json();
    assert_eq!((&status["status"], &status["events"]), (&json!("degraded"), &Value::Null));
    assert_eq!(status["spool"]["events"], 29);
    app.advance(foghorn_domain::clock::SignedDuration::from_secs(40));
    let gauges = ["database_away", "spool_events", "spool_oldest_seconds"].map(|name| format!("foghorn_{name}"));
    for (gauge, expected) in gauges.iter().zip([1.0, 29.0, 40.0]) {
        assert_eq!(app.metric(gauge).await, expected, "{gauge}");
    }
    let refused = app.get("/api/v1/incidents").await.expect(503);
    assert!(
        refused.headers.contains_key("retry-after") && refused.text.contains("cannot be reached"),
        "{}",
        refused.text
    );

    wire.mend().await;
    app.settle().await;
    let health = app.get("/readyz").await.expect(200).json();
    assert_eq!((&health["status"], &health["dependencies"]["spool"]["events"]), (&json!("healthy"), &json!(0)));
    assert_eq!(app.post("/events", numbered(31)).await.expect(200).json()["outcome"], "stored");
    assert_eq!(postgres::count(&database, "SELECT count(DISTINCT payload) FROM raw_events"), 31);
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_an_answer_is_said_to_be_unknown_and_can_be_sent_again() {
    let database = postgres::database();
    let wire = Wire::to(&database).await;
    let mut app = App::on_database(wire.url.clone());
    wire.lose_the_answer_to_a_commit();
    let unknown = app.post("/events", numbered(1)).await.expect(503);
    assert!(unknown.headers.contains_key("retry-after"));
    // It was stored, which nobody here can know. The same again waits behind nothing and is stored once.
    assert_eq!(app.post("/events", numbered(1)).await.expect(200).json()["outcome"], "spooled");
    assert_eq!(app.post("/events", numbered(2)).await.expect(200).json()["outcome"], "spooled");
    wire.mend().await;
    app.settle().await;
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events WHERE payload LIKE 'ERROR%'"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_over_without_an_answer_is_not_handed_over_again() {
    let database = postgres::database();
    let wire = Wire::to(&database).await;
    let mut app = App::on_database(wire.url.clone());
    let plain =
        |number: u32| json!({ "source": "orders", "type": "log", "payload": format!("ERROR order {number} failed") });
    wire.cut();
    for number in 1..=3 {
        app.post("/events", plain(number)).await.expect(200);
    }
    // The spool is handed over, and the answer to the commit is lost.
    wire.lose_the_answer_to_a_commit();
    app.try_to_hand_over().await.unwrap_err();
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 3);
    // What has come meanwhile stands behind it, in the same hand-over.
    app.post("/events", plain(4)).await.expect(200);
    wire.mend().await;
    app.settle().await;
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 4);
    assert_eq!(postgres::count(&database, "SELECT count(DISTINCT payload) FROM raw_events"), 4);
    assert_eq!(postgres::count(&database, "SELECT max(upto) FROM spools"), 4);
}
