//! Foghorn's own event, as `POST /events` and its siblings take it.
//!
//! ```json
//! {"source":"nginx","type":"http_request","payload":"GET /","metadata":{"host":"web1"},"event_timestamp":"2026-01-02T03:04:05Z"}
//! ```
//! `source`, `type` and `payload` are non-blank strings and must be there. `metadata`, `event_timestamp`,
//! `status`, `dedup_key`, `episode` and `idempotency_key` may be; `null` means that they are not. Whatever
//! else an event brings is kept in its metadata.
//!
//! Reading goes in two steps: `fields` takes the JSON apart in one pass, whatever is in it, and
//! `rules` decides whether that is an event. [`to_json`] is the way back.

mod fields;
mod rules;

use crate::field_error::FieldError;
use crate::limits::Limits;
use crate::outside_json::{Text, Tracker, read, read_array, too_many};
use fields::EventSeed;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{NewEvent, Origin};
use foghorn_domain::severity::Severity;
use serde_json::{Value, json};

/// The events of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// One JSON object.
    One(Box<NewEvent>),
    /// The elements of an array or the lines of a stream, in order; blank lines do not count. Each is
    /// good or bad on its own.
    Many(Vec<Result<NewEvent, FieldError>>),
}

/// Reads one event. `door` becomes its origin; `now` is what its timestamp is measured against.
///
/// # Errors
/// Names the field at fault: missing, blank, of the wrong type or over its limit; or `body` where the
/// bytes are not UTF-8 or not one JSON object.
pub fn parse_event(bytes: &[u8], door: Origin, now: Timestamp, limits: &Limits) -> Result<NewEvent, FieldError> {
    let text = Text::new(bytes)?;
    let tracker = text.tracker(limits.metadata_bytes);
    read(text.as_str(), &tracker, EventSeed { tracker: &tracker, door, now, limits, default_source: None })
}

/// Reads a request's body: one object, a JSON array, or with the content type `application/x-ndjson`
/// (or `application/jsonl`) one object on each line.
///
/// # Errors
/// Where the body as a whole cannot be read; a fault in one element of an array or in one line is an
/// `Err` in its place and loses no other.
pub fn parse_body(
    bytes: &[u8],
    content_type: Option<&str>,
    door: Origin,
    now: Timestamp,
    limits: &Limits,
) -> Result<Body, FieldError> {
    parse_body_of(None, bytes, content_type, door, now, limits)
}

/// The same from a sender whose events are of this source where they name none.
///
/// # Errors
/// See [`parse_body`].
pub fn parse_body_of(
    default_source: Option<&str>,
    bytes: &[u8],
    content_type: Option<&str>,
    door: Origin,
    now: Timestamp,
    limits: &Limits,
) -> Result<Body, FieldError> {
    if content_type.is_some_and(is_one_per_line) {
        return parse_lines(default_source, bytes, door, now, limits).map(Body::Many);
    }
    let text = Text::new(bytes)?;
    let tracker = text.tracker(limits.metadata_bytes);
    let seed = EventSeed { tracker: &tracker, door, now, limits, default_source };
    if text.as_str().trim_ascii_start().starts_with('[') {
        Ok(Body::Many(read_array(text.as_str(), &tracker, seed, limits.events_per_body)?))
    } else {
        Ok(Body::One(Box::new(read(text.as_str(), &tracker, seed)?)))
    }
}

fn parse_lines(
    default_source: Option<&str>,
    bytes: &[u8],
    door: Origin,
    now: Timestamp,
    limits: &Limits,
) -> Result<Vec<Result<NewEvent, FieldError>>, FieldError> {
    let each =
        |line: &str, tracker: &Tracker| read(line, tracker, EventSeed { tracker, door, now, limits, default_source });
    let lines = || bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let count = lines().count();
    if count > limits.events_per_body {
        return Err(too_many(limits.events_per_body, count));
    }
    match Text::new(bytes) {
        Ok(text) => {
            let tracker = text.tracker(limits.metadata_bytes);
            let lines = text.as_str().split('\n').filter(|line| !line.trim_ascii().is_empty());
            Ok(lines.map(|line| each(line, &tracker)).collect())
        }
        // Somewhere it is not UTF-8: only the lines where that is so are lost.
        Err(_) => Ok(lines()
            .map(|line| {
                let text = Text::new(line)?;
                each(text.as_str(), &text.tracker(limits.metadata_bytes))
            })
            .collect()),
    }
}

fn is_one_per_line(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        kind.as_str(),
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
    )
}

/// The event as JSON that [`parse_event`] reads: what `foghorn send` posts. What intake itself adds
/// (`origin`, `notes`, `expires_at`) is left out.
pub fn to_json(event: &NewEvent) -> Value {
    let mut object = json!({ "source": event.source, "type": event.event_type, "payload": event.payload });
    if !event.metadata.is_empty() {
        object["metadata"] = Value::Object(event.metadata.clone());
    }
    if let Some(at) = event.event_timestamp {
        object["event_timestamp"] = Value::String(at.to_string());
    }
    if let Some(status) = event.status {
        object["status"] = status.as_str().into();
    }
    let said = rules::severity_of(&event.metadata);
    if let Some(severity) = event.severity.filter(|severity| said != Some(*severity)) {
        object["severity"] = Severity::as_str(severity).into();
    }
    let keys =
        [("dedup_key", &event.dedup_key), ("episode", &event.episode), ("idempotency_key", &event.idempotency_key)];
    for (name, key) in keys {
        if let Some(key) = key {
            object[name] = key.as_str().into();
        }
    }
    object
}
