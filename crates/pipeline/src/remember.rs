//! Memories from outside: JSON lines, JSON arrays and Markdown post-mortems become memories that may be kept.
//!
//! [`json`] and [`markdown`] read what people bring along, `clean` makes every text fit to be kept: redacted,
//! without NUL, and no longer than memory needs. What cannot be a memory is refused with a sentence that names
//! the field; the others are not held up by it. [`exported`] is the way back out.

mod clean;
mod json;
mod markdown;

pub use clean::{MAX_TEXT, cleaned_edit};
pub use json::{Read, from_bytes, from_json, from_line};
pub use markdown::from_markdown;

use foghorn_domain::analyst::is_risky;
use foghorn_domain::redaction::redact;
use foghorn_store::memory_keeping::NewMemory;
use foghorn_store::model::MemoryItem;
use serde_json::{Value, json};

/// A memory that may be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// The memory, cleaned.
    pub memory: NewMemory,
    /// Fields that were longer than [`MAX_TEXT`] and were cut.
    pub cut: Vec<&'static str>,
}

/// A memory as the interface shows it, redacted: other programs write memories too.
pub fn shown(item: &MemoryItem) -> Value {
    json!({
        "id": item.id,
        "summary": redact(&item.summary),
        "service": item.service,
        "labels": item.labels,
        "incident_type": item.incident_type,
        "solution": item.solution.as_deref().map(redact),
        "author": item.author,
        "confirmed": item.confirmed,
        "origin": item.origin,
        "incident_id": item.incident_id,
        "created_at": item.created_at,
        "retired_at": item.retired_at,
        "outcome": item.outcome,
        "helped": item.helped,
        "not_helped": item.not_helped,
        "check_before_use": item.solution.as_deref().and_then(is_risky),
    })
}

/// A memory to be imported as a line that [`from_line`] reads.
pub fn line_of(memory: &NewMemory) -> Value {
    json!({
        "id": memory.id,
        "summary": memory.summary,
        "service": memory.service,
        "labels": memory.labels,
        "incident_type": memory.incident_type,
        "solution": memory.solution,
        "author": memory.author,
        "confirmed": !memory.is_draft,
        "created_at": memory.created_at,
        "fingerprint": memory.fingerprint,
    })
}

/// A memory as a line that [`from_line`] reads, redacted.
pub fn exported(item: &MemoryItem) -> Value {
    let mut line = json!({
        "id": item.id,
        "summary": redact(&item.summary),
        "service": item.service,
        "labels": item.labels,
        "incident_type": item.incident_type,
        "solution": item.solution.as_deref().map(redact),
        "author": item.author,
        "confirmed": item.confirmed,
        "created_at": item.created_at,
    });
    for (name, value) in [("fingerprint", &item.fingerprint), ("outcome", &item.outcome)] {
        if let Some(value) = value {
            line[name] = Value::from(value.as_str());
        }
    }
    line
}
