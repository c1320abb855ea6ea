//! Redis as other programs share it with Foghorn: the real program beside a real Redis.

use crate::process::Server;
use foghorn_testkit::redis::RedisServer;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

fn server(redis: &RedisServer, directory: &Path) -> Server {
    Server::start_with(directory, &[("REDIS_URL", &redis.url())])
}

fn wait_until_connected(server: &Server) {
    server.wait_until("Redis is connected", |server| {
        let redis = server.get("/status")["redis"].clone();
        redis["status"] == "ok" && redis["links"].as_object().is_some_and(|links| links.len() == 4)
    });
}

fn execute(server: &Server, sql: &str) {
    let db = rusqlite::Connection::open(server.data_dir.join("foghorn.db")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    db.execute_batch(sql).unwrap();
}

fn incident_row(server: &Server) {
    execute(
        server,
        "INSERT INTO incidents (event_id, labels, summary_text, evidence)
         VALUES (NULL, '[\"anomaly\"]', 'High CPU usage detected on database server',
                 '{\"service\":\"postgres\",\"metric\":\"cpu_usage\",\"value\":95}')",
    );
}

fn letters(server: &Server) -> Vec<(String, String)> {
    let items = server.get("/api/v1/dead-letters")["items"].as_array().unwrap().clone();
    let word = |letter: &Value, name: &str| letter[name].as_str().unwrap().to_owned();
    items.iter().rev().map(|letter| (word(letter, "origin"), word(letter, "why"))).collect()
}

fn queued(id: i64, payload: &str) -> String {
    json!({ "id": id, "source": "shop", "type": "log", "payload": payload, "metadata": { "host": "h1" } }).to_string()
}

#[test]
fn an_incident_that_somebody_else_has_written_and_announces_is_analysed_and_told_once() {
    let (redis, directory) = (RedisServer::start(), TempDir::new().unwrap());
    let server = server(&redis, directory.path());
    wait_until_connected(&server);
    execute(
        &server,
        "INSERT INTO memory_item (id, summary, labels, service, incident_type, solution)
         VALUES ('m1', 'High CPU usage on database server', '[\"anomaly\"]', 'postgres', 'anomaly', 'ended the runaway report')",
    );
    incident_row(&server);
    server.wait_until("the memory is read", |server| server.get("/status")["memory"]["memories"] == 1);
    assert_eq!(redis.command(&["PUBLISH", "incident_ready", "{\"incident_id\": \"1\"}"]), "1");
    server.wait_until("it is told", |server| server.get("/api/v1/incidents/1")["status"] == "notified");
    redis.command(&["PUBLISH", "incident_ready", "{\"incident_id\": 1}"]);
    server.wait_until("the second one is known", |server| {
        server.metric("foghorn_letters_total{origin=\"incident_ready\",outcome=\"known\"}") == 1.0
    });
    let incident = server.get("/api/v1/incidents/1");
    assert_eq!(incident["notifications"].as_array().unwrap().len(), 1);
    assert!(incident["similar"].to_string().contains("runaway report"), "{incident}");
    let audit = server.get("/api/v1/audit");
    let is_told = |row: &Value| row["who"] == "agent" && row["action"] == "notified" && row["incident_id"] == 1;
    assert_eq!(audit["items"].as_array().unwrap().iter().filter(|row| is_told(row)).count(), 1);
    assert_eq!(letters(&server), []);
}

#[test]
fn queued_events_are_stored_once_also_those_that_a_crash_left_half_handled() {
    let (redis, directory) = (RedisServer::start(), TempDir::new().unwrap());
    let half_handled = queued(7, "ERROR payment 7 failed");
    redis.command(&["LPUSH", "events_queue:processing", &half_handled]);
    redis.command(&[
        "LPUSH",
        "events_queue",
        &queued(8, "ERROR payment 8 failed"),
        &half_handled,
        &queued(9, "INFO nine"),
    ]);
    let server = server(&redis, directory.path());
    wait_until_connected(&server);
    let is_empty = |_: &Server| {
        ["events_queue", "events_queue:processing"].iter().all(|list| redis.command(&["LLEN", list]) == "0")
    };
    server.wait_until("the queue is empty", is_empty);
    server.wait_until_idle();
    let payloads = |server: &Server| -> Vec<String> {
        let events = server.get("/api/v1/events")["items"].as_array().unwrap().clone();
        events
            .iter()
            .rev()
            .filter(|event| event["source"] == "shop")
            .map(|event| event["payload"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(payloads(&server), ["ERROR payment 7 failed", "ERROR payment 8 failed", "INFO nine"]);
    let event = server.get("/api/v1/events")["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(event["metadata"]["host"], "h1");
    // A row that another program has written: triage reads it, and the number only wakes it.
    execute(
        &server,
        "INSERT INTO raw_events (source, type, payload) VALUES ('ledger', 'log', 'ERROR connection to database refused')",
    );
    let id = server.get("/api/v1/events")["items"][0]["id"].to_string();
    redis.command(&["LPUSH", "events_queue", &id, &json!({ "id": id }).to_string()]);
    server.wait_until("it is an incident", |server| server.get("/api/v1/incidents?service=ledger")["total"] == 1);
    server.wait_until("the queue is empty", is_empty);
    assert_eq!((payloads(&server).len(), letters(&server)), (3, Vec::new()));
}

#[test]
fn every_bad_message_is_named_counted_kept_and_can_be_replayed_or_dropped() {
    let (redis, directory) = (RedisServer::start(), TempDir::new().unwrap());
    let server = server(&redis, directory.path());
    wait_until_connected(&server);
    for body in ["[]", "{}", "{\"incident_id\":\"abc\"}", "{\"incident_id\":-1}", "{\"incident_id\":1}"] {
        redis.command(&["PUBLISH", "incident_ready", body]);
    }
    server.wait_until("all five are kept", |server| letters(server).len() == 5);
    for body in ["not json", "999999", "{\"payload\":\"x\"}", "{\"id\":3,\"payload\":7}"] {
        redis.command(&["LPUSH", "events_queue", body]);
    }
    server.wait_until("all nine are kept", |server| letters(server).len() == 9);
    let expected = [
        ("incident_ready", "Invalid message format: expected object"),
        ("incident_ready", "Missing incident_id in message"),
        ("incident_ready", "Invalid incident_id format: abc"),
        ("incident_ready", "Invalid incident_id value: -1"),
        ("incident_ready", "No incident row for id 1"),
        ("events_queue", "Invalid message format: expected object"),
        ("events_queue", "No raw_events row for id 999999"),
        ("events_queue", "Missing id in message"),
        ("events_queue", "Invalid event: payload: must be a non-blank string"),
    ];
    let found = letters(&server);
    assert_eq!(found.iter().map(|(origin, why)| (origin.as_str(), why.as_str())).collect::<Vec<_>>(), expected);
    let counted =
        server.metric("foghorn_letters_total{origin=\"incident_ready\",outcome=\"Missing incident_id in message\"}");
    assert_eq!((counted, redis.command(&["LLEN", "events_queue:processing"])), (1.0, "0".to_owned()));

    let listed = server.run(&["dead-letters", "list"]);
    assert!(listed.contains("No incident row for id 1") && listed.lines().count() == 10, "{listed}");
    let refused = server.command(&["dead-letters", "replay", "5"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stdout).contains("No incident row for id 1"));
    incident_row(&server);
    assert!(server.run(&["dead-letters", "replay", "5"]).contains("5 was handled"));
    server.wait_until("it is told", |server| server.get("/api/v1/incidents/1")["status"] == "notified");
    assert!(server.run(&["dead-letters", "drop", "1", "2"]).contains("2 is forgotten"));
    assert!(!server.command(&["dead-letters", "drop", "1"]).status.success());
    assert_eq!(letters(&server).len(), 6);
    let audit = server.get("/api/v1/audit");
    let actions = |wanted: &str| {
        audit["items"].as_array().unwrap().iter().filter(|row| row["action"] == wanted && row["who"] == "ana").count()
    };
    assert_eq!((actions("dead_letter_replayed"), actions("dead_letter_dropped")), (2, 2));
}

fn open_incident(server: &Server, service: &str) {
    let event = json!({ "source": service, "type": "log", "payload": "ERROR Database connection timeout after 30s" });
    assert_eq!(server.request("POST", "/events", &event.to_string()).unwrap().0, 200);
}

#[test]
fn processes_ring_for_each_other_and_hear_the_ring() {
    let (redis, directory) = (RedisServer::start(), TempDir::new().unwrap());
    let server = server(&redis, directory.path());
    wait_until_connected(&server);
    let published = || redis.command(&["INFO", "commandstats"]).contains("cmdstat_publish");
    assert!(!published());
    let event = json!({ "source": "cart", "type": "log", "payload": "INFO nothing is wrong" });
    assert_eq!(server.request("POST", "/events", &event.to_string()).unwrap().0, 200);
    server.wait_until("it rings for others", |_| published());
    assert_eq!(redis.command(&["PUBLISH", "foghorn:doorbell", "ring"]), "1");
    server.wait_until_idle();
    assert_eq!(letters(&server), []);
}

#[test]
fn what_opens_is_said_on_the_list_and_taken_from_it_over_http() {
    let (redis, directory) = (RedisServer::start(), TempDir::new().unwrap());
    let server = server(&redis, directory.path());
    wait_until_connected(&server);
    open_incident(&server, "cart");
    server.wait_until("it is announced", |_| redis.command(&["LLEN", "agent_notifications"]) == "1");
    open_incident(&server, "search");
    server.wait_until("both are announced", |_| redis.command(&["LLEN", "agent_notifications"]) == "2");
    let newest: Value = serde_json::from_str(&redis.command(&["LINDEX", "agent_notifications", "0"])).unwrap();
    let timestamp = newest["timestamp"].as_i64().unwrap();
    assert!(timestamp > 1_700_000_000);
    let summary = newest["summary"].as_str().unwrap();
    assert!(summary.contains("Database connection timeout"), "{summary}");
    let expected = json!({ "type": "new_incident", "incident_id": 2, "source": "search", "summary": summary,
        "timestamp": timestamp, "status": "ready_for_agent" });
    assert_eq!(newest, expected);
    let taken = server.get("/agent/notifications?limit=1");
    assert_eq!((&taken["count"], &taken["notifications"][0]["incident_id"]), (&json!(1), &json!(1)));
    assert_eq!(server.get("/agent/notifications")["notifications"][0]["incident_id"], 2);
    assert_eq!(server.get("/agent/notifications")["count"], 0);
}

#[test]
fn while_redis_is_away_everything_goes_on_and_it_is_used_again_when_it_is_back() {
    let (mut redis, directory) = (RedisServer::to_come(), TempDir::new().unwrap());
    let server = server(&redis, directory.path());
    server.wait_until("it is said that Redis is away", |server| {
        server.get("/status")["redis"]["status"] == "unavailable"
    });
    open_incident(&server, "cart");
    server.wait_until("it is told", |server| server.get("/api/v1/incidents/1")["status"] == "notified");
    let (status, health) = server.request("GET", "/health", "").unwrap();
    assert_eq!((status, &health["dependencies"]["redis"]["status"]), (200, &json!("unavailable")));
    let said = format!("{health}{}", server.get("/status"));
    assert!(said.contains("cannot be reached") && !said.contains(RedisServer::PASSWORD), "{said}");
    assert_eq!(server.request("GET", "/agent/notifications", "").unwrap().0, 503);

    redis.start_again();
    server.wait_until("what opened meanwhile is announced", |_| redis.command(&["LLEN", "agent_notifications"]) == "1");
    wait_until_connected(&server);
    redis.kill();
    server.wait_until("it is noticed", |server| server.get("/status")["redis"]["status"] == "unavailable");
    redis.start_again();
    wait_until_connected(&server);
    incident_row(&server);
    server.wait_until("it hears again", |server| {
        redis.command(&["PUBLISH", "incident_ready", "{\"incident_id\": 2}"]);
        server.get("/api/v1/incidents/2")["status"] == "notified"
    });
}

#[test]
fn a_redis_that_is_full_is_named_and_its_queue_is_emptied_all_the_same() {
    let (redis, directory) = (RedisServer::start(), TempDir::new().unwrap());
    let server = server(&redis, directory.path());
    wait_until_connected(&server);
    redis.command(&["CLIENT", "PAUSE", "200", "WRITE"]);
    redis.command(&["LPUSH", "events_queue", &queued(1, "ERROR Database connection timeout after 30s")]);
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    server.wait_until("the event is an incident", |server| server.get("/api/v1/incidents")["total"] == 1);
    server.wait_until("it is said", |server| server.get("/status")["redis"]["status"] == "full");
    assert!(server.get("/status")["redis"].to_string().contains("maxmemory"));
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    server.wait_until("it is announced after all", |_| redis.command(&["LLEN", "agent_notifications"]) == "1");
    wait_until_connected(&server);
}

#[test]
fn a_wrong_address_is_refused_before_anything_is_served() {
    let directory = TempDir::new().unwrap();
    let output = crate::process::foghorn()
        .arg("serve")
        .env("FOGHORN_DATA_DIR", directory.path())
        .env("REDIS_URL", "http://:hunter2@localhost")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("redis.url") && said.contains("REDIS_URL"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
