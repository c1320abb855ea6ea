//! What clients of PagerDuty's Events API send.

use crate::{at, now, view};
use foghorn_domain::event::{EventStatus, Origin};
use foghorn_sources::FieldError;
use foghorn_sources::pagerduty::{Enqueued, parse_change, parse_enqueue};
use serde_json::{Value, json};

pub(crate) const TRIGGER: &str = r#"{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger","dedup_key":"db1/disk","payload":{"summary":"Disk 95% on db1","source":"db1","severity":"critical","component":"postgres","timestamp":"2026-01-02T03:04:00.315+0000","custom_details":{"pct":95,"environment":"production"}},"links":[{"href":"http://x"}],"client":"Monit"}"#;
pub(crate) const CHANGE: &str = r#"{"routing_key":"K","payload":{"summary":"checkout v1.2.3 deployed","source":"ci","timestamp":"2026-01-02T03:04:00Z","custom_details":{"service":"checkout"}},"links":[]}"#;

fn parse(body: &Value) -> Result<Enqueued, FieldError> {
    parse_enqueue(body.to_string().as_bytes(), now(), 1)
}

/// The sample trigger with one place changed; null takes the field away.
fn with(pointer: &str, value: Value) -> Value {
    let mut body: Value = serde_json::from_str(TRIGGER).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.remove(name)),
        value => drop(parent.insert(name.to_owned(), value)),
    }
    body
}

#[test]
fn a_trigger_becomes_an_event_without_its_routing_key() {
    let enqueued = parse_enqueue(TRIGGER.as_bytes(), now(), 1).unwrap();
    assert_eq!(enqueued.dedup_key, "db1/disk");
    let all = view(&enqueued.event);
    assert!(!all.to_string().contains("0123456789abcdef0123456789abcdef"));
    insta::assert_json_snapshot!(all);
}

#[test]
fn acknowledge_and_resolve_meet_their_trigger_and_need_no_payload() {
    let trigger = parse(&with("/payload/severity", json!("Info"))).unwrap().event;
    for (action, status) in [("acknowledge", EventStatus::Acknowledged), ("resolve", EventStatus::Resolved)] {
        let mut body = with("/payload", Value::Null);
        body["event_action"] = json!(action);
        let event = parse(&body).unwrap().event;
        assert_eq!(event.status, Some(status));
        assert_eq!((&event.source, &event.dedup_key), (&trigger.source, &trigger.dedup_key));
        assert_eq!(event.payload, format!("{} db1/disk", status.as_str()));

        body["payload"] = json!({"summary": 1, "severity": [], "timestamp": {}, "source": 4});
        body["links"] = json!("none");
        assert!(parse(&body).is_ok(), "{action} is refused for a payload that it does not need");
        body.as_object_mut().unwrap().remove("dedup_key");
        assert_eq!(parse(&body).unwrap_err().field, "dedup_key");
    }
}

#[test]
fn one_key_under_two_routing_keys_is_two_alerts() {
    let other = parse(&with("/routing_key", json!("another-team"))).unwrap();
    let first = parse(&with("/client", json!("x"))).unwrap();
    assert_ne!(first.event.dedup_key, other.event.dedup_key);
    assert_eq!(first.dedup_key, other.dedup_key);
}

