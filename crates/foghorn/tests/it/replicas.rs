//! Processes that share a database: they wake each other, and say where they are not configured alike.

use crate::process::Server;
use foghorn_store::postgres::calls::Call;
use foghorn_testkit::postgres;
use serde_json::{Value, json};
use std::sync::mpsc;
use tempfile::TempDir;

fn start(directory: &TempDir, database: &str, more: &[(&str, &str)]) -> Server {
    Server::start_with(directory.path(), &[&[("DATABASE_URL", database)], more].concat())
}

fn send(server: &Server, payload: &str) {
    let event = json!({ "source": "cart", "type": "log", "payload": payload });
    assert_eq!(server.request("POST", "/events", &event.to_string()).unwrap().0, 200);
}

fn calls(server: &Server, direction: &str) -> f64 {
    server.metric(&format!("foghorn_calls_total{{direction=\"{direction}\"}}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_call_each_other_and_do_so_again_after_their_connections_were_cut() {
    let (database, directory) = (postgres::database(), TempDir::new().unwrap());
    let server = start(&directory, &database, &[]);
    let address = postgres::address(&database);
    let (heard, hearing) = mpsc::channel();
    let caller = address.caller(move |call| heard.send(call).unwrap()).await.unwrap();
    send(&server, "INFO nothing is wrong");
    assert_eq!(hearing.recv().unwrap(), Call::Events);
    send(&server, "ERROR Database connection timeout after 30s");
    assert!(hearing.iter().any(|call| call == Call::Tellings), "whoever triages calls whoever tells");

    caller.call(Call::Events).await.unwrap();
    server.wait_until("it has heard the call", |server| calls(server, "heard") > 0.0);
    assert_eq!(hearing.try_iter().filter(|call| *call == Call::Tellings).count(), 0, "nobody hears itself");

    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    postgres::run_sql(&database, others);
    let (before, caller) = (calls(&server, "heard"), address.caller(|_| {}).await.unwrap());
    // Until its connection stands again a call is lost, as the fallback allows.
    for _ in 0..600 {
        caller.call(Call::Events).await.unwrap();
        if calls(&server, "heard") > before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(calls(&server, "heard") > before);
    send(&server, "ERROR payment refused");
    server.wait_until_idle();
    assert_eq!(server.get("/api/v1/incidents")["total"], 2);
}

#[test]
fn what_one_process_takes_in_another_one_tells_when_it_is_called() {
    let (database, near, far) = (postgres::database(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let takes = start(&near, &database, &[("FOGHORN_ROLES", "ingest,triage,web")]);
    let tells = start(&far, &database, &[("FOGHORN_ROLES", "agent,web")]);
    send(&takes, "ERROR Database connection timeout after 30s");
    takes.wait_until("it is told", |server| server.get("/api/v1/incidents/1")["status"] == "notified");
    tells.wait_until("it was called", |server| calls(server, "heard") > 0.0);
}

#[test]
fn processes_that_are_configured_differently_are_named_for_as_long_as_they_are() {
    let (database, near, far) = (postgres::database(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let one = start(&near, &database, &[]);
    let mut other = start(&far, &database, &[("MIN_DETECTION_SCORE", "0.9")]);
    let status = |server: &Server| server.get("/status")["replicas"].clone();
    one.wait_until("both are known", |server| status(server)["processes"].as_array().is_some_and(|all| all.len() == 2));
    one.wait_until("it is said", |server| status(server)["status"] == "configured_differently");
    let said: Value = status(&one);
    let difference = said["differences"][0].as_str().unwrap();
    assert_eq!(said["differences"].as_array().unwrap().len(), 1, "{said}");
    assert!(difference.starts_with("settings (") && difference.contains(" against "), "{said}");
    assert!([&one, &other].iter().all(|server| difference.contains(&format!(":{}", server.pid()))), "{said}");
    assert_eq!(one.metric("foghorn_configurations"), 2.0);
    let page = one.request_text("GET", "/", "").unwrap().1;
    assert!(page.contains("configured differently") && page.contains("settings ("), "{page}");
    let (health, answer) = one.request("GET", "/health", "").unwrap();
    assert_eq!((health, &answer["dependencies"]["replicas"]["status"]), (200, &json!("configured_differently")));

    assert_eq!(other.stop(), Some(0));
    one.wait_until("it is over", |server| status(server)["status"] == "ok");
    assert_eq!(one.metric("foghorn_configurations"), 1.0);
    assert!(!one.request_text("GET", "/", "").unwrap().1.contains("configured differently"));
}
