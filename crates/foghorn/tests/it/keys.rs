//! Keys of programs: what each may do, how much it may send, who it is in the audit log, and that its text is
//! nowhere but in the one answer that made it.

use crate::process::{Server, foghorn};
use axum::body::Body;
use axum::http::{Method, Request};
use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{Answer, App, event};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "the-token-of-this-test";

fn exposed() -> App {
    App::with_web(|web| {
        web.listen = "0.0.0.0:8000".parse().unwrap();
        web.api_token = Some(TOKEN.to_owned());
    })
}

/// A request with something to prove who calls.
async fn ask(app: &App, method: Method, path: &str, bearer: &str, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", "foghorn.example");
    let request = request.header("authorization", format!("Bearer {bearer}"));
    app.request(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn post(app: &App, path: &str, bearer: &str, body: Value) -> Answer {
    ask(app, Method::POST, path, bearer, body).await
}

async fn get(app: &App, path: &str, bearer: &str) -> Answer {
    ask(app, Method::GET, path, bearer, Value::Null).await
}

/// Makes a key with the token. Answers its number and its text.
async fn make(app: &App, key: Value) -> (i64, String) {
    let made = post(app, "/api/v1/keys", TOKEN, key).await.expect(201).json();
    (made["id"].as_i64().unwrap(), made["key"].as_str().unwrap().to_owned())
}

fn log() -> Value {
    event("orders", "log", "all is well")
}

fn firing(number: usize) -> Value {
    json!({ "source": "orders", "type": "alert", "payload": "HighMem", "status": "firing", "dedup_key": format!("k{number}") })
}

#[tokio::test]
async fn a_key_may_do_what_its_scope_says_and_nothing_else() {
    let app = exposed();
    let mut keys = Vec::new();
    for scope in ["intake", "read", "act"] {
        keys.push((scope, make(&app, json!({ "name": scope, "scope": scope })).await.1));
    }
    let asks = [
        (Method::POST, "/events", "intake"),
        (Method::POST, "/v2/change/enqueue", "intake"),
        (Method::GET, "/api/v1/incidents", "read"),
        (Method::GET, "/metrics", "read"),
        (Method::GET, "/", "read"),
        (Method::POST, "/semantic-search", "read"),
        (Method::POST, "/api/v1/silences/preview", "read"),
        (Method::POST, "/api/v1/silences", "act"),
        (Method::POST, "/api/v1/incidents/1/actions", "act"),
        (Method::POST, "/simulate/xss", "act"),
        (Method::DELETE, "/api/v1/silences/1", "act"),
    ];
    for (method, path, needs) in asks {
        for (scope, key) in &keys {
            let may = scope == &needs || (*scope == "act" && needs == "read");
            let answer = ask(&app, method.clone(), path, key, log()).await;
            assert_eq!(answer.status != 403 && answer.status != 401, may, "{scope}: {method} {path}: {}", answer.text);
            if !may {
                let detail = answer.json()["detail"].as_str().unwrap().to_owned();
                assert_eq!(detail, format!("the key `{scope}` has the scope `{scope}`, and this needs `{needs}`"));
            }
        }
    }
}

#[tokio::test]
async fn keys_are_managed_with_the_token_and_by_no_key() {
    let app = exposed();
    let (id, key) = make(&app, json!({ "name": "robot", "scope": "act" })).await;
    for (path, body) in [
        ("/api/v1/keys".to_owned(), json!({ "name": "more", "scope": "act" })),
        (format!("/api/v1/keys/{id}/revoke"), json!({})),
        ("/settings/keys".to_owned(), json!({})),
        (format!("/settings/keys/{id}/revoke"), json!({})),
    ] {
        let request = Request::builder().method("POST").uri(&path).header("host", "foghorn.example");
        let request = request.header("authorization", format!("Bearer {key}"));
        let (kind, body) = match path.starts_with("/api/") {
            true => ("application/json", body.to_string()),
            false => ("application/x-www-form-urlencoded", "name=more&scope=act".to_owned()),
        };
        let answer = app.request(request.header("content-type", kind).body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.expect(403).json()["type"], "urn:foghorn:problem:wrong-scope", "{path}");
    }
    assert_eq!(get(&app, "/api/v1/keys", &key).await.expect(200).json()["total"], 1);
}

#[tokio::test]
async fn a_key_is_held_to_its_scope_on_loopback_too() {
    let app = App::new();
    let made = app.post("/api/v1/keys", json!({ "name": "prom", "scope": "intake" })).await.expect(201).json();
    let key = made["key"].as_str().unwrap();
    let ask = |path: &str, key: &str| {
        let request = App::local(Method::GET, path).header("authorization", format!("Bearer {key}"));
        app.request(request.body(Body::empty()).unwrap())
    };
    ask("/api/v1/incidents", key).await.expect(403);
    ask("/api/v1/incidents", "fh_intake_unknown").await.expect(200);
}

#[tokio::test]
async fn the_text_of_a_key_is_in_the_answer_that_made_it_and_nowhere_else() {
    let app = exposed();
    let (_, key) = make(&app, json!({ "name": "prom", "scope": "intake", "quota": "5/s" })).await;
    assert!(key.starts_with("fh_intake_") && key.len() == "fh_intake_".len() + 64, "{key}");
    let secret = &key["fh_intake_".len() + 6..];
    post(&app, "/events", &key, log()).await.expect(200);
    let mut seen = String::new();
    for path in
        ["/api/v1/keys?revoked=true", "/settings", "/audit", "/api/v1/audit", "/api/v1/events", "/metrics", "/status"]
    {
        seen.push_str(&get(&app, path, TOKEN).await.expect(200).text);
    }
    assert!(seen.contains(&key[..key.len() - 58]) && !seen.contains(secret));
    if app.handles.store.is_shared() {
        for table in ["access_keys", "audit_logs", "raw_events", "sources"] {
            let held = app.count(&format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{secret}%'"));
            assert_eq!(held, 0, "{table}");
        }
        return;
    }
    let database = std::fs::read(app.data_dir().join("foghorn.db")).unwrap();
    let log = std::fs::read(app.data_dir().join("foghorn.db-wal")).unwrap();
    for file in [database, log] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test]
async fn a_key_in_the_address_works_and_is_repeated_in_no_answer() {
    let app = exposed();
    let (id, key) = make(&app, json!({ "name": "prom", "scope": "intake" })).await;
    let (_, reading) = make(&app, json!({ "name": "grafana", "scope": "read" })).await;
    let send = async |path: String, body: &str, accept: &str| {
        let request = Request::builder().method("POST").uri(path).header("host", "foghorn.example");
        app.request(request.header("accept", accept).body(Body::from(body.to_owned())).unwrap()).await
    };
    send(format!("/in/{key}/events"), &log().to_string(), "*/*").await.expect(200);
    let mut answers = Vec::new();
    for accept in ["*/*", "text/html"] {
        answers.push(send(format!("/in/{key}/events"), "{", accept).await.expect(400));
        answers.push(send(format!("/in/{key}/nowhere"), "", accept).await.expect(404));
        answers.push(send(format!("/in/{key}/events/"), "", accept).await.expect(404));
        answers.push(send(format!("/in/{reading}/events"), &log().to_string(), accept).await.expect(403));
        answers.push(send(format!("/in/{key}x/events"), &log().to_string(), accept).await.expect(401));
        answers.push(send(format!("/in/{key}%ff/events"), &log().to_string(), accept).await.expect(401));
    }
    post(&app, &format!("/api/v1/keys/{id}/revoke"), TOKEN, json!({})).await.expect(200);
    answers.push(send(format!("/in/{key}/events"), &log().to_string(), "*/*").await.expect(401));
    for answer in answers {
        let all = format!("{:?}{}", answer.headers, answer.text);
        assert!(!all.contains(&key[..30]) && !all.contains(&reading[..30]), "{all}");
    }
}

#[tokio::test]
async fn a_revoked_key_dies_at_once_here_and_with_the_next_look_elsewhere() {
    let mut app = exposed();
    let (first, key) = make(&app, json!({ "name": "prom", "scope": "intake" })).await;
    post(&app, "/events", &key, log()).await.expect(200);
    let revoked =
        post(&app, &format!("/api/v1/keys/{first}/revoke"), TOKEN, json!({ "user": "ana" })).await.expect(200);
    assert_eq!(revoked.json()["revoked_by"], "api-token");
    post(&app, "/events", &key, log()).await.expect(401);
    // By another process, on the same store.
    let (second, key) = make(&app, json!({ "name": "prom", "scope": "intake" })).await;
    app.handles.store.revoke_access_key(second, "ben".to_owned(), json!({})).await.unwrap();
    app.handles.keys.refresh().await.unwrap();
    post(&app, "/events", &key, log()).await.expect(401);
    app.settle().await;
    let audit = get(&app, "/api/v1/audit", TOKEN).await.json();
    let said =
        |row: &Value| format!("{} {} {}", row["who"], row["action"], row["details"]["key_name"]).replace('"', "");
    let rows: Vec<String> = audit["items"].as_array().unwrap().iter().rev().map(said).collect();
    let [added, revoked] = ["api-token access_key_added prom", "api-token access_key_revoked prom"];
    assert_eq!(rows, [added, revoked, added, "ben access_key_revoked prom"]);
}

#[tokio::test]
async fn keys_are_known_to_the_first_request_after_a_restart() {
    let app = App::new();
    let made = app.post("/api/v1/keys", json!({ "name": "prom", "scope": "read" })).await.expect(201).json();
    let app = app.restart().await;
    let request = App::local(Method::POST, "/events")
        .header("authorization", format!("Bearer {}", made["key"].as_str().unwrap()));
    app.request(request.body(Body::from(log().to_string())).unwrap()).await.expect(403);
}

#[tokio::test]
async fn the_audit_log_names_the_key_that_acted() {
    let mut app = exposed();
    let (_, sending) = make(&app, json!({ "name": "prom", "scope": "intake" })).await;
    let (_, acting) = make(&app, json!({ "name": "robot", "scope": "act" })).await;
    post(&app, "/events", &sending, event("orders", "log", "ERROR database query timeout after 5000 ms"))
        .await
        .expect(200);
    app.settle().await;
    let act = json!({ "action": "ack", "user": "mallory" });
    post(&app, "/api/v1/incidents/1/actions", &acting, act).await.expect(200);
    let row = get(&app, "/api/v1/audit", &acting).await.json()["items"][0].clone();
    assert_eq!((&row["who"], &row["details"]["on_behalf_of"]), (&json!("robot"), &json!("mallory")));
}

#[tokio::test]
async fn an_event_says_which_key_it_came_with_whatever_its_sender_claims() {
    let app = exposed();
    let (id, key) = make(&app, json!({ "name": "prom", "scope": "intake", "source": "checkout" })).await;
    let bare = json!({ "type": "log", "payload": "x", "metadata": { "foghorn_sender": "root" } });
    post(&app, "/events", &key, bare.clone()).await.expect(200);
    post(&app, "/events", &key, json!([{ "source": "own", "type": "log", "payload": "x" }])).await.expect(200);
    let mut claimed = bare.clone();
    claimed["source"] = "other".into();
    post(&app, "/events", TOKEN, claimed).await.expect(200);
    let events = get(&app, "/api/v1/events", TOKEN).await.json();
    let said = |event: &Value| (event["source"].clone(), event["metadata"]["foghorn_sender"].clone());
    let said: Vec<_> = events["items"].as_array().unwrap().iter().rev().map(said).collect();
    let sender = json!({ "id": id, "name": "prom" });
    let expected = [("checkout", sender.clone()), ("own", sender), ("other", Value::Null)];
    assert_eq!(said, expected.map(|(source, sender)| (json!(source), sender)));
    // Without a source for it, an event must name one.
    assert_eq!(post(&app, "/events", TOKEN, bare).await.expect(400).json()["field"], "source");
}

#[tokio::test]
async fn an_alert_that_two_of_a_pair_post_with_a_key_each_is_one() {
    let app = exposed();
    let (_, first) = make(&app, json!({ "name": "prom-a", "scope": "intake" })).await;
    let (_, second) = make(&app, json!({ "name": "prom-b", "scope": "intake" })).await;
    let alert = json!([{ "labels": { "alertname": "HighMem" }, "startsAt": "2026-01-02T03:00:00Z" }]);
    for key in [&first, &second, &first, &second] {
        post(&app, "/api/v2/alerts", key, alert.clone()).await.expect(200);
    }
    assert_eq!(app.count("SELECT count(*) FROM raw_events"), 1);
}

#[tokio::test]
async fn beyond_its_quota_a_key_waits_and_a_list_is_taken_as_a_whole_or_not_at_all() {
    let app = exposed();
    let (_, key) = make(&app, json!({ "name": "shipper", "scope": "intake", "quota": "10/s", "burst": 50 })).await;
    let logs = |many: usize| Value::Array(vec![log(); many]);
    post(&app, "/events", &key, logs(40)).await.expect(200);
    let refused = post(&app, "/events", &key, logs(25)).await.expect(429);
    assert_eq!(refused.headers["retry-after"], "2");
    assert_eq!(refused.json()["type"], "urn:foghorn:problem:over-quota");
    let detail = "the quota of the key `shipper` is 10/s, 50 at once, and it is used up: send these 25 events again in 2 s; \
                  nothing was stored";
    assert_eq!(refused.json()["detail"], detail);
    assert_eq!(get(&app, "/api/v1/events?count=exact", TOKEN).await.json()["total"], 40);
    app.advance(SignedDuration::from_secs(2));
    post(&app, "/events", &key, logs(25)).await.expect(200);
    let never = post(&app, "/events", &key, logs(51)).await.expect(429);
    assert!(never.json()["detail"].as_str().unwrap().contains("no more than 50 are ever taken at once"));
    let metrics = get(&app, "/metrics", TOKEN).await.text;
    for (outcome, count) in [("taken", 65), ("over_quota", 76)] {
        let line = format!("foghorn_key_events_total{{key=\"shipper\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

#[tokio::test]
async fn a_flood_of_lines_over_a_key_refuses_no_alert_that_comes_with_it() {
    let app = exposed();
    let (_, key) = make(&app, json!({ "name": "shipper", "scope": "intake", "quota": "2/s", "burst": 4 })).await;
    while post(&app, "/events", &key, log()).await.status == 200 {}
    let prometheus = json!([{ "labels": { "alertname": "HighMem" } }]);
    let page = json!({ "routing_key": "x", "event_action": "trigger",
        "payload": { "summary": "down", "source": "web-1", "severity": "critical" } });
    post(&app, "/api/v2/alerts", &key, prometheus).await.expect(200);
    post(&app, "/v2/enqueue", &key, page).await.expect(202);
    post(&app, "/events", &key, json!([firing(1), firing(2)])).await.expect(200);
    // Their own share has an end, too.
    let refused = post(&app, "/events", &key, firing(3)).await.expect(429);
    assert!(refused.json()["detail"].as_str().unwrap().contains("1 alerts"), "{}", refused.text);
}

#[tokio::test]
async fn a_key_that_cannot_be_made_is_refused_with_the_field_at_fault() {
    let app = App::new();
    let good = json!({ "name": "prom", "scope": "intake" });
    app.post("/api/v1/keys", good.clone()).await.expect(201);
    app.post("/api/v1/keys", good.clone()).await.expect(409);
    let with = |field: &str, value: Value| {
        let mut key = json!({ "name": "other", "scope": "intake" });
        key[field] = value;
        key
    };
    for (field, value) in [
        ("name", json!("Other")),
        ("name", json!("agent")),
        ("scope", json!("root")),
        ("quota", json!("many")),
        ("quota", json!("0/s")),
        ("source", json!("s".repeat(256))),
        ("user", json!("triage")),
    ] {
        let refused = app.post("/api/v1/keys", with(field, value)).await.expect(400).json();
        assert_eq!(refused["field"], field);
    }
    let reading = json!({ "name": "other", "scope": "read", "quota": "5/s" });
    assert_eq!(app.post("/api/v1/keys", reading).await.expect(400).json()["field"], "quota");
    for body in [json!([]), json!("x"), json!({}), with("burst", json!(-1)), with("digest", json!("x"))] {
        assert_eq!(app.post("/api/v1/keys", body).await.expect(400).json()["field"], "body");
    }
    app.post("/api/v1/keys/99/revoke", json!({})).await.expect(404);
    app.post("/api/v1/keys/1/revoke", json!({ "who": 1 })).await.expect(400);
    assert_eq!(app.audit().await, ["local access_key_added"]);
}

#[tokio::test]
async fn the_last_use_is_written_down_at_most_once_a_minute() {
    let app = exposed();
    let (_, key) = make(&app, json!({ "name": "prom", "scope": "intake" })).await;
    let used = async || {
        post(&app, "/events", &key, log()).await.expect(200);
        app.handles.keys.note_uses().await.unwrap();
        get(&app, "/api/v1/keys", TOKEN).await.json()["items"][0]["last_used_at"].clone()
    };
    let first = used().await;
    assert_eq!(first, "2026-01-02T03:04:05Z");
    app.advance(SignedDuration::from_secs(59));
    assert_eq!(used().await, first);
    app.advance(SignedDuration::from_secs(1));
    assert_eq!(used().await, "2026-01-02T03:05:05Z");
}

#[test]
fn the_commands_work_without_a_server_and_beside_one() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let output =
            foghorn().args(arguments).env("FOGHORN_DATA_DIR", directory.path()).env("USER", "ana").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let (is_made, out, error) = run(&["keys", "list"]);
    assert!(!is_made && error.contains("nothing is stored"), "{out} {error}");
    let (is_made, key, said) = run(&["keys", "add", "prom", "--scope", "intake", "--quota", "500/s"]);
    assert!(is_made && key.starts_with("fh_intake_") && !said.contains(&key), "{key} {said}");
    assert!(!run(&["keys", "add", "prom", "--scope", "read"]).0);
    assert!(run(&["keys", "list"]).1.contains("500/s"));

    let environment = [("FOGHORN_HTTP__REQUIRE_TOKEN", "true"), ("FOGHORN_API_TOKEN", TOKEN)];
    let server = Server::start_with(directory.path(), &environment);
    let (status, _) = server.request("POST", &format!("/in/{key}/events"), &log().to_string()).unwrap();
    assert_eq!(status, 200);
    let output = |arguments: &[&str]| {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--token", TOKEN]);
        server.run(&arguments)
    };
    let reading = output(&["keys", "add", "grafana", "--scope", "read"]);
    assert!(reading.starts_with("fh_read_"), "{reading}");
    assert_eq!(output(&["keys", "revoke", "prom"]), "the key prom is revoked\n");
    assert!(output(&["keys", "list", "--revoked"]).contains("revoked"));
    let (status, _) = server.request("POST", &format!("/in/{key}/events"), &log().to_string()).unwrap();
    assert_eq!(status, 401);
}

#[test]
fn what_stands_in_an_address_is_in_no_line_of_the_log() {
    let directory = TempDir::new().unwrap();
    let log_file = directory.path().join("log");
    let mut child = foghorn()
        .arg("serve")
        .env("FOGHORN_LISTEN", "127.0.0.1:0")
        .env("FOGHORN_DATA_DIR", directory.path())
        .env("LOG_LEVEL", "trace")
        .stdout(std::process::Stdio::piped())
        .stderr(std::fs::File::create(&log_file).unwrap())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let address = loop {
        let mut line = String::new();
        assert_ne!(std::io::BufRead::read_line(&mut out, &mut line).unwrap(), 0);
        if let Some(address) = line.trim().strip_prefix("listening on ") {
            break address.to_owned();
        }
    };
    let rest = std::thread::spawn(move || std::io::read_to_string(out).unwrap());
    let secret = "ab".repeat(32);
    for path in [format!("/in/fh_intake_{secret}/events"), format!("/in/fh_intake_{secret}/nowhere")] {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 1\r\n\r\n{{");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains(&secret), "{answer}");
    }
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    child.wait().unwrap();
    let said = rest.join().unwrap() + &std::fs::read_to_string(&log_file).unwrap();
    assert!(!said.is_empty() && !said.contains(&secret), "{said}");
}

#[tokio::test]
async fn while_nobody_can_say_which_keys_there_are_a_sender_is_told_to_come_again() {
    let app = exposed();
    app.run_sql("ALTER TABLE access_keys RENAME TO away");
    let key = format!("fh_intake_{}", "0".repeat(64));
    let answer = post(&app, "/events", &key, log()).await.expect(503);
    assert!(answer.headers.contains_key("retry-after"));
    // What needs no store is decided without one.
    post(&app, "/events", "wrong", log()).await.expect(401);
    post(&app, "/events", TOKEN, log()).await.expect(200);
    app.run_sql("ALTER TABLE away RENAME TO access_keys");
    post(&app, "/events", &key, log()).await.expect(401);
    let (_, key) = make(&app, json!({ "name": "prom", "scope": "intake" })).await;
    app.run_sql("ALTER TABLE access_keys RENAME TO away");
    app.handles.keys.refresh().await.unwrap_err();
    post(&app, "/events", &key, log()).await.expect(200);
}
