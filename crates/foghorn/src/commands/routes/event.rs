//! What somebody gives as an event, as the incident that it would open.

use anyhow::{Context, anyhow, bail, ensure};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{Event, NewEvent, Origin};
use foghorn_pipeline::Settings;
use foghorn_pipeline::triage::{Judge, Judgement, ServiceMemory};
use foghorn_routing::Attributes;
use foghorn_sources::event::parse_event;
use foghorn_sources::{FieldError, Limits, alertmanager, alertmanager_webhook, pagerduty};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// What an event comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// An incident with these attributes.
    Incident(Box<Attributes>),
    /// Nothing, for this reason.
    Nothing(String),
}

/// Reads a JSON text by its shape, and judges it where it is an event.
pub(super) fn subject(bytes: &[u8], now: Timestamp) -> anyhow::Result<Found> {
    let value: Value = serde_json::from_slice(bytes).context("is no JSON")?;
    let has = |field: &str| value.get(field).is_some();
    let at_fault = |error: FieldError| anyhow!("{error}");
    if value.is_array() {
        return one_of(alertmanager::parse_alerts(bytes, now).map_err(at_fault)?, now);
    }
    if has("alerts") {
        return one_of(alertmanager_webhook::parse_webhook(bytes, now).map_err(at_fault)?, now);
    }
    if has("event_action") {
        let enqueued = pagerduty::parse_enqueue(bytes, now, 0).map_err(at_fault)?;
        return Ok(judged(enqueued.event, now));
    }
    if has("payload") {
        let event = parse_event(bytes, Origin::Events, now, &Limits::default()).map_err(at_fault)?;
        return Ok(judged(event, now));
    }
    let fields = ["kind", "severity", "urgency", "service", "environment", "summary"];
    let Some(object) = value.as_object().filter(|_| fields.iter().any(|field| has(field)) || has("labels")) else {
        let fields = fields.join(", ");
        bail!(
            "is neither an event (source, type, payload), nor an alert, nor an incident's attributes ({fields}, labels)"
        );
    };
    if value["labels"].is_object() && !fields.iter().any(|field| has(field)) {
        let alerts = [b"[", bytes, b"]"].concat();
        return one_of(alertmanager::parse_alerts(&alerts, now).map_err(at_fault)?, now);
    }
    Attributes::from_json(object).map(|attributes| Found::Incident(Box::new(attributes))).map_err(|why| anyhow!(why))
}

fn one_of(events: Vec<Result<NewEvent, FieldError>>, now: Timestamp) -> anyhow::Result<Found> {
    ensure!(events.len() == 1, "has {} alerts; give one", events.len());
    let event = events.into_iter().next().context("has no alert")?;
    Ok(judged(event.map_err(|error| anyhow!("{error}"))?, now))
}

/// What triage would make of the event, had it known the service for long.
fn judged(event: NewEvent, now: Timestamp) -> Found {
    let settings = Arc::new(Settings::new(Path::new(".")));
    let known_since = now.checked_sub(settings.learn + SignedDuration::from_hours(1)).unwrap_or(now);
    let (service, environment) = (event.service().to_owned(), event.environment().to_owned());
    let event = Event {
        id: 1,
        source: event.source,
        event_type: event.event_type,
        payload: event.payload,
        metadata: event.metadata,
        status: event.status,
        dedup_key: event.dedup_key,
        episode: event.episode,
        event_timestamp: event.event_timestamp,
        severity: event.severity,
        origin: event.origin,
        service,
        environment,
        partition: 0,
        created_at: now,
    };
    match Judge::new(settings).judge(&event, &mut ServiceMemory::new(0, known_since)) {
        Judgement::Nothing | Judgement::Round => Found::Nothing("nothing was found in the event".to_owned()),
        Judgement::Unclaimed(unclaimed) => Found::Nothing(unclaimed.decision),
        Judgement::Signal(signal) => Found::Incident(Box::new(Attributes {
            kind: signal.kind,
            severity: signal.severity.0,
            urgency: signal.urgency.0,
            service: signal.service,
            environment: signal.environment,
            labels: signal.labels,
            summary: signal.summary,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(value: &Value) -> anyhow::Result<Found> {
        subject(value.to_string().as_bytes(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn events_of_every_shape_are_judged() {
        let check = |value: Value, kind: &str, severity: &str, service: &str| match found(&value).unwrap() {
            Found::Incident(found) => {
                assert_eq!(
                    (found.kind.as_str(), found.severity.as_str(), found.service.as_str()),
                    (kind, severity, service)
                );
            }
            Found::Nothing(why) => panic!("{value}: {why}"),
        };
        let log = json!({"source": "shop", "type": "log", "payload": "ERROR Database connection timeout after 30s"});
        check(log, "db_timeout", "error", "shop");
        let alert = json!({"labels": {"alertname": "Down", "service": "search", "severity": "critical"}});
        check(alert.clone(), "alert", "critical", "search");
        check(json!([alert]), "alert", "critical", "search");
        check(json!({"status": "firing", "alerts": [alert]}), "alert", "critical", "search");
        let page = json!({"routing_key": "K", "event_action": "trigger", "payload":
            {"summary": "it is down", "source": "search", "severity": "critical"}});
        check(page, "alert", "critical", "search");
        check(json!({"kind": "xss", "service": "a", "labels": {"team": "x"}}), "xss", "error", "a");
        check(json!({"labels": ["x"], "service": "a"}), "alert", "error", "a");
    }

    #[test]
    fn what_opens_nothing_or_is_no_event_is_said() {
        let quiet = json!({"source": "a", "type": "log", "payload": "GET /health 200"});
        assert!(matches!(found(&quiet), Ok(Found::Nothing(_))));
        let texts = [
            "",
            "[]",
            "{}",
            "7",
            "null",
            "[1]",
            "[{},{}]",
            "{\"payload\": 7}",
            "{\"kind\": \"nonsense\"}",
            "{\"a\": \"b\"}",
            "{\"alerts\": []}",
            "{\"event_action\": \"trigger\"}",
            "{\"labels\": {}}",
        ];
        for wrong in texts {
            assert!(subject(wrong.as_bytes(), Timestamp::UNIX_EPOCH).is_err(), "{wrong}");
        }
    }
}
