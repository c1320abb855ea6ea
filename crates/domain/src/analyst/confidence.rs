//! How much to believe an analysis, added up from what can be counted.
//!
//! It starts at 0.10. A detector that is sure adds up to 0.30; causes that something supports, up to
//! 0.25; a fix that a person confirmed for a similar incident, up to 0.25; many events, up to 0.10.
//! What is missing takes 0.10 each. Then two caps keep the words honest: without any supported cause
//! it stays low, and without a confirmed precedent it does not get high.

use super::causes::{RankedCause, Standing};
use super::precedent::precedents;
use super::similar::SimilarIncident;
use crate::analysis::Confidence;
use crate::incident::Incident;
use crate::words;

/// From here on the confidence is medium.
pub(crate) const MEDIUM: f32 = 0.40;
/// From here on it is high.
pub(crate) const HIGH: f32 = 0.70;
/// How far below a border a cap keeps it.
const BELOW: f32 = 0.01;

/// A confidence with its reasons.
pub(super) struct Judged {
    /// 0 to 1.
    pub(super) confidence: f32,
    pub(super) level: Confidence,
    /// One sentence each.
    pub(super) because: Vec<String>,
}

pub(super) fn judge(incident: &Incident, ranked: &[RankedCause], similar: &[SimilarIncident]) -> Judged {
    let mut confidence = 0.10;
    let mut because = Vec::new();
    let mut add = |weight: f32, reason: String| {
        if weight != 0.0 {
            confidence += weight;
            because.push(format!("{reason}: {weight:+.2}."));
        }
    };

    let own = incident.evidence.iter().enumerate().filter(|(_, entry)| entry.kind == incident.kind);
    let best = own.max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score));
    match best {
        Some((index, entry)) => {
            let score = share(entry.score);
            let rule = crate::text::cut(&crate::text::plain_text(&entry.rule), 60);
            add(0.30 * score, format!("The detector's best score is {score:.2} ({rule}, E{})", index + 1));
        }
        None => {
            let score = share(incident.confidence);
            add(0.30 * score, format!("No evidence of its own kind is kept; the incident itself says {score:.2}"));
        }
    }

    let supported = ranked.iter().filter(|cause| cause.is_supported()).count();
    let causes = ranked.iter().filter(|cause| cause.standing != Standing::Unknown).count().max(1);
    let said = format!("{supported} of {} supported by evidence or memory", words::counted(causes as u64, "cause"));
    add(0.25 * supported as f32 / causes as f32, said);

    let precedent = precedents(similar).into_iter().next();
    let strong = precedent.filter(|precedent| precedent.is_strong());
    match (strong, precedent) {
        (Some(strong), _) => {
            let similarity = share(strong.similar.similarity);
            let name = strong.similar.name();
            let said = format!("A person confirmed what fixed {name}, similarity {similarity:.2}");
            add(0.25 * similarity, said);
        }
        (None, Some(weak)) => {
            let said = format!("{} is only a weak match, similarity {:.2}", weak.citation(), weak.similar.similarity);
            add(0.05 * share(weak.similar.similarity), said);
        }
        (None, None) => {}
    }

    let events = match incident.event_count {
        0..10 => 0.0,
        10..100 => 0.05,
        _ => 0.10,
    };
    add(events, format!("{} say the same", words::counted(incident.event_count, "event")));

    let missing = [
        (incident.evidence.is_empty(), "There is no evidence to look at"),
        (
            !incident.evidence.is_empty() && incident.evidence.iter().all(|entry| entry.line.trim().is_empty()),
            "The lines around the evidence are missing",
        ),
        (incident.opened_because.is_none(), "Why it opened is not recorded: somebody else wrote it into the store"),
    ];
    for (is_missing, what) in missing {
        add(if is_missing { -0.10 } else { 0.0 }, what.to_owned());
    }

    // Two digits are what the sentences say, and more would promise too much.
    let mut confidence = (share(confidence) * 100.0).round() / 100.0;
    if supported == 0 && confidence >= MEDIUM {
        confidence = MEDIUM - BELOW;
        because.push("No cause is supported, so it stays low.".to_owned());
    } else if strong.is_none() && confidence >= HIGH {
        confidence = HIGH - BELOW;
        because.push("No confirmed fix of a similar incident bears it out, so it does not get high.".to_owned());
    }
    let level = match confidence {
        confidence if confidence >= HIGH => Confidence::High,
        confidence if confidence >= MEDIUM => Confidence::Medium,
        _ => Confidence::Low,
    };
    because.insert(
        0,
        format!("Confidence {confidence:.2} ({}), from 0.10 for knowing the kind of trouble.", level.as_str()),
    );
    Judged { confidence, level, because }
}

/// A number between 0 and 1; what is no number counts as 0.
fn share(number: f32) -> f32 {
    if number.is_nan() { 0.0 } else { number.clamp(0.0, 1.0) }
}