#[test]
fn a_trigger_without_a_key_gets_a_new_one_each_time() {
    for missing in [Value::Null, json!(""), json!("  ")] {
        let body = with("/dedup_key", missing).to_string();
        let first = parse_enqueue(body.as_bytes(), now(), 1).unwrap();
        let second = parse_enqueue(body.as_bytes(), now(), 2).unwrap();
        assert_eq!(first.dedup_key.len(), 32);
        assert_ne!(first.dedup_key, second.dedup_key);
        assert!(first.event.dedup_key.unwrap().ends_with(&first.dedup_key));
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let check = |pointer: &str, value: Value, expected: &str| {
        let fault = parse(&with(pointer, value)).unwrap_err().to_string();
        assert!(fault.starts_with(expected), "{pointer}: {fault}");
    };
    check("/routing_key", Value::Null, "routing_key: is required: a non-blank string");
    check("/routing_key", json!(" "), "routing_key: must be a non-blank string");
    check("/routing_key", json!(7), "routing_key: must be a string, found a number");
    check("/routing_key", json!("x".repeat(65)), "routing_key: must be 1 to 64 letters");
    check("/routing_key", json!("a b"), "routing_key: must be 1 to 64 letters");
    check("/event_action", Value::Null, "event_action: is required");
    check(
        "/event_action",
        json!("explode"),
        r#"event_action: must be trigger, acknowledge or resolve, found "explode""#,
    );
    check("/dedup_key", json!("x".repeat(256)), "dedup_key: must be at most 255 characters, is 256");
    check("/dedup_key", json!({}), "dedup_key: must be a string, found an object");
    check("/payload", Value::Null, "payload.severity: is required");
    check("/payload", json!("text"), "payload: must be an object, found a string");
    check("/payload/summary", Value::Null, "payload.summary: is required");
    check("/payload/summary", json!("\n"), "payload.summary: must be a non-blank string");
    check("/payload/source", Value::Null, "payload.source: is required");
    check(
        "/payload/severity",
        json!("P1"),
        r#"payload.severity: must be critical, error, warning or info, found "P1""#,
    );
    check("/payload/timestamp", json!("soon"), "payload.timestamp: must be a time");
    check("/links", json!({}), "links: must be an array, found an object");
    check("/images", json!("x"), "images: must be an array, found a string");
    check(
        "/payload/custom_details",
        json!("x".repeat(262_144)),
        "payload.custom_details: must be at most 262144 bytes",
    );
    check("/client", json!("x".repeat(512 * 1024)), "body: must be at most 524288 bytes");
    assert_eq!(parse(&json!([])).unwrap_err().to_string(), "body: must be an object, found an array");
}

#[test]
fn no_fault_quotes_the_routing_key() {
    let secret = "s3cret key with spaces";
    let fault = parse(&with("/routing_key", json!(secret))).unwrap_err().to_string();
    assert!(!fault.contains("s3cret"), "{fault}");
}

#[test]
fn a_long_summary_is_cut_and_kept() {
    let fits = parse(&with("/payload/summary", json!("é".repeat(1024)))).unwrap().event;
    assert_eq!((fits.payload.chars().count(), fits.notes.len()), (1024, 0));
    let long = parse(&with("/payload/summary", json!("é".repeat(1025)))).unwrap().event;
    assert_eq!(long.payload, "é".repeat(1024));
    assert_eq!(long.metadata["summary"], "é".repeat(1025));
    assert_eq!(long.notes, ["summary_cut"]);
}

#[test]
fn the_service_is_the_nearest_thing_that_is_named() {
    let service = |payload: Value| {
        let mut payload = payload;
        for (name, value) in [("summary", "s"), ("source", "host1"), ("severity", "info")] {
            payload[name] = value.into();
        }
        parse(&with("/payload", payload)).unwrap().event.service().to_owned()
    };
    assert_eq!(service(json!({"custom_details": {"service": "a"}, "component": "b", "group": "c"})), "a");
    assert_eq!(service(json!({"custom_details": {"service": 7}, "component": "b", "group": "c"})), "b");
    assert_eq!(service(json!({"custom_details": "text", "component": " ", "group": "c"})), "c");
    assert_eq!(service(json!({})), "host1");
}

#[test]
fn odd_times_and_nul_are_accepted_and_noted() {
    for odd in [json!("1970-01-01T00:00:00Z"), json!("2999-01-01T00:00:00Z"), json!(1)] {
        let event = parse(&with("/payload/timestamp", odd.clone())).unwrap().event;
        assert_eq!((event.event_timestamp, event.notes), (None, vec!["implausible_timestamp"]));
        assert_eq!(event.metadata["original_event_timestamp"], odd);
    }
    let blank = parse(&with("/payload/timestamp", json!(""))).unwrap().event;
    assert_eq!((blank.event_timestamp, blank.notes.len()), (None, 0));
    assert_eq!(parse(&with("/payload/summary", json!("a\0"))).unwrap().event.notes, ["nul_replaced"]);
}

#[test]
fn a_change_is_evidence_and_no_alert() {
    let event = parse_change(CHANGE.as_bytes(), now()).unwrap();
    assert!(event.is_change());
    assert_eq!((event.origin, event.status, &event.dedup_key), (Origin::PagerDuty, None, &None));
    assert_eq!((event.payload.as_str(), event.service()), ("checkout v1.2.3 deployed", "checkout"));
    assert_eq!(event.event_timestamp, Some(at("2026-01-02T03:04:00Z")));

    let check =
        |text: &str, expected: &str| assert_eq!(parse_change(text.as_bytes(), now()).unwrap_err().field, expected);
    check(r#"{"payload":{"summary":"s"}}"#, "routing_key");
    check(r#"{"routing_key":"K"}"#, "payload.summary");
    check(r#"{"routing_key":"K","payload":{"summary":"s"},"links":3}"#, "links");
    assert!(parse_change(br#"{"routing_key":"K","payload":{"summary":"s"}}"#, now()).is_ok());
}
