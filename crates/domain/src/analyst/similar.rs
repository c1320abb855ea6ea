//! Past incidents that look like the present one, as memory gives them.

use crate::clock::Timestamp;
use crate::incident::IncidentId;
use crate::text::{cut, outside_text};
use serde::{Deserialize, Serialize};

/// A past incident or imported memory that looks like the present incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimilarIncident {
    /// The memory's id.
    pub id: String,
    /// The incident it was learned from; `None` for what was imported.
    pub incident_id: Option<IncidentId>,
    /// What it was about, one line.
    pub summary: String,
    /// The service it was in.
    pub service: String,
    /// What was done about it.
    pub solution: Option<String>,
    /// How alike the two are, 0 to 1.
    pub similarity: f32,
    /// Who wrote the solution.
    pub author: Option<String>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// What happened after the fix, for instance `quiet after 6 min` or `reopened`.
    pub outcome: Option<String>,
    /// Whether a person confirmed the solution.
    pub confirmed: bool,
}

/// From this similarity on, two incidents are called alike, and a confirmed fix goes before what the evidence
/// alone supports.
const STRONG: f32 = 0.5;

impl SimilarIncident {
    /// Whether it is a strong match.
    pub fn is_strong(&self) -> bool {
        self.similarity >= STRONG
    }

    /// The fix, where a person confirmed one and it held.
    pub fn confirmed_fix(&self) -> Option<&str> {
        let held = !self.outcome.as_deref().is_some_and(|outcome| outcome.to_lowercase().contains("reopen"));
        self.solution.as_deref().filter(|fix| self.confirmed && held && !fix.trim().is_empty())
    }

    /// What people call it: `incident 12`, or `memory pg-7` where there was no incident.
    pub fn name(&self) -> String {
        match self.incident_id {
            Some(id) => format!("incident {id}"),
            None => format!("memory {}", cut(&outside_text(&self.id), 40)),
        }
    }
}
