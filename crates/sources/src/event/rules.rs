//! Decides whether the fields that were found make an event.

use super::fields::{EventSeed, Fields, Scalar};
use crate::field_error::{FieldError, describe, quote};
use crate::fields::{Object, check_chars, check_size, keep};
use crate::outside_json::NUL_REPLACED;
use crate::outside_time;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_domain::severity::Severity;
use serde_json::Value;

const STATUS_WORDS: &str = "must be one of firing, resolved, acknowledged, info";

/// The event, or the first field at fault in the order in which the documentation lists them.
pub(super) fn event_of(fields: Fields, seed: EventSeed<'_>) -> Result<NewEvent, FieldError> {
    let limits = seed.limits;
    let source = match (fields.source, seed.default_source) {
        (Scalar::Absent, Some(source)) => source.to_owned(),
        (source, _) => required(source, "source")?,
    };
    check_chars(&source, "source", limits.source_chars)?;
    let event_type = required(fields.event_type, "type")?;
    check_chars(&event_type, "type", limits.type_chars)?;
    let payload = required(fields.payload, "payload")?;
    if payload.len() > limits.payload_bytes {
        let (limit, size) = (limits.payload_bytes, payload.len());
        return Err(FieldError::new("payload", format!("must be at most {limit} bytes, is {size}")));
    }
    let mut event = NewEvent::new(trimmed(source), trimmed(event_type), payload);
    event.origin = seed.door;
    event.metadata = match fields.metadata {
        Value::Null => Object::new(),
        Value::Object(metadata) => metadata,
        other => return Err(FieldError::new("metadata", format!("must be an object, found {}", describe(&other)))),
    };
    event.status = status(fields.status)?;
    event.dedup_key = key(fields.dedup_key, "dedup_key", limits.key_chars)?;
    event.episode = key(fields.episode, "episode", limits.key_chars)?;
    event.idempotency_key = key(fields.idempotency_key, "idempotency_key", limits.key_chars)?;

    let said_on_top = fields.unknown.get("severity").and_then(severity_word);
    event.severity = said_on_top.or_else(|| severity_of(&event.metadata));
    for (name, value) in fields.unknown {
        keep(&mut event.metadata, name, value);
    }
    // A `level` beside the required fields has moved into the metadata by now.
    event.severity = event.severity.or_else(|| severity_of(&event.metadata));
    if event.severity.is_none() && seed.door == Origin::ErrorLog {
        event.severity = Some(Severity::Error);
    }
    timestamp(fields.event_timestamp, seed.now, &mut event)?;
    if seed.tracker.may_be_too_large() {
        check_size(&event.metadata, "metadata", limits.metadata_bytes)?;
    }
    if seed.tracker.nul_replaced() {
        event.notes.push(NUL_REPLACED);
    }
    Ok(event)
}

/// What metadata says about severity: `severity`, else `level`, where they are words that mean one.
pub(super) fn severity_of(metadata: &Object) -> Option<Severity> {
    ["severity", "level"].into_iter().find_map(|name| metadata.get(name).and_then(severity_word))
}

fn severity_word(value: &Value) -> Option<Severity> {
    value.as_str().and_then(Severity::parse)
}

fn required(value: Scalar, field: &str) -> Result<String, FieldError> {
    match value {
        Scalar::Text(text) if !text.trim().is_empty() => Ok(text),
        Scalar::Text(_) => Err(FieldError::new(field, "must be a non-blank string")),
        Scalar::Absent => Err(FieldError::new(field, "is required: a non-blank string")),
        Scalar::Number(_) => Err(FieldError::new(field, "must be a non-blank string, found a number")),
        Scalar::Wrong(found) => Err(FieldError::new(field, format!("must be a non-blank string, found {found}"))),
    }
}

fn key(value: Scalar, field: &str, limit: usize) -> Result<Option<String>, FieldError> {
    let key = match value {
        Scalar::Absent => return Ok(None),
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) if !text.trim().is_empty() => text,
        Scalar::Text(_) => return Err(FieldError::new(field, "must not be blank; leave it out instead")),
        Scalar::Wrong(found) => {
            return Err(FieldError::new(field, format!("must be a string or a number, found {found}")));
        }
    };
    check_chars(&key, field, limit)?;
    Ok(Some(key))
}

fn status(value: Scalar) -> Result<Option<EventStatus>, FieldError> {
    let found = match value {
        Scalar::Absent => return Ok(None),
        Scalar::Text(word) => match EventStatus::parse(&word) {
            Some(status) => return Ok(Some(status)),
            None => quote(&word),
        },
        Scalar::Number(_) => "a number".to_owned(),
        Scalar::Wrong(found) => found.to_owned(),
    };
    Err(FieldError::new("status", format!("{STATUS_WORDS}; found {found}")))
}

/// An implausible time is accepted: the sender's clock is wrong and its event may still be right. It is
/// kept as it was sent, and the time of receipt counts.
fn timestamp(value: Scalar, now: Timestamp, event: &mut NewEvent) -> Result<(), FieldError> {
    const FIELD: &str = "event_timestamp";
    let (at, original) = match value {
        Scalar::Absent => return Ok(()),
        Scalar::Number(number) => (outside_time::from_number(&number), Value::Number(number)),
        Scalar::Text(text) => match outside_time::parse(&text) {
            Some(at) => (Some(at), Value::String(text)),
            None => {
                return Err(FieldError::new(FIELD, format!("{}, found {}", outside_time::EXPECTED, quote(&text))));
            }
        },
        Scalar::Wrong(found) => {
            return Err(FieldError::new(FIELD, format!("{}, found {found}", outside_time::EXPECTED)));
        }
    };
    event.event_timestamp = at.filter(|at| outside_time::is_plausible(*at, now));
    if event.event_timestamp.is_none() {
        keep(&mut event.metadata, "original_event_timestamp".to_owned(), original);
        event.notes.push(outside_time::IMPLAUSIBLE);
    }
    Ok(())
}

fn trimmed(text: String) -> String {
    match text.trim() {
        inner if inner.len() == text.len() => text,
        inner => inner.to_owned(),
    }
}
