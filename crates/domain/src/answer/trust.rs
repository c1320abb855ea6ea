//! How much of an answer to believe: what the evidence bears, less what speaks against the answer, and never more
//! than the model itself claims.

use super::causes::{Agreement, Reading};
use crate::analysis::Confidence;
use crate::analyst::{Explained, HIGH, MEDIUM};
use crate::prompt::suspicion::Suspicion;
use crate::words::counted;

/// How far below a border a cap keeps it.
const BELOW: f32 = 0.01;
/// What text that reads like an instruction takes.
const SUSPICION: f32 = 0.20;

pub(super) struct Judged {
    pub(super) confidence: f32,
    pub(super) level: Confidence,
    pub(super) because: Vec<String>,
}

pub(super) fn judge(
    builtin: &Explained,
    reading: &Reading,
    agreement: &Agreement,
    claimed: Confidence,
    suspicions: &[Suspicion],
) -> Judged {
    let mut confidence = builtin.confidence;
    let mut because = Vec::new();
    let mut add = |weight: f32, reason: String| {
        confidence += weight;
        because.push(format!("{reason}: {weight:+.2}.").replace(": +0.00", ""));
    };
    match agreement {
        // It is said and counts for nothing: an answer can lower what the evidence bears, and never raise it.
        Agreement::Agree => add(0.0, "The model and the built-in analyst name the same cause".to_owned()),
        Agreement::Differ => add(-0.10, "The model and the built-in analyst name different causes".to_owned()),
        Agreement::Open => {}
    }
    if reading.struck > 0 {
        let struck = counted(reading.struck as u64, "id");
        add(-0.05, format!("The model cited {struck} that do not exist; they are struck out"));
    }
    let unsupported = reading.causes.iter().filter(|cause| !cause.is_supported).count();
    if unsupported > 0 {
        add(-0.05, format!("{} of the model's rest on nothing and come last", counted(unsupported as u64, "cause")));
    }
    if reading.refused > 0 || reading.summary.is_none() {
        add(-0.10, "Part of the answer reads like an instruction to its reader and is not shown".to_owned());
    }
    let mut reasons = reading.left_out.clone();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        because.push(format!("A step that the model proposed is left out because {reason}."));
    }
    if reading.causes.is_empty() && reading.refused == 0 {
        because.push("The model finds no cause that the data supports.".to_owned());
    }
    if let Some(sentence) = suspicion_sentence(suspicions) {
        confidence -= SUSPICION;
        because.push(sentence);
    }
    let cap = match claimed {
        Confidence::Low => MEDIUM - BELOW,
        Confidence::Medium => HIGH - BELOW,
        Confidence::High => 1.0,
    };
    confidence = (confidence.clamp(0.0, builtin.confidence.clamp(0.0, 1.0)) * 100.0).round() / 100.0;
    if confidence > cap {
        confidence = cap;
        because.push(format!("The model itself claims no more than {}, and the lower counts.", claimed.as_str()));
    }
    let level = level_of(confidence);
    because.insert(
        0,
        format!(
            "Confidence {confidence:.2} ({}), from {:.2} that evidence and memory bear.",
            level.as_str(),
            builtin.confidence
        ),
    );
    because.extend(builtin.confidence_because.iter().skip(1).cloned());
    Judged { confidence, level, because }
}

/// What people are told of text that reads like an instruction.
pub(super) fn suspicion_sentence(suspicions: &[Suspicion]) -> Option<String> {
    let places: Vec<&str> = suspicions.iter().take(6).map(|suspicion| suspicion.place.as_str()).collect();
    let more = suspicions.len().saturating_sub(places.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!places.is_empty()).then(|| {
        format!(
            "Suspicious content: {}{more} reads like an instruction; no model was shown it: -{SUSPICION:.2}.",
            places.join(", ")
        )
    })
}

/// The confidence in an incident with suspicious content.
pub(super) fn lowered(confidence: f32) -> (f32, Confidence) {
    let confidence = ((confidence - SUSPICION).clamp(0.0, 1.0) * 100.0).round() / 100.0;
    (confidence, level_of(confidence))
}

fn level_of(confidence: f32) -> Confidence {
    match confidence {
        confidence if confidence >= HIGH => Confidence::High,
        confidence if confidence >= MEDIUM => Confidence::Medium,
        _ => Confidence::Low,
    }
}
