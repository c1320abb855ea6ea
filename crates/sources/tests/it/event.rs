//! One event of Foghorn's own form.

use crate::{at, now, view};
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_domain::severity::Severity;
use foghorn_sources::event::{parse_event, to_json};
use foghorn_sources::{FieldError, Limits};
use serde_json::{Value, json};

fn parse(text: &str) -> Result<NewEvent, FieldError> {
    parse_event(text.as_bytes(), Origin::Events, now(), &Limits::default())
}

/// The smallest event with some fields more, or other ones.
fn with(fields: Value) -> String {
    let mut event = json!({"source": "s", "type": "log", "payload": "p"});
    for (name, value) in fields.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.to_string()
}

fn check_fault(text: &str, expected: &str) {
    let fault = parse(text).unwrap_err().to_string();
    assert!(fault.starts_with(expected), "{text:.200}\n  says {fault}\n  not  {expected}");
}

#[test]
fn every_field_finds_its_place() {
    let event = parse(
        r#"{"source":" nginx ","type":"http_request","payload":" GET / ","event_timestamp":"2026-01-02T04:04:05.123456789+01:00",
            "status":"Triggered","dedup_key":"web1/down","episode":7,"idempotency_key":"b-1","host":"web1","severity":"P1",
            "metadata":{"service":"shop","level":"warning","host":"inner","ratio":0.5,"big":18446744073709551615,"tags":["a",null,true]}}"#,
    )
    .unwrap();
    insta::assert_json_snapshot!(view(&event));
}

#[test]
fn the_three_required_fields_are_required_and_not_blank_and_strings() {
    for field in ["source", "type", "payload"] {
        let mut without: Value = serde_json::from_str(&with(json!({}))).unwrap();
        without.as_object_mut().unwrap().remove(field);
        check_fault(&without.to_string(), &format!("{field}: is required: a non-blank string"));
        let wrong = [
            (json!(null), "is required: a non-blank string"),
            (json!(""), "must be a non-blank string"),
            (json!(" \t\n\u{a0}"), "must be a non-blank string"),
            (json!({"a": [1]}), "must be a non-blank string, found an object"),
            (json!([[{}]]), "must be a non-blank string, found an array"),
            (json!(17), "must be a non-blank string, found a number"),
            (json!(-1.5), "must be a non-blank string, found a number"),
            (json!(true), "must be a non-blank string, found a boolean"),
        ];
        for (value, message) in wrong {
            check_fault(&with(json!({ field: value })), &format!("{field}: {message}"));
        }
    }
}

#[test]
fn an_optional_field_of_the_wrong_type_is_named() {
    let check = |fields: Value, expected: &str| check_fault(&with(fields), expected);
    check(json!({"metadata": "x"}), "metadata: must be an object, found a string");
    check(json!({"metadata": [1]}), "metadata: must be an object, found an array");
    check(json!({"event_timestamp": {}}), "event_timestamp: must be a time such as 2026-01-02T03:04:05Z");
    check(json!({"event_timestamp": true}), "event_timestamp: must be a time");
    check(json!({"event_timestamp": "yesterday"}), "event_timestamp: must be a time");
    check(json!({"status": "purple"}), "status: must be one of firing, resolved, acknowledged, info; found \"purple\"");
    check(json!({"status": 1}), "status: must be one of firing, resolved, acknowledged, info; found a number");
    check(json!({"status": [1]}), "status: must be one of firing, resolved, acknowledged, info; found an array");
    for key in ["dedup_key", "episode", "idempotency_key"] {
        check(json!({ key: "  " }), &format!("{key}: must not be blank"));
        check(json!({ key: {"a": 1} }), &format!("{key}: must be a string or a number, found an object"));
        check(json!({ key: false }), &format!("{key}: must be a string or a number, found a boolean"));
    }
}

#[test]
fn null_means_that_an_optional_field_is_not_there() {
    let names = ["metadata", "event_timestamp", "status", "dedup_key", "episode", "idempotency_key"];
    for name in names {
        assert_eq!(parse(&with(json!({ name: null }))).unwrap(), parse(&with(json!({}))).unwrap(), "{name}");
    }
}

