//! `kill -9` between sending and recording, judged by Slack's own ledger: nobody is left untold, and twice is told
//! only what was still on its way when it was looked for, and says so.

use crate::process::Server;
use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Fault, SlackMessage, event};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Kills where nobody asks for another number.
const KILLS: usize = 20;

/// Where the message is when the program dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dies {
    /// It stands in the channel, and the answer has not come.
    AfterItLanded,
    /// It has left and never lands.
    BeforeItLands,
    /// It is on its way, and lands after it was looked for.
    WhileItIsOnItsWay,
    /// Anywhere: some moment after the event was answered.
    Somewhere,
}

impl Dies {
    fn of(kill: usize) -> Self {
        [Self::AfterItLanded, Self::BeforeItLands, Self::WhileItIsOnItsWay, Self::Somewhere][kill % 4]
    }
}

fn start(slack: &FakeSlack, data_dir: &Path) -> Server {
    let url = slack.base_url();
    let environment = [
        ("SLACK_API_URL", &*url),
        ("SLACK_BOT_TOKEN", FakeSlack::TOKEN),
        ("SLACK_SIGNING_SECRET", FakeSlack::SIGNING_SECRET),
        ("SLACK_CHANNEL", FakeSlack::CHANNEL),
    ];
    Server::start_with(data_dir, &environment)
}

async fn until(slack: &FakeSlack, what: &str, holds: impl Fn(&FakeSlack) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), slack.until(holds)).await;
    waited.unwrap_or_else(|_| panic!("never came true: {what}"));
}

/// The messages that tell of each incident, by its number.
fn by_incident(slack: &FakeSlack) -> BTreeMap<String, Vec<SlackMessage>> {
    let mut found: BTreeMap<String, Vec<SlackMessage>> = BTreeMap::new();
    for message in slack.all_messages() {
        let id = message.sections()[0].split('*').nth(1).unwrap().to_owned();
        found.entry(id).or_default().push(message);
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_between_sending_and_recording_leave_nobody_untold() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let kills = number("FOGHORN_TEST_KILLS").unwrap_or(KILLS);
    let directory = TempDir::new().unwrap();
    let slack = FakeSlack::start().await;
    let mut server = start(&slack, directory.path());
    for kill in 0..kills {
        let (dies, before) = (Dies::of(kill), slack.all_messages().len());
        match dies {
            Dies::AfterItLanded => slack.fault_on("chat.postMessage", Fault::LandThenHang),
            Dies::BeforeItLands => slack.fault_on("chat.postMessage", Fault::Hang),
            Dies::WhileItIsOnItsWay => slack.fault_on("chat.postMessage", Fault::LandLate),
            Dies::Somewhere => {}
        }
        let event = json!({ "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{kill}"),
            "payload": format!("check {kill} fails"), "metadata": { "severity": "error", "service": format!("service-{kill}") } });
        assert_eq!(server.request("POST", "/events", &event.to_string()).unwrap().0, 200);
        match dies {
            Dies::AfterItLanded => until(&slack, "it landed", |slack| slack.all_messages().len() > before).await,
            Dies::BeforeItLands => until(&slack, "it left", |slack| slack.faults_due() == 0).await,
            Dies::WhileItIsOnItsWay => until(&slack, "it left", |slack| slack.on_their_way() == 1).await,
            // The nearer to the moment of sending, the better; which one it is does not matter.
            Dies::Somewhere => tokio::time::sleep(Duration::from_millis(37 * kill as u64 % 400)).await,
        }
        drop(server.kill());
        server = start(&slack, directory.path());
        server.wait_until_idle();
        slack.land_late();
    }
    let again = server.metric(r#"foghorn_deliveries_total{kind="slack",outcome="sent_again"}"#);
    assert_eq!(server.stop(), Some(0));

    let told = by_incident(&slack);
    assert_eq!(told.len(), kills, "an incident for each kill, and each told");
    for (incident, messages) in &told {
        let kill: usize = incident.trim_start_matches("Incident #").parse::<usize>().unwrap() - 1;
        let dies = Dies::of(kill);
        let marked = messages.iter().filter(|message| message.blocks.to_string().contains("may repeat")).count();
        let expected = match dies {
            Dies::AfterItLanded => (1, 0),
            Dies::BeforeItLands => (1, 1),
            Dies::WhileItIsOnItsWay => (2, 1),
            Dies::Somewhere => (1, marked),
        };
        assert_eq!((messages.len(), marked), expected, "{incident}, died {dies:?}");
    }
    let db = rusqlite::Connection::open(directory.path().join("foghorn.db")).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let marked = number("SELECT count(*) FROM notifications WHERE receiver = 'slack' AND may_repeat");
    let twice = told.values().filter(|messages| messages.len() > 1).count() as i64;
    assert!(marked >= twice && twice == (kills as i64 + 1) / 4, "{marked} marked, {twice} twice");
    // The counter is the last process's own.
    assert!(again <= 1.0);
    assert_eq!(number("SELECT count(*) FROM notifications WHERE receiver = 'slack' AND status = 'sent'"), kills as i64);
    assert_eq!(number("SELECT count(*) FROM audit_logs WHERE action = 'slack_sent'"), kills as i64);
}

#[tokio::test]
async fn a_message_is_found_again_though_whoever_began_it_went_by_a_clock_that_was_ahead() {
    let (slack, clock) = (FakeSlack::with_clock(App::clock()).await, App::clock());
    let ahead = SignedDuration::from_mins(20);
    clock.advance(ahead);
    let mut app = App::with_receivers(clock.clone(), "", |receivers| receivers.slack = slack.settings());
    slack.fault_on("chat.postMessage", Fault::LandThenCut);
    app.send(event("orders", "log", "ERROR database query timeout")).await;
    app.settle().await;
    assert_eq!((slack.all_messages().len(), slack.look_ups().len()), (1, 0), "it landed, and nobody knows");
    // The next process goes by a right clock, and finds the row as one that has died leaves it.
    clock.advance(-ahead);
    app.run_sql("UPDATE notifications SET next_attempt_at = NULL");
    app.settle().await;
    assert_eq!((slack.all_messages().len(), slack.look_ups().len()), (1, 1));
    assert_eq!(app.count("SELECT count(*) FROM notifications WHERE receiver = 'slack' AND status = 'sent'"), 1);
}
