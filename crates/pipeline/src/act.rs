//! A person's hand on an incident. Everything they wrote is redacted here, before it is stored, audited or
//! shown; the audit row carries digests of it.

use crate::doorbell::Doorbell;
use crate::metrics::Metrics;
use foghorn_domain::incident::{Action, Incident, IncidentId};
use foghorn_domain::redaction::redact;
use foghorn_domain::text::plain_text;
use foghorn_store::sqlite::incidents::Act;
use foghorn_store::{Result, Store};
use serde_json::{Value, json};

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

    /// Does it. `true` if anything changed; a refusal is [`foghorn_store::Error::Conflict`] with the reason.
    pub async fn act(
        &self,
        incident_id: IncidentId,
        action: Action,
        actor: &Actor,
        note: Option<&str>,
        solution: Option<&str>,
    ) -> Result<(Incident, bool)> {
        let act = Act {
            incident_id,
            action,
            who: clean(&actor.who, 100),
            note: note.map(|text| clean(text, 4000)).filter(|text| !text.is_empty()),
            solution: solution.map(|text| clean(text, 8000)).filter(|text| !text.is_empty()),
            details: actor.details(),
        };
        let (incident, changed) = self.store.act(act).await?;
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
