//! What Prometheus posts.

use crate::{at, now, view};
use foghorn_domain::event::{EventStatus, NewEvent};
use foghorn_domain::severity::Severity;
use foghorn_sources::FieldError;
use foghorn_sources::alertmanager::parse_alerts;
use serde_json::{Value, json};

fn parse(alerts: Value) -> Vec<Result<NewEvent, FieldError>> {
    parse_alerts(alerts.to_string().as_bytes(), now()).unwrap()
}

fn one(alert: Value) -> NewEvent {
    parse(json!([alert])).remove(0).unwrap()
}

#[test]
fn an_alert_becomes_an_event() {
    let event = one(json!({
        "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db1:9100", "empty": ""},
        "annotations": {"summary": "/var 95%"},
        "startsAt": "2026-01-02T03:04:00.000+01:00",
        "generatorURL": "http://prom/graph?g0",
    }));
    insta::assert_json_snapshot!(view(&event));
}

#[test]
fn the_end_decides_between_firing_and_resolved() {
    let check = |ends_at: Value, status, expires_at: Option<&str>, happened_at: Option<&str>| {
        let event = one(json!({"labels": {"alertname": "A"}, "startsAt": "2026-01-02T03:00:00Z", "endsAt": ends_at}));
        assert_eq!(event.status, Some(status), "{ends_at}");
        assert_eq!(event.expires_at, expires_at.map(at), "{ends_at}");
        assert_eq!(event.event_timestamp, happened_at.map(at), "{ends_at}");
    };
    use EventStatus::{Firing, Resolved};
    check(json!(null), Firing, Some("2026-01-02T03:09:05Z"), None);
    check(json!(""), Firing, Some("2026-01-02T03:09:05Z"), None);
    check(json!("0001-01-01T00:00:00Z"), Firing, Some("2026-01-02T03:09:05Z"), None);
    check(json!("2026-01-02T03:04:06Z"), Firing, Some("2026-01-02T03:04:06Z"), None);
    check(json!("2999-01-01T00:00:00Z"), Firing, Some("2999-01-01T00:00:00Z"), None);
    check(json!("2026-01-02T03:04:05Z"), Resolved, None, Some("2026-01-02T03:04:05Z"));
    check(json!("2026-01-02T03:03:00Z"), Resolved, None, Some("2026-01-02T03:03:00Z"));
}

#[test]
fn an_alert_that_does_not_say_when_it_began_has_no_episode() {
    let began = |alert: Value| {
        let event = one(alert);
        (event.episode, event.metadata["startsAt"].as_str().unwrap().to_owned())
    };
    let labels = json!({"alertname": "A"});
    let said = "2026-01-02T03:00:00Z".to_owned();
    assert_eq!(began(json!({"labels": labels, "startsAt": said})), (Some(said.clone()), said.clone()));
    assert_eq!(began(json!({"labels": labels, "endsAt": said})), (None, said));
    assert_eq!(began(json!({"labels": labels})), (None, now().to_string()));
}

#[test]
fn the_label_set_is_the_identity() {
    let key = |labels: Value| one(json!({ "labels": labels })).dedup_key.unwrap();
    let first = key(json!({"alertname": "A", "instance": "db1"}));
    assert_eq!(first, key(json!({"instance": "db1", "alertname": "A", "gone": ""})));
    assert_ne!(first, key(json!({"alertname": "A", "instance": "db2"})));
    assert_ne!(first, key(json!({"alertname": "Ainstance", "": "", "x": "db1"})));
    assert!(first.starts_with("am-") && first.len() == 19, "{first}");
    // Stored incidents are found again by it, so it may never change.
    assert_eq!(first, "am-af90c209bd85ac03");
}

