//! An event as it stands in the spool: JSON, so that a later version can still read it.

use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_domain::severity::Severity;
use foghorn_store::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Serialize, Deserialize)]
struct Record {
    source: String,
    event_type: String,
    payload: String,
    metadata: Map<String, Value>,
    status: Option<EventStatus>,
    dedup_key: Option<String>,
    episode: Option<String>,
    idempotency_key: Option<String>,
    event_timestamp: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    severity: Option<Severity>,
    origin: Origin,
    notes: Vec<String>,
    received_at: Timestamp,
}

/// What intake may note about an event.
const NOTES: [&str; 2] = ["nul_replaced", "implausible_timestamp"];

pub(super) fn write(event: &NewEvent, received_at: Timestamp) -> Result<Vec<u8>> {
    let event = event.clone();
    let record = Record {
        source: event.source,
        event_type: event.event_type,
        payload: event.payload,
        metadata: event.metadata,
        status: event.status,
        dedup_key: event.dedup_key,
        episode: event.episode,
        idempotency_key: event.idempotency_key,
        event_timestamp: event.event_timestamp,
        expires_at: event.expires_at,
        severity: event.severity,
        origin: event.origin,
        notes: event.notes.into_iter().map(str::to_owned).collect(),
        received_at,
    };
    Ok(serde_json::to_vec(&record)?)
}

/// The event, and when it was received; one that does not say when it happened happened then.
pub(super) fn read(bytes: &[u8]) -> Result<(NewEvent, Timestamp)> {
    let record: Record = serde_json::from_slice(bytes)?;
    let event = NewEvent {
        source: record.source,
        event_type: record.event_type,
        payload: record.payload,
        metadata: record.metadata,
        status: record.status,
        dedup_key: record.dedup_key,
        episode: record.episode,
        idempotency_key: record.idempotency_key,
        event_timestamp: Some(record.event_timestamp.unwrap_or(record.received_at)),
        expires_at: record.expires_at,
        severity: record.severity,
        origin: record.origin,
        notes: NOTES.into_iter().filter(|known| record.notes.iter().any(|note| note == known)).collect(),
    };
    Ok((event, record.received_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_out_of_the_spool_as_it_went_in() {
        let now: Timestamp = "2026-01-02T03:04:05.123456Z".parse().unwrap();
        let whole = NewEvent {
            status: Some(EventStatus::Firing),
            dedup_key: Some("key".to_owned()),
            episode: Some("1".to_owned()),
            idempotency_key: Some("once".to_owned()),
            event_timestamp: Some(now),
            expires_at: Some(now),
            severity: Some(Severity::Critical),
            origin: Origin::Alertmanager,
            notes: NOTES.to_vec(),
            metadata: Map::from_iter([("host".to_owned(), Value::from("db-1"))]),
            ..NewEvent::new("source", "log", "text \u{1f4a5}")
        };
        assert_eq!(read(&write(&whole, now).unwrap()).unwrap(), (whole, now));
        let plain = NewEvent::new("a", "log", "b");
        let expected = NewEvent { event_timestamp: Some(now), ..plain.clone() };
        assert_eq!(read(&write(&plain, now).unwrap()).unwrap(), (expected, now));
        assert!(read(b"{}").is_err());
    }
}
