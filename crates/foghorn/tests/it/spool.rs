//! The database away: what comes meanwhile waits on disk, and is stored in order and once when it is back.

use foghorn_testkit::{App, postgres};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A wire to the database that can be cut.
struct Wire {
    url: String,
    is_cut: Arc<AtomicBool>,
    cut: watch::Sender<()>,
}

impl Wire {
    async fn to(database: &str) -> Self {
        let (host, path) = database.trim_start_matches("postgresql://postgres@").split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_cut, (cut, cuts)) = (Arc::new(AtomicBool::new(false)), watch::channel(()));
        let (refuses, host) = (is_cut.clone(), host.to_owned());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (mut cuts, refuses, host) = (cuts.clone(), refuses.clone(), host.clone());
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    if refuses.load(Ordering::SeqCst) {
                        return;
                    }
                    let mut far = TcpStream::connect(host).await.unwrap();
                    tokio::select! { _ = copy_bidirectional(&mut near, &mut far) => {}, _ = cuts.changed() => {} }
                });
            }
        });
        Self { url: format!("postgresql://postgres@127.0.0.1:{port}/{path}"), is_cut, cut }
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        self.cut.send_replace(());
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

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

    wire.mend();
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
    wire.mend();
    // The process is gone and another one starts in its place.
    let mut app = app.restart().await;
    app.settle().await;
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 5);
    let mut app = app.restart().await;
    app.settle().await;
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 5);
}
