//! A trial of the routing: a message that says that it is a test, to everybody whom an incident of a kind would
//! be told to. Nothing is stored but that somebody tried.

use crate::act::Actor;
use crate::deliver::Outcomes;
use crate::explain::Told;
use crate::receivers::Outgoing;
use crate::routes::Routes;
use foghorn_domain::analyst;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::incident::{Incident, Status};
use foghorn_domain::lifecycle::{Policy, Signal, receive};
use foghorn_domain::message::{self, MessageInput};
use foghorn_domain::notification::{NotificationStatus, Reason, ReasonKey};
use foghorn_domain::playbook::Playbooks;
use foghorn_domain::severity::{Severity, Urgency};
use foghorn_store::model::{Explanation, History, Notification};
use foghorn_store::outbox::Routed;
use foghorn_store::{Result, Store};
use serde_json::json;

/// Tries.
#[derive(Clone)]
pub struct Trial {
    store: Store,
    routes: Routes,
    outcomes: Outcomes,
}

/// What became of the test at one receiver.
#[derive(Clone, Debug)]
pub struct TrialOutcome {
    /// Its name.
    pub receiver: String,
    /// `slack`, `email`, `pagerduty`, `webhook`.
    pub kind: &'static str,
    /// Where it leads.
    pub channel: String,
    /// By which way through the routing.
    pub route: String,
    /// What went wrong.
    pub error: Option<String>,
}

impl Trial {
    pub(crate) fn new(store: Store, routes: Routes, outcomes: Outcomes) -> Self {
        Self { store, routes, outcomes }
    }

    /// Sends the test and waits for every receiver's answer.
    pub async fn run(&self, kind: Kind, actor: &Actor) -> Result<Vec<TrialOutcome>> {
        let now = self.store.clock().now();
        let Some(incident) = example(kind, now) else { return Ok(Vec::new()) };
        let told = told(&incident, now);
        let mut outcomes = Vec::new();
        for Routed { lane, route, team, .. } in self.routes.routed(&incident, &ReasonKey::opened(), now) {
            let Some(receiver) = self.routes.receiver(&lane.receiver) else { continue };
            let row = Notification { id: incident.id, ..row(&lane.receiver, &lane.channel, team, now) };
            let outgoing = Outgoing {
                row: &row,
                incident: &incident,
                told: &told,
                storm: None,
                emergency: None,
                news: None,
                first_notification: None,
                now,
            };
            let mut failure = receiver.post(&outgoing).await.err();
            if failure.is_none() && receiver.kind() == "pagerduty" {
                // What rang for a test is not left open.
                let over = Incident { status: Status::Resolved, ..incident.clone() };
                failure = receiver.edit(&Outgoing { incident: &over, ..outgoing }).await.err();
            }
            let (outcome, code) = (if failure.is_some() { "test_failed" } else { "test_sent" }, failure.as_ref());
            let code = code.map(|failure| failure.code.as_str());
            self.outcomes.note(receiver.kind(), self.store.clock().now(), outcome, code);
            let error = failure.map(|failure| format!("{}: {}", failure.code, failure.detail));
            outcomes.push(TrialOutcome {
                receiver: lane.receiver,
                kind: receiver.kind(),
                channel: lane.channel,
                route,
                error,
            });
        }
        let details = json!({
            "incident_type": kind, "receivers": outcomes.len(), "via": actor.via,
            "failed": outcomes.iter().filter(|outcome| outcome.error.is_some()).count(),
        });
        self.store.note_in_audit("test_notification", actor.who.clone(), details).await?;
        Ok(outcomes)
    }
}

fn example(kind: Kind, now: Timestamp) -> Option<Incident> {
    let signal = Signal {
        event_id: 0,
        arrived_at: now,
        happened_at: now,
        status: None,
        episode: None,
        fingerprint: Fingerprint::from_stored("test".to_owned()),
        fingerprint_of: "a test".to_owned(),
        partition: 0,
        service: "foghorn".to_owned(),
        environment: "test".to_owned(),
        kind,
        score: 1.0,
        rule: "test".to_owned(),
        threshold: 0.0,
        severity: (Severity::Info, "a test".to_owned()),
        urgency: (Urgency::Notify, "a test".to_owned()),
        summary: format!("This is a test of the route for {}: nothing is wrong", kind.as_str()),
        labels: vec!["test".to_owned()],
        anomaly_score: None,
        evidence: Vec::new(),
        correlations: Vec::new(),
        ends_by_source: false,
        findings: Vec::new(),
    };
    receive(None, &signal, &Policy::default()).ok().map(|outcome| Incident {
        // No incident's number, and another one for every test, so that no receiver takes it for a repeat.
        id: -now.as_millisecond(),
        status: Status::Notified,
        ..outcome.incident
    })
}

fn told(incident: &Incident, now: Timestamp) -> Told {
    let explained = analyst::explain(incident, &[], &Playbooks::builtin());
    let mut message = message::build(&MessageInput::new(incident, &explained, now));
    message.headline = format!("TEST · {}", message.headline);
    message.title = format!("*Test* — {}", incident.summary);
    message.ai_summary = "Somebody asked for this test. There is nothing to do.".to_owned();
    message.causes.clear();
    message.actions.clear();
    message.link = None;
    let analyst::Explained { analysis, confidence_because, docs, .. } = explained;
    Told {
        explanation: Explanation { analysis, confidence_because, docs },
        message,
        similar: Vec::new(),
        history: History::default(),
        related: Vec::new(),
        wanted: None,
    }
}

/// A row that stands in no outbox.
pub(crate) fn row(receiver: &str, channel: &str, team: Option<String>, now: Timestamp) -> Notification {
    Notification {
        id: 0,
        incident_id: 0,
        receiver: receiver.to_owned(),
        channel: channel.to_owned(),
        reason: Reason::Opened,
        occurrence: "test".to_owned(),
        urgency: Urgency::Notify,
        status: NotificationStatus::Pending,
        why: None,
        told_with: None,
        message: None,
        edits: 0,
        dirty: 0,
        attempts: 0,
        next_attempt_at: None,
        created_at: now,
        sent_at: None,
        route: None,
        team,
        held_by: None,
        in_flight: false,
        provider: None,
        shown_status: None,
        is_digest: false,
        may_repeat: false,
    }
}
