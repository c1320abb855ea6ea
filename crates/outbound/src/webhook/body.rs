//! What a webhook carries.

use crate::fit::{fit, line};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Incident, IncidentId, Status};
use foghorn_domain::message::Message;
use foghorn_domain::notification::Reason;
use serde::Serialize;

/// Labels that are carried.
const MAX_LABELS: usize = 50;
/// The longest label or name, in characters.
const MAX_NAME: usize = 200;

/// What is told, as the receiver sees it in `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookKind {
    /// Somebody is told, for this reason: `incident.opened`, `incident.reopened`, ….
    Told(Reason),
    /// Its status is another: `incident.acknowledged`, `incident.resolved`, ….
    Changed(Status),
    /// A trial, asked for by a person: `test`.
    Test,
}

impl WebhookKind {
    fn word(self) -> String {
        match self {
            Self::Told(reason) => format!("incident.{}", reason.as_str()),
            Self::Changed(status) => format!("incident.{}", status.as_str()),
            Self::Test => "test".to_owned(),
        }
    }
}

/// What an attempt at a telling is known by, the same for every attempt: `foghorn-notification-12`, and
/// `foghorn-notification-12-edit-3` for the third thing said about it afterwards.
pub fn idempotency_key(notification_id: i64, edit: u32) -> String {
    match edit {
        0 => format!("foghorn-notification-{notification_id}"),
        edit => format!("foghorn-notification-{notification_id}-edit-{edit}"),
    }
}

/// One thing to say.
#[derive(Clone, Debug)]
pub struct WebhookEvent {
    kind: WebhookKind,
    notification_id: i64,
    edit: u32,
    at: Timestamp,
    incident: IncidentFields,
    message: Message,
}

/// An incident under the names of the HTTP interface.
#[derive(Clone, Debug, Serialize)]
struct IncidentFields {
    id: IncidentId,
    status: &'static str,
    severity: &'static str,
    urgency: &'static str,
    kind: String,
    service: String,
    environment: String,
    summary: String,
    fingerprint: String,
    event_count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    labels: Vec<String>,
    ended_by: Option<&'static str>,
}

/// The whole, in the order in which it is read.
#[derive(Serialize)]
struct Body<'a> {
    id: String,
    r#type: String,
    timestamp: Timestamp,
    incident: &'a IncidentFields,
    message: &'a Message,
}

impl WebhookEvent {
    /// What happened to an incident at a moment, which is the same for every attempt. `edit` is 0 for the telling itself and counts what is said
    /// about it afterwards; with the notification's id it makes the idempotency key.
    pub fn new(
        kind: WebhookKind,
        notification_id: i64,
        edit: u32,
        incident: &Incident,
        message: &Message,
        at: Timestamp,
    ) -> Self {
        let name = |text: &str| line(text, MAX_NAME);
        let incident = IncidentFields {
            id: incident.id,
            status: incident.status.as_str(),
            severity: incident.severity.as_str(),
            urgency: incident.urgency.as_str(),
            kind: incident.kind.as_str().to_owned(),
            service: name(&incident.service),
            environment: name(&incident.environment),
            summary: line(&incident.summary, foghorn_domain::message::MAX_ENTRY),
            fingerprint: name(&incident.fingerprint.to_string()),
            event_count: incident.event_count,
            first_seen: incident.first_seen,
            last_seen: incident.last_seen,
            labels: incident.labels.iter().take(MAX_LABELS).map(|label| name(label)).collect(),
            ended_by: incident.ended_by.map(|by| by.as_str()),
        };
        Self { kind, notification_id, edit, at, incident, message: fit(message) }
    }

    /// The idempotency key, which is also the header `webhook-id`.
    pub fn id(&self) -> String {
        idempotency_key(self.notification_id, self.edit)
    }

    /// The JSON. The same event gives the same bytes, so that a repeat is a repeat.
    pub fn body(&self) -> Vec<u8> {
        let body = Body {
            id: self.id(),
            r#type: self.kind.word(),
            timestamp: self.at,
            incident: &self.incident,
            message: &self.message,
        };
        // Strings, numbers and lists of them: there is nothing that JSON could not say.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}
