use super::*;
use crate::terminal::screen_of;
use foghorn_demo::{Fault, Hour};
use foghorn_domain::event::{EventStatus, NewEvent};
use foghorn_domain::severity::Severity;
use foghorn_pipeline::replay::Sum;
use foghorn_store::Store;
use serde_json::Value;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn args(line: &[&str]) -> Args {
    let line = std::iter::once("replay").chain(line.iter().copied());
    <Line as clap::Parser>::try_parse_from(line).unwrap().args
}

/// What the command comes to, with this text in a file of that name.
async fn report_of(name: &str, text: &str, more: &[&str]) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let args = args(&[&[file.as_str()], more].concat());
    replayed(&args, &Config::load(&Default::default()).unwrap()).await.unwrap()
}

/// What the driver makes of events, with this text as the routing file.
async fn receipt_of(heard: Vec<Heard>, routes: &str) -> Receipt {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(directory.path());
    if !routes.is_empty() {
        let file = directory.path().join("routes.toml");
        std::fs::write(&file, routes).unwrap();
        settings.receivers.routing_file = Some(file);
    }
    let mut replay = Replay::open(Options::new(directory.path()), settings, heard[0].at).unwrap();
    for one in heard {
        replay.hear(one).await.unwrap();
    }
    replay.finish().await.unwrap()
}

fn begins() -> Timestamp {
    "2026-03-21T10:00:00Z".parse().unwrap()
}

fn minute(minute: i64) -> Timestamp {
    begins() + SignedDuration::from_mins(minute)
}

fn heard_of(hour: &Hour) -> Vec<Heard> {
    hour.events()
        .into_iter()
        .map(|planned| Heard { at: hour.begins() + planned.offset, event: planned.event })
        .collect()
}

