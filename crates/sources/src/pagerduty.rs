//! PagerDuty's Events API v2: `POST /v2/enqueue` and `POST /v2/change/enqueue` (PagerDuty/developer-docs,
//! `events-API-v2`).
//!
//! An alert is named by its routing key and its `dedup_key` together. The routing key is a secret and
//! ends here: what goes on is a hash of it. All alerts have the source `pagerduty`, because an
//! acknowledgement or a resolve says nothing about where the trouble is and must still meet its trigger;
//! where it is, is in the metadata (`host`, `service`).

use crate::field_error::{FieldError, quote};
use crate::fields::{self, Object};
use crate::limits::Limits;
use crate::outside_json::NUL_REPLACED;
use crate::outside_json::value::read_value;
use crate::outside_time;
use crate::stable_hash::{hex16, hex32};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_domain::severity::Severity;
use serde_json::Value;

/// Largest body, in bytes.
pub const MAX_BODY_BYTES: usize = 512 * 1024;
/// Longest summary that is shown, in characters.
pub const MAX_SUMMARY_CHARS: usize = 1024;
const MAX_KEY_CHARS: usize = 255;
/// Noted on an event whose summary was longer than [`MAX_SUMMARY_CHARS`].
const SUMMARY_CUT: &str = "summary_cut";

/// An alert event that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Enqueued {
    /// The event.
    pub event: NewEvent,
    /// The key to answer with: the sender's own, or the one made for it.
    pub dedup_key: String,
}

/// Reads an alert event. `random` makes the key of a trigger that has none; it must be new for every
/// call, since such a trigger is an alert of its own each time.
///
/// A summary that is too long is cut, noted and kept whole in the metadata. PagerDuty refuses it, which
/// its users know from the pages they did not get.
///
/// # Errors
/// Names the field at fault, such as `payload.severity`; never quotes the routing key.
pub fn parse_enqueue(bytes: &[u8], now: Timestamp, random: u128) -> Result<Enqueued, FieldError> {
    let mut message = Message::parse(bytes)?;
    let status = action(&mut message.top)?;
    let triggers = status == EventStatus::Firing;
    let given = fields::take_text(&mut message.top, "dedup_key")?;
    if let Some(key) = &given {
        fields::check_chars(key, "dedup_key", MAX_KEY_CHARS)?;
    }
    let dedup_key = match given {
        Some(key) => key,
        None if triggers => hex32([bytes, &random.to_be_bytes()]),
        None => return Err(FieldError::new("dedup_key", "is required to acknowledge or resolve")),
    };

    let mut event = NewEvent::new("pagerduty", "alert", "");
    event.status = Some(status);
    event.dedup_key = Some(format!("pd-{}:{dedup_key}", message.routing_key_hash));
    event.metadata.insert("dedup_key".to_owned(), dedup_key.as_str().into());
    if triggers {
        event.severity = Some(severity(&mut message.payload)?);
        event.payload = fields::take_required_text(&mut message.payload, "summary").map_err(in_payload)?;
        fields::take_required_text(&mut message.payload, "source")
            .map(|source| message.payload.insert("source".to_owned(), source.into()))
            .map_err(in_payload)?;
    } else {
        // These need no payload; where there is one it is a courtesy, and nothing in it is a fault.
        event.severity = message.payload.remove("severity").as_ref().and_then(Value::as_str).and_then(Severity::parse);
        let summary = message.payload.remove("summary").and_then(|summary| summary.as_str().map(str::to_owned));
        let summary = summary.filter(|summary| !summary.trim().is_empty());
        event.payload = summary.unwrap_or_else(|| format!("{} {dedup_key}", status.as_str()));
    }
    message.finish(&mut event, now, triggers)?;
    Ok(Enqueued { event, dedup_key })
}

/// Reads a change event: a deploy, a flag, a configuration. It opens nothing; it explains.
///
/// # Errors
/// As [`parse_enqueue`].
pub fn parse_change(bytes: &[u8], now: Timestamp) -> Result<NewEvent, FieldError> {
    let mut message = Message::parse(bytes)?;
    let summary = fields::take_required_text(&mut message.payload, "summary").map_err(in_payload)?;
    let mut event = NewEvent::new("pagerduty", "change", summary);
    message.finish(&mut event, now, true)?;
    Ok(event)
}

/// The parts of a message that both kinds have.
struct Message {
    routing_key_hash: String,
    top: Object,
    payload: Object,
    nul_replaced: bool,
}

