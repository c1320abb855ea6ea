//! The JSON shapes of `/api/v1`. Fields may be added, none renamed.

use foghorn_domain::analyst::SimilarIncident;
use foghorn_domain::audit::AuditEntry;
use foghorn_domain::incident::Incident;
use foghorn_domain::redaction::{redact, redact_json};
use foghorn_pipeline::remember;
use foghorn_store::model::{History, IncidentDetail, Notification, StoredEvent, TimelineEntry};
use serde_json::{Value, json};

/// An incident in a list.
pub(crate) fn incident(incident: Incident) -> Value {
    json!({
        "id": incident.id,
        "status": incident.status,
        "severity": incident.severity,
        "urgency": incident.urgency,
        "kind": incident.kind,
        "service": incident.service,
        "environment": incident.environment,
        "summary": incident.summary,
        "fingerprint": incident.fingerprint,
        "event_count": incident.event_count,
        "first_seen": incident.first_seen,
        "last_seen": incident.last_seen,
        "labels": incident.labels,
        "anomaly_score": incident.anomaly_score.map(score),
        "confidence": score(incident.confidence),
        "ended_by": incident.ended_by,
        "ended_at": incident.ended_at,
        "event_id": incident.event_id,
        "previous_incident_id": incident.previous_incident_id,
        "reopened_count": incident.reopened_count,
        "is_flapping": incident.flapping_since.is_some(),
        "still_firing_since": incident.still_firing_since,
    })
}

fn score(value: f32) -> f64 {
    (f64::from(value) * 1000.0).round() / 1000.0
}

/// An incident alone, with what is like it.
pub(crate) fn incident_alone(detail: IncidentDetail, history: &History, similar: &[SimilarIncident]) -> Value {
    let IncidentDetail { incident: row, analysis, notifications, timeline, draft } = detail;
    let more = json!({
        "headline": row.headline(),
        "evidence": row.evidence,
        "correlations": row.correlations,
        "analysis": analysis,
        "similar": similar.iter().map(similar_incident).collect::<Vec<_>>(),
        "draft": draft.as_ref().map(remember::shown),
        "seen_before": history.seen_before,
        "notifications": notifications.into_iter().map(notification).collect::<Vec<_>>(),
        "timeline": timeline.into_iter().map(timeline_entry).collect::<Vec<_>>(),
    });
    let mut whole = incident(row);
    if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
        whole.extend(more);
    }
    whole
}

fn similar_incident(found: &SimilarIncident) -> Value {
    json!({
        "id": found.id,
        "incident_id": found.incident_id,
        "summary": redacted(&found.summary),
        "service": found.service,
        "solution": found.solution.as_deref().map(redacted),
        "similarity": score(found.similarity),
        "author": found.author,
        "confirmed": found.confirmed,
        "outcome": found.outcome,
        "created_at": found.resolved_at,
    })
}

fn redacted(text: &str) -> String {
    redact(text).into_string()
}

/// A telling.
pub(crate) fn notification(notification: Notification) -> Value {
    json!({
        "receiver": notification.receiver,
        "channel": notification.channel,
        "reason": notification.reason,
        "status": notification.status,
        "sent_at": notification.sent_at,
        "edits": notification.edits,
        "urgency": notification.urgency,
        "why": notification.why,
        "told_with": notification.told_with,
        "created_at": notification.created_at,
        "message": notification.message,
        "route": notification.route,
        "team": notification.team,
        "held_by": notification.held_by,
        "attempts": notification.attempts,
        "next_attempt_at": notification.next_attempt_at,
        "may_repeat": notification.may_repeat,
    })
}

fn timeline_entry(entry: TimelineEntry) -> Value {
    json!({ "at": entry.at, "who": entry.who, "action": entry.action, "details": entry.details })
}

/// An event. Without `raw` its text is redacted.
pub(crate) fn event(stored: StoredEvent, raw: bool) -> Value {
    let event = stored.event;
    let metadata = Value::Object(event.metadata);
    let metadata = if raw { metadata } else { redact_json(&metadata) };
    json!({
        "id": event.id,
        "source": shown(event.source, raw),
        "type": shown(event.event_type, raw),
        "payload": shown(event.payload, raw),
        "metadata": metadata,
        "status": event.status,
        "dedup_key": event.dedup_key.map(|key| shown(key, raw)),
        "episode": event.episode.map(|episode| shown(episode, raw)),
        "event_timestamp": event.event_timestamp,
        "created_at": event.created_at,
        "service": shown(event.service, raw),
        "environment": shown(event.environment, raw),
        "severity": event.severity,
        "findings": stored.findings,
        "incident_id": stored.incident_id,
        "decision": stored.decision,
        "is_triaged": stored.is_triaged,
    })
}

fn shown(text: String, raw: bool) -> String {
    if raw { text } else { redact(&text).into_string() }
}

/// A row of the audit log.
pub(crate) fn audit_entry(entry: AuditEntry) -> Value {
    json!({
        "id": entry.id,
        "incident_id": entry.incident_id,
        "who": entry.who,
        "action": entry.action,
        "details": entry.details,
        "created_at": entry.created_at,
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    })
}