/// Where every event went, and that nothing is said of an incident that does not add up.
fn assert_adds_up(report: &Report) {
    let Sum { in_incidents, in_templates_alone, repeats, .. } = report.receipt.sum;
    assert_eq!(report.events(), in_incidents + in_templates_alone + repeats + report.unparsed);
    let counted: u64 = report.receipt.templates.iter().map(|template| template.count).sum();
    assert_eq!(counted, in_incidents + in_templates_alone, "every event that is stored has a template");
    for one in &report.receipt.incidents {
        let is_accounted_for = !one.tellings.is_empty() || one.told_with.is_some() || !one.held_back.is_empty();
        assert!(is_accounted_for, "nobody says what became of #{}", one.incident.id);
        assert!(one.held_back.iter().all(|held| !held.why.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_of_an_hour_adds_up_in_every_form() {
    let mut lines = Vec::new();
    crate::commands::demo::print_events(&Hour::new(3, begins()), &mut lines).unwrap();
    let report = report_of("hour.jsonl", std::str::from_utf8(&lines).unwrap(), &[]).await;
    assert_adds_up(&report);
    let json = report.json();
    let count = |name: &str| json[name].as_u64().unwrap() as usize;
    let list = |name: &str| json[name].as_array().unwrap().len();
    assert_eq!(count("events"), lines.iter().filter(|byte| **byte == b'\n').count());
    let incidents = json["incidents"].as_array().unwrap();
    let tellings: usize = incidents.iter().map(|incident| incident["tellings"].as_array().unwrap().len()).sum();
    assert_eq!((count("messages"), count("unparsed")), (tellings, 0));
    assert!(list("held_back") > 0 && count("pages") >= 1 && incidents.len() > 10);
    let ends = incidents.iter().filter(|incident| incident["ended_by"] == "source").count();
    assert!(ends > 0, "some ended by their source");
    // An alert that ran out was ended by an event of Foghorn's own, which is none of the input's.
    let in_incidents: u64 = incidents.iter().map(|incident| incident["event_count"].as_u64().unwrap()).sum();
    assert!(in_incidents >= report.receipt.sum.in_incidents);

    let mut out = Vec::new();
    text::write(&mut screen_of(&mut out, false, Some(100)), &report).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(&report.sum_in_words()), "{text}");
    let page = page::page(&report).into_string();
    assert!(
        page.contains(&report.sum_in_words()) && page.contains("default-src &#39;none&#39;")
            || page.contains("default-src 'none'")
    );
    let outside = ["<script", "src=", "http://", "https://", "@import", "url("];
    assert!(
        outside.iter().all(|outside| !page.split("<body>").next().unwrap().contains(outside)),
        "it needs nothing else"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_found_within_its_minute_and_told_once_and_healthy_traffic_never() {
    for seed in [1, 2, 3] {
        let healthy = Hour::healthy(seed, begins(), SignedDuration::from_mins(30), 10);
        let receipt = receipt_of(heard_of(&healthy), "").await;
        assert_eq!(receipt.messages(), 0, "seed {seed}: {:?}", receipt.incidents);
        for fault in Fault::ALL {
            let hour = Hour::with(seed, begins(), &[fault]).around_its_faults();
            let receipt = receipt_of(heard_of(&hour), "").await;
            let began = hour.begins() + hour.faults()[0].1;
            let found = receipt.incidents.iter().map(|one| one.incident.first_seen).find(|at| *at >= began).unwrap();
            assert!(found.duration_since(began) < SignedDuration::from_mins(1), "seed {seed}: {fault:?} at {found}");
            let told: Vec<Timestamp> =
                receipt.incidents.iter().flat_map(|one| &one.tellings).map(|telling| telling.at).collect();
            assert_eq!(told.len(), 1, "seed {seed}: {fault:?}: {told:?}");
            let after = told[0].duration_since(began);
            assert!(after >= SignedDuration::ZERO && after < SignedDuration::from_mins(1), "seed {seed}: {fault:?}");
        }
    }
}

fn alert(name: &str, status: EventStatus, severity: Severity) -> NewEvent {
    let mut event = NewEvent::new("uptime", "check", format!("{name} does not answer"));
    event.status = Some(status);
    event.dedup_key = Some(name.to_owned());
    event.severity = Some(severity);
    event.metadata.insert("service".to_owned(), name.into());
    event
}

const ROUTES: &str = r##"
fallback = ["channel"]
[receivers.channel]
kind = "slack"
channel = "#ops"
[receivers.phone]
kind = "pagerduty"
routing_key_env = "NOBODY_HAS_SET_THIS"
[receivers.boss]
kind = "email"
to = ["boss@example.org"]

[[route]]
name = "night"
match = ["urgency = page"]
when = { days = ["mon-sun"], from = "22:00", to = "06:00", zone = "UTC" }
receivers = ["phone"]
escalation = [{ after = "15m", receivers = ["boss"] }]

[[maintenance]]
why = "moving cart"
match = ["service = cart"]
from = "10:00"
to = "11:00"
zone = "UTC"
"##;

fn told(receipt: &Receipt) -> Vec<String> {
    let mut told: Vec<(Timestamp, String)> = receipt
        .incidents
        .iter()
        .flat_map(|one| one.tellings.iter().map(move |telling| (one, telling)))
        .map(|(one, telling)| {
            let text = format!(
                "{} {} {} {}",
                one.incident.service,
                telling.receiver,
                telling.channel,
                telling.reason.as_str()
            );
            (telling.at, format!("{} {text}", telling.at.strftime("%H:%M")))
        })
        .collect();
    told.sort();
    told.into_iter().map(|(_, text)| text).collect()
}

#[tokio::test]
async fn routes_by_the_hour_escalations_and_maintenance_go_by_the_driven_clock_and_need_no_secrets() {
    let night = |minute: i64| "2026-03-20T23:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute);
    let fires = |at, name: &str| Heard { at, event: alert(name, EventStatus::Firing, Severity::Critical) };
    let ends = |at, name: &str| Heard { at, event: alert(name, EventStatus::Resolved, Severity::Critical) };
    let heard = vec![
        fires(night(0), "search"),
        ends(night(60), "search"),
        fires(minute(10), "cart"),
        fires(minute(20), "catalog"),
        ends(minute(90), "catalog"),
    ];
    let receipt = receipt_of(heard, ROUTES).await;
    let expected = [
        "23:00 search phone pagerduty opened",
        "23:15 search boss boss@example.org unacknowledged",
        "10:20 catalog channel #ops opened",
        "11:00 cart channel #ops silence_ended",
    ];
    let told = told(&receipt);
    assert_eq!(told.iter().map(|line| line.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(receipt.pages(), 4);
    let cart = receipt.incidents.iter().find(|one| one.incident.service == "cart").unwrap();
    assert!(cart.held_back.is_empty() || cart.held_back[0].why.contains("moving cart"), "{:?}", cart.held_back);
}

#[tokio::test]
async fn quiet_ends_an_incident_at_its_own_moment_and_what_is_open_at_the_end_stays_open() {
    let line = |at, text: &str| Heard { at, event: NewEvent::new("ledger", "log", text) };
    let trouble = "ERROR connection to database ledger timed out after 5000 ms";
    let receipt =
        receipt_of(vec![line(minute(0), trouble), line(minute(300), "INFO fine"), line(minute(301), trouble)], "")
            .await;
    let [first, second] = &receipt.incidents[..] else { panic!("{:?}", receipt.incidents) };
    assert_eq!(first.incident.ended_at, Some(minute(30)));
    assert_eq!((second.incident.ended_at, receipt.last), (None, Some(minute(301))));
    assert_eq!(second.incident.previous_incident_id, Some(first.incident.id));
}

#[tokio::test]
async fn an_error_line_is_called_new_only_after_the_learning_period_of_the_driven_clock() {
    let line = |hour: i64, text: &str| Heard {
        at: begins() + SignedDuration::from_hours(hour),
        event: NewEvent::new("ledger", "log", text),
    };
    let told_at = |hour| async move {
        let novel = "ERROR could not open the vault of branch 7";
        told(&receipt_of(vec![line(0, "INFO started"), line(hour, novel)], "").await).len()
    };
    assert_eq!((told_at(23).await, told_at(25).await), (0, 1));
}

#[tokio::test]
async fn a_crash_that_dumps_many_new_error_lines_is_told_of_five_of_them_an_hour() {
    let line = |minute: i64, text: &str| Heard {
        at: begins() + SignedDuration::from_hours(30) + SignedDuration::from_mins(minute),
        event: NewEvent::new("ledger", "log", text),
    };
    let words = ["vault", "branch", "teller", "safe", "queue", "shelf", "coin", "note"];
    let mut heard = vec![Heard { at: begins(), event: NewEvent::new("ledger", "log", "INFO started") }];
    heard.extend(words.iter().zip(0..).map(|(word, at)| line(at, &format!("ERROR the {word} is broken"))));
    heard.push(line(90, "ERROR the printer burns"));
    let receipt = receipt_of(heard, "").await;
    assert_eq!((receipt.messages(), receipt.incidents.len()), (6, 9));
    let held: Vec<&str> =
        receipt.incidents.iter().flat_map(|one| &one.held_back).map(|held| held.why.as_str()).collect();
    assert!(held.len() == 3 && held.iter().all(|why| why.contains("5 others within an hour")), "{held:?}");
}

#[tokio::test]
async fn hostile_text_is_text_in_every_form() {
    let text = "2026-01-02T03:04:05Z ERROR database </style><script>alert(1)</script> timed out \u{1b}[2J\u{202e}x\n";
    let report = report_of("a\u{1b}[31m<b>.log", text, &[]).await;
    assert_eq!(report.receipt.incidents.len(), 1);
    let page = page::page(&report).into_string();
    assert!(!page.contains("<script") && !page.contains("<b>.log") && page.contains("&lt;script&gt;"), "{page}");
    let mut out = Vec::new();
    text::write(&mut screen_of(&mut out, false, None), &report).unwrap();
    let told = String::from_utf8(out).unwrap();
    assert!(!told.contains(['\u{1b}', '\u{202e}']) && !page.contains(['\u{1b}', '\u{202e}']), "{told:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_named_and_loses_nothing_else() {
    let text = "{\"source\":\"a\",\"type\":\"log\",\"payload\":\"INFO one\"}\n{\"source\":\n{\"level\":\"info\",\"msg\":\"two\"}\n";
    let report = report_of("events.jsonl", text, &[]).await;
    assert_adds_up(&report);
    assert_eq!((report.events(), report.unparsed, report.unparsed_first[0].line), (3, 1, 2));
    assert_eq!(report.json()["unparsed_first"][0]["column"], 10);
    assert!(report.clock_in_words().contains("one a millisecond"));
    let empty = report_of("empty.log", "\n\n", &[]).await;
    assert_eq!((empty.events(), empty.json()["first"].clone()), (0, Value::Null));
}

#[tokio::test]
async fn what_a_data_directory_holds_is_replayed_with_the_silences_of_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let clock = foghorn_domain::clock::Clock::manual(minute(0));
    let store = Store::open(Options { clock: clock.clone(), ..Options::new(directory.path()) }).unwrap();
    let silence = foghorn_store::silences::NewSilence {
        matchers: serde_json::json!(["service = search"]),
        starts_at: minute(0),
        ends_at: minute(60),
        created_by: "ana".to_owned(),
        comment: "moving".to_owned(),
    };
    store.add_silence(silence, Value::Null).await.unwrap();
    for name in ["search", "cart"] {
        clock.advance_to(minute(10));
        store.append(vec![alert(name, EventStatus::Firing, Severity::Critical)]).await.unwrap();
    }
    clock.advance_to(minute(120));
    store.append(vec![NewEvent::new("cart", "log", "INFO later")]).await.unwrap();
    let data_dir = directory.path().display().to_string();
    let check = |more: &'static [&'static str]| {
        let args = args(&[&["--stored", "--data-dir", &data_dir, "--until", "2026-03-22T00:00:00Z"], more].concat());
        async move { replayed(&args, &args.store.configuration().unwrap()).await.unwrap() }
    };
    let report = check(&[]).await;
    assert_adds_up(&report);
    assert_eq!(
        told(&report.receipt),
        ["10:10 cart dashboard dashboard opened", "11:00 search dashboard dashboard silence_ended"]
    );
    assert_eq!(check(&["--since", "2026-03-21T11:00:00Z"]).await.events(), 1);
    assert_eq!(store.newest_event().await.unwrap(), 3, "nothing was written");
    store.close().await;
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let refused = |line: &[&str]| {
        let line = std::iter::once("replay").chain(line.iter().copied());
        <Line as clap::Parser>::try_parse_from(line).is_err()
    };
    assert!(refused(&[]) && refused(&["x.log", "--stored"]) && refused(&["x.log", "--since", "1h"]));
    assert!(refused(&["--stored", "--since", "yesterday"]) && refused(&["--stored", "--source", "x"]));
    assert!(!refused(&["-"]) && !refused(&["--stored", "--since", "24h", "--until", "2026-03-21T11:00:00Z"]));
    assert!(["", "h", "-1h", "1", "é"].iter().all(|text| moment(text).is_err()));
}
