//! Bytes that nobody means well with, through every parser: none may panic, overflow the stack or take
//! for ever, and what is accepted keeps the promises of an event.

use crate::{alertmanager_webhook, now, pagerduty};
use foghorn_domain::event::{NewEvent, Origin};
use foghorn_sources::event::{Body, parse_body, to_json};
use foghorn_sources::{Limits, alertmanager, alertmanager_webhook as webhook, lines, pagerduty as pd};
use serde_json::Value;

const EVENT: &str = r#"{"source":"nginx","type":"log","payload":"a \u0000 é \"q\"","metadata":{"level":"error","deep":[{"n":-1.5e3},null,true]},"event_timestamp":"2026-01-02T03:04:05Z","status":"firing","dedup_key":"k","episode":1,"x":{"y":[]}}"#;
const ALERTS: &str = r#"[{"labels":{"alertname":"DiskFull","severity":"critical","instance":"db1:9100"},"annotations":{"summary":"/var 95%"},"startsAt":"2026-01-02T03:04:05Z","endsAt":"2026-01-02T03:05:05Z","generatorURL":"http://prom/graph?g0"}]"#;
const LOG_LINE: &str =
    r#"{"time":1767323040,"level":50,"msg":"order 7 failed","service":{"name":"checkout"},"host":{"name":"web1"}}"#;

/// Xorshift (Marsaglia 2003): the same bytes in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Gives bytes to every parser there is and returns what they made of them.
fn through_everything(bytes: &[u8]) -> Vec<NewEvent> {
    let mut events = Vec::new();
    for content_type in [None, Some("application/x-ndjson")] {
        match parse_body(bytes, content_type, Origin::ErrorLog, now(), &Limits::default()) {
            Ok(Body::One(event)) => events.push(*event),
            Ok(Body::Many(many)) => events.extend(many.into_iter().flatten()),
            Err(_) => {}
        }
    }
    events.extend(alertmanager::parse_alerts(bytes, now()).into_iter().flatten().flatten());
    events.extend(webhook::parse_webhook(bytes, now()).into_iter().flatten().flatten());
    events.extend(pd::parse_enqueue(bytes, now(), 7).map(|enqueued| enqueued.event));
    events.extend(pd::parse_change(bytes, now()));
    events.extend(lines::parse_line(&String::from_utf8_lossy(bytes), "file", now()));
    events
}

/// What every event keeps, whoever sent it.
fn check_promises(event: &NewEvent) {
    for (name, text) in [("source", &event.source), ("type", &event.event_type), ("payload", &event.payload)] {
        assert!(!text.trim().is_empty(), "{name} is blank in {event:?}");
        assert!(!text.contains('\0'), "NUL in {name} of {event:?}");
    }
    let stored = serde_json::to_string(&event.metadata).unwrap();
    assert!(!stored.contains(r"\u0000"), "{stored}");
    assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), Value::Object(event.metadata.clone()));
    assert!(to_json(event).is_object());
}

#[test]
fn changed_and_cut_messages_never_panic() {
    let samples = [
        EVENT,
        ALERTS,
        LOG_LINE,
        alertmanager_webhook::ALERTMANAGER,
        alertmanager_webhook::GRAFANA,
        pagerduty::TRIGGER,
        pagerduty::CHANGE,
    ];
    let pieces: [&[u8]; 16] = [
        b"\0", b"\xff", b"\"", b"\\", b"{", b"}", b"[", b"]", b",", b":", b"1e999", b"null", b"\\u0000", b"\\ud800",
        b"\n", b"-",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for round in 0..6_000 {
        let mut bytes = samples[round % samples.len()].as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let (from, to) = (random.below(bytes.len()), random.below(bytes.len()));
            match random.below(5) {
                0 => bytes.truncate(from),
                1 => drop(bytes.splice(from..from, pieces[random.below(pieces.len())].iter().copied())),
                2 if from < to => drop(bytes.drain(from..to.min(from + 20))),
                3 if from < to => bytes.extend_from_within(from..to),
                _ if !bytes.is_empty() => bytes[from] = random.below(256) as u8,
                _ => {}
            }
        }
        let events = through_everything(&bytes);
        events.iter().for_each(check_promises);
        accepted += events.len();
    }
    assert!(accepted > 1_000, "only {accepted} were accepted, so hardly anything was tried");
}

#[test]
fn every_prefix_of_a_message_is_survived() {
    for sample in [EVENT, ALERTS, alertmanager_webhook::ALERTMANAGER, pagerduty::TRIGGER] {
        for end in 0..sample.len() {
            through_everything(&sample.as_bytes()[..end]).iter().for_each(check_promises);
        }
    }
}

#[test]
fn nesting_without_end_is_survived() {
    for (open, close) in [
        ("[", "]"),
        (r#"{"labels":"#, "}"),
        (r#"{"metadata":"#, "}"),
        (r#"[{"alerts":"#, "}]"),
        (r#"{"payload":"#, "}"),
    ] {
        for levels in [100, 10_000, 200_000] {
            through_everything(open.repeat(levels).as_bytes());
            let balanced = open.repeat(levels) + "1" + &close.repeat(levels);
            through_everything(balanced.as_bytes()).iter().for_each(check_promises);
        }
    }
}

#[test]
fn large_bodies_of_little_things_are_survived() {
    let bodies = [
        format!("[{}1]", "1,".repeat(400_000)),
        format!("[{}1e999]", "1,".repeat(400_000)),
        format!(r#"{{"source":"s","type":"t","payload":"p","metadata":{{"a":[{}1]}}}}"#, "[1],".repeat(200_000)),
        format!(
            r#"{{"source":"s","type":"t","payload":"p",{}"z":1}}"#,
            (0..60_000).map(|n| format!("\"k{n}\":{n},")).collect::<String>()
        ),
        "\n".repeat(1_000_000),
        "{}\n".repeat(200_000),
        "\0".repeat(1_000_000),
        format!("[{}", r#"{"labels":{"a":"b"}},"#.repeat(60_000)),
        format!(r#"{{"source":"s","type":"t","payload":"p","metadata":{{"n":{}}}}}"#, "9".repeat(500_000)),
        format!("{}1{}", "\u{feff}", " ".repeat(1_000_000)),
    ];
    for body in bodies {
        through_everything(body.as_bytes()).iter().for_each(check_promises);
    }
}
