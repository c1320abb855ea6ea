//! What the tests of the ways out share.

use foghorn_domain::clock::Timestamp;
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::incident::{Incident, Status};
use foghorn_domain::message::{ActionButton, Message};
use foghorn_domain::severity::{Severity, Urgency};

/// A moment.
pub(crate) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// A message as it is built for a critical incident with history.
pub(crate) fn message() -> Message {
    let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Message {
        headline: "CRITICAL · checkout · database connection timeout".to_owned(),
        history: "Seen 4×; last 12 Mar, ana: raised max_connections; quiet after 6 min".to_owned(),
        change: Some("Changed 4 min before: checkout v1.2.3".to_owned()),
        reason: None,
        title: "*Incident #7* — database connection timeout (payments, db_timeout)".to_owned(),
        status_line: "Open, not acknowledged · 12 events since 03:04, the last just now".to_owned(),
        ai_summary: "The pool of connections is used up. Confidence: medium (0.62).".to_owned(),
        causes: lines(&[
            "1. Too few connections (E1, M1) - fixes: raise max_connections, restart the pool",
            "2. A query holds locks (E2) - fixes: end it",
        ]),
        similar: lines(&["M1 #3 (similarity 0.91): pool used up — fixed by: raised max_connections (ana, 12 Mar)"]),
        related: lines(&["#8 orders: slow queries (shares database pg-main)"]),
        actions: [("ack", "Acknowledge"), ("resolve", "Mark as Resolved")]
            .map(|(id, label)| ActionButton {
                action_id: id.to_owned(),
                label: label.to_owned(),
                value: "7".to_owned(),
            })
            .into(),
        marked: Some("analysis without a language model".to_owned()),
        link: Some("https://foghorn.example.org/incidents/7".to_owned()),
    }
}

/// The incident that [`message`] is about.
pub(crate) fn incident() -> Incident {
    Incident {
        id: 7,
        event_id: None,
        status: Status::Notified,
        kind: Kind::DbTimeout,
        severity: Severity::Critical,
        urgency: Urgency::Page,
        service: "checkout".to_owned(),
        environment: "production".to_owned(),
        summary: "database connection timeout".to_owned(),
        fingerprint: Fingerprint::of_row(7),
        partition: 0,
        labels: vec!["team:payments".to_owned()],
        event_count: 12,
        first_seen: now(),
        last_seen: now(),
        anomaly_score: None,
        confidence: 0.62,
        evidence: Vec::new(),
        correlations: Vec::new(),
        opened_because: None,
        ended_by: None,
        ended_at: None,
        previous_incident_id: None,
        episode: None,
        ends_by_source: false,
        still_firing_since: None,
        reopened_count: 0,
        resolved_count: 0,
        changes: Vec::new(),
        flapping_since: None,
    }
}