impl Message {
    fn parse(bytes: &[u8]) -> Result<Self, FieldError> {
        if bytes.len() > MAX_BODY_BYTES {
            return Err(FieldError::body(format!("must be at most {MAX_BODY_BYTES} bytes, is {}", bytes.len())));
        }
        let found = read_value(bytes)?;
        let mut top = fields::object(found.value, "body")?;
        let routing_key = fields::take_required_text(&mut top, "routing_key")?;
        // PagerDuty's have 32 characters. Those who point a tool at Foghorn make up names instead.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if routing_key.len() > 64 || !routing_key.bytes().all(is_name) {
            let message = "must be 1 to 64 letters, digits, hyphens and underscores";
            return Err(FieldError::new("routing_key", message));
        }
        let payload = fields::take_object(&mut top, "payload")?;
        let routing_key_hash = hex16([routing_key.as_bytes()]);
        Ok(Self { routing_key_hash, top, payload, nul_replaced: found.nul_replaced })
    }

    /// Gives the event its time and its metadata. With `strict`, what has the wrong type is a fault;
    /// else it is left out.
    fn finish(mut self, event: &mut NewEvent, now: Timestamp, strict: bool) -> Result<(), FieldError> {
        event.origin = Origin::PagerDuty;
        if event.payload.chars().nth(MAX_SUMMARY_CHARS).is_some() {
            let cut = event.payload.chars().take(MAX_SUMMARY_CHARS).collect();
            let whole = std::mem::replace(&mut event.payload, cut);
            event.metadata.insert("summary".to_owned(), whole.into());
            event.notes.push(SUMMARY_CUT);
        }
        let original = self.payload.get("timestamp").cloned();
        let disbelieved = match fields::take_time(&mut self.payload, "timestamp").map_err(in_payload) {
            Ok(None) => false,
            Ok(Some(at)) => {
                event.event_timestamp = Some(at).filter(|at| outside_time::is_plausible(*at, now));
                event.event_timestamp.is_none()
            }
            Err(fault) if strict => return Err(fault),
            Err(_) => true,
        };
        if let Some(original) = original.filter(|_| disbelieved) {
            event.metadata.insert("original_event_timestamp".to_owned(), original);
            event.notes.push(outside_time::IMPLAUSIBLE);
        }
        for name in ["links", "images"] {
            match fields::take_array(&mut self.top, name) {
                Ok(Some(list)) => drop(event.metadata.insert(name.to_owned(), list.into())),
                Ok(None) => {}
                Err(fault) if strict => return Err(fault),
                Err(_) => {}
            }
        }
        self.place(&mut event.metadata);
        for (name, value) in self.payload.into_iter().chain(self.top) {
            fields::keep(&mut event.metadata, name, value);
        }
        fields::check_size(&event.metadata, "payload.custom_details", Limits::default().metadata_bytes)?;
        if self.nul_replaced {
            event.notes.push(NUL_REPLACED);
        }
        Ok(())
    }

    /// Where the trouble is. PagerDuty's `source` is the location of the affected system and becomes the
    /// host; its `component` is the part of it that is responsible, the nearest to a service.
    fn place(&self, metadata: &mut Object) {
        let payload = &self.payload;
        let details = payload.get("custom_details").and_then(Value::as_object);
        let detail = |name| details.and_then(|details| fields::text(details, name));
        let part = |name| fields::text(payload, name);
        let service = detail("service").or_else(|| part("component")).or_else(|| part("group"));
        let environment = detail("environment").or_else(|| detail("env"));
        let places = [
            ("service", service.or_else(|| part("source"))),
            ("environment", environment),
            ("host", detail("host").or_else(|| part("source"))),
        ];
        for (name, text) in places {
            if let Some(text) = text {
                metadata.insert(name.to_owned(), text.into());
            }
        }
    }
}

fn action(top: &mut Object) -> Result<EventStatus, FieldError> {
    let word = fields::take_required_text(top, "event_action")?;
    Ok(match word.as_str() {
        "trigger" => EventStatus::Firing,
        "acknowledge" => EventStatus::Acknowledged,
        "resolve" => EventStatus::Resolved,
        other => {
            let message = format!("must be trigger, acknowledge or resolve, found {}", quote(other));
            return Err(FieldError::new("event_action", message));
        }
    })
}

fn severity(payload: &mut Object) -> Result<Severity, FieldError> {
    let word = fields::take_required_text(payload, "severity").map_err(in_payload)?;
    let known = [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info];
    known.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(word.trim())).ok_or_else(|| {
        let message = format!("must be critical, error, warning or info, found {}", quote(&word));
        FieldError::new("payload.severity", message)
    })
}

fn in_payload(fault: FieldError) -> FieldError {
    fault.within("payload")
}
