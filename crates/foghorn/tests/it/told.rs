//! Who was told, by which route, or why not and what happens next: on the page, over the interface, in `explain`;
//! and what the settings and health say of routing and receivers.

use axum::http::Method;
use foghorn_testkit::{Answer, App, FakeSlack, Fault, event};
use serde_json::{Value, json};

const TIMEOUT: &str = "ERROR database query timeout after 5000 ms";

const ROUTING: &str = r##"
fallback = ["everybody"]

[receivers.everybody]
kind = "slack"
channel = "#incident-alerts"

[receivers.payments]
kind = "slack"
channel = "#payments"

[receivers.lead]
kind = "slack"
channel = "#leads"

[teams.payments]
name = "Payments"

[[route]]
name = "payments"
match = ["service = orders"]
team = "payments"
receivers = ["payments"]
escalation = [{ after = "15m", receivers = ["lead"] }]

[[maintenance]]
why = "the nightly import"
match = ["service = import"]
from = "03:00"
to = "04:00"

[[inhibit]]
name = "a database that is down"
source = ["kind = db_timeout"]
target = ["kind = error"]
equal = ["service"]
"##;

async fn at_slack(channels: &[&str]) -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    for channel in channels {
        slack.add_channel(channel);
    }
    let app = App::at_slack(&slack, ROUTING);
    (slack, app)
}

async fn explained(app: &App, id: i64) -> Value {
    app.get(&format!("/api/v1/incidents/{id}/explain")).await.expect(200).json()
}

/// The line about a receiver.
fn line_of<'a>(explained: &'a Value, receiver: &str) -> &'a str {
    let tellings = explained["tellings"].as_array().unwrap();
    let found = tellings.iter().find(|telling| telling["receiver"] == receiver);
    found.unwrap_or_else(|| panic!("{explained:#}"))["line"].as_str().unwrap()
}

fn has_line(explained: &Value, text: &str) -> bool {
    explained["lines"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains(text))
}

async fn submit(app: &App, path: &str, form: &'static str) -> Answer {
    let request = App::local(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "http://127.0.0.1:8000");
    app.request(request.body(form.into()).unwrap()).await
}

