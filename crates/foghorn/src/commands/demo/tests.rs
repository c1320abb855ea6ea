use super::stage::{Outcome, Play, STEP, Stage};
use super::summary::{self, Row};
use foghorn_demo::{Fault, Hour, Planned, past_incidents};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::Origin;
use foghorn_pipeline::Settings;
use foghorn_store::Options;
use serde_json::Value;

fn begins() -> Timestamp {
    "2026-03-21T10:00:00Z".parse().unwrap()
}

/// Plays an hour, behind its past or as the first thing that this Foghorn hears.
async fn played(seed: u64, hour: &Hour, with_past: bool) -> Vec<Outcome> {
    let directory = tempfile::TempDir::new().unwrap();
    let past = if with_past { past_incidents(seed, hour.begins()) } else { Vec::new() };
    let first = past.first().map_or(hour.begins(), |past| past.begins);
    let (options, settings) = (Options::new(directory.path()), Settings::new(directory.path()));
    let mut stage = Stage::open(options, settings, None, first).unwrap();
    for past in past {
        stage.play_past(Play::new(past.begins, past.events, past.hands)).await.unwrap();
    }
    let mut play = Play::new(hour.begins(), hour.events(), hour.hands());
    while play.at() + STEP <= hour.lasts() {
        stage.step(&mut play).await.unwrap();
    }
    let outcomes = stage.outcomes(hour.begins()).await.unwrap();
    stage.close().await;
    outcomes
}

/// Several at once: most of their time goes into waiting for the disk.
async fn played_together(hours: Vec<(u64, Hour)>, with_past: bool) -> Vec<(u64, Hour, Vec<Outcome>)> {
    let playing = hours.into_iter().map(|(seed, hour)| {
        tokio::spawn(async move {
            let outcomes = played(seed, &hour, with_past).await;
            (seed, hour, outcomes)
        })
    });
    let mut played = Vec::new();
    for playing in playing.collect::<Vec<_>>() {
        played.push(playing.await.unwrap());
    }
    played
}

/// Every fault of the hour was found within its minute and told once; nothing else was told or even opened.
fn assert_each_fault_told_once(seed: u64, hour: &Hour, outcomes: &[Outcome]) {
    for Row { fault, found_after, told_after, told, incidents, .. } in summary::rows(hour, outcomes) {
        let Some(fault) = fault else {
            assert_eq!((told, incidents), (0, 0), "seed {seed}: something healthy became an incident");
            continue;
        };
        assert_eq!(told, 1, "seed {seed}: {}", fault.title());
        let within_a_minute = |after: Option<SignedDuration>| after.is_some_and(|after| after.as_secs() < 60);
        assert!(within_a_minute(found_after), "seed {seed}: {} found after {found_after:?}", fault.title());
        assert!(within_a_minute(told_after), "seed {seed}: {} told after {told_after:?}", fault.title());
    }
}

fn as_json(seed: u64, hour: &Hour, outcomes: &[Outcome]) -> Value {
    summary::json(seed, hour, &summary::rows(hour, outcomes), outcomes, hour.events().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_seed_tells_each_fault_once_and_nothing_of_the_healthy_traffic_and_ends_the_same_again() {
    let hours = [1, 2, 3, 4, 5, 1].map(|seed| (seed, Hour::new(seed, begins()))).to_vec();
    let played = played_together(hours, true).await;
    for (seed, hour, outcomes) in &played {
        assert_each_fault_told_once(*seed, hour, outcomes);
    }
    let [first, again] = [&played[0], &played[5]].map(|(seed, hour, outcomes)| as_json(*seed, hour, outcomes));
    assert!(first["incidents"].as_array().unwrap().len() > 10);
    assert_eq!(first, again);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_alone_is_found_within_its_minute_and_told_once_without_any_past() {
    let hours = Fault::ALL.iter().map(|fault| (1, Hour::with(1, begins(), &[*fault]).around_its_faults())).collect();
    for (seed, hour, outcomes) in played_together(hours, false).await {
        let rows = summary::rows(&hour, &outcomes);
        assert_eq!(rows[0].told, 1, "seed {seed}: {:?}", rows[0].fault);
        assert!(rows[0].found_after.is_some_and(|after| after.as_secs() < 60), "{:?}", rows[0].fault);
        assert_eq!(rows[1].told, 0, "{:?}", rows[0].fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_hour_of_healthy_traffic_at_ten_times_the_rate_opens_nothing() {
    let hour = Hour::healthy(1, begins(), SignedDuration::from_mins(30), 10);
    let outcomes = played(1, &hour, true).await;
    let summaries: Vec<&str> = outcomes.iter().map(|outcome| outcome.incident.summary.as_str()).collect();
    assert!(summaries.is_empty(), "{summaries:?}");
}

#[test]
fn printed_events_are_events_that_intake_reads() {
    let mut out = Vec::new();
    let hour = Hour::new(1, begins());
    super::print_events(&hour, &mut out).unwrap();
    let lines: Vec<&[u8]> = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), hour.events().len());
    for (line, planned) in lines.iter().zip(hour.events()) {
        let limits = foghorn_sources::Limits::default();
        let read = foghorn_sources::event::parse_event(line, Origin::Events, hour.begins(), &limits).unwrap();
        let Planned { event, .. } = planned;
        assert_eq!((read.payload, read.event_timestamp), (event.payload, event.event_timestamp));
        assert_eq!((read.status, read.dedup_key, read.severity), (event.status, event.dedup_key, event.severity));
    }
}

#[test]
fn speeds_and_addresses_that_make_no_sense_are_refused() {
    let refused = |text: &str| super::speed(text).is_err();
    assert!(["0", "-1", "NaN", "inf", "fast", "0.5", "1e9"].iter().all(|text| refused(text)));
    assert_eq!(super::speed("60"), Ok(60.0));
    assert!(super::loopback("0.0.0.0:8000").is_err() && super::loopback("[::1]:0").is_ok());
}
