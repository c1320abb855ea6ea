//! What is said of a text: for programs as JSON, for people in lines.

use super::record::Record;
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::finding::{Evidence, Finding};
use foghorn_domain::text::{cut, outside_text};
use serde::Serialize;
use serde_json::Value;
use std::io::Write;

/// What was found in a text.
#[derive(Debug)]
pub(super) struct Answer {
    /// What reaches the threshold, the weightiest kind first.
    told: Vec<Finding>,
    /// The strongest finding's score, whether it reaches the threshold or not.
    score: f32,
    error: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a Value,
    labels: Vec<&'static str>,
    score: f64,
    evidence: Vec<&'a Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Answer {
    /// An answer made of findings, in their order.
    pub(super) fn new(mut findings: Vec<Finding>, threshold: f32) -> Self {
        let score = findings.iter().map(|finding| finding.score).fold(0.0, f32::max);
        findings.retain(|finding| finding.score >= threshold);
        for evidence in findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
            evidence.text = cut(&outside_text(&evidence.text), Evidence::MAX_TEXT);
        }
        Self { told: findings, score, error: None }
    }

    /// The answer to a line that has a name and nothing to examine.
    pub(super) fn refusal(what: &str) -> Self {
        Self { told: Vec::new(), score: 0.0, error: Some(what.to_owned()) }
    }

    pub(super) fn is_labelled(&self) -> bool {
        !self.told.is_empty()
    }

    /// One line of JSON.
    pub(super) fn write(&self, id: &Value, out: &mut impl Write) -> std::io::Result<()> {
        let line = Line {
            id,
            labels: self.told.iter().map(|finding| finding.kind.as_str()).collect(),
            score: (f64::from(self.score) * 1000.0).round() / 1000.0,
            evidence: self.told.iter().flat_map(|finding| &finding.evidence).collect(),
            error: self.error.as_deref(),
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    }

    /// The same for people.
    pub(super) fn explain<W: Write>(
        &self,
        record: &Record,
        threshold: f32,
        screen: &mut Screen<W>,
    ) -> std::io::Result<()> {
        let id = record.id.as_str().map_or_else(|| record.id.to_string(), str::to_owned);
        screen.heading(&format!("{}: {}", harmless(&cut(&id, 100)), cut(&outside_text(&record.text), 160)))?;
        if !self.is_labelled() {
            return screen.line(match self.score {
                0.0 => "  nothing found".to_owned(),
                score => format!("  nothing found: the strongest suspicion scored {score:.2}, below {threshold:.2}"),
            });
        }
        for Finding { kind, score, evidence } in &self.told {
            screen.line(screen.painted(Colour::Red, &format!("  {kind} {score:.2}")))?;
            for Evidence { rule, text, at } in evidence {
                screen.line(format!("    {rule} matched {text:?} in {}", harmless(at)))?;
            }
        }
        Ok(())
    }
}
