//! The messages that other programs and Foghorn leave each other in Redis.

use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::IncidentId;
use foghorn_domain::text::outside_text;
use serde_json::{Map, Value, json};
use std::fmt;

/// What is announced on the channel of incidents: `{"incident_id": 123}`.
pub const DEFAULT_CHANNEL: &str = "incident_ready";
/// The list on which others push events.
pub const DEFAULT_QUEUE: &str = "events_queue";
/// The list on which Foghorn says what has opened, newest at the left.
pub const NOTIFICATIONS: &str = "agent_notifications";
/// The channel on which it says the same.
pub const ALERTS: &str = "incident_alerts";
/// The channel on which processes of one Foghorn wake each other.
pub const DOORBELL: &str = "foghorn:doorbell";
/// Entries that [`NOTIFICATIONS`] keeps.
pub const MOST_NOTIFICATIONS: usize = 1_000;

/// Bytes of a message; no event is larger.
const LARGEST: usize = 4 * 1024 * 1024;

/// What is wrong with a message, in the words that operators know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMessage {
    /// What it is counted under.
    pub kind: &'static str,
    detail: String,
}

impl BadMessage {
    fn new(kind: &'static str, detail: &str) -> Self {
        Self { kind, detail: outside_text(detail).chars().take(80).collect() }
    }

    /// An announcement of an incident that is not there.
    pub fn no_incident(id: IncidentId) -> Self {
        Self::new("No incident row for id", &id.to_string())
    }

    /// An event's number under which nothing is stored, in a message that does not bring the event along.
    pub fn no_event(id: i64) -> Self {
        Self::new("No raw_events row for id", &id.to_string())
    }

    /// An event that cannot be taken, with the field at fault.
    pub fn no_such_event(why: &str) -> Self {
        Self::new("Invalid event:", why)
    }
}

impl fmt::Display for BadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail.as_str() {
            "" => f.write_str(self.kind),
            detail if self.kind.ends_with("for id") || self.kind.ends_with(':') => write!(f, "{} {detail}", self.kind),
            detail => write!(f, "{}: {detail}", self.kind),
        }
    }
}

const NO_OBJECT: &str = "Invalid message format: expected object";

/// The incident that an announcement is about.
pub fn announced_incident(body: &[u8]) -> Result<IncidentId, BadMessage> {
    let object = match parse(body) {
        Some(Value::Object(object)) => object,
        _ => return Err(BadMessage::new(NO_OBJECT, "")),
    };
    match object.get("incident_id") {
        None | Some(Value::Null) => Err(BadMessage::new("Missing incident_id in message", "")),
        Some(id) => number(id, ("Invalid incident_id format", "Invalid incident_id value")),
    }
}

/// An event in the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedEvent {
    /// Its row in `raw_events`, if it has one already; else what makes a repeat of it known.
    pub id: i64,
    /// The event itself, where the message brings it along.
    pub event: Option<Map<String, Value>>,
}

/// Reads an entry of the queue: JSON with an `id`, perhaps with the event beside it, or a bare number.
pub fn queued_event(body: &[u8]) -> Result<QueuedEvent, BadMessage> {
    const WORDS: (&str, &str) = ("Invalid id format", "Invalid id value");
    match parse(body) {
        Some(Value::Object(mut object)) => {
            let id = match object.shift_remove("id") {
                None | Some(Value::Null) => return Err(BadMessage::new("Missing id in message", "")),
                Some(id) => number(&id, WORDS)?,
            };
            let event = object.contains_key("payload").then_some(object);
            Ok(QueuedEvent { id, event })
        }
        Some(bare @ (Value::Number(_) | Value::String(_))) => {
            Ok(QueuedEvent { id: number(&bare, WORDS)?, event: None })
        }
        _ => Err(BadMessage::new(NO_OBJECT, "")),
    }
}

/// What is said of an incident that has opened.
pub fn announcement(id: IncidentId, source: &str, summary: &str, at: Timestamp) -> String {
    json!({
        "type": "new_incident", "incident_id": id, "source": outside_text(source), "summary": outside_text(summary),
        "timestamp": at.as_second(), "status": "ready_for_agent",
    })
    .to_string()
}

fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body.get(..body.len().min(LARGEST + 1)).filter(|body| body.len() <= LARGEST)?).ok()
}

/// A number or a numeric string above 0.
fn number(value: &Value, (format, range): (&'static str, &'static str)) -> Result<i64, BadMessage> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    match text.parse::<i64>() {
        Ok(number) if number > 0 => Ok(number),
        Ok(_) => Err(BadMessage::new(range, &text)),
        Err(_) => Err(BadMessage::new(format, &text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_read_and_bad_ones_named_in_the_words_of_the_contract() {
        let check = |body: &str, expected: Result<i64, &str>| {
            let found = announced_incident(body.as_bytes()).map_err(|bad| bad.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{body}");
        };
        check("{\"incident_id\": 123}", Ok(123));
        check("{\"incident_id\": \"123\", \"more\": []}", Ok(123));
        for body in ["", "[]", "7", "\"x\"", "null", "{", "\u{0}"] {
            check(body, Err("Invalid message format: expected object"));
        }
        check("{}", Err("Missing incident_id in message"));
        check("{\"incident_id\": null}", Err("Missing incident_id in message"));
        check("{\"incident_id\": \"abc\"}", Err("Invalid incident_id format: abc"));
        check("{\"incident_id\": 1.5}", Err("Invalid incident_id format: 1.5"));
        check("{\"incident_id\": [1]}", Err("Invalid incident_id format: [1]"));
        check("{\"incident_id\": -1}", Err("Invalid incident_id value: -1"));
        check("{\"incident_id\": \"0\"}", Err("Invalid incident_id value: 0"));
        assert_eq!(BadMessage::no_incident(999).to_string(), "No incident row for id 999");
    }

    #[test]
    fn entries_of_the_queue_are_numbers_or_objects_with_an_id() {
        let read = |body: &str| queued_event(body.as_bytes()).map_err(|bad| bad.to_string());
        assert_eq!(read("42"), Ok(QueuedEvent { id: 42, event: None }));
        assert_eq!(read("\"42\""), Ok(QueuedEvent { id: 42, event: None }));
        assert_eq!(read("{\"id\": \"42\"}"), Ok(QueuedEvent { id: 42, event: None }));
        let event =
            read("{\"id\": 42, \"source\": \"a\", \"type\": \"log\", \"payload\": \"x\"}").unwrap().event.unwrap();
        assert_eq!(event["payload"], "x");
        assert!(!event.contains_key("id"));
        let check = |body: &str, expected: &str| assert_eq!(read(body).unwrap_err(), expected, "{body}");
        check("{\"payload\": \"x\"}", "Missing id in message");
        check("abc", "Invalid message format: expected object");
        check("[1]", "Invalid message format: expected object");
        check("0", "Invalid id value: 0");
        check("{\"id\": true}", "Invalid id format: true");
        assert_eq!(queued_event(&vec![b'1'; LARGEST + 1]).unwrap_err().kind, NO_OBJECT);
    }

    #[test]
    fn what_is_said_of_a_bad_message_is_short_and_plain() {
        let hostile = format!("{{\"incident_id\": \"\u{1b}[31m{}\"}}", "x".repeat(10_000));
        let said = announced_incident(hostile.as_bytes()).unwrap_err().to_string();
        assert!(said.len() < 150 && !said.contains('\u{1b}'), "{said:?}");
    }
}
