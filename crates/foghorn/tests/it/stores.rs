//! One behaviour on two stores: the same cases against a file and against Postgres, and what only a store that
//! processes share has to keep.

use foghorn_domain::clock::SignedDuration;
use foghorn_domain::event::NewEvent;
use foghorn_store::Options;
use foghorn_store::Store;
use foghorn_store::model::{Appended, Paging, TriageBatch};
use foghorn_store::postgres::migrate;
use foghorn_testkit::{App, StoreKind, event, postgres};
use serde_json::{Value, json};

const BOTH: [StoreKind; 2] = [StoreKind::Sqlite, StoreKind::Postgres];

const PAGE: Paging = Paging { limit: 50, cursor: None, exact_count: true };

/// What somebody sees of a day at a small shop, without what a clock or a store makes of it.
async fn day(store: StoreKind) -> Value {
    let mut app = App::on(store);
    for n in 0..5 {
        app.send(event("orders", "log", &format!("ERROR database query timeout after {n} ms"))).await;
    }
    app.send(json!({ "source": "prom", "type": "alert", "payload": "disk full", "dedup_key": "d", "status": "firing",
                     "metadata": { "service": "orders", "note": "nul \u{0} in it" } }))
        .await;
    app.settle().await;
    app.minutes_later(1).await;
    app.act(1, "ack").await.expect(200);
    let body = json!({ "action": "resolve", "user": "ana", "note": "x", "solution": "Raised the pool" });
    app.post("/api/v1/incidents/1/actions", body.clone()).await.expect(200);
    app.post("/api/v1/incidents/1/actions", body).await.expect(200);
    let refused = app.act(2, "reopen").await.status.as_u16();
    app.send(event("orders", "log", "ERROR database query timeout after 9 ms")).await;
    app.settle().await;
    let mut app = app.restart().await;
    app.minutes_later(45).await;
    let mut seen = Vec::new();
    for path in [
        "/api/v1/incidents",
        "/api/v1/incidents?q=DISK",
        "/api/v1/incidents?status=resolved&severity=error",
        "/api/v1/incidents?since=2026-01-02T03:04:06Z",
        "/api/v1/incidents/1",
        "/api/v1/incidents/2",
        "/api/v1/events?limit=3",
        "/api/v1/memory",
        "/incidents/similar?service=orders&limit=5",
        "/api/v1/incidents/77",
        "/api/v1/incidents?limit=0",
    ] {
        let answer = app.get(path).await;
        let mut body = answer.json();
        forget(&mut body);
        seen.push(json!({ "path": path, "status": answer.status.as_u16(), "body": body }));
    }
    json!({ "seen": seen, "refused": refused, "audit": app.audit().await, "tellings": app.tellings().await })
}

/// Takes out what is not the store's: the number of a request, hashes, and the order of keys that `jsonb` changes.
fn forget(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for key in ["request_id", "hash", "prev_hash"] {
                map.remove(key);
            }
            map.sort_keys();
            map.values_mut().for_each(forget);
        }
        Value::Array(list) => list.iter_mut().for_each(forget),
        _ => {}
    }
}

#[tokio::test]
async fn a_day_reads_the_same_on_both_stores() {
    let (file, postgres) = (day(StoreKind::Sqlite).await, day(StoreKind::Postgres).await);
    assert_eq!(file["seen"].as_array().unwrap().len(), 11);
    for (file, postgres) in file["seen"].as_array().unwrap().iter().zip(postgres["seen"].as_array().unwrap()) {
        assert_eq!(file, postgres, "{}", file["path"]);
    }
    assert_eq!(file, postgres);
}

