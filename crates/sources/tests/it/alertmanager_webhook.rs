//! What Alertmanager and Grafana post on.

use crate::{at, now, view};
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_sources::alertmanager::parse_alerts;
use foghorn_sources::alertmanager_webhook::parse_webhook;
use serde_json::{Value, json};

pub(crate) const ALERTMANAGER: &str = r#"{"version":"4","groupKey":"{}:{alertname=\"X\"}","truncatedAlerts":0,"status":"firing","receiver":"r","groupLabels":{"alertname":"X"},"commonLabels":{"alertname":"X"},"commonAnnotations":{},"externalURL":"http://am","alerts":[{"status":"firing","labels":{"alertname":"X"},"annotations":{},"startsAt":"2026-01-02T03:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"f404ecabc8dd5cd7"},{"status":"resolved","labels":{"alertname":"X","instance":"db1"},"annotations":{"summary":"gone"},"startsAt":"2026-01-02T03:00:00Z","endsAt":"2026-01-02T03:04:00Z","generatorURL":"","fingerprint":"a1"}]}"#;
pub(crate) const GRAFANA: &str = r#"{"receiver":"w","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"HighMem"},"annotations":{},"startsAt":"2026-01-02T03:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"c6ea","silenceURL":"","dashboardURL":"http://g/d","panelURL":"","values":{"B":44.2},"valueString":"[B=44.2]"}],"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"","version":"1","groupKey":"{}:{}","truncatedAlerts":0,"title":"[FIRING:1]","state":"alerting","message":"m"}"#;

fn events(text: &str) -> Vec<NewEvent> {
    parse_webhook(text.as_bytes(), now()).unwrap().into_iter().map(Result::unwrap).collect()
}

#[test]
fn a_group_becomes_an_event_for_each_alert() {
    let views: Vec<Value> = events(ALERTMANAGER).iter().map(view).collect();
    insta::assert_json_snapshot!(views);
}

#[test]
fn grafana_s_group_is_read_the_same_way() {
    let views: Vec<Value> = events(GRAFANA).iter().map(view).collect();
    insta::assert_json_snapshot!(views);
}

#[test]
fn the_same_alert_through_both_doors_is_one() {
    let alert = json!({"labels": {"alertname": "X", "b": ""}, "startsAt": "2026-01-02T04:00:00+01:00"});
    let posted = parse_alerts(json!([alert]).to_string().as_bytes(), now()).unwrap().remove(0).unwrap();
    let told = events(ALERTMANAGER).remove(0);
    assert_eq!(posted.dedup_key, told.dedup_key);
    assert_eq!((posted.source, posted.episode), (told.source, told.episode));
    assert_eq!((posted.origin, told.origin), (Origin::Alertmanager, Origin::AlertmanagerWebhook));
}

#[test]
fn the_alert_s_own_status_counts_and_never_runs_out() {
    let check = |alert: Value, group: Value, status, happened_at: Option<&str>| {
        let mut alert = alert;
        alert["labels"] = json!({"alertname": "X"});
        let mut body = group;
        body["alerts"] = json!([alert]);
        let event = events(&body.to_string()).remove(0);
        assert_eq!((event.status, event.expires_at), (Some(status), None), "{body}");
        assert_eq!(event.event_timestamp, happened_at.map(at), "{body}");
    };
    use EventStatus::{Firing, Resolved};
    let past = "2026-01-02T03:00:00Z";
    check(json!({"status": "resolved", "endsAt": past}), json!({"status": "firing"}), Resolved, Some(past));
    check(json!({"status": "firing", "endsAt": past}), json!({"status": "resolved"}), Firing, None);
    check(json!({"status": "resolved"}), json!({}), Resolved, None);
    check(json!({"endsAt": past}), json!({"status": "resolved"}), Resolved, Some(past));
    check(json!({"status": null}), json!({"status": null}), Firing, None);
}

#[test]
fn missing_fields_are_tolerated_and_wrong_ones_are_named() {
    let check = |text: &str, expected: &str| {
        let outcome = match parse_webhook(text.as_bytes(), now()) {
            Err(fault) => fault.to_string(),
            Ok(events) => {
                let each =
                    events.into_iter().map(|event| event.map_or_else(|fault| fault.to_string(), |_| "ok".into()));
                each.collect::<Vec<String>>().join("; ")
            }
        };
        assert_eq!(outcome, expected, "{text}");
    };
    check(r#"{"alerts":[{"labels":{"a":"b"}}]}"#, "ok");
    check(r#"{"alerts":[]}"#, "");
    check("{}", "alerts: is required: an array of alerts");
    check(r#"{"alerts":{}}"#, "alerts: must be an array, found an object");
    check("[]", "body: must be an object, found an array");
    check("", "body: is empty");
    check(r#"{"status":"purple","alerts":[]}"#, r#"status: of the group must be firing or resolved, found "purple""#);
    check(
        r#"{"alerts":[{"labels":{"a":"b"}},{"labels":{}},{"labels":{"a":"b"},"status":7},3]}"#,
        "ok; alerts[1].labels: must hold at least one label that is not empty; \
         alerts[2].status: of the alert must be firing or resolved, found a number; \
         alerts[3]: must be an object, found a number",
    );
}
