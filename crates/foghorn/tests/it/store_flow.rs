//! One day of a small shop, on each store by the real program: a file, Postgres, Postgres with Redis beside it.

use crate::process::{Server, foghorn};
use foghorn_testkit::postgres;
use foghorn_testkit::redis::RedisServer;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Folded, told, acknowledged, silenced, resolved, remembered, verified. Answers what somebody sees who counts.
fn day(environment: &[(&str, &str)]) -> Value {
    let directory = TempDir::new().unwrap();
    let server = Server::start_with(directory.path(), environment);
    let post = |path: &str, body: Value| server.request("POST", path, &body.to_string()).unwrap();
    let log = |service: &str, payload: String| {
        let event = json!({ "source": service, "type": "log", "payload": payload, "metadata": { "service": service } });
        assert_eq!(post("/events", event).0, 200);
    };
    let has_status = |id: u64, status: &'static str| {
        let path = format!("/api/v1/incidents/{id}");
        server.wait_until(status, |server| server.get(&path)["status"] == status);
    };

    for milliseconds in 1..=20 {
        log("orders", format!("ERROR database query timeout after {milliseconds} ms"));
    }
    server.wait_until("all are one", |server| server.get("/api/v1/incidents/1")["event_count"] == 20);
    has_status(1, "notified");

    let silence = json!({ "matchers": ["service = search"], "duration": "2h", "comment": "new index", "user": "ana" });
    assert_eq!(post("/api/v1/silences", silence).0, 201);
    log("search", "ERROR database query timeout after 7 ms".to_owned());
    server.wait_until("it is held back", |server| {
        let telling = server.get("/api/v1/incidents/2")["notifications"][0].clone();
        telling["status"] == "held" && telling["why"].as_str().is_some_and(|why| why.contains("silence 1"))
    });

    let act = |body: Value| post("/api/v1/incidents/1/actions", body);
    assert_eq!(act(json!({ "action": "ack", "user": "ana" })).0, 200);
    let resolve = json!({ "action": "resolve", "user": "ana", "solution": "Raised the pool to 40" });
    assert_eq!((act(resolve.clone()).0, act(resolve).0), (200, 200));
    assert_eq!(act(json!({ "action": "ack", "user": "ben" })).0, 409);
    server.wait_until("the fix is recalled", |server| {
        let found = server.get("/incidents/similar?service=orders&limit=5").to_string();
        found.contains("Raised the pool to 40")
    });
    server.wait_until_idle();

    let mut command = foghorn();
    command.args(["audit", "verify", "--json", "--data-dir"]).arg(directory.path()).envs(environment.iter().copied());
    let verified = command.output().unwrap();
    let chain: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let seen = |path: &str, name: &str| -> Vec<Value> {
        server.get(path)["items"].as_array().unwrap().iter().map(|item| item[name].clone()).collect()
    };
    let mut actions: Vec<String> = seen("/api/v1/audit?limit=200", "action").iter().map(Value::to_string).collect();
    actions.sort();
    json!({
        "events": server.get("/status")["events"],
        "incidents": [seen("/api/v1/incidents", "status"), seen("/api/v1/incidents", "event_count")],
        "fingerprints": seen("/api/v1/incidents", "fingerprint"),
        "audit": actions,
        "whole": [chain["whole"], chain["rows"]],
    })
}

#[test]
fn a_day_comes_out_the_same_on_a_file_on_postgres_and_with_redis_beside_it() {
    let file = day(&[]);
    assert_eq!(file["incidents"], json!([["open", "resolved"], [1, 20]]), "{file:#}");
    assert_eq!(file["whole"][0], true, "{file:#}");
    let database = postgres::database();
    assert_eq!(day(&[("DATABASE_URL", &database)]), file);
    let (database, redis) = (postgres::database(), RedisServer::start());
    assert_eq!(day(&[("DATABASE_URL", &database), ("REDIS_URL", &redis.url())]), file);
    assert_ne!(redis.command(&["LLEN", "agent_notifications"]), "0", "Redis was in use");
}