#[test]
fn what_is_too_large_is_refused_with_the_limit_and_the_size() {
    let check = |fields: Value, expected: &str| check_fault(&with(fields), expected);
    check(json!({"source": "é".repeat(256)}), "source: must be at most 255 characters, is 256");
    check(json!({"type": "x".repeat(300)}), "type: must be at most 255 characters, is 300");
    check(json!({"payload": "x".repeat(1_048_577)}), "payload: must be at most 1048576 bytes, is 1048577");
    check(json!({"metadata": {"a": "x".repeat(262_144)}}), "metadata: must be at most 262144 bytes as JSON, is 262152");
    check(json!({"unknown": "x".repeat(262_144)}), "metadata: must be at most 262144 bytes as JSON, is 262158");
    check(
        json!({"metadata": {"a": "\u{1}".repeat(43_700)}}),
        "metadata: must be at most 262144 bytes as JSON, is 262208",
    );
    check(json!({"metadata": {"a": vec![1; 1_000_000]}}), "metadata: must be at most 262144 bytes as JSON, is larger");
    check(json!({"unknown": vec![[1]; 300_000]}), "metadata: must be at most 262144 bytes as JSON, is larger");
    check(json!({"dedup_key": "x".repeat(256)}), "dedup_key: must be at most 255 characters, is 256");

    let largest = json!({
        "source": "é".repeat(255), "type": "ü".repeat(255), "payload": "x".repeat(1_048_576),
        "metadata": {"a": "x".repeat(262_136)}, "idempotency_key": "k".repeat(255),
    });
    assert_eq!(parse(&with(largest)).unwrap().payload.len(), 1_048_576);
}

#[test]
fn a_smaller_limit_is_obeyed() {
    let limits = Limits { payload_bytes: 3, metadata_bytes: 11, ..Limits::default() };
    let parse = |text: String| parse_event(text.as_bytes(), Origin::Events, now(), &limits);
    assert_eq!(parse(with(json!({"payload": "four"}))).unwrap_err().field, "payload");
    assert_eq!(parse(with(json!({"metadata": {"a": "12345"}}))).unwrap_err().field, "metadata");
    assert!(parse(with(json!({"metadata": {"a": "123"}}))).is_ok());
}

#[test]
fn an_implausible_time_is_noted_and_the_time_of_receipt_counts() {
    let implausible = [
        json!("1970-01-01T00:00:00Z"),
        json!("2999-12-31T23:59:59Z"),
        json!("0001-01-01T00:00:00Z"),
        json!("2026-01-04T00:00:00Z"),
        json!(0),
        json!(-5),
        json!(1e300),
        json!(u64::MAX),
    ];
    for original in implausible {
        let event = parse(&with(json!({"event_timestamp": original}))).unwrap();
        assert_eq!(event.event_timestamp, None, "{original}");
        assert_eq!(event.notes, ["implausible_timestamp"], "{original}");
        assert_eq!(event.metadata["original_event_timestamp"], original);
    }
    for plausible in
        [json!("2026-01-02T03:04:05Z"), json!("2026-01-02 03:04:05"), json!(1767323045), json!(1767323045000u64)]
    {
        let event = parse(&with(json!({"event_timestamp": plausible}))).unwrap();
        assert_eq!((event.event_timestamp, event.notes.len()), (Some(now()), 0), "{plausible}");
    }
    let tomorrow = parse(&with(json!({"event_timestamp": "2026-01-03T03:04:05Z"}))).unwrap();
    assert_eq!(tomorrow.event_timestamp, Some(at("2026-01-03T03:04:05Z")));
}

#[test]
fn nul_is_replaced_wherever_it_stands_and_noted() {
    let escaped = r#"{"source":"s\u0000","type":"l\u0000","payload":"p\u0000q","dedup_key":"d\u0000",
        "metadata":{"k\u0000":"v\u0000","deep":[{"a":"\u0000"}]},"other\u0000":1}"#;
    // Senders that cut buffers carelessly put the byte itself into a string, which JSON forbids.
    let raw = escaped.replace(r"\u0000", "\0");
    for text in [escaped, &raw] {
        let event = parse(text).unwrap();
        let all = view(&event).to_string();
        assert!(!all.contains(r"\u0000"), "{all}");
        assert_eq!((event.source.as_str(), event.payload.as_str()), ("s\u{fffd}", "p\u{fffd}q"));
        assert_eq!(event.metadata["k\u{fffd}"], "v\u{fffd}");
        assert_eq!(event.metadata["deep"][0]["a"], "\u{fffd}");
        assert_eq!(event.metadata["other\u{fffd}"], 1);
        assert_eq!(event.notes, ["nul_replaced"]);
    }
    assert!(parse(&with(json!({"payload": r"a \u0000 that was escaped twice"}))).unwrap().notes.is_empty());
}

