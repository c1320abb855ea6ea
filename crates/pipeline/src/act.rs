//! A person's hand on an incident. Everything they wrote is redacted here, before it is stored, audited or
//! shown; the audit row carries digests of it.

use crate::crash;
use crate::doorbell::Doorbell;
use crate::metrics::Metrics;
use foghorn_domain::incident::{Action, Incident, IncidentId};
use foghorn_domain::redaction::redact;
use foghorn_domain::text::plain_text;
use foghorn_store::incidents::Act;
use foghorn_store::once::{Answered, Asked, Gate, Wording};
use foghorn_store::{Result, Store};
use serde_json::{Value, json};
use std::time::Duration;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name in the audit log: from a token or signature where there is one, else what was said.
    pub who: String,
    /// The name said in a body, where `who` comes from a token.
    pub on_behalf_of: Option<String>,
    /// Through what: `http`, `dashboard`, `cli`, `slack`.
    pub via: &'static str,
}

impl Actor {
    /// What the audit row says about the way, beside who.
    pub fn details(&self) -> Value {
        match &self.on_behalf_of {
            Some(name) => json!({ "via": self.via, "on_behalf_of": clean(name, 100) }),
            None => json!({ "via": self.via }),
        }
    }
}

/// The way a person acts on incidents.
#[derive(Clone)]
pub struct Acting {
    store: Store,
    metrics: Metrics,
    notify: Doorbell,
}

impl Acting {
    pub(crate) fn new(store: Store, metrics: Metrics, notify: Doorbell) -> Self {
        Self { store, metrics, notify }
    }

    /// Carries out a request that proves itself by its signature, at most once and only if it is begun within
    /// the time: what nobody had begun by then is taken back. What has begun is waited for a little longer.
    pub async fn once(&self, signature: String, asked: Asked, wording: Wording, within: Duration) -> Result<Answered> {
        let gate = Gate::default();
        let name = match &asked {
            Asked::Act(act) => act.action.as_str(),
            Asked::Solution { .. } => "add_solution",
        };
        let mut work = Box::pin(self.store.once(signature, gate.clone(), asked, wording));
        let answered = match tokio::time::timeout(within, &mut work).await {
            Ok(answered) => answered?,
            Err(_) if gate.close() => Answered::TakenBack,
            // It is being committed this moment.
            Err(_) => work.await?,
        };
        if matches!(answered, Answered::Now(_)) {
            Metrics::count(&self.metrics.actions, name, 1);
            self.notify.ring();
        }
        Ok(answered)
    }

    /// What a person asks for, redacted and cut as it will be stored.
    pub fn asked(
        &self,
        incident_id: IncidentId,
        action: Action,
        actor: &Actor,
        note: Option<&str>,
        solution: Option<&str>,
    ) -> Act {
        Act {
            incident_id,
            action,
            who: clean(&actor.who, 100),
            note: note.map(|text| clean(text, 4000)).filter(|text| !text.is_empty()),
            solution: solution.map(|text| clean(text, 8000)).filter(|text| !text.is_empty()),
            details: actor.details(),
        }
    }

    /// Has evidence and similar incidents posted in the thread of the message in which somebody asked.
    pub(crate) async fn ask_for_details(&self, id: IncidentId, ts: Option<String>, wish: String) -> Result<()> {
        self.store.ask_for_details(id, ts, wish).await?;
        self.notify.ring();
        Ok(())
    }

    /// A fix that a person writes down, redacted and cut as it will be stored.
    pub fn written(&self, incident_id: IncidentId, actor: &Actor, solution: &str) -> Asked {
        let (who, text, details) = (clean(&actor.who, 100), clean(solution, 8000), actor.details());
        Asked::Solution { incident_id, who, text, details }
    }

    /// Does it. `true` if anything changed; a refusal is [`foghorn_store::Error::Conflict`] with the reason.
    pub async fn act(
        &self,
        incident_id: IncidentId,
        action: Action,
        actor: &Actor,
        note: Option<&str>,
        solution: Option<&str>,
    ) -> Result<(Incident, bool)> {
        let act = self.asked(incident_id, action, actor, note, solution);
        crash::point("act before commit");
        let (incident, changed) = self.store.act(act).await?;
        crash::point("act after commit");
        if changed {
            Metrics::count(&self.metrics.actions, action.as_str(), 1);
        }
        self.notify.ring();
        Ok((incident, changed))
    }

    /// Writes down what fixed an incident. Answers the memory's id.
    pub async fn add_solution(&self, incident_id: IncidentId, actor: &Actor, solution: &str) -> Result<String> {
        let (who, text) = (clean(&actor.who, 100), clean(solution, 8000));
        let id = self.store.add_solution(incident_id, who, text, actor.details()).await?;
        Metrics::count(&self.metrics.actions, "add_solution", 1);
        self.notify.ring();
        Ok(id)
    }
}

fn clean(text: &str, at_most: usize) -> String {
    plain_text(&redact(text).into_string()).chars().take(at_most).collect::<String>().trim().to_owned()
}
