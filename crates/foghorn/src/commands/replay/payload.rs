//! JSON values by their shape: what other tools post is read as their doors read it, with the moment of the payload
//! in the place of the present.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_sources::{FieldError, Limits, alertmanager, alertmanager_webhook, event, pagerduty};
use serde_json::Value;

/// What a value is.
pub(super) enum Part {
    /// An event.
    Event(Box<NewEvent>),
    /// JSON that is read as a line of a log.
    Line(String),
    /// Meant as one of the known formats, and wrong in a field.
    Wrong(String),
}

/// The parts of one value; `text` is how it was written.
pub(super) fn parts(value: Value, text: &str, now: Timestamp) -> Vec<Part> {
    match value {
        Value::Array(items) => {
            items.into_iter().enumerate().flat_map(|(index, item)| element(&item, index, now)).collect()
        }
        Value::Object(object) if object.get("alerts").is_some_and(Value::is_array) => {
            // Whatever has ended by the machine's clock has ended.
            let parsed = alertmanager_webhook::parse_webhook(text.as_bytes(), Timestamp::now());
            parsed.map_or_else(|error| vec![wrong(&error)], |alerts| alerts.into_iter().map(part).collect())
        }
        Value::Object(object) => vec![one(&Value::Object(object), text, now)],
        _ => vec![Part::Line(text.to_owned())],
    }
}

fn element(item: &Value, index: usize, now: Timestamp) -> Vec<Part> {
    if item.get("labels").is_none() || item.get("payload").is_some() {
        return match item.is_object() {
            true => vec![one(item, &item.to_string(), now)],
            false => vec![Part::Wrong(format!("[{index}]: must be an object"))],
        };
    }
    // An alert as Prometheus posts it fires from its beginning until its end, if it has one: to whoever heard of it
    // when it began, the end lay ahead.
    let began = item.get("startsAt").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(now);
    match alertmanager::parse_alerts(format!("[{item}]").as_bytes(), began) {
        Err(error) => vec![wrong(&error)],
        Ok(alerts) => alerts
            .into_iter()
            .map(|parsed| match parsed {
                Ok(event) => Part::Event(Box::new(event)),
                Err(error) => Part::Wrong(error.to_string().replacen("alerts[0]", &format!("alerts[{index}]"), 1)),
            })
            .collect(),
    }
}

fn one(value: &Value, text: &str, now: Timestamp) -> Part {
    let has = |field: &str| value.get(field).is_some();
    if has("event_action") && (has("routing_key") || has("payload")) {
        let parsed = pagerduty::parse_enqueue(text.as_bytes(), now, 0);
        return part(parsed.map(|enqueued| enqueued.event));
    }
    if has("payload") && has("source") && has("type") {
        return part(event::parse_event(text.as_bytes(), Origin::Events, Timestamp::now(), &Limits::default()));
    }
    Part::Line(text.to_owned())
}

fn part(parsed: Result<NewEvent, FieldError>) -> Part {
    match parsed {
        Ok(event) => Part::Event(Box::new(event)),
        Err(error) => wrong(&error),
    }
}

fn wrong(error: &FieldError) -> Part {
    Part::Wrong(error.to_string())
}

/// When an event happened, as it says itself. An alert that fires has begun when it says that it started.
pub(super) fn moment(event: &NewEvent) -> Option<Timestamp> {
    /// 2000-01-01: machines with an unset clock are in 1970 or 1980.
    const EARLIEST: i64 = 946_684_800;
    let stated = |name: &str| event.metadata.get(name).and_then(Value::as_str)?.parse::<Timestamp>().ok();
    let started = || stated("startsAt").filter(|_| event.status == Some(EventStatus::Firing));
    let tomorrow = Timestamp::now() + SignedDuration::from_hours(24);
    event.event_timestamp.or_else(started).filter(|at| at.as_second() >= EARLIEST && *at <= tomorrow)
}

/// Whether its payload may begin with the time at which it was logged.
pub(super) fn is_line(event: &NewEvent) -> bool {
    event.status.is_none() && !matches!(event.event_type.as_str(), "metric" | "http_request" | "http" | "trace")
}