#[tokio::test]
async fn a_telling_names_its_route_and_team_and_who_is_told_next() {
    let (_slack, mut app) = at_slack(&["#payments", "#leads"]).await;
    app.send(event("orders", "log", TIMEOUT)).await;
    app.tell_everybody().await;
    let explained = explained(&app, 1).await;
    let line = line_of(&explained, "payments");
    assert!(line.starts_with("told to payments (#payments) at 2026-01-02T03:04:"), "{line}");
    assert!(line.contains(" by route[0] \"payments\" for team Payments because it opened"), "{line}");
    let next = "unless somebody acknowledges it, lead is told at 2026-01-02T03:19:";
    assert!(has_line(&explained, next), "{explained:#}");
    let told = &app.incident(1).await["notifications"][1];
    assert_eq!((&told["route"], &told["team"]), (&json!("route[0] \"payments\""), &json!("Payments")), "{told:#}");
    assert_eq!((&told["attempts"], &told["may_repeat"], &told["held_by"]), (&json!(0), &json!(false), &Value::Null));
    let page = app.get("/incidents/1?tab=told").await.expect(200).text;
    for shown in ["payments (#payments)", "By route[0] &quot;payments&quot;", "for team Payments", "because it opened"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    app.act(1, "ack").await.expect(200);
    assert!(!has_line(&self::explained(&app, 1).await, "unless somebody acknowledges it"));
}

#[tokio::test]
async fn what_slack_refuses_for_good_names_who_was_told_instead() {
    let (slack, mut app) = at_slack(&["#leads"]).await;
    app.send(event("orders", "log", TIMEOUT)).await;
    app.tell_everybody().await;
    let explained = explained(&app, 1).await;
    let line = line_of(&explained, "payments");
    assert!(line.contains("could not be told to payments (#payments)") && line.contains("channel_not_found"), "{line}");
    assert!(line.ends_with("given up; told to everybody (#incident-alerts) instead"), "{line}");
    assert!(line_of(&explained, "everybody").contains(" by fallback "), "{explained:#}");
    assert_eq!(slack.messages("#incident-alerts").len(), 1);
    let page = app.get("/incidents/1?tab=told").await.expect(200).text;
    assert!(page.contains("could not be told") && page.contains("Next: given up; told to everybody"), "{page}");
}

#[tokio::test]
async fn what_did_not_arrive_yet_says_when_it_is_tried_again() {
    let (slack, mut app) = at_slack(&["#payments", "#leads"]).await;
    slack.fault_on("chat.postMessage", Fault::Status(503));
    app.send(event("orders", "log", TIMEOUT)).await;
    app.settle().await;
    let telling = app.incident(1).await["notifications"][1].clone();
    assert_eq!((&telling["status"], &telling["attempts"]), (&json!("pending"), &json!(1)), "{telling:#}");
    let again = telling["next_attempt_at"].as_str().unwrap().to_owned();
    let explained = explained(&app, 1).await;
    let line = line_of(&explained, "payments").to_owned();
    assert!(line.contains("not told to payments (#payments) yet") && line.contains("(1 attempt)"), "{line}");
    assert!(line.contains(&format!("tried again at {again}, and given up after 30 failures")), "{line}");
    let page = app.get("/incidents/1?tab=told").await.expect(200).text;
    assert!(page.contains("not told yet") && page.contains("1 attempt failed"), "{page}");
    let health = app.get("/health").await.expect(200).json();
    assert_eq!(health["dependencies"]["slack"]["status"], "failing", "{health:#}");
    app.tell_everybody().await;
    assert!(line_of(&self::explained(&app, 1).await, "payments").starts_with("told to payments"));
    let health = app.get("/health").await.expect(200).json();
    assert_eq!(health["dependencies"]["slack"]["status"], "ok", "{health:#}");
}

#[tokio::test]
async fn what_is_kept_quiet_says_by_what_and_when_it_is_told() {
    let (slack, mut app) = at_slack(&["#payments", "#leads"]).await;
    let silence = json!({ "matchers": ["service = search"], "duration": "2h", "comment": "new index", "user": "ana" });
    app.post("/api/v1/silences", silence).await.expect(201);
    app.send(event("import", "log", TIMEOUT)).await;
    app.send(event("search", "log", TIMEOUT)).await;
    app.send(event("orders", "log", TIMEOUT)).await;
    app.tell_everybody().await;
    app.post("/webhook/error-log", json!({ "source": "orders", "type": "error", "payload": "invoice run stopped" }))
        .await
        .expect(200);
    app.tell_everybody().await;
    for (id, why, next) in [
        (1, "maintenance until", "told once when the maintenance is over, if it still fires"),
        (2, "silence 1 by ana until", "told once when silence 1 ends, if it still fires"),
        (4, "inhibited by incident 3", "told once when incident 3 has ended, if it still fires"),
    ] {
        let explained = explained(&app, id).await;
        let line = line_of(&explained, "dashboard");
        assert!(line.starts_with("not told to dashboard although it opened"), "{line}");
        assert!(line.contains(why) && line.ends_with(next), "{line}");
        assert!(has_line(&explained, "nobody is told of it now: "), "{explained:#}");
    }
    assert_eq!(slack.all_messages().len(), 1);
    let held = &app.incident(2).await["notifications"][0];
    assert_eq!((&held["held_by"], &held["status"]), (&json!("silence:1"), &json!("held")));
}

#[tokio::test]
async fn a_button_on_the_dashboard_edits_the_message_in_slack() {
    let (slack, mut app) = at_slack(&["#payments", "#leads"]).await;
    app.send(event("orders", "log", TIMEOUT)).await;
    app.tell_everybody().await;
    submit(&app, "/incidents/1/actions", "action=ack&user=Zo%C3%AB").await.expect(303);
    app.tell_everybody().await;
    let message = slack.messages("#payments").remove(0);
    assert_eq!(message.edits.len(), 1, "{message:#?}");
    assert!(message.sections()[0].contains("cknowledged by Zoë"), "{:#?}", message.sections());
}

#[tokio::test]
async fn settings_show_the_routing_in_force_and_a_fault_of_its_newest_version() {
    let (_slack, app) = at_slack(&["#payments", "#leads"]).await;
    let page = app.get("/settings").await.expect(200).text;
    let shown = [
        "routes.toml",
        "#payments",
        "service = orders",
        "after 15m lead",
        "the nightly import",
        "a database that is down",
    ];
    for part in shown {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains(FakeSlack::TOKEN) && !page.contains(FakeSlack::SIGNING_SECRET) && !page.contains("Faults"));
    app.reroute(&ROUTING.replace("receivers = [\"payments\"]", "receivers = [\"<b>paymnts</b>\"]"));
    let page = app.get("/settings").await.expect(200).text;
    assert!(page.contains("what stands below stays in force") && !page.contains("<b>"), "{page}");
    assert!(page.contains("there is no receiver"), "{page}");
    let status = app.get("/status").await.expect(200).json();
    assert!(status["routing"]["fault"].as_str().unwrap().contains("there is no receiver"), "{status:#}");
    app.reroute(ROUTING);
    assert!(!app.get("/settings").await.expect(200).text.contains("stays in force"));
}

#[tokio::test]
async fn a_test_from_the_settings_says_what_every_receiver_answered() {
    let (slack, app) = at_slack(&[]).await;
    let page = submit(&app, "/settings/test", "incident_type=xss&user=ana").await.expect(200).text;
    assert!(page.contains("everybody") && page.contains("class=\"good\">sent"), "{page}");
    assert_eq!(slack.messages("#incident-alerts").len(), 1);
    assert!(app.audit().await.contains(&"ana test_notification".to_owned()));
    app.reroute(&ROUTING.replace("fallback = [\"everybody\"]", "fallback = [\"payments\"]"));
    let page = submit(&app, "/settings/test", "incident_type=xss&user=ana").await.expect(200).text;
    assert!(page.contains("channel_not_found"), "{page}");
    let status = app.get("/status").await.expect(200).json();
    let last = &status["receivers"]["slack"]["last_outcome"];
    assert_eq!((&last["outcome"], &last["error"]), (&json!("test_failed"), &json!("channel_not_found")), "{status:#}");
    assert_eq!(
        status["receivers"]["email"],
        json!({ "status": "not_configured", "configured": false, "last_outcome": null })
    );
    submit(&app, "/settings/test", "incident_type=%3Cb%3E").await.expect(400);
    let alone = App::new();
    let page = submit(&alone, "/settings/test", "incident_type=xss").await.expect(200).text;
    assert!(page.contains("nothing was sent"), "{page}");
}
