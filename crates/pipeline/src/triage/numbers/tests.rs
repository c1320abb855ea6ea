use super::super::{Judge, Judgement};
use super::*;
use crate::settings::Settings;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::event::Origin;
use foghorn_domain::lifecycle::Signal;
use foghorn_domain::severity::Urgency;
use serde_json::{Map, json};
use std::path::Path;
use std::sync::Arc;

fn begins() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn event(after_seconds: i64, event_type: &str, payload: String, metadata: Value) -> Event {
    Event {
        id: after_seconds + 1,
        source: "shop".to_owned(),
        event_type: event_type.to_owned(),
        payload,
        metadata: metadata.as_object().cloned().unwrap_or_else(Map::new),
        status: None,
        dedup_key: None,
        episode: None,
        event_timestamp: None,
        severity: None,
        origin: Origin::Events,
        service: "shop".to_owned(),
        environment: "default".to_owned(),
        partition: 0,
        created_at: begins() + SignedDuration::from_secs(after_seconds),
    }
}

fn metric_event(minute: i64, value: f64) -> Event {
    let metadata = json!({ "metric": "queue_depth", "value": value, "labels": { "queue": "mail" } });
    event(minute * 60, "metric", format!("queue_depth {value}"), metadata)
}

/// A number between 100 and 110 that never repeats itself the same way.
fn swaying(index: i64) -> f64 {
    100.0 + ((index * index * 7 + index * 13) % 101) as f64 / 10.0
}

fn judge() -> Judge {
    Judge::new(Arc::new(Settings::new(Path::new("."))))
}

fn signal(judgement: Judgement) -> Option<Signal> {
    match judgement {
        Judgement::Signal(signal) => Some(*signal),
        _ => None,
    }
}

/// The memory as the store would give it back.
fn restarted(memory: &mut ServiceMemory, kept: &mut Vec<(String, String)>) -> ServiceMemory {
    let (_, rows) = memory.take_changes("scope").unwrap();
    for row in rows {
        kept.retain(|(part, _)| part != row.part);
        kept.push((row.part.to_owned(), row.state));
    }
    ServiceMemory::restore(0, begins(), kept, std::iter::empty()).unwrap()
}

#[test]
fn a_metric_that_leaves_its_past_is_one_incident_that_says_so_and_notifies() {
    let (judge, mut memory) = (judge(), ServiceMemory::new(0, begins()));
    for minute in 0..400 {
        let judgement = judge.judge(&metric_event(minute, swaying(minute)), &mut memory);
        assert!(matches!(judgement, Judgement::Nothing), "minute {minute}: {judgement:?}");
    }
    let found = signal(judge.judge(&metric_event(400, 900.0), &mut memory)).unwrap();
    assert_eq!((found.kind, found.urgency.0), (Kind::Anomaly, Urgency::Notify));
    assert!(found.summary.starts_with("queue_depth{queue=mail} is 900: value 900 where 100"), "{}", found.summary);
    assert!(found.anomaly_score.unwrap() >= 0.75);
    assert_eq!(found.fingerprint_of, "environment, service, kind, series queue_depth{queue=mail}");
    for minute in 401..500 {
        assert!(signal(judge.judge(&metric_event(minute, 900.0), &mut memory)).is_none(), "told again at {minute}");
    }
}

#[test]
fn a_small_departure_is_recorded_and_nothing_is_said_of_a_young_series() {
    let (judge, mut memory) = (judge(), ServiceMemory::new(0, begins()));
    for minute in 0..600 {
        let value = if minute == 150 { 900.0 } else { swaying(minute) };
        let judgement = judge.judge(&metric_event(minute, value), &mut memory);
        assert!(signal(judgement).is_none(), "minute {minute}");
    }
    let found = signal(judge.judge(&metric_event(600, 1000.0), &mut memory)).unwrap();
    assert_eq!(found.urgency.0, Urgency::Record, "{:?}", found.urgency);
}

