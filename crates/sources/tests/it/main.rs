//! What each parser makes of the messages it is meant for, and of those that mean it harm.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alertmanager;
mod alertmanager_webhook;
mod bodies;
mod event;
mod hostile_bytes;
mod lines;
mod pagerduty;

use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::NewEvent;
use serde_json::{Value, json};

/// The moment at which all tests happen.
fn now() -> Timestamp {
    at("2026-01-02T03:04:05Z")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An event with every field, for snapshots.
fn view(event: &NewEvent) -> Value {
    json!({
        "source": event.source,
        "type": event.event_type,
        "payload": event.payload,
        "metadata": event.metadata,
        "status": event.status.map(|status| status.as_str()),
        "dedup_key": event.dedup_key,
        "episode": event.episode,
        "idempotency_key": event.idempotency_key,
        "event_timestamp": event.event_timestamp.map(|at| at.to_string()),
        "expires_at": event.expires_at.map(|at| at.to_string()),
        "severity": event.severity.map(|severity| severity.as_str()),
        "origin": event.origin.as_str(),
        "notes": event.notes,
    })
}
