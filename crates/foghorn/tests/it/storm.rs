//! Many at once into one channel: everybody is told, nobody twice, and Slack is never asked for too much.

use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Fault, Hand};
use serde_json::{Value, json};

/// A check that fires, of a service of its own.
fn firing(number: usize, severity: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{number}"),
            "payload": format!("check {number} of service-{number} fails"),
            "metadata": { "severity": severity, "service": format!("service-{number}") } })
}

/// A channel that takes many messages one by one before they are folded.
const ONE_BY_ONE: &str = r##"
fallback = ["alerts"]

[receivers.alerts]
kind = "slack"
channel = "#incident-alerts"
storm_above = 1000
"##;

async fn strict(routing: &str) -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.strict_rate(true);
    let app = App::at_slack(&slack, routing);
    (slack, app)
}

fn calls(slack: &FakeSlack, method: &str) -> usize {
    slack.calls().iter().filter(|call| *call == method).count()
}

/// Nothing of it was asked for that Slack refused, and nothing landed twice.
fn went_well(slack: &FakeSlack) {
    assert!(slack.ledger().values().all(|times| *times == 1), "{:#?}", slack.ledger());
    let edits: usize = slack.all_messages().iter().map(|message| message.edits.len()).sum();
    let done = (calls(slack, "chat.postMessage"), calls(slack, "chat.update"));
    assert_eq!(done, (slack.all_messages().len(), edits), "Slack had to refuse something");
}

fn told_in_slack(app: &App) -> i64 {
    app.count("SELECT count(DISTINCT incident_id) FROM notifications WHERE receiver <> 'dashboard' AND status IN ('sent', 'joined')")
}

#[tokio::test]
async fn five_hundred_at_once_are_told_in_a_few_messages() {
    let (slack, mut app) = strict("").await;
    app.send_all((0..500).map(|number| firing(number, "warning")).collect()).await;
    app.tell_everybody().await;
    assert_eq!(app.count("SELECT count(*) FROM incidents WHERE status = 'notified'"), 500);
    assert_eq!(told_in_slack(&app), 500);
    went_well(&slack);
    let messages = slack.all_messages();
    assert!(messages.len() <= 5, "{} messages", messages.len());
    let storm = messages.iter().find(|message| message.text.starts_with("Storm:")).unwrap();
    assert!(storm.sections()[0].contains("500 incidents"), "{:#?}", storm.sections());
    // What joined later is one edit, not one for each.
    assert!(storm.edits.len() <= 3, "{} edits", storm.edits.len());
    let lines = app.get("/api/v1/incidents/400/explain").await.expect(200).json()["lines"].to_string();
    assert!(lines.contains("storm"), "{lines}");
    let alone = messages.len() as i64;
    assert_eq!(
        app.count("SELECT count(*) FROM notifications WHERE status = 'joined' AND held_by = 'storm'"),
        500 - alone
    );
}

#[tokio::test]
async fn one_by_one_they_go_at_slacks_pace_and_posts_go_before_edits() {
    let (slack, mut app) = strict(ONE_BY_ONE).await;
    app.send_all((0..100).map(|number| firing(number, "warning")).collect()).await;
    app.settle().await;
    // Those that were told at once change while the others still wait.
    for id in 1..=5 {
        app.click(&Hand::john(), "ack", id).await;
        app.click(&Hand::of("U2", "ana"), "resolve", id).await;
    }
    let seconds = app.tell_everybody().await;
    went_well(&slack);
    assert_eq!((slack.all_messages().len(), told_in_slack(&app)), (100, 100));
    assert!((95..=120).contains(&seconds), "{seconds} s");
    let is_write = |call: &&String| call.starts_with("chat.");
    let writes: Vec<String> = slack.calls().iter().filter(is_write).cloned().collect();
    let first_edit = writes.iter().position(|call| call == "chat.update").unwrap();
    assert!(writes[first_edit..].iter().all(|call| call == "chat.update"), "{writes:#?}");
    // Two changes are one edit, and the newest shows.
    let changed: Vec<_> = slack.all_messages().into_iter().filter(|message| !message.edits.is_empty()).collect();
    assert_eq!(changed.len(), 5);
    assert!(changed.iter().all(|message| message.edits.len() == 1 && message.sections()[0].contains("ana")));
}

#[tokio::test]
async fn a_page_goes_out_at_the_channels_next_free_slot() {
    let (slack, mut app) = strict(ONE_BY_ONE).await;
    app.send_all((0..500).map(|number| firing(number, "warning")).collect()).await;
    app.settle().await;
    for _ in 0..10 {
        app.advance(SignedDuration::from_secs(1));
        app.settle().await;
    }
    let before = slack.all_messages().len();
    app.send(firing(500, "critical")).await;
    let sent_at = app.clock.now();
    app.tell_everybody().await;
    let messages = slack.all_messages();
    assert!(messages[before].text.contains("service-500"), "{}", messages[before].text);
    assert!(messages[before].at.duration_since(sent_at) <= SignedDuration::from_secs(3));
    assert_eq!(messages.len(), 501);
    went_well(&slack);
}

