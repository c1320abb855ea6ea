//! Lines of a log.

use crate::{at, now, view};
use foghorn_domain::severity::Severity;
use foghorn_sources::lines::parse_line;
use serde_json::{Value, json};

fn parse(line: &str) -> foghorn_domain::event::NewEvent {
    parse_line(line, "app.log", now()).unwrap()
}

#[test]
fn a_blank_line_is_nothing() {
    for line in ["", "\n", " \t\r\n", "\u{feff}\n", "\u{a0}"] {
        assert_eq!(parse_line(line, "app.log", now()), None, "{line:?}");
    }
}

#[test]
fn a_line_of_text_is_a_log_event() {
    let event = parse("  at com.acme.Orders.save(Orders.java:7)\r\n");
    assert_eq!((event.source.as_str(), event.event_type.as_str()), ("app.log", "log"));
    assert_eq!(event.payload, "  at com.acme.Orders.save(Orders.java:7)");
    assert!(event.metadata.is_empty() && event.severity.is_none());
    for line in ["[1,2]", "\"text\"", "{not json}", "{\"a\":", "17"] {
        assert_eq!(parse(line).payload, line);
    }
    assert_eq!(parse_line("x", " ", now()).unwrap().source, "lines");
}

#[test]
fn a_line_that_is_an_event_is_taken_as_it_is() {
    let event =
        parse(r#"{"source":"nginx","type":"http_request","payload":"GET /","status":"firing","dedup_key":"k"}"#);
    assert_eq!((event.source.as_str(), event.event_type.as_str()), ("nginx", "http_request"));
    assert_eq!(event.dedup_key.as_deref(), Some("k"));
}

#[test]
fn a_json_log_line_is_taken_apart() {
    let event = parse(
        r#"{"time":"2026-01-02T03:04:00Z","level":"ERROR","msg":"order 7 failed\n","service":"checkout","hostname":"web1","traceId":"abc","attempt":3}"#,
    );
    insta::assert_json_snapshot!(view(&event));
}

#[test]
fn the_names_that_common_loggers_use_are_known() {
    // Line, payload, service, host, severity.
    type Expected<'a> = (&'a str, &'a str, Option<&'a str>, Option<Severity>);
    let check = |line: Value, (payload, service, host, severity): Expected<'_>| {
        let event = parse(&line.to_string());
        assert_eq!(event.payload, payload, "{line}");
        assert_eq!(event.service(), service, "{line}");
        assert_eq!(event.metadata.get("host").and_then(Value::as_str), host, "{line}");
        assert_eq!(event.severity, severity, "{line}");
        assert_eq!(event.event_timestamp, Some(at("2026-01-02T03:04:00Z")), "{line}");
    };
    // Elastic Common Schema, with dots and nested.
    let dotted = json!({"@timestamp": "2026-01-02T03:04:00.000Z", "log.level": "warn", "message": "m", "service.name": "s", "host.name": "h"});
    check(dotted, ("m", "s", Some("h"), Some(Severity::Warning)));
    let nested = json!({"@timestamp": "2026-01-02T03:04:00.000Z", "log": {"level": "warn"}, "message": "m", "service": {"name": "s"}, "host": {"name": "h", "ip": "::1"}});
    check(nested, ("m", "s", Some("h"), Some(Severity::Warning)));
    // pino and Bunyan, zap, structlog, Docker.
    check(
        json!({"level": 50, "time": 1767323040000u64, "hostname": "h", "name": "s", "msg": "m"}),
        ("m", "s", Some("h"), Some(Severity::Error)),
    );
    check(
        json!({"level": "info", "ts": 1767323040.0, "logger": "s", "msg": "m"}),
        ("m", "s", None, Some(Severity::Info)),
    );
    check(
        json!({"event": "m", "level": "critical", "timestamp": "2026-01-02 03:04:00", "logger": "s"}),
        ("m", "s", None, Some(Severity::Critical)),
    );
    check(
        json!({"log": "m\n", "stream": "stderr", "time": "2026-01-02T03:04:00.000000000Z"}),
        ("m", "app.log", None, None),
    );
}

#[test]
fn what_is_not_understood_is_kept() {
    let event =
        parse(r#"{"host":{"name":"h","ip":"::1"},"message":{"a":1},"text":"t","level":7,"time":"soon","x":[1]}"#);
    assert_eq!(event.payload, "t");
    let expected = json!({"host": "h", "extra.host": {"name": "h", "ip": "::1"}, "message": {"a": 1}, "level": 7, "time": "soon", "x": [1]});
    assert_eq!(Value::Object(event.metadata), expected);
    let line = r#"{"x":1}"#;
    assert_eq!((parse(line).payload.as_str(), &parse(line).metadata["x"]), (line, &json!(1)));
    // Nearly an event, so a log line with fields of these names.
    let line = r#"{"source":"s","type":"t","payload":"p","status":"purple"}"#;
    assert_eq!((parse(line).payload.as_str(), &parse(line).metadata["status"]), (line, &json!("purple")));
}

#[test]
fn odd_times_and_nul_are_noted_and_long_lines_cut() {
    let odd = parse(r#"{"msg":"m\u0000","ts":1}"#);
    assert_eq!(odd.notes, ["implausible_timestamp", "nul_replaced"]);
    assert_eq!((odd.event_timestamp, &odd.metadata["original_event_timestamp"]), (None, &json!(1)));
    assert_eq!((parse("a\0b").payload.as_str(), parse("a\0b").notes), ("a\u{fffd}b", vec!["nul_replaced"]));

    let long = parse(&"é".repeat(1024 * 1024));
    assert_eq!((long.payload.len(), long.notes), (1024 * 1024, vec!["payload_cut"]));
    let stuffed = parse(&format!(r#"{{"msg":"m","x":"{}"}}"#, "x".repeat(300_000)));
    assert!(stuffed.metadata.is_empty() && stuffed.payload.starts_with(r#"{"msg":"m","x":"xxx"#));
}
