//! The analyst that needs no language model: playbooks, memory and arithmetic.
//!
//! [`explain`] takes an incident, what memory found like it, and the playbooks in force. `facts` reads
//! out of the evidence what the playbooks' placeholders want, `causes` ranks the causes by what speaks
//! for them, `precedent` turns what a person confirmed as the fix of an earlier incident into a fix
//! to look at first, `risk` flags those that could do harm, and `confidence` adds up how much of it to
//! believe, one sentence for each summand.
//!
//! All text that comes from outside is quoted, on one line and cut; none of it decides anything but
//! the order of causes.

mod causes;
mod confidence;
mod facts;
mod precedent;
mod risk;
mod similar;

pub(crate) use confidence::{HIGH, MEDIUM};
pub(crate) use facts::Facts;
pub use risk::is_risky;
pub use similar::SimilarIncident;

use crate::analysis::{Analysis, AnalysisSource};
use crate::incident::Incident;
use crate::playbook::Playbooks;
use crate::text::cut;
use serde::{Deserialize, Serialize};

/// The most causes in an analysis.
pub const MAX_CAUSES: usize = 3;
/// The longest summary of an analysis, in characters.
const MAX_SUMMARY: usize = 400;

/// An analysis, with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Summary, causes and fixes, in the shape the reference gave them.
    pub analysis: Analysis,
    /// How much to believe it, 0 to 1; `analysis.confidence` is this number in words.
    pub confidence: f32,
    /// Why it is believed that much, and what supports each cause: one sentence each.
    pub confidence_because: Vec<String>,
    /// First things to look at, and the names of runbooks.
    pub docs: Vec<String>,
}

/// Explains an incident.
///
/// Causes are ranked by what supports them: first those that a confirmed fix of a similar incident
/// speaks for, then those that the evidence supports, then those that are always possible. Evidence is
/// cited as `E1`… (position in [`Incident::evidence`], from 1), memory as `M1`… (position in
/// `similar`, from 1). Where nothing supports a cause, the first cause says so.
pub fn explain(incident: &Incident, similar: &[SimilarIncident], playbooks: &Playbooks) -> Explained {
    let facts = Facts::of(incident);
    let playbook = playbooks.find(incident.kind, &incident.service);
    let ranked = causes::rank(incident, &facts, playbook, similar);
    let judged = confidence::judge(incident, &ranked, similar);

    let mut summary = match playbook {
        Some(playbook) => playbook.summary.fill(|placeholder| facts.text(placeholder)),
        None => facts.one_line(&incident.summary),
    };
    if let Some(why) = ranked.first().map(|first| first.why.trim_end_matches('.')).filter(|why| !why.is_empty()) {
        summary = format!("{}. {why}.", cut(&summary, MAX_SUMMARY / 2));
    }
    let mut because = judged.because;
    because.extend(ranked.iter().filter_map(causes::RankedCause::said));
    let docs = playbook.map(|playbook| &playbook.docs[..]).unwrap_or_default();
    Explained {
        analysis: Analysis {
            summary: cut(&summary, MAX_SUMMARY),
            root_causes: ranked.into_iter().map(|ranked| ranked.root_cause).collect(),
            confidence: judged.level,
            source: AnalysisSource::Builtin,
        },
        confidence: judged.confidence,
        confidence_because: because,
        docs: docs.iter().map(|doc| doc.fill_command(|placeholder| facts.value(placeholder))).collect(),
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
