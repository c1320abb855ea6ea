//! Labelled incidents: how often the first cause is right, and whether what Foghorn is sure of is right.

use super::measure::{Measure, Wanted};
use super::workshop::{self, Workshop};
use anyhow::Context;
use foghorn_domain::analysis::Confidence;
use foghorn_embed::Embedder;
use foghorn_pipeline::remember;
use regex::RegexSet;
use serde::Deserialize;
use serde_json::Value;

/// Fewer would say little.
const LEAST: usize = 40;

/// An incident whose cause is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    /// What sort of case it is.
    sort: String,
    /// As sources send them, each `at` so many seconds after the case begins.
    events: Vec<Value>,
    /// What is remembered when it begins.
    memories: Vec<Value>,
    /// Words of which one stands in the right first cause or in its fixes.
    right: Vec<String>,
    /// Whether anything is wrong at all.
    opens: bool,
}

/// What came of a case.
struct Judged {
    is_right: bool,
    confidence: f64,
    level: Confidence,
}

pub(super) async fn run(embedder: Option<Embedder>) -> anyhow::Result<Vec<Measure>> {
    let cases: Vec<Case> = workshop::lines(&workshop::own("incidents/incidents.jsonl")?, LEAST)?;
    let mut workshop = Workshop::open(embedder, None)?;
    for case in &cases {
        let memories: Result<Vec<_>, String> =
            case.memories.iter().map(|memory| Ok(remember::from_json(memory.clone())?.memory)).collect();
        let memories = memories.map_err(|reason| anyhow::anyhow!("{}: {reason}", case.id))?;
        workshop.handles.store.import_memories(memories, "evals".to_owned()).await?;
    }
    let (mut judged, mut silent, mut healthy, mut wrong) = (Vec::new(), 0, 0, Vec::new());
    let mut last = 0;
    for case in &cases {
        play(&mut workshop, case).await.with_context(|| case.id.clone())?;
        let incidents = workshop.incidents_after(last).await?;
        last = incidents.iter().map(|detail| detail.incident.id).max().unwrap_or(last);
        let told = incidents.iter().filter(|detail| detail.analysis.is_some());
        if !case.opens {
            healthy += 1;
            silent += usize::from(told.count() == 0);
            continue;
        }
        let found = judge(case, told.max_by_key(|detail| detail.incident.event_count))?;
        if !found.is_right {
            wrong.push(format!("{} ({}, {})", case.id, case.sort, found.level.as_str()));
        }
        judged.push(found);
    }
    workshop.close().await;
    Ok(measures(&judged, silent, healthy, &wrong))
}

/// Plays a case, and lets three hours pass, so that it has nothing to do with the next one.
async fn play(workshop: &mut Workshop, case: &Case) -> anyhow::Result<()> {
    let mut events: Vec<(i64, Value)> = Vec::new();
    for event in &case.events {
        let mut event = event.clone();
        let at = event.as_object_mut().and_then(|fields| fields.remove("at")).and_then(|at| at.as_i64()).unwrap_or(0);
        events.push((at, event));
    }
    events.sort_by_key(|(at, _)| *at);
    let mut now = 0;
    for (at, event) in events {
        workshop.wait(at - now);
        now = at;
        workshop.send(&event).await?;
        workshop.settle().await?;
    }
    // Analyses are written when people are told; what was learnt since is edited in.
    workshop.wait(30);
    workshop.settle().await?;
    for _ in 0..6 {
        workshop.wait(1_800);
        workshop.settle().await?;
    }
    Ok(())
}

fn judge(case: &Case, detail: Option<&foghorn_store::model::IncidentDetail>) -> anyhow::Result<Judged> {
    // Nothing told where something was wrong is wrong, and nobody was misled by it.
    let Some(detail) = detail else { return Ok(Judged { is_right: false, confidence: 0.0, level: Confidence::Low }) };
    let Some(explanation) = &detail.analysis else {
        return Ok(Judged { is_right: false, confidence: 0.0, level: Confidence::Low });
    };
    let first = explanation.analysis.root_causes.first();
    let said = first.map(|cause| format!("{} {}", cause.cause, cause.fixes.join(" "))).unwrap_or_default();
    let right = RegexSet::new(case.right.iter().map(|words| format!("(?i){words}")))?;
    let confidence = explanation
        .confidence_because
        .first()
        .and_then(|line| line.strip_prefix("Confidence ")?.split(' ').next()?.parse().ok())
        .context("an analysis does not say how much to believe it")?;
    Ok(Judged { is_right: right.is_match(&said), confidence, level: explanation.analysis.confidence })
}

fn measures(judged: &[Judged], silent: usize, healthy: usize, wrong: &[String]) -> Vec<Measure> {
    let total = judged.len().max(1) as f64;
    let high: Vec<&Judged> = judged.iter().filter(|found| found.level == Confidence::High).collect();
    let right = |found: &[&Judged]| found.iter().filter(|found| found.is_right).count() as f64;
    let brier =
        judged.iter().map(|found| (found.confidence - f64::from(u8::from(found.is_right))).powi(2)).sum::<f64>();
    let all: Vec<&Judged> = judged.iter().collect();
    let about = format!("first causes that are right; not so: {}", wrong.join(", "));
    let quiet = silent as f64 / healthy.max(1) as f64;
    vec![
        Measure::count("confidence.cases", "labelled incidents in which something is wrong", judged.len()),
        Measure::new("confidence.right", about, right(&all) / total, Wanted::More),
        Measure::new("confidence.high", "of them called high", high.len() as f64 / total, Wanted::AtLeast(0.30)),
        Measure::new(
            "confidence.high_right",
            "of those called high, right",
            right(&high) / high.len().max(1) as f64,
            Wanted::AtLeast(0.85),
        ),
        Measure::new("confidence.brier", "Brier score; 0.25 is a coin", brier / total, Wanted::Less),
        Measure::new("confidence.quiet", "cases without trouble in which nobody was told", quiet, Wanted::AtLeast(1.0)),
    ]
}
