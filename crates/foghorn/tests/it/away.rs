//! The database away: criticals are told at once, without it.

use crate::wire::Wire;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::secret::Secret;
use foghorn_pipeline::Settings;
use foghorn_testkit::hooks::HookServer;
use foghorn_testkit::{App, FakeSlack, Fault, SlackMessage, postgres};
use serde_json::{Value, json};

struct Away {
    app: App,
    slack: FakeSlack,
    wire: Wire,
    database: String,
}

/// A Foghorn that tells a strict Slack, and a wire to its database.
async fn started(configure: impl FnOnce(&mut Settings)) -> Away {
    let database = postgres::database();
    let wire = Wire::to(&database).await;
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.strict_rate(true);
    let app = App::on_database_with(wire.url.clone(), slack.clock(), |settings| {
        settings.receivers.slack = slack.settings();
        configure(settings);
    });
    Away { app, slack, wire, database }
}

/// A check that fires, of a service of its own.
fn firing(number: usize, severity: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{number}"),
            "payload": format!("check {number} fails with password=hunter2hunter2 <!channel>"),
            "metadata": { "severity": severity, "service": format!("service-{number:03}") } })
}

fn emergencies(slack: &FakeSlack) -> Vec<SlackMessage> {
    let messages = slack.messages(FakeSlack::CHANNEL);
    messages.into_iter().filter(|message| message.text.starts_with("DATABASE AWAY")).collect()
}

/// How often the lines of all emergency messages begin with a service.
fn named(slack: &FakeSlack, number: usize) -> usize {
    let line = format!("• service-{number:03} ·");
    emergencies(slack).iter().map(|message| message.sections().join("\n").matches(&line).count()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_criticals_are_told_without_the_database_each_once_and_marked() {
    let Away { mut app, slack, wire, database } = started(|_| {}).await;
    wire.cut();
    for number in 0..100 {
        for severity in ["critical", "critical", "warning"] {
            // A warning of its own, which is kept and not told.
            let number = if severity == "warning" { number + 500 } else { number };
            let answer = app.post("/events", firing(number, severity)).await.expect(200).json();
            assert_eq!(answer["outcome"], "spooled");
        }
        // Ten come in a second.
        if number % 10 == 9 {
            app.advance(SignedDuration::from_secs(1));
            app.tell_in_an_emergency().await;
        }
    }
    for number in 0..100 {
        assert_eq!((named(&slack, number), named(&slack, number + 500)), (1, 0), "{number}");
    }
    let told = emergencies(&slack);
    assert_eq!(slack.calls().len(), told.len(), "Slack had to refuse something: {:?}", slack.calls());
    for message in &told {
        let all = format!("{} {}", message.text, message.sections().join("\n"));
        assert!(all.contains("*Emergency*") && all.contains("away since 03:04:05 UTC"), "{all}");
        assert!(all.contains("no button") && all.contains("when the database is back"), "{all}");
        assert!(!all.contains("hunter2") && !all.contains("<!channel>"), "{all}");
        assert!(message.buttons().is_empty());
    }
    assert_eq!(app.metric("foghorn_emergency_criticals_total{outcome=\"told\"}").await, 100.0);
    assert_eq!(app.metric("foghorn_emergency_criticals_total{outcome=\"repeated\"}").await, 100.0);

    wire.mend().await;
    app.tell_everybody().await;
    assert_eq!(emergencies(&slack).len(), told.len());
    // The repeats of an alert that has not changed refresh it.
    assert_eq!(postgres::count(&database, "SELECT count(*) FROM raw_events"), 200);
    let in_order =
        "SELECT count(*) FROM (SELECT payload, row_number() OVER (ORDER BY place, id) - 1 AS n FROM raw_events) e
                     WHERE payload LIKE 'check ' || (n / 2 + n % 2 * 500) || ' fails%'";
    assert_eq!(postgres::count(&database, in_order), 200);
    let incidents = "SELECT count(*) FROM incidents WHERE status = 'notified' AND severity = 'critical'";
    assert_eq!(postgres::count(&database, incidents), 100);
    let written_down = "SELECT count(*) FROM audit_logs WHERE who = 'foghorn' AND action = 'told_in_emergency'
                          AND details::text LIKE '%\"criticals\": 100%'";
    assert_eq!(postgres::count(&database, written_down), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_at_once_goes_in_few_messages_within_ten_seconds() {
    let Away { mut app, slack, wire, .. } = started(|_| {}).await;
    wire.cut();
    app.post("/events", Value::Array((0..300).map(|number| firing(number, "critical")).collect())).await.expect(200);
    assert!(app.tell_in_an_emergency().await <= 10);
    assert!((0..300).all(|number| named(&slack, number) == 1));
    assert_eq!(emergencies(&slack).len(), 10);
    assert!(emergencies(&slack)[0].text.contains("(and 299 more)"), "{}", emergencies(&slack)[0].text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_before_is_not_told_again_and_what_was_just_stored_is() {
    let Away { mut app, slack, wire, .. } = started(|_| {}).await;
    app.send(firing(1, "critical")).await;
    app.tell_everybody().await;
    app.advance(SignedDuration::from_mins(5));
    app.send(firing(2, "critical")).await;
    app.send(firing(3, "critical")).await;
    wire.cut();
    for number in [1, 2] {
        app.post("/events", firing(number, "critical")).await.expect(200);
    }
    app.tell_in_an_emergency().await;
    // Of the third nothing was heard again: it was stored, and the database went away before anybody was told.
    assert_eq!([1, 2, 3].map(|number| named(&slack, number)), [0, 1, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slack_that_fails_and_asks_to_wait_is_told_all_the_same() {
    let Away { mut app, slack, wire, .. } = started(|_| {}).await;
    wire.cut();
    slack.fault(Fault::Status(500));
    slack.fault(Fault::TooMany(7));
    for number in 0..40 {
        app.post("/events", firing(number, "critical")).await.expect(200);
    }
    let waited = app.tell_in_an_emergency().await;
    assert!(waited >= 7, "Slack had asked for more than {waited} s");
    assert!((0..40).all(|number| named(&slack, number) == 1));
    assert_eq!(slack.faults_due(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pagerduty_rings_without_the_database_and_hears_when_it_is_back() {
    let pagerduty = HookServer::start().await;
    let Away { mut app, wire, .. } = started(|settings| {
        settings.receivers.slack.bot_token = None;
        settings.receivers.pagerduty_routing_key = Some(Secret::new("0123456789abcdef0123456789abcdef"));
        settings.receivers.pagerduty_events_url = Some(pagerduty.url(""));
    })
    .await;
    let sent = || {
        let bodies = pagerduty.requests().into_iter().map(|request| request.json());
        bodies.map(|body| (body["event_action"].clone(), body["dedup_key"].clone(), body)).collect::<Vec<_>>()
    };
    wire.cut();
    app.post("/events", firing(7, "critical")).await.expect(200);
    app.tell_in_an_emergency().await;
    let [(action, key, body)] = &sent()[..] else { panic!("{:?}", sent()) };
    let summary = body["payload"]["summary"].as_str().unwrap();
    assert!(*action == "trigger" && summary.starts_with("EMERGENCY · CRITICAL · service-007"), "{body}");
    assert!(body.to_string().contains("told in an emergency"), "{body}");

    wire.mend().await;
    app.tell_everybody().await;
    let resolved = sent().iter().filter(|(action, of, _)| *action == "resolve" && of == key).count();
    let rung_anew = sent().iter().filter(|(action, of, _)| *action == "trigger" && of != key).count();
    assert_eq!((resolved, rung_anew), (1, 1), "{:?}", sent());
}