#[test]
fn unknown_fields_are_kept_and_do_not_displace_metadata() {
    let event = parse(&with(json!({
        "host": "outer", "trace_id": "t1",
        "metadata": {"host": "inner"},
    })))
    .unwrap();
    assert_eq!(Value::Object(event.metadata), json!({"host": "inner", "extra.host": "outer", "trace_id": "t1"}));

    let taken = parse(&with(json!({"host": 1, "metadata": {"host": 2, "extra.host": 3}}))).unwrap();
    assert_eq!(Value::Object(taken.metadata), json!({"host": 2, "extra.host": 3, "extra.extra.host": 1}));
}

#[test]
fn of_a_key_that_is_there_twice_the_last_one_counts() {
    let event = parse(
        r#"{"source":{},"source":"s","type":"a","type":"log","payload":"p","metadata":[],"metadata":{"a":1,"a":2},"x":1,"x":2}"#,
    )
    .unwrap();
    assert_eq!((event.source.as_str(), event.event_type.as_str()), ("s", "log"));
    assert_eq!(Value::Object(event.metadata), json!({"a": 2, "x": 2}));
}

#[test]
fn severity_comes_from_the_top_then_from_metadata_then_from_the_door() {
    let check = |fields: Value, door: Origin, expected: Option<Severity>| {
        let event = parse_event(with(fields.clone()).as_bytes(), door, now(), &Limits::default()).unwrap();
        assert_eq!(event.severity, expected, "{fields}");
        assert_eq!(event.origin, door);
    };
    use Origin::{ErrorLog, Events, Webhook};
    check(json!({}), Events, None);
    check(json!({"metadata": {"level": "WARN"}}), Events, Some(Severity::Warning));
    check(json!({"metadata": {"severity": "critical", "level": "info"}}), Webhook, Some(Severity::Critical));
    check(json!({"metadata": {"severity": "purple", "level": "info"}}), Events, Some(Severity::Info));
    check(json!({"severity": "info", "metadata": {"severity": "critical"}}), Events, Some(Severity::Info));
    check(json!({"severity": 3, "metadata": {"level": "error"}}), Events, Some(Severity::Error));
    check(json!({"level": "fatal"}), Events, Some(Severity::Critical));
    check(json!({}), ErrorLog, Some(Severity::Error));
    check(json!({"metadata": {"level": "strange"}}), ErrorLog, Some(Severity::Error));
    check(json!({"metadata": {"level": "warning"}}), ErrorLog, Some(Severity::Warning));
}

#[test]
fn keys_may_be_numbers_and_status_has_many_spellings() {
    let event = parse(&with(json!({"dedup_key": 17, "episode": 1.5, "idempotency_key": u64::MAX}))).unwrap();
    assert_eq!(event.dedup_key.as_deref(), Some("17"));
    assert_eq!(event.episode.as_deref(), Some("1.5"));
    assert_eq!(event.idempotency_key.as_deref(), Some("18446744073709551615"));
    for (word, expected) in
        [("RESOLVED", EventStatus::Resolved), ("ack", EventStatus::Acknowledged), ("info", EventStatus::Info)]
    {
        assert_eq!(parse(&with(json!({"status": word}))).unwrap().status, Some(expected));
    }
}

