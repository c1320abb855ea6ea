//! What is sent to PagerDuty.

use crate::fit::{fit, line};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::message::Message;
use foghorn_domain::severity::Severity;
use serde_json::{Map, Value, json};

/// The longest summary, in characters. A headline is far shorter; the limit holds whatever comes.
pub(super) const MAX_SUMMARY: usize = 1024;
/// The longest name of a service, an environment or a kind.
const MAX_NAME: usize = 255;

/// What is said about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventAction {
    /// It is on.
    Trigger,
    /// Somebody took it.
    Acknowledge,
    /// It is over.
    Resolve,
}

impl EventAction {
    /// The word PagerDuty knows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
        }
    }
}

/// What PagerDuty shows in columns of its own, beside the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The incident.
    pub incident_id: IncidentId,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub service: String,
    /// Where that runs.
    pub environment: String,
    /// What kind of trouble.
    pub kind: String,
    /// When it began.
    pub first_seen: Timestamp,
}

impl From<&Incident> for Facts {
    fn from(incident: &Incident) -> Self {
        Self {
            incident_id: incident.id,
            severity: incident.severity,
            service: incident.service.clone(),
            environment: incident.environment.clone(),
            kind: incident.kind.as_str().to_owned(),
            first_seen: incident.first_seen,
        }
    }
}

/// PagerDuty's word for a severity; it has the same four.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// A trigger without its keys. Every part is bounded, so the whole stays far below the 512 KB that PagerDuty
/// takes.
pub fn trigger(message: &Message, facts: &Facts) -> Value {
    let message = fit(message);
    let name = |text: &str, otherwise: &str| match line(text, MAX_NAME) {
        name if name.is_empty() => otherwise.to_owned(),
        name => name,
    };
    let summary = line(&message.headline, MAX_SUMMARY);
    let summary = if summary.is_empty() { format!("Incident #{}", facts.incident_id) } else { summary };
    let mut event = json!({
        "client": "Foghorn",
        "payload": {
            "summary": summary,
            "source": name(&facts.service, "foghorn"),
            "severity": severity(facts.severity),
            "timestamp": facts.first_seen.to_string(),
            "component": name(&facts.service, "foghorn"),
            "group": name(&facts.environment, "default"),
            "class": name(&facts.kind, "incident"),
            "custom_details": details(&message),
        },
    });
    if let Some(link) = &message.link {
        event["client_url"] = json!(link);
        event["links"] = json!([{ "href": link, "text": format!("Incident #{} in Foghorn", facts.incident_id) }]);
    }
    event
}

/// The message's lines under plain names, in reading order, without the empty ones.
fn details(message: &Message) -> Value {
    let optional = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    let lines = [
        ("incident", message.plain_title()),
        ("reason", optional(&message.reason)),
        ("history", message.history.clone()),
        ("change", optional(&message.change)),
        ("status", message.status_line.clone()),
        ("summary", message.ai_summary.clone()),
        ("note", optional(&message.marked)),
    ];
    let lists = [("causes", &message.causes), ("similar", &message.similar), ("related", &message.related)];
    let lines = lines.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, json!(text)));
    let lists = lists.into_iter().filter(|(_, texts)| !texts.is_empty()).map(|(name, texts)| (name, json!(texts)));
    Value::Object(lines.chain(lists).map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
