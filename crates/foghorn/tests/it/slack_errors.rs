//! Whatever Slack answers, and whatever comes in its name: somebody is told, and the outcome is written down.

use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Fault, Hand, event};
use serde_json::{Value, json};

/// One channel for everything, and another for what could not be told there.
const TWO_CHANNELS: &str = r##"
fallback = ["second"]

[receivers.first]
kind = "slack"
channel = "#incident-alerts"

[receivers.second]
kind = "slack"
channel = "#second"

[[route]]
receivers = ["first"]
"##;

async fn two_channels() -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.add_channel("#second");
    let app = App::at_slack(&slack, TWO_CHANNELS);
    (slack, app)
}

async fn an_incident(app: &mut App) {
    app.send(event("checkout", "log", "ERROR database query timeout after 5000 ms")).await;
    app.tell_everybody().await;
}

/// The tellings of the only incident as `receiver status`, without the dashboard's.
async fn outside(app: &App) -> Vec<String> {
    let incident = app.incident(1).await;
    let rows = incident["notifications"].as_array().unwrap().iter();
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| format!("{} {}", word(row, "receiver"), word(row, "status")))
        .filter(|line| !line.starts_with("dashboard"))
        .collect()
}

async fn delivered(app: &App, outcome: &str) -> f64 {
    app.metric(&format!(r#"foghorn_deliveries_total{{kind="slack",outcome="{outcome}"}}"#)).await
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_told_elsewhere_and_written_down() {
    for code in ["invalid_auth", "channel_not_found", "not_in_channel", "is_archived", "msg_too_long", "invalid_blocks"]
    {
        let (slack, mut app) = two_channels().await;
        slack.fault_on("chat.postMessage", Fault::OkFalse(code));
        an_incident(&mut app).await;
        assert_eq!(outside(&app).await, ["first failed", "second sent"], "{code}");
        assert_eq!((slack.messages(FakeSlack::CHANNEL).len(), slack.messages("#second").len()), (0, 1), "{code}");
        let audit = app.get("/api/v1/audit?limit=200").await.expect(200).json();
        let failed = audit["items"].as_array().unwrap().iter().find(|row| row["action"] == "slack_failed").unwrap();
        let details = &failed["details"];
        assert_eq!((&details["error"], &details["channel"]), (&json!(code), &json!("#incident-alerts")), "{details}");
        assert_eq!(details["given_up"], true);
        assert_eq!((delivered(&app, "given_up").await, delivered(&app, "sent").await), (1.0, 1.0), "{code}");
        // People still see it, and why it is not in its channel.
        assert_eq!(app.incident(1).await["status"], "notified");
        let lines = app.get("/api/v1/incidents/1/explain").await.expect(200).json()["lines"].to_string();
        assert!(lines.contains(code) && lines.contains("first"), "{lines}");
    }
}

#[tokio::test]
async fn a_passing_failure_puts_the_message_off_and_it_lands_once() {
    let cases = [
        (Fault::TooMany(30), "ratelimited"),
        (Fault::OkFalse("ratelimited"), "ratelimited"),
        (Fault::OkFalse("internal_error"), "internal_error"),
        (Fault::Status(500), "http_500"),
        (Fault::Status(503), "http_503"),
        (Fault::Html, "not_json"),
        (Fault::HalfClose, "connection_cut"),
        (Fault::Cut, "connection_cut"),
        (Fault::LandThenCut, "connection_cut"),
        (Fault::LandThenFail, "http_500"),
        (Fault::Endless, "answer_too_large"),
    ];
    for (fault, code) in cases {
        let (slack, mut app) = two_channels().await;
        slack.fault_on("chat.postMessage", fault.clone());
        app.send(event("checkout", "log", "ERROR database query timeout after 5000 ms")).await;
        app.settle().await;
        assert_eq!(outside(&app).await, ["first pending"], "{fault:?}");
        let why = app.incident(1).await["notifications"][1]["why"].as_str().unwrap_or_default().to_owned();
        assert!(why.starts_with(code), "{fault:?}: {why}");
        app.tell_everybody().await;
        assert_eq!(outside(&app).await, ["first sent"], "{fault:?}");
        assert_eq!(slack.messages(FakeSlack::CHANNEL).len(), 1, "{fault:?}");
        assert!(delivered(&app, "put_off").await >= 1.0, "{fault:?}");
        // To be asked to wait is no failure.
        let has_failed = app.audit().await.contains(&"agent slack_failed".to_owned());
        assert_eq!(has_failed, code != "ratelimited", "{fault:?}");
        assert!(app.audit().await.contains(&"agent slack_sent".to_owned()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_slack_that_does_not_answer_in_time_is_asked_again() {
    let slack = FakeSlack::with_clock(App::clock()).await;
    let mut app = App::with_receivers(slack.clock(), "", |receivers| {
        receivers.slack = slack.settings();
        receivers.slack.answer_within = Some(std::time::Duration::from_millis(300));
    });
    slack.fault_on("chat.postMessage", Fault::Hang);
    app.send(event("checkout", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    let why = app.incident(1).await["notifications"][1]["why"].as_str().unwrap_or_default().to_owned();
    assert!(why.starts_with("timeout"), "{why}");
    app.tell_everybody().await;
    // Nobody knows whether the first one still lands: the second says so.
    let message = &slack.all_messages()[0];
    assert_eq!(outside(&app).await, ["slack sent"]);
    assert!(message.blocks.to_string().contains("repeat"), "{:#}", message.blocks);
    assert_eq!(delivered(&app, "sent_again").await, 1.0);
}

#[tokio::test]
async fn a_message_that_may_have_landed_is_looked_for_until_that_is_known() {
    let (slack, mut app) = two_channels().await;
    slack.fault_on("chat.postMessage", Fault::LandThenCut);
    // When it is looked for Slack is down, and the next attempt is refused without a doubt.
    slack.fault_on("conversations.list", Fault::Status(500));
    slack.fault_on("chat.postMessage", Fault::TooMany(5));
    an_incident(&mut app).await;
    assert_eq!(slack.faults_due(), 0);
    assert_eq!(outside(&app).await, ["first sent"]);
    assert_eq!(slack.messages(FakeSlack::CHANNEL).len(), 1, "{:#?}", slack.calls());
}

#[tokio::test]
async fn a_telling_that_cannot_be_made_ready_holds_up_no_other_of_its_channel() {
    let (slack, mut app) = two_channels().await;
    app.run_sql(
        "INSERT INTO notifications (id, incident_id, receiver, channel, reason, occurrence, urgency, created_at)
         VALUES (-1, 999, 'first', '#incident-alerts', 'opened', '1', 'page', '2026-01-01T00:00:00.000000Z')",
    );
    an_incident(&mut app).await;
    assert_eq!(outside(&app).await, ["first sent"]);
    assert_eq!(slack.messages(FakeSlack::CHANNEL).len(), 1);
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE id = -1 AND status = 'failed'"), 1);
}

#[tokio::test]
async fn a_click_that_the_store_does_not_get_to_is_taken_back_and_said_so() {
    let (_slack, mut app) = two_channels().await;
    an_incident(&mut app).await;
    let body = Hand::john().click("ack", 1);
    let held = app.hold_writes();
    let answer = app.from_slack("/slack/actions", &body).await.expect(200).json();
    assert_eq!(answer["text"], "not recorded, try again");
    drop(held);
    app.settle().await;
    assert_eq!(app.incident(1).await["status"], "notified", "what was taken back does not happen later");
    let answer = app.from_slack("/slack/actions", &body).await.expect(200).json();
    assert_eq!(answer["text"], "Incident 1 acknowledged by john.doe");
}

#[tokio::test]
async fn a_slack_that_stays_down_is_given_up_in_the_end_and_told_elsewhere() {
    let (slack, mut app) = two_channels().await;
    app.send(event("checkout", "log", "ERROR database query timeout after 5000 ms")).await;
    for _ in 0..30 {
        slack.fault_on("chat.postMessage", Fault::Status(500));
    }
    for _ in 0..60 {
        app.minutes_later(11).await;
    }
    assert_eq!(outside(&app).await, ["first failed", "second sent"]);
    // The same failure again and again is one line, the giving up another.
    let failed = app.audit().await.iter().filter(|line| *line == "agent slack_failed").count();
    assert_eq!(failed, 2, "{:#?}", app.audit().await);
}

#[tokio::test]
async fn what_cannot_be_told_anywhere_is_in_the_dashboard() {
    let slack = FakeSlack::with_clock(App::clock()).await;
    let mut app = App::at_slack(&slack, "");
    slack.fault_on("chat.postMessage", Fault::OkFalse("invalid_auth"));
    an_incident(&mut app).await;
    assert_eq!(outside(&app).await, ["slack failed"]);
    assert!(app.get("/incidents/1").await.expect(200).text.contains("timeout"));
}

#[tokio::test]
async fn an_edit_that_fails_leaves_the_message_and_is_tried_again() {
    for (fault, is_edited) in
        [(Fault::Status(500), true), (Fault::TooMany(5), true), (Fault::OkFalse("edit_window_closed"), false)]
    {
        let (slack, mut app) = two_channels().await;
        an_incident(&mut app).await;
        slack.fault_on("chat.update", fault.clone());
        app.click(&Hand::john(), "ack", 1).await;
        app.tell_everybody().await;
        let message = &slack.messages(FakeSlack::CHANNEL)[0];
        assert_eq!(message.edits.len(), usize::from(is_edited), "{fault:?}");
        assert_eq!(app.incident(1).await["status"], "acknowledged");
        let outcome = if is_edited { "edit_put_off" } else { "edit_given_up" };
        assert_eq!(delivered(&app, outcome).await, 1.0, "{fault:?}");
        // The next change is tried again.
        app.click(&Hand::john(), "resolve", 1).await;
        app.tell_everybody().await;
        assert!(slack.messages(FakeSlack::CHANNEL)[0].sections()[0].contains("esolved by john.doe"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_bad_click_is_answered_with_what_is_wrong_and_changes_nothing() {
    let (_slack, mut app) = two_channels().await;
    an_incident(&mut app).await;
    let before = app.audit().await;
    let good = |change: &dyn Fn(&mut Value)| {
        let mut payload = json!({ "type": "block_actions", "user": { "id": "U1", "username": "john.doe" },
            "team": { "id": FakeSlack::TEAM }, "actions": [{ "action_id": "ack", "value": "1" }] });
        change(&mut payload);
        encoded(&payload.to_string())
    };
    let value = |value: Value| good(&|payload| payload["actions"][0]["value"] = value.clone());
    let without = |field: &'static str| good(&|payload| drop(payload.as_object_mut().unwrap().remove(field)));
    let cases = [
        ("".to_owned(), 400, "payload is missing"),
        ("payload=".to_owned(), 400, "payload is missing"),
        ("something=else".to_owned(), 400, "payload is missing"),
        (encoded("{\"type\":"), 400, "payload is not JSON"),
        (encoded("[1]"), 400, "payload is not an object"),
        ("{\"type\":\"block_actions\"}".to_owned(), 400, "payload is missing"),
        (without("type"), 400, "payload has no type"),
        (without("actions"), 400, "payload has no actions"),
        (good(&|payload| payload["actions"] = json!([])), 400, "payload has no actions"),
        (good(&|payload| payload["actions"] = json!("ack")), 400, "payload has no actions"),
        (without("user"), 400, "payload has no user"),
        (good(&|payload| payload["user"] = json!({ "name": "john" })), 400, "payload has no user"),
        (good(&|payload| payload["actions"][0]["action_id"] = json!("dance")), 400, "unknown action: dance"),
        (value(json!("abc")), 400, "not a positive integer: abc"),
        (value(json!("-1")), 400, "not a positive integer"),
        (value(json!("0")), 400, "not a positive integer"),
        (value(json!("1; DROP TABLE incidents")), 400, "not a positive integer"),
        (value(json!("99999999999999999999")), 400, "not a positive integer"),
        (value(Value::Null), 400, "not a positive integer"),
        (value(json!("999")), 404, "There is no incident 999"),
        (good(&|payload| payload["type"] = json!("shortcut")), 200, "{}"),
    ];
    for (body, status, part) in cases {
        let answer = app.from_slack("/slack/actions", &body).await.expect(status);
        assert!(answer.text.contains(part), "{body}: {}", answer.text);
    }
    app.from_slack("/slack/commands", "text=list").await.expect(400);
    app.from_slack("/slack/commands", "command=%2Ffoghorn&text=list").await.expect(400);
    assert_eq!(app.audit().await, before);
    assert_eq!(app.incident(1).await["status"], "notified");
}

#[tokio::test]
async fn what_slack_did_not_sign_is_refused_whatever_it_holds() {
    let (_slack, mut app) = two_channels().await;
    an_incident(&mut app).await;
    let before = app.audit().await;
    let (now, body) = (app.clock.now(), Hand::john().click("ack", 1));
    let five_minutes = SignedDuration::from_secs(301);
    for path in ["/slack/actions", "/slack/commands"] {
        app.signed(path, &body, now, "another secret").await.expect(401);
        app.signed(path, &body, now - five_minutes, FakeSlack::SIGNING_SECRET).await.expect(401);
        app.signed(path, &body, now + five_minutes, FakeSlack::SIGNING_SECRET).await.expect(401);
        app.post_form(path, &body, []).await.expect(401);
        let seconds = now.as_second().to_string();
        for signature in ["", "v0=", "v0=00", "v1=8f742231b10e8888abcd99yyyzzz85a5", "v0=\u{1f4a9}"] {
            let headers = [("x-slack-request-timestamp", &*seconds), ("x-slack-signature", signature)];
            app.post_form(path, &body, headers).await.expect(401);
        }
        let signed = app.signed(path, &body, now, FakeSlack::SIGNING_SECRET).await;
        assert_ne!(signed.status.as_u16(), 401);
    }
    // The one that was signed acknowledged; nothing else did anything.
    assert_eq!(app.audit().await[before.len()..], ["john.doe acknowledged"]);
}

#[tokio::test]
async fn without_a_signing_secret_nothing_is_believed() {
    let slack = FakeSlack::with_clock(App::clock()).await;
    let mut app = App::with_receivers(slack.clock(), "", |receivers| {
        receivers.slack = slack.settings();
        receivers.slack.signing_secret = None;
    });
    an_incident(&mut app).await;
    app.from_slack("/slack/actions", &Hand::john().click("ack", 1)).await.expect(401);
    app.signed("/slack/actions", &Hand::john().click("ack", 1), app.clock.now(), "").await.expect(401);
}

fn encoded(payload: &str) -> String {
    // What a form needs; everything else stands as it is.
    let percent = |character: char| match character {
        '%' | '&' | '+' | '=' | ';' | '#' | ' ' => format!("%{:02X}", u32::from(character)),
        _ => character.to_string(),
    };
    format!("payload={}", payload.chars().map(percent).collect::<String>())
}
