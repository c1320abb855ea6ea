//! What a language model answered, and how much of it is shown.
//!
//! An [`Answer`] is read from JSON that fits [`schema`]; nothing more is believed of it. [`combine`] puts it
//! beside what the built-in analyst says: ids that do not exist are struck out, a cause that rests on nothing goes
//! to the end, `fixes` leaves out what could do harm or only repeats what a stranger wrote, and `trust` says how
//! much of the whole to believe, which is never more than the evidence bears nor than the model claims. What a
//! person confirmed as a fix stays on top, and a cause that the built-in analyst can prove is not lost.
//!
//! An answer is kept with its [`Legend`] and its placeholders, so that it can be read again beside another
//! incident with the same evidence.

mod causes;
mod fixes;
mod quoting;
mod trust;

pub use causes::clean_text;

use crate::analysis::{Analysis, AnalysisSource, Confidence, RootCause};
use crate::analyst::{Explained, MAX_CAUSES, SimilarIncident};
use crate::prompt::{Briefing, Legend};
use crate::text::cut;
use causes::{Reading, without_links};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of [`schema`].
pub const SCHEMA_NAME: &str = "incident_analysis";
/// The longest summary that is shown, in characters.
const MAX_SUMMARY: usize = 400;

/// An answer as the model wrote it, placeholders and all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// One or two sentences.
    pub summary: String,
    /// Up to three, the likeliest first; none where the model knows none.
    pub root_causes: Vec<AnsweredCause>,
    /// How much the model believes it.
    pub confidence: Confidence,
}

/// A cause as the model wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredCause {
    /// What went wrong.
    pub cause: String,
    /// What to do.
    pub fixes: Vec<String>,
    /// How to undo it.
    pub rollback: String,
    /// What it rests on, by the prompt's ids.
    pub evidence: Vec<String>,
}

/// An answer with what its ids stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// The answer.
    pub answer: Answer,
    /// What its ids stand for.
    pub legend: Legend,
}

/// How long an answer may be: texts in characters, lists in entries.
struct Bounds {
    summary: u32,
    cause: u32,
    fix: u32,
    fixes: u32,
    rollback: u32,
    ids: u32,
    id: u32,
}

/// What is taken. Wide: what is longer than people read is cut.
const TAKEN: Bounds = Bounds { summary: 2_000, cause: 1_000, fix: 1_000, fixes: 4, rollback: 1_000, ids: 12, id: 12 };

/// What is asked for: what the prompt asks for in words. A server that makes a grammar of a schema holds the model
/// to it, so that a small one which repeats itself comes to an end all the same.
const ASKED: Bounds = Bounds { summary: 300, cause: 200, fix: 200, fixes: 2, rollback: 160, ids: 5, id: 4 };

/// The JSON schema that an answer must fit.
pub fn schema() -> Value {
    schema_within(&TAKEN)
}

/// The JSON schema that an answer is asked to fit; what fits it fits [`schema`].
pub fn asked_schema() -> Value {
    schema_within(&ASKED)
}

fn schema_within(bounds: &Bounds) -> Value {
    let text = |most: u32| json!({ "type": "string", "minLength": 1, "maxLength": most });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["summary", "root_causes", "confidence"],
        "properties": {
            "summary": text(bounds.summary),
            "root_causes": {
                "type": "array",
                "maxItems": MAX_CAUSES,
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["cause", "fixes", "rollback", "evidence"],
                    "properties": {
                        "cause": text(bounds.cause),
                        "fixes": { "type": "array", "maxItems": bounds.fixes, "items": text(bounds.fix) },
                        "rollback": { "type": "string", "maxLength": bounds.rollback },
                        "evidence": {
                            "type": "array",
                            "maxItems": bounds.ids,
                            "items": { "type": "string", "maxLength": bounds.id },
                        },
                    },
                },
            },
            "confidence": { "type": "string", "enum": ["low", "medium", "high"] },
        },
    })
}

/// Reads an answer that fits the schema.
///
/// # Errors
/// A sentence that says what does not fit.
pub fn read(value: &Value) -> Result<Answer, String> {
    let answer: Answer = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    match answer.summary.trim().is_empty() {
        true => Err("the summary is blank".to_owned()),
        false => Ok(answer),
    }
}

/// The explanation that people read: the answer, checked, beside what the built-in analyst says.
///
/// `similar` is in the order in which the message shows it.
pub fn combine(builtin: &Explained, kept: &KeptAnswer, briefing: &Briefing, similar: &[SimilarIncident]) -> Explained {
    let reading = Reading::of(kept, briefing, builtin, similar);
    let is_suspicious = !briefing.suspicions.is_empty();
    let (root_causes, agreement) = causes::arrange(&reading, builtin, is_suspicious);
    let judged = trust::judge(builtin, &reading, &agreement, kept.answer.confidence, &briefing.suspicions);
    let summary = match reading.summary {
        // What a stranger talked the model into must not be the first thing that people read.
        Some(summary) if !is_suspicious => cut(&summary, MAX_SUMMARY),
        _ => without_links(&builtin.analysis.summary),
    };
    let root_causes = root_causes.into_iter().map(unlinked).collect();
    Explained {
        analysis: Analysis { summary, root_causes, confidence: judged.level, source: AnalysisSource::Model },
        confidence: judged.confidence,
        confidence_because: judged.because,
        docs: builtin.docs.clone(),
    }
}

/// The built-in analyst's explanation of an incident in which something reads like an instruction: believed less,
/// and said why.
pub fn caution(mut builtin: Explained, briefing: &Briefing) -> Explained {
    builtin.analysis.summary = without_links(&builtin.analysis.summary);
    builtin.analysis.root_causes = builtin.analysis.root_causes.into_iter().map(unlinked).collect();
    if let Some(sentence) = trust::suspicion_sentence(&briefing.suspicions) {
        let (confidence, level) = trust::lowered(builtin.confidence);
        builtin.confidence = confidence;
        builtin.analysis.confidence = level;
        builtin.confidence_because.push(sentence);
    }
    builtin
}

/// What a cause quotes must not become a link. Steps are marked where they hold one, and stay as they were written.
fn unlinked(cause: RootCause) -> RootCause {
    RootCause { cause: without_links(&cause.cause), ..cause }
}

#[cfg(test)]
mod tests;