#[test]
fn text_that_is_no_event_is_refused_as_a_whole() {
    check_fault("", "body: is empty");
    check_fault(" \r\n", "body: is empty");
    check_fault("null", "body: must be a JSON object, found null");
    check_fault("\"x\"", "body: must be a JSON object, found a string");
    check_fault("[1,[2]]", "body: must be a JSON object, found an array");
    check_fault("12", "body: must be a JSON object, found a number");
    check_fault("-1.5", "body: must be a JSON object, found a number");
    check_fault("true", "body: must be a JSON object, found a boolean");
    check_fault("{", "body: is not valid JSON");
    check_fault("{'source':1}", "body: is not valid JSON");
    check_fault(r#"{"source":"\ud800"}"#, "body: is not valid JSON");
    check_fault(r#"{"a":1}{"a":2}"#, "body: holds more than one JSON value");
    check_fault("source=x&type=y", "body: is not valid JSON");
}

#[test]
fn text_that_is_not_utf8_is_refused_with_the_place() {
    let fault = parse_event(b"{\"source\":\"\xff\"}", Origin::Events, now(), &Limits::default()).unwrap_err();
    assert_eq!(fault.to_string(), "body: must be UTF-8; the byte at offset 11 (0xff) is not");
    let with_mark = [b"\xef\xbb\xbf".as_slice(), with(json!({})).as_bytes()].concat();
    assert!(parse_event(&with_mark, Origin::Events, now(), &Limits::default()).is_ok());
}

#[test]
fn nesting_ends_at_127_levels_and_says_where() {
    let nested = |name: &str, levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"source":"s","type":"t","payload":"p","{name}":{open}{close}}}"#)
    };
    let nested_metadata =
        |levels: usize| nested("metadata", levels).replacen('[', r#"{"a":"#, 1).replacen("]}", "}}", 1);
    assert!(parse(&nested_metadata(126)).is_ok());
    check_fault(&nested_metadata(127), "metadata: nested deeper than 127 levels");
    check_fault(&nested_metadata(10_000), "metadata: nested deeper than 127 levels");
    check_fault(&nested("unknown", 10_000), "unknown: nested deeper than 127 levels");
    check_fault(&nested("payload", 10_000), "payload: must be a non-blank string, found an array");
    check_fault(&nested(&"u".repeat(99), 10_000), &format!("{}…: nested deeper", "u".repeat(40)));
}

#[test]
fn the_deepest_event_can_be_read_back_from_the_store() {
    let text = format!(
        r#"{{"source":"s","type":"t","payload":"p","x":{}1{},"metadata":{{"x":1}}}}"#,
        "[".repeat(126),
        "]".repeat(126)
    );
    let event = parse(&text).unwrap();
    let stored = serde_json::to_string(&event.metadata).unwrap();
    assert!(serde_json::from_str::<Value>(&stored).is_ok());
}

#[test]
fn a_number_beyond_any_float_is_a_fault_of_its_field() {
    check_fault(
        r#"{"source":"s","type":"t","payload":"p","metadata":{"n":1e999}}"#,
        "metadata: holds a number out of range",
    );
    check_fault(r#"{"source":"s","type":"t","payload":1e999}"#, "payload: holds a number out of range");
    let digits = format!(r#"{{"source":"s","type":"t","payload":"p","metadata":{{"n":{}}}}}"#, "9".repeat(300));
    assert_eq!(parse(&digits).unwrap().metadata["n"], json!(1e300));
}

#[test]
fn the_json_library_s_private_keys_are_ordinary_keys() {
    let text = r#"{"source":"s","type":"t","payload":"p","metadata":{"a":{"$serde_json::private::RawValue":"no json"}},
        "$serde_json::private::RawValue":"x"}"#;
    let event = parse(text).unwrap();
    assert_eq!(event.metadata["a"]["_$serde_json::private::RawValue"], "no json");
    let stored = serde_json::to_string(&event.metadata).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), Value::Object(event.metadata));
}

#[test]
fn an_event_written_as_json_reads_as_the_same_event() {
    let texts = [
        with(json!({})),
        with(json!({"metadata": {"level": "error", "n": 1}, "status": "resolved", "dedup_key": "k", "episode": "e"})),
        with(json!({"idempotency_key": "i", "event_timestamp": "2026-01-02T03:04:05.000001Z"})),
    ];
    for text in texts {
        let event = parse(&text).unwrap();
        assert_eq!(parse(&to_json(&event).to_string()).unwrap(), event);
    }
    // A severity that the metadata does not state is stated beside the payload.
    let mut event = parse(&with(json!({}))).unwrap();
    event.severity = Some(Severity::Critical);
    assert_eq!(parse(&to_json(&event).to_string()).unwrap().severity, Some(Severity::Critical));
}