#[tokio::test]
async fn the_same_key_and_the_same_alert_are_one_event_within_a_request_and_across() {
    for store in BOTH {
        let app = App::on(store);
        let keyed =
            |key: &str| NewEvent { idempotency_key: Some(key.to_owned()), ..NewEvent::new("s", "log", "INFO x") };
        let append = |events| app.handles.store.append(events);
        let first = append(vec![keyed("a"), keyed("b"), keyed("a")]).await.unwrap();
        assert_eq!(first, [Appended::Stored(1), Appended::Stored(2), Appended::Duplicate(1)], "{store:?}");
        assert_eq!(append(vec![keyed("b")]).await.unwrap(), [Appended::Duplicate(2)], "{store:?}");
        app.advance(SignedDuration::from_hours(25));
        assert_eq!(append(vec![keyed("b")]).await.unwrap(), [Appended::Stored(3)], "{store:?}");
        let fires = json!({ "source": "p", "type": "alert", "payload": "down", "dedup_key": "k", "status": "firing" });
        let ends = json!({ "source": "p", "type": "alert", "payload": "down", "dedup_key": "k", "status": "resolved" });
        let ids: Vec<Value> =
            app.post("/events", json!([fires, fires, ends, fires, ends])).await.expect(200).json()["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|result| result["event_id"].clone())
                .collect();
        assert_eq!(json!(ids), json!([4, 4, 5, 6, 7]), "{store:?}");
    }
}

#[tokio::test]
async fn what_others_insert_with_plain_sql_is_taken_up_told_and_left_as_they_wrote_it() {
    for store in BOTH {
        let mut app = App::on(store);
        app.run_sql("INSERT INTO memory_item (id, summary, service, solution) VALUES ('m1', 'cpu at its limit', 'postgres', 'killed the report')");
        app.run_sql(
            "INSERT INTO incidents (summary_text, evidence, status)
             VALUES ('cpu usage high, password=hunter22', '{\"service\":\"postgres\",\"metric\":\"cpu_usage\",\"value\":95}', 'open')",
        );
        app.run_sql("INSERT INTO raw_events (source, type, payload) VALUES ('mail', 'log', 'ERROR connection refused by relay')");
        app.run_sql("INSERT INTO audit_logs (who, action, details) VALUES ('eve', 'looked', '{\"a\": 1}')");
        app.settle().await;
        let incident = app.incident(1).await;
        assert_eq!((&incident["service"], &incident["status"]), (&json!("postgres"), &json!("notified")), "{store:?}");
        assert!(!incident.to_string().contains("hunter22"), "{store:?}");
        assert_eq!(incident["similar"][0]["id"], "m1", "{store:?}: {incident:#}");
        assert_eq!(app.incidents().await.len(), 2, "{store:?}");
        app.act(1, "ack").await.expect(200);
        let as_written = "SELECT count(*) FROM incidents WHERE CAST(evidence AS text) LIKE '{%'";
        assert_eq!(app.count(as_written), 1, "{store:?}");
        let audit = app.audit().await;
        assert!(
            audit.contains(&"external sealed".to_owned()) && audit.contains(&"agent notified".to_owned()),
            "{audit:?}"
        );
        assert_eq!(app.count("SELECT count(*) FROM audit_logs WHERE hash IS NULL"), 0, "{store:?}");
    }
}

#[tokio::test]
async fn a_batch_under_a_fence_that_has_passed_is_refused_and_changes_nothing() {
    for store in BOTH {
        let app = App::on(store);
        app.send(event("s", "log", "INFO x")).await;
        let store = &app.handles.store;
        let first = store.take_partitions("one".to_owned()).await.unwrap();
        let (events, moved) = store.read_held(first.clone(), 100).await.unwrap();
        assert_eq!(events.len(), 1);
        store.release_partitions("one".to_owned()).await.unwrap();
        let second = store.take_partitions("two".to_owned()).await.unwrap();
        let late = TriageBatch { from: first, to: moved, ..TriageBatch::default() };
        assert!(matches!(store.commit_triage(late).await, Err(foghorn_store::Error::Fenced(_))));
        let (again, moved) = store.read_held(second.clone(), 100).await.unwrap();
        assert_eq!(again.len(), 1, "nothing has moved");
        store.commit_triage(TriageBatch { from: second, to: moved.clone(), ..TriageBatch::default() }).await.unwrap();
        assert_eq!(store.read_held(moved, 100).await.unwrap().0.len(), 0);
    }
}

#[tokio::test]
async fn an_alert_is_read_before_the_logs_that_wait_and_everything_is_read_once() {
    for store in BOTH {
        let app = App::on(store);
        let store = &app.handles.store;
        // Of so many services that every partition has more than its share of a batch.
        let line = |n: u32| NewEvent::new(format!("s{}", n % 100), "log", format!("INFO line {n}"));
        store.append((0..3_000).map(line).collect::<Vec<_>>()).await.unwrap();
        let alert = json!({ "source": "p", "type": "alert", "payload": "down", "dedup_key": "k", "status": "firing",
                            "metadata": { "service": "s1" } });
        let alert = app.send(alert).await;
        let mut held = store.take_partitions("one".to_owned()).await.unwrap();
        let (mut read, mut batches) = (Vec::new(), 0);
        loop {
            let (events, moved) = store.read_held(held.clone(), 100).await.unwrap();
            if events.is_empty() {
                break;
            }
            if batches == 0 {
                let last = events.iter().map(|event| event.id).max();
                assert_eq!(last, Some(alert), "the alert is in the first batch");
                assert!(store.counts().await.unwrap().untriaged > 0);
            }
            batches += 1;
            read.extend(events.iter().map(|event| event.id));
            let batch = TriageBatch { from: held, to: moved.clone(), ..TriageBatch::default() };
            store.commit_triage(batch).await.unwrap();
            held = moved;
        }
        read.sort_unstable();
        assert_eq!(read, (1..=3_001).collect::<Vec<_>>());
        assert_eq!(store.counts().await.unwrap().untriaged, 0);
        assert!(batches > 1 && store.event(alert).await.unwrap().is_triaged);
    }
}

pub(crate) fn open(database: &str, directory: &std::path::Path) -> Store {
    Store::open(Options { database: Some(postgres::address(database)), ..Options::new(directory) }).unwrap()
}

#[tokio::test]
async fn processes_share_the_partitions_and_each_event_is_read_by_one() {
    let (database, directory) = (postgres::database(), tempfile::tempdir().unwrap());
    let stores = [open(&database, directory.path()), open(&database, directory.path())];
    let alone = stores[0].take_partitions("one".to_owned()).await.unwrap();
    assert_eq!(alone.count(), 32);
    assert_eq!(stores[1].take_partitions("two".to_owned()).await.unwrap().count(), 0, "nothing is free yet");
    let one = stores[0].take_partitions("one".to_owned()).await.unwrap();
    let two = stores[1].take_partitions("two".to_owned()).await.unwrap();
    assert_eq!((one.count(), two.count()), (16, 16));
    let events: Vec<_> = (0..200)
        .map(|n| NewEvent {
            metadata: [("service".to_owned(), json!(format!("s{n}")))].into_iter().collect(),
            ..NewEvent::new("s", "log", "INFO x")
        })
        .collect();
    stores[0].append(events).await.unwrap();
    let of_one = stores[0].read_held(one, 1_000).await.unwrap().0;
    let of_two = stores[1].read_held(two, 1_000).await.unwrap().0;
    let mut ids: Vec<i64> = of_one.iter().chain(&of_two).map(|event| event.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=200).collect::<Vec<_>>());
    assert!(of_one.len() > 20 && of_two.len() > 20, "{} and {}", of_one.len(), of_two.len());
    stores[1].release_partitions("two".to_owned()).await.unwrap();
    assert_eq!(stores[0].take_partitions("one".to_owned()).await.unwrap().count(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_past_a_transaction_that_is_still_open() {
    let (database, directory) = (postgres::database(), tempfile::tempdir().unwrap());
    let store = open(&database, directory.path());
    let held = store.take_partitions("one".to_owned()).await.unwrap();
    let elsewhere = postgres::Session::open(&database);
    elsewhere.run("BEGIN; INSERT INTO raw_events (source, type, payload) VALUES ('slow', 'log', 'first')");
    store.append(vec![NewEvent::new("s", "log", "second")]).await.unwrap();
    let (events, held) = store.read_held(held, 100).await.unwrap();
    assert_eq!(events.len(), 0, "the first may still come");
    elsewhere.run("COMMIT");
    let (events, _) = store.read_held(held, 100).await.unwrap();
    let read: Vec<&str> = events.iter().map(|event| event.payload.as_str()).collect();
    assert_eq!(read, ["first", "second"]);
}

const REFERENCE: &str = "
    CREATE EXTENSION vector;
    CREATE TABLE raw_events (id serial PRIMARY KEY, source text, type text, payload text, metadata jsonb,
                             created_at timestamptz DEFAULT now());
    CREATE TABLE incidents (id serial PRIMARY KEY, event_id integer, labels text[], summary_text text,
                            anomaly_score float, confidence float, evidence jsonb, status varchar(50) DEFAULT 'open',
                            created_at timestamp DEFAULT now());
    CREATE TABLE memory_item (id text PRIMARY KEY, summary text, labels text[], service text, incident_type text,
                              solution text, model text NOT NULL DEFAULT 'sentence-transformers/all-MiniLM-L6-v2',
                              dim int NOT NULL DEFAULT 384, embedding vector(384));
    CREATE TABLE audit_logs (id serial PRIMARY KEY, incident_id integer, who text, action text, details jsonb,
                             created_at timestamptz DEFAULT now());
    CREATE TABLE slack_messages (id serial PRIMARY KEY, incident_id integer NOT NULL, message_ts text,
        channel_id text, channel_name text, team_name text, incident_type text, message_blocks jsonb,
        message_text text, incident_summary text, incident_labels text[], incident_service text,
        similarity_data jsonb, ai_analysis jsonb, sent_at timestamptz, slack_response jsonb, status text);
    INSERT INTO raw_events (source, type, payload, created_at)
        SELECT 's', 'log', 'ERROR ' || g, now() - interval '1 day' * (g % 300) FROM generate_series(1, 10000) g;
    INSERT INTO incidents (event_id, labels, summary_text, evidence, status)
        SELECT g, '{db,pool}', 'pool exhausted ' || g, '{\"service\":\"orders\"}',
               (ARRAY['open', 'ack', 'resolved'])[1 + g % 3] FROM generate_series(1, 10000) g;
    INSERT INTO memory_item (id, summary, solution) SELECT 'm' || g, 'pool exhausted', 'raised it'
        FROM generate_series(1, 10000) g;
    INSERT INTO audit_logs (incident_id, who, action, details) SELECT g, 'ana', 'resolved', '{\"n\": 1}'
        FROM generate_series(1, 10000) g;
    INSERT INTO slack_messages (incident_id, message_ts) SELECT g, '1.' || g FROM generate_series(1, 10000) g;";

#[tokio::test]
async fn a_database_of_the_reference_is_adopted_whole_and_nothing_old_is_told() {
    let database = postgres::empty_database();
    postgres::run_sql(&database, REFERENCE);
    let address = postgres::address(&database);
    let (would, does, again) = tokio::task::spawn_blocking(move || {
        (migrate::look(&address).unwrap(), migrate::run(&address).unwrap(), migrate::run(&address).unwrap())
    })
    .await
    .unwrap();
    assert!(would.adopts && does == would && again.from == again.to);
    let mut app = App::on_database(database);
    app.settle().await;
    for table in ["raw_events", "incidents", "memory_item", "audit_logs", "slack_messages"] {
        let whole = format!(
            "SELECT count(*) FROM {table} WHERE {}",
            if table == "memory_item" { "true" } else { "id <= 10000" }
        );
        assert_eq!(app.count(&whole), 10_000, "{table}");
    }
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE receiver <> 'watchman'"), 0);
    let incident = app.incident(1).await;
    assert_eq!(
        (&incident["status"], &incident["service"], &incident["labels"]),
        (&json!("acknowledged"), &json!("orders"), &json!(["db", "pool"]))
    );
    assert_eq!(app.handles.store.incidents(Default::default(), PAGE).await.unwrap().total, 10_000);
    // What comes now is told, under numbers that go on.
    let id = app.send(event("orders", "log", "ERROR database query timeout")).await;
    app.settle().await;
    assert_eq!(id, 10_001);
    assert_eq!(app.incident(10_001).await["status"], "notified");
    assert_eq!(app.count("SELECT count(*) FROM audit_logs WHERE hash IS NULL"), 0, "old rows are sealed as external");
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_in_one_line_with_a_remedy() {
    let cases: [(&str, &str, &str); 3] = [
        ("CREATE TABLE notifications (a int)", "a table notifications of another program", "a database of its own"),
        (
            "CREATE TABLE foghorn_schema (version bigint, applied_at timestamptz); INSERT INTO foghorn_schema VALUES (99)",
            "schema version 99",
            "start the newer foghorn",
        ),
        (
            "SELECT 1; ALTER DATABASE \"$DATABASE\" SET default_transaction_read_only = on",
            "read-only",
            "name the primary",
        ),
    ];
    for (prepared, expected, remedy) in cases {
        let database = postgres::empty_database();
        let name = database.rsplit('/').next().unwrap();
        postgres::run_sql(&database, &prepared.replace("$DATABASE", name));
        let address = postgres::address(&database);
        let error = tokio::task::spawn_blocking(move || migrate::run(&address).unwrap_err()).await.unwrap();
        let said = error.to_string();
        assert!(said.contains(expected) && said.contains(remedy) && !said.contains('\n'), "{said}");
        assert!(!error.is_temporary(), "{said}");
    }
}

#[tokio::test]
async fn a_database_that_was_restored_on_another_server_goes_on_where_it_was() {
    let database = postgres::database();
    let mut app = App::on_database(database.clone());
    app.send(event("orders", "log", "ERROR the disk is full")).await;
    app.settle().await;
    app.act(1, "resolve").await.expect(200);
    app.send(event("orders", "log", "ERROR nobody has read this yet")).await;
    // Places and cursors of a server that had counted many more transactions.
    let ahead = "UPDATE raw_events SET place = place + (1::bigint << 60); UPDATE memory_changes SET seq = seq + (1::bigint << 60);
                 UPDATE partitions SET cursor = cursor + (1::bigint << 60)";
    postgres::run_sql(&database, ahead);
    let mut app = app.restart().await;
    app.send(event("orders", "log", "ERROR and this is new")).await;
    app.settle().await;
    let ahead = postgres::count(&database, "SELECT count(*) FROM raw_events WHERE place > (1::bigint << 59)");
    assert_eq!(ahead, 0);
    let events: Vec<i64> = app.incidents().await.iter().map(|found| found["event_count"].as_i64().unwrap()).collect();
    assert_eq!(events, [1, 1, 1], "each event was read once");
}
