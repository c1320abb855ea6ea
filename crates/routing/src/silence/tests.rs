use super::*;
use crate::attributes::Attributes;
use foghorn_domain::clock::SignedDuration;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-01-07T12:00:00Z".parse().unwrap()
}

fn request() -> Value {
    json!({"matchers": ["service = checkout"], "duration": "2h", "created_by": "ana", "comment": "moving the database"})
}

/// The usual request with some fields changed; `null` takes one away.
fn asked(changes: Value) -> Result<NewSilence, FieldFault> {
    let mut body = request();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    Silence::parse_new(body.to_string().as_bytes(), now())
}

#[test]
fn a_request_becomes_a_silence_from_now_until_its_end() {
    let silence = asked(json!({})).unwrap();
    assert_eq!((silence.starts_at, silence.ends_at), (now(), now() + SignedDuration::from_hours(2)));
    let stored = silence.stored(7, now());
    assert_eq!((stored.id, stored.created_by.as_str(), stored.ended_at), (7, "ana", None));
    let json = serde_json::to_string(&stored).unwrap();
    assert_eq!(serde_json::from_str::<Silence>(&json).unwrap(), stored);
}

#[test]
fn a_silence_as_alertmanager_writes_it_is_read() {
    let body = json!({"matchers": [
            {"name": "service", "value": "checkout", "isRegex": false, "isEqual": true},
            {"name": "alertname", "value": "Disk.*", "isRegex": true},
            {"name": "severity", "value": "critical", "isRegex": false, "isEqual": false}],
        "startsAt": "2026-01-07T13:00:00Z", "endsAt": "2026-01-07T14:00:00Z", "createdBy": "ana", "comment": "x", "id": ""});
    let silence = Silence::parse_new(body.to_string().as_bytes(), now()).unwrap();
    let texts: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["service = checkout", "labels.alertname =~ Disk.*", "severity != critical"]);
}

#[test]
fn what_cannot_be_used_names_its_field() {
    let check = |changes: Value, field: &str, reason: &str| {
        let fault = asked(changes.clone()).unwrap_err();
        assert!(fault.field == field && fault.message.contains(reason), "{changes}: {fault}");
    };
    check(json!({"matchers": null}), "matchers", "must be a list");
    check(json!({"matchers": []}), "matchers", "need an equality on service or team");
    check(json!({"matchers": ["kind = error"]}), "matchers", "need an equality on service or team");
    check(json!({"matchers": ["service =~ .*"]}), "matchers", "need an equality");
    check(json!({"matchers": ["service != a"]}), "matchers", "need an equality");
    check(json!({"matchers": ["service = a", "kind = eror"]}), "matchers[1]", "did you mean error?");
    check(json!({"matchers": ["service = a", 7]}), "matchers[1]", "must be a text");
    check(json!({"matchers": [{"name": "service"}]}), "matchers[0]", "needs a text value");
    check(json!({"matchers": [{"name": "kind", "value": "x"}]}), "matchers[0]", "there is no kind");
    check(json!({"matchers": vec!["service = a"; 21]}), "matchers", "more than 20");
    check(json!({"matchers": vec!["service =~ a"; 5]}), "matchers", "more than 4 regular expressions");
    check(json!({"created_by": " \u{200b} "}), "created_by", "is blank");
    check(json!({"created_by": null}), "created_by", "is blank");
    check(json!({"comment": ""}), "comment", "say why");
    check(json!({"comment": 7}), "comment", "must be a text");
    check(json!({"comment": "x".repeat(1_001)}), "comment", "more than 1000");
    check(json!({"duration": null}), "ends_at", "is missing");
    check(json!({"duration": "long"}), "duration", "is no length of time");
    check(json!({"duration": 7}), "duration", "must be a text");
    check(json!({"ends_at": "2026-01-08T00:00:00Z"}), "duration", "beside ends_at");
    check(json!({"starts_at": "tomorrow"}), "starts_at", "must be a time");
    let until = |ends_at: &str| json!({"duration": null, "ends_at": ends_at, "starts_at": "2026-01-06T00:00:00Z"});
    check(until("2026-01-05T00:00:00Z"), "ends_at", "must be after");
    check(until("2026-01-06T00:00:00Z"), "ends_at", "must be after");
    check(until("2026-01-07T12:00:00Z"), "ends_at", "has passed");
    check(until("2026-04-07T00:00:00Z"), "ends_at", "more than 90 days");
    assert!(asked(until("2026-04-06T00:00:00Z")).is_ok());
    check(json!({"id": 3}), "id", "given by the store");
    check(json!({"end_at": "x"}), "body", "unknown field \"end_at\"; did you mean ends_at?");
    check(json!({"comment": "x".repeat(70_000)}), "body", "bytes");
    for body in ["", "[]", "7", "{\"a\"", "\u{0}"] {
        assert_eq!(Silence::parse_new(body.as_bytes(), now()).unwrap_err().field, "body", "{body}");
    }
    assert_eq!(Silence::parse_new(&[0xff, 0xfe], now()).unwrap_err().field, "body");
}

#[test]
fn a_silence_by_the_label_team_is_narrow_enough() {
    for matcher in ["team = payments", "labels.team = payments"] {
        assert!(asked(json!({"matchers": [matcher]})).is_ok(), "{matcher}");
    }
}

#[test]
fn words_are_made_plain_and_secrets_in_them_are_masked() {
    let silence =
        asked(json!({"comment": "token\u{1b}[31m xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx\n"})).unwrap();
    assert!(!silence.comment.contains("abcdefghijkl") && !silence.comment.contains('\u{1b}'), "{}", silence.comment);
}

#[test]
fn a_silence_holds_from_its_start_to_its_end_or_to_when_somebody_ended_it() {
    let minute = |minute: i64| now() + SignedDuration::from_mins(minute);
    let mut silence = asked(json!({})).unwrap().stored(1, now());
    let check =
        |silence: &Silence, at: i64, expected: bool| assert_eq!(silence.is_active(minute(at)), expected, "{at}");
    check(&silence, -1, false);
    check(&silence, 0, true);
    check(&silence, 119, true);
    check(&silence, 120, false);
    silence.ended_at = Some(minute(60));
    check(&silence, 59, true);
    check(&silence, 60, false);
    silence.ended_at = Some(minute(600));
    check(&silence, 120, false);
    let subject = Attributes { service: "checkout".to_owned(), ..Attributes::default() };
    assert!(silence.matches(&subject.subject()));
    assert!(!silence.matches(&Attributes::default().subject()));
}