#[tokio::test]
async fn a_page_is_told_alone_in_the_middle_of_a_storm() {
    let (slack, mut app) = strict("").await;
    let mut events: Vec<Value> = (0..500).map(|number| firing(number, "warning")).collect();
    events.insert(250, firing(777, "critical"));
    app.send_all(events).await;
    app.tell_everybody().await;
    went_well(&slack);
    let messages = slack.all_messages();
    assert!(messages[0].text.contains("service-777") && !messages[0].buttons().is_empty(), "{:#?}", messages[0]);
    assert_eq!(told_in_slack(&app), 501);
}

#[tokio::test]
async fn being_refused_half_the_time_changes_only_how_long_it_takes() {
    let (slack, mut app) = strict(ONE_BY_ONE).await;
    slack.fault_every(2, Fault::TooMany(2));
    app.send_all((0..500).map(|number| firing(number, "warning")).collect()).await;
    let seconds = app.tell_everybody().await;
    assert!(slack.ledger().values().all(|times| *times == 1));
    assert_eq!((slack.all_messages().len(), told_in_slack(&app)), (500, 500));
    let texts: Vec<String> = slack.all_messages().into_iter().map(|message| message.text).collect();
    for number in 0..500 {
        let about = format!(" · service-{number} · ");
        assert_eq!(texts.iter().filter(|text| text.contains(&about)).count(), 1, "service-{number}");
    }
    // Nobody gave up and nobody calls a wait a failure.
    assert!(!app.audit().await.contains(&"agent slack_failed".to_owned()));
    assert!(seconds > 500, "{seconds} s");
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_storm_tells_the_rest_once_at_the_same_pace() {
    let (slack, mut app) = strict(ONE_BY_ONE).await;
    app.send_all((0..30).map(|number| firing(number, "warning")).collect()).await;
    app.settle().await;
    for _ in 0..4 {
        app = app.restart().await;
        app.settle().await;
        app.advance(SignedDuration::from_secs(1));
    }
    app.tell_everybody().await;
    assert_eq!((slack.all_messages().len(), told_in_slack(&app)), (30, 30));
    went_well(&slack);
}

/// Ten channels, for the tenth services each.
fn ten_channels() -> String {
    let channel = |number: usize| {
        format!(
            "[receivers.c{number}]\nkind = \"slack\"\nchannel = \"#c{number}\"\nstorm_above = 1000\n
             [[route]]\nmatch = [\"service =~ service-[0-9]*{number}\"]\nreceivers = [\"c{number}\"]\n"
        )
    };
    format!("fallback = [\"c0\"]\n{}", (0..10).map(channel).collect::<String>())
}

#[tokio::test]
async fn edits_of_all_channels_together_keep_to_what_a_workspace_takes() {
    let slack = FakeSlack::with_clock(App::clock()).await;
    slack.strict_rate(true);
    (0..10).for_each(|number| drop(slack.add_channel(&format!("#c{number}"))));
    let mut app = App::at_slack(&slack, &ten_channels());
    app.send_all((0..80).map(|number| firing(number, "warning")).collect()).await;
    app.tell_everybody().await;
    for id in 1..=80 {
        app.click(&Hand::john(), "ack", id).await;
    }
    app.tell_everybody().await;
    went_well(&slack);
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 80);
    assert!(messages.iter().all(|message| message.edits.len() == 1));
}

/// Two teams in one channel.
const ONE_CHANNEL: &str = r##"
fallback = ["ops"]

[receivers.ops]
kind = "slack"
channel = "#incident-alerts"
storm_above = 1000

[receivers.dev]
kind = "slack"
channel = "#incident-alerts"
storm_above = 1000

[[route]]
match = ["service =~ service-[0-9]*[02468]"]
receivers = ["dev"]
"##;

#[tokio::test]
async fn two_receivers_in_one_channel_keep_to_its_pace_together() {
    let (slack, mut app) = strict(ONE_CHANNEL).await;
    app.send_all((0..30).map(|number| firing(number, "warning")).collect()).await;
    app.tell_everybody().await;
    went_well(&slack);
    assert_eq!(slack.all_messages().len(), 30);
    for receiver in ["ops", "dev"] {
        let sent = format!("SELECT count(*) FROM notifications WHERE receiver = '{receiver}' AND status = 'sent'");
        assert_eq!(app.count(&sent), 15);
    }
}

#[tokio::test]
async fn an_edit_that_slack_puts_off_holds_up_no_message() {
    let (slack, mut app) = strict(ONE_BY_ONE).await;
    app.send(firing(1, "warning")).await;
    app.tell_everybody().await;
    slack.fault_on("chat.update", Fault::TooMany(600));
    app.click(&Hand::john(), "ack", 1).await;
    app.settle().await;
    app.send(firing(2, "critical")).await;
    app.settle().await;
    assert_eq!(slack.all_messages().len(), 2);
    assert!(slack.all_messages()[0].edits.is_empty());
    app.tell_everybody().await;
    assert_eq!(slack.all_messages()[0].edits.len(), 1);
}