#[test]
fn log_lines_that_take_longer_than_ever_are_an_anomaly_of_their_template() {
    let (judge, mut memory) = (judge(), ServiceMemory::new(0, begins()));
    let line =
        |second: i64, millis: f64| event(second, "log", format!("GET /cart answered 200 in {millis} ms"), json!({}));
    for index in 0..300 * 6 {
        let judgement = judge.judge(&line(index * 10, swaying(index)), &mut memory);
        assert!(signal(judgement).is_none(), "line {index}");
    }
    let slow: Vec<Signal> =
        (1800..1815).filter_map(|index| signal(judge.judge(&line(index * 10, 2000.0), &mut memory))).collect();
    assert_eq!(slow.len(), 1);
    assert_eq!((slow[0].kind, slow[0].urgency.0), (Kind::Anomaly, Urgency::Notify));
    assert!(
        slow[0].summary.starts_with("duration in “GET <*> answered <*> in <*> ms” is 2000: "),
        "{}",
        slow[0].summary
    );
    assert!(slow[0].evidence[0].at.starts_with("the mean of 6 to 05:01 UTC"), "{}", slow[0].evidence[0].at);
}

#[test]
fn a_restart_between_any_two_events_changes_no_judgement() {
    let judge = judge();
    let (mut whole, mut broken) = (ServiceMemory::new(0, begins()), ServiceMemory::new(0, begins()));
    let mut kept = Vec::new();
    for minute in 0..420 {
        let value = if minute >= 400 { 300.0 } else { swaying(minute) };
        let log = event(minute * 60 + 7, "log", format!("saved in {value} ms, {} bytes", minute * 3), json!({}));
        for event in [metric_event(minute, value), log] {
            let expected = format!("{:?}", judge.judge(&event, &mut whole));
            assert_eq!(format!("{:?}", judge.judge(&event, &mut broken)), expected, "minute {minute}");
        }
        if minute % 7 == 0 || minute > 395 {
            let miner = broken.miner.clone();
            broken = restarted(&mut broken, &mut kept);
            broken.miner = miner;
        }
    }
}

#[test]
fn a_service_has_few_series_however_many_it_names() {
    let (judge, mut memory) = (judge(), ServiceMemory::new(0, begins()));
    let mut kept = Vec::new();
    for index in 0..500 {
        let metadata = json!({ "metric": format!("m{index}"), "value": index });
        judge.judge(&event(index, "metric", "x".to_owned(), metadata), &mut memory);
        memory = restarted(&mut memory, &mut kept);
    }
    assert_eq!(kept.iter().filter(|(part, _)| part.starts_with("series_")).count(), 32);
    // After an hour of silence a place is free again.
    let later = event(2 * 3600, "metric", "x".to_owned(), json!({ "metric": "late", "value": "7.5" }));
    judge.judge(&later, &mut memory);
    restarted(&mut memory, &mut kept);
    assert!(kept.iter().any(|(_, state)| state.contains("\"name\":\"late\"")));
}

#[test]
fn a_metric_is_read_from_its_fields_or_its_payload() {
    let check = |payload: &str, metadata: Value, expected: Option<(&str, f64)>| {
        let found = metric_of(&event(0, "metric", payload.to_owned(), metadata));
        assert_eq!(found.as_ref().map(|(name, value)| (name.as_str(), *value)), expected, "{payload}");
    };
    check("cpu 7", json!({ "metric": "cpu", "value": 7 }), Some(("cpu", 7.0)));
    check("cpu 7", json!({ "metric": "cpu", "value": " 7.5", "host": "a" }), Some(("cpu{host=a}", 7.5)));
    check(
        "{\"name\":\"cpu\",\"value\":7,\"labels\":{\"b\":\"2\",\"a\":\"1\"}}",
        json!({}),
        Some(("cpu{a=1,b=2}", 7.0)),
    );
    check("7", json!({ "value": 7 }), Some(("value", 7.0)));
    check("cpu 7", json!({ "metric": "cpu", "value": "much" }), None);
    check("{\"value\":[", json!({ "metric": "cpu" }), None);
}
