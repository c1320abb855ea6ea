//! A store of an earlier version: every step of the schema keeps what there is, what was on its way goes on, and a
//! process of the version before may be at work meanwhile.

use crate::stores::open;
use foghorn_domain::event::NewEvent;
use foghorn_store::model::Appended;
use foghorn_store::postgres::migrate;
use foghorn_store::{Options, Store};
use foghorn_testkit::{App, StoreKind, event, postgres};
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// The steps of an engine's schema, in order.
fn steps(engine: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/migrations").join(engine);
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// What a Foghorn has left: an incident with two events that somebody has acknowledged, one that has ended, one that
/// nobody has been told of, an event that nobody has read, a key, a fix, a person's act.
const LEFT: &str = "
    INSERT INTO raw_events (source, type, payload, service, environment, created_at) VALUES
        ('orders', 'log', 'ERROR the disk is full', 'orders', 'default', '2026-01-02T02:00:00.000000Z'),
        ('orders', 'log', 'ERROR the disk is full', 'orders', 'default', '2026-01-02T03:00:00.000000Z');
    INSERT INTO event_findings (event_id, incident_id, findings) VALUES (1, 1, '[]'), (2, 1, '[]');
    INSERT INTO incidents (event_id, summary_text, status, service, kind, fingerprint, event_count, ends_by_source, created_at, last_seen)
        VALUES (1, 'the disk is full', 'acknowledged', 'orders', 'error', 'one', 2, FALSE, '2026-01-02T02:00:00.000000Z', '2026-01-02T03:00:00.000000Z'),
               (NULL, 'the pool is empty', 'resolved', 'orders', 'error', 'two', 1, FALSE, '2026-01-01T02:00:00.000000Z', '2026-01-01T02:00:00.000000Z'),
               (NULL, 'the relay is down', 'open', 'mail', 'error', 'three', 1, FALSE, '2026-01-02T03:04:00.000000Z', '2026-01-02T03:04:00.000000Z');
    INSERT INTO notifications (incident_id, receiver, channel, reason, occurrence, urgency, status, created_at) VALUES
        (1, 'dashboard', 'dashboard', 'opened', '1', 'notify', 'sent', '2026-01-02T02:00:00.000000Z'),
        (3, 'dashboard', 'dashboard', 'opened', '1', 'notify', 'pending', '2026-01-02T03:04:00.000000Z');
    INSERT INTO idempotency_keys (source, key, event_id, created_at) VALUES ('orders', 'known', 2, '2026-01-02T03:00:00.000000Z');
    INSERT INTO memory_item (id, summary, service, solution) VALUES ('m1', 'disk full', 'orders', 'deleted the old dumps');
    INSERT INTO audit_logs (incident_id, who, action, details) VALUES (1, 'ana', 'acknowledged', '{}');";

/// An event that triage has not come to.
const UNREAD: &str = "
    INSERT INTO raw_events (source, type, payload, service, environment, created_at)
    VALUES ('mail', 'log', 'ERROR database connection timeout', 'mail', 'default', '2026-01-02T03:04:00.000000Z')";

/// A file as the version before left it.
fn file_of(version: usize) -> TempDir {
    let directory = TempDir::new().unwrap();
    let db = Connection::open(directory.path().join("foghorn.db")).unwrap();
    for step in &steps("sqlite")[..version] {
        db.execute_batch(step).unwrap();
    }
    for partition in 0..16 {
        db.execute("INSERT INTO partitions (id) VALUES (?1)", [partition]).unwrap();
    }
    db.pragma_update(None, "user_version", version as i64).unwrap();
    db.pragma_update(None, "application_id", 0x464f_4748).unwrap();
    db.execute_batch(LEFT).unwrap();
    // Foghorn's own are marked since there are those of others; an earlier version has no such mark.
    let _ = db.execute("UPDATE incidents SET picked_up = 1", []);
    db.execute_batch("UPDATE partitions SET cursor = (SELECT max(id) FROM raw_events)").unwrap();
    db.execute_batch(UNREAD).unwrap();
    directory
}

/// A database as the version before left it.
fn database_of(version: usize) -> String {
    let database = postgres::empty_database();
    let sql = |sql: &str| postgres::run_sql(&database, sql);
    sql(
        "CREATE EXTENSION vector; CREATE TABLE foghorn_schema (version bigint PRIMARY KEY, applied_at timestamptz DEFAULT now())",
    );
    for (index, step) in steps("postgres")[..version].iter().enumerate() {
        sql(&format!("BEGIN; {step}; INSERT INTO foghorn_schema VALUES ({}); COMMIT", index + 1));
    }
    sql(LEFT);
    sql("UPDATE incidents SET picked_up = TRUE; UPDATE partitions SET cursor = (SELECT max(place) FROM raw_events)");
    sql(UNREAD);
    database
}

/// How many rows each of these tables has.
fn rows(tables: &[&str], count: impl Fn(&str) -> i64) -> BTreeMap<String, i64> {
    tables.iter().map(|table| ((*table).to_owned(), count(&format!("SELECT count(*) FROM {table}")))).collect()
}

const TABLES: [&str; 8] = [
    "raw_events",
    "event_findings",
    "incidents",
    "notifications",
    "idempotency_keys",
    "memory_item",
    "memory_changes",
    "audit_logs",
];

fn rows_of_file(directory: &Path) -> BTreeMap<String, i64> {
    let db = Connection::open(directory.join("foghorn.db")).unwrap();
    rows(&TABLES, |sql| db.query_row(sql, [], |row| row.get(0)).unwrap())
}

#[tokio::test]
async fn every_earlier_version_is_brought_forward_without_losing_a_row() {
    let expected: BTreeMap<_, i64> = TABLES.map(str::to_owned).into_iter().zip([3, 2, 3, 2, 1, 1, 1, 1]).collect();
    for version in 1..steps("sqlite").len() {
        let directory = file_of(version);
        Store::open(Options::new(directory.path())).unwrap().close().await;
        assert_eq!(rows_of_file(directory.path()), expected, "version {version} of the file");
    }
    for version in 1..steps("postgres").len() {
        let database = database_of(version);
        let count = |sql: &str| postgres::count(&database, sql);
        let address = postgres::address(&database);
        let moved = tokio::task::spawn_blocking(move || migrate::run(&address).unwrap()).await.unwrap();
        assert_eq!((moved.from, moved.to, moved.adopts), (version as i64, migrate::SCHEMA_VERSION, false));
        assert_eq!(rows(&TABLES, count), expected, "version {version} of the database");
    }
}

#[tokio::test]
async fn what_the_version_before_had_begun_is_finished_and_nothing_is_done_twice() {
    for store in [StoreKind::Sqlite, StoreKind::Postgres] {
        let mut app = match store {
            StoreKind::Sqlite => App::in_data_dir(file_of(steps("sqlite").len() - 1)),
            StoreKind::Postgres => App::on_database(database_of(steps("postgres").len() - 1)),
        };
        app.settle().await;
        let incidents = app.incidents().await;
        let seen: Vec<_> = [1, 2, 3, 4]
            .map(|id| incidents.iter().find(|incident| incident["id"] == id).unwrap_or(&json!(null)).clone())
            .map(|incident| (incident["status"].clone(), incident["event_count"].clone()))
            .into();
        let expected = [("acknowledged", 2), ("resolved", 1), ("notified", 1), ("notified", 1)];
        assert_eq!(seen, expected.map(|(status, count)| (json!(status), json!(count))), "{store:?}");
        let mut opened: Vec<(i64, String)> =
            app.tellings().await.into_iter().map(|(incident, _, status)| (incident, status)).collect();
        opened.sort();
        assert_eq!(opened, [1, 3, 4].map(|id| (id, "sent".to_owned())), "{store:?}");
        let known = NewEvent { idempotency_key: Some("known".to_owned()), ..NewEvent::new("orders", "log", "x") };
        assert_eq!(app.handles.store.append(vec![known]).await.unwrap(), [Appended::Duplicate(2)], "{store:?}");
        let audit = app.audit().await;
        assert_eq!(audit.iter().filter(|entry| *entry == "ana acknowledged").count(), 1, "{store:?}: {audit:?}");
        assert_eq!(app.count("SELECT count(*) FROM audit_logs WHERE hash IS NULL"), 0, "{store:?}");
        app.send(event("orders", "log", "ERROR database query timeout")).await;
        app.settle().await;
        assert_eq!(app.incidents().await.len(), 5, "{store:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_the_version_before_goes_on_while_several_new_ones_bring_the_schema_forward() {
    let version = steps("postgres").len() - 1;
    let (database, directory) = (database_of(version), TempDir::new().unwrap());
    let old = postgres::Session::open(&database);
    let insert =
        "INSERT INTO raw_events (source, type, payload) VALUES ('old', 'log', 'ERROR from the version before')";
    old.run(&format!(
        "BEGIN; {insert}; UPDATE partitions SET holder = 'old', fence = fence + 1,
                       expires_at = clock_timestamp() + interval '1 second' WHERE id < 8"
    ));
    let moved: Vec<_> = (0..3)
        .map(|_| {
            let address = postgres::address(&database);
            tokio::task::spawn_blocking(move || migrate::run(&address).unwrap())
        })
        .collect();
    for moving in moved {
        assert_eq!(moving.await.unwrap().to, migrate::SCHEMA_VERSION);
    }
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM foghorn_schema"), migrate::SCHEMA_VERSION);
    // It has noticed nothing, and ends what it was at; so does its next transaction.
    old.run(&format!("COMMIT; {insert}"));
    let store = open(&database, directory.path());
    let mut held = store.take_partitions("new".to_owned()).await.unwrap();
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while held.count() < 32 {
        assert!(std::time::Instant::now() < give_up, "{} of 32 partitions", held.count());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        held = store.take_partitions("new".to_owned()).await.unwrap();
    }
    let read = store.read_held(held, 100).await.unwrap().0;
    let of_old = read.iter().filter(|event| event.source == "old").count();
    assert_eq!((read.len(), of_old), (3, 2), "what was not read before and what has come since");
}
