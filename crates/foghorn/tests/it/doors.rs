//! PagerDuty and webhooks: told once, kept up to date, and told later where they were away.

use axum::http::Method;
use data_encoding::BASE64;
use foghorn_slack::Secret;
use foghorn_testkit::App;
use foghorn_testkit::hooks::{HookServer, Recorded, Scripted};
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn check(number: usize, severity: &str, status: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "status": status, "dedup_key": format!("check-{number}"),
            "payload": format!("check {number} of service-{number} fails"),
            "metadata": { "severity": severity, "service": format!("service-{number}") } })
}

/// A Foghorn that rings PagerDuty and calls a webhook, both on one server, at `/v2/enqueue` and `/hook`.
fn calling(server: &HookServer) -> App {
    let routing = format!(
        r#"
fallback = ["phone", "tickets"]

[receivers.phone]
kind = "pagerduty"
routing_key_env = "PHONE_KEY"

[receivers.tickets]
kind = "webhook"
url = "{}"
secret_env = "TICKETS_SECRET"
"#,
        server.url("/hook")
    );
    App::with_receivers(App::clock(), &routing, |receivers| {
        receivers.pagerduty_events_url = Some(server.url(""));
        receivers.webhook_allow = vec!["127.0.0.1".to_owned()];
        let secrets = [("PHONE_KEY", "0123456789abcdef0123456789abcdef"), ("TICKETS_SECRET", SECRET)];
        receivers.environment = secrets.map(|(name, text)| (name.to_owned(), Secret::new(text))).into_iter().collect();
    })
}

async fn tell(app: &mut App, event: Value) {
    app.send(event).await;
    app.tell_everybody().await;
}

fn at(server: &HookServer, path: &str) -> Vec<Recorded> {
    server.requests().into_iter().filter(|request| request.uri.path() == path).collect()
}

fn rung(server: &HookServer) -> Vec<(String, String)> {
    let word = |body: &Value, name: &str| body[name].as_str().unwrap().to_owned();
    let requests = at(server, "/v2/enqueue");
    requests.iter().map(|request| (word(&request.json(), "event_action"), word(&request.json(), "dedup_key"))).collect()
}

fn types(server: &HookServer) -> Vec<String> {
    at(server, "/hook").iter().map(|request| request.json()["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_phone_rings_once_and_hears_who_took_it_and_that_it_is_over() {
    let server = HookServer::start().await;
    let mut app = calling(&server);
    tell(&mut app, check(1, "critical", "firing")).await;
    tell(&mut app, check(1, "critical", "firing")).await;
    app.act(1, "ack").await.expect(200);
    app.tell_everybody().await;
    app.act(1, "resolve").await.expect(200);
    app.tell_everybody().await;
    let rung = rung(&server);
    let actions: Vec<&str> = rung.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    assert!(rung.iter().all(|(_, key)| *key == rung[0].1), "{rung:?}");
    assert!(app.audit().await.contains(&"agent pagerduty_sent".to_owned()));
}

#[tokio::test]
async fn two_foghorns_that_ring_one_phone_are_told_apart() {
    let server = HookServer::start().await;
    for _ in 0..2 {
        tell(&mut calling(&server), check(1, "critical", "firing")).await;
    }
    let rung = rung(&server);
    assert_ne!(rung[0].1, rung[1].1, "the first incident of each");
}

#[tokio::test]
async fn the_source_that_ends_it_ends_it_at_pagerduty() {
    let server = HookServer::start().await;
    let mut app = calling(&server);
    tell(&mut app, check(1, "critical", "firing")).await;
    tell(&mut app, check(1, "critical", "resolved")).await;
    let actions: Vec<String> = rung(&server).into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
}

#[tokio::test]
async fn a_webhook_is_signed_and_says_every_change_once() {
    let server = HookServer::start().await;
    let mut app = calling(&server);
    tell(&mut app, check(1, "warning", "firing")).await;
    tell(&mut app, check(1, "critical", "firing")).await;
    app.act(1, "ack").await.expect(200);
    app.tell_everybody().await;
    tell(&mut app, check(1, "critical", "resolved")).await;
    let types = types(&server);
    assert_eq!(types[..2], ["incident.opened", "incident.severity_raised"]);
    // A change is said once, however often the incident was told.
    assert_eq!(types[2..], ["incident.acknowledged", "incident.resolved"]);
    let mut ids: Vec<String> = Vec::new();
    for request in at(&server, "/hook") {
        assert_eq!(request.method, Method::POST);
        assert!(is_signed(&request), "{:?}", request.headers);
        ids.push(request.header("webhook-id").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{ids:?}");
}

/// As the Standard Webhooks specification says, worked out here anew.
fn is_signed(request: &Recorded) -> bool {
    let key = BASE64.decode(SECRET.trim_start_matches("whsec_").as_bytes()).unwrap();
    let (id, seconds) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    let mut content = format!("{id}.{seconds}.").into_bytes();
    content.extend_from_slice(&request.body);
    request.header("webhook-signature") == format!("v1,{}", BASE64.encode(&hmac_sha256(&key, &content)))
}

/// RFC 2104 over OpenSSL's digest.
fn hmac_sha256(key: &[u8], content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut command = std::process::Command::new("openssl");
    command.args(["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{hex}"), "-binary"]);
    let mut child = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[tokio::test]
async fn whoever_was_away_hears_of_it_once_they_are_back() {
    let away = [Scripted::status(503), Scripted::HangUp, Scripted::retry_after(429, "30"), Scripted::status(500)];
    let server = HookServer::with_script(away.into_iter().cycle().take(8)).await;
    let mut app = calling(&server);
    app.send(check(1, "critical", "firing")).await;
    app.settle().await;
    assert_eq!(app.incident(1).await["status"], "notified");
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE receiver <> 'dashboard' AND status = 'pending'"), 2);
    app.tell_everybody().await;
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE receiver <> 'dashboard' AND status = 'sent'"), 2);
    // A repeat says by its id that it is one.
    let hooks = at(&server, "/hook");
    assert!(
        hooks.len() > 1 && hooks.iter().all(|request| request.header("webhook-id") == hooks[0].header("webhook-id"))
    );
    assert!(hooks.iter().all(|request| request.body == hooks[0].body && is_signed(request)));
    let rung = rung(&server);
    assert!(rung.len() > 1 && rung.iter().all(|known| *known == rung[0]), "{rung:?}");
}

#[tokio::test]
async fn programs_hear_of_every_incident_of_a_storm() {
    let server = HookServer::start().await;
    let mut app = calling(&server);
    app.send_all((0..40).map(|number| check(number, "warning", "firing")).collect()).await;
    app.tell_everybody().await;
    assert_eq!(types(&server).len(), 40);
    assert_eq!(rung(&server).len(), 40);
}

#[tokio::test]
async fn a_refused_webhook_is_told_to_the_others_and_written_down() {
    let server = HookServer::with_script([Scripted::status(410), Scripted::status(410)]).await;
    let mut app = calling(&server);
    tell(&mut app, check(1, "warning", "firing")).await;
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE receiver <> 'dashboard' AND status = 'failed'"), 2);
    for kind in ["pagerduty", "webhook"] {
        assert!(app.audit().await.contains(&format!("agent {kind}_failed")), "{kind}");
        let sample = format!(r#"foghorn_deliveries_total{{kind="{kind}",outcome="given_up"}}"#);
        assert_eq!(app.metric(&sample).await, 1.0);
    }
    assert_eq!(app.incident(1).await["status"], "notified");
}
