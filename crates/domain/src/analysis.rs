//! The explanation of an incident, in the shape the reference gave it.

use serde::{Deserialize, Serialize};

/// What an incident probably is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// One or two lines.
    pub summary: String,
    /// Up to three, the likeliest first.
    pub root_causes: Vec<RootCause>,
    /// How much to believe it.
    pub confidence: Confidence,
    /// Who wrote it.
    pub source: AnalysisSource,
}

/// One possible cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootCause {
    /// What went wrong.
    pub cause: String,
    /// One or two safe steps.
    pub fixes: Vec<String>,
    /// How to undo the steps.
    pub rollback: String,
    /// What it rests on: `E1`… for evidence of the incident, `M1`… for memories.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// How much to believe an analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess.
    Low,
    /// Supported by the evidence.
    Medium,
    /// Supported by the evidence and by what fixed the like before.
    High,
}

impl Confidence {
    /// The name used in JSON and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Who wrote an analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnalysisSource {
    /// Playbooks, memory and statistics.
    Builtin,
    /// A language model.
    Model,
}