#[test]
fn a_line_people_can_read_is_made_of_name_and_annotations() {
    let line = |labels: Value, annotations: Value| one(json!({"labels": labels, "annotations": annotations})).payload;
    let name = json!({"alertname": "A"});
    assert_eq!(line(name.clone(), json!({"summary": "s", "description": "d", "message": "m"})), "A: s");
    assert_eq!(line(name.clone(), json!({"summary": " ", "description": "d", "message": "m"})), "A: d");
    assert_eq!(line(name.clone(), json!({"message": "m"})), "A: m");
    assert_eq!(line(name.clone(), json!({"summary": "A"})), "A");
    assert_eq!(line(name, json!(null)), "A");
    assert_eq!(line(json!({"job": "x"}), json!({"summary": "s"})), "s");
    assert_eq!(line(json!({"job": "x", "env": "\"p\""}), json!({})), r#"{env="\"p\"", job="x"}"#);
}

#[test]
fn labels_say_which_service_environment_host_and_severity() {
    let check = |labels: Value, service: &str, environment: &str, host: Option<&str>, severity: Option<Severity>| {
        let event = one(json!({ "labels": labels }));
        assert_eq!((event.service(), event.environment()), (service, environment), "{labels}");
        assert_eq!(event.metadata.get("host").and_then(Value::as_str), host, "{labels}");
        assert_eq!(event.severity, severity, "{labels}");
    };
    let all = json!({"service": "s", "job": "j", "namespace": "n", "instance": "i:1", "alertname": "a",
        "environment": "e", "env": "v", "severity": "page"});
    let without = |gone: &[&str]| {
        let mut labels = all.clone();
        gone.iter().for_each(|name| drop(labels.as_object_mut().unwrap().remove(*name)));
        labels
    };
    check(without(&[]), "s", "e", Some("i"), Some(Severity::Critical));
    check(without(&["service", "environment"]), "j", "v", Some("i"), Some(Severity::Critical));
    check(without(&["service", "job", "environment", "env"]), "n", "default", Some("i"), Some(Severity::Critical));
    check(without(&["service", "job", "namespace"]), "i:1", "e", Some("i"), Some(Severity::Critical));
    check(json!({"alertname": "a", "severity": "purple"}), "a", "default", None, None);
    check(json!({"other": "a", "host": "web1"}), "alertmanager", "default", Some("web1"), None);
}

#[test]
fn a_bad_alert_is_named_and_leaves_the_others_good() {
    let cases = [
        (json!({"labels": {"alertname": "A"}}), "ok"),
        (json!(17), "alerts[1]: must be an object, found a number"),
        (json!({}), "alerts[2].labels: is required: an object of strings"),
        (json!({"labels": {}}), "alerts[3].labels: must hold at least one label that is not empty"),
        (json!({"labels": {"a": ""}}), "alerts[4].labels: must hold at least one label that is not empty"),
        (json!({"labels": ["a"]}), "alerts[5].labels: must be an object of strings, found an array"),
        (json!({"labels": {"a": 1}}), "alerts[6].labels.a: must be a string, found a number"),
        (json!({"labels": {"": "x"}}), "alerts[7].labels: must not hold a label without a name"),
        (
            json!({"labels": {"a": "b"}, "annotations": {"c": {}}}),
            "alerts[8].annotations.c: must be a string, found an object",
        ),
        (json!({"labels": {"a": "b"}, "annotations": 1}), "alerts[9].annotations: must be an object, found a number"),
        (json!({"labels": {"a": "b"}, "startsAt": "soon"}), "alerts[10].startsAt: must be a time"),
        (json!({"labels": {"a": "b"}, "endsAt": []}), "alerts[11].endsAt: must be a time"),
        (json!({"labels": {"a": "b"}, "generatorURL": 1}), "alerts[12].generatorURL: must be a string, found a number"),
        (json!({"labels": {"a": "x".repeat(262_144)}}), "alerts[13]: must be at most 262144 bytes as JSON, is "),
        (json!({"labels": {"alertname": "B"}}), "ok"),
    ];
    let results = parse(cases.iter().map(|case| case.0.clone()).collect());
    assert_eq!(results.len(), cases.len());
    for (result, (alert, expected)) in results.into_iter().zip(cases) {
        let outcome = result.map_or_else(|fault| fault.to_string(), |_| "ok".to_owned());
        assert!(outcome.starts_with(expected), "{alert}: {outcome}");
    }
}

#[test]
fn an_alert_too_deep_to_read_leaves_the_others_good() {
    let text = format!(r#"[{{"labels":{{"a":"b"}}}},{{"x":{}{}}}]"#, "[".repeat(9_999), "]".repeat(9_999));
    let results = parse_alerts(text.as_bytes(), now()).unwrap();
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().unwrap_err().to_string(), "alerts[1]: nested deeper than 127 levels");
}

#[test]
fn odd_times_and_nul_are_noted_on_the_alert_that_has_them() {
    let text =
        r#"[{"labels":{"a":"b"}},{"labels":{"a":"\u0000"},"startsAt":"1970-01-01T00:00:00Z"},{"labels":{"a":"c"}}]"#;
    let events: Vec<NewEvent> = parse_alerts(text.as_bytes(), now()).unwrap().into_iter().map(Result::unwrap).collect();
    assert!(events[0].notes.is_empty() && events[2].notes.is_empty());
    assert_eq!(events[1].notes, ["implausible_timestamp", "nul_replaced"]);
    assert_eq!(events[1].metadata["labels"]["a"], "\u{fffd}");
}

#[test]
fn a_body_that_is_no_array_is_refused() {
    for text in ["", "{}", "null", "[", "[{]", "[]]"] {
        assert_eq!(parse_alerts(text.as_bytes(), now()).unwrap_err().field, "body", "{text}");
    }
    assert!(parse_alerts(b"\xff", now()).is_err());
    assert!(parse_alerts(b"[]", now()).unwrap().is_empty());
}
