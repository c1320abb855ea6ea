//! The [`Tally`]: reasons per kind while an event is examined, and the findings made of them.

use crate::attack::Rule;
use foghorn_domain::finding::{Evidence, Finding, Kind};
use std::fmt::Display;
use std::ops::Range;

/// How many reasons a finding keeps.
const MAX_EVIDENCE: usize = 5;

/// Reasons per kind, while they are collected.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    kinds: Vec<(Kind, Vec<(f32, Evidence)>)>,
}

impl Tally {
    /// Adds one reason; a rule counts once, however often it matches.
    pub(crate) fn add(&mut self, rule: &str, kind: Kind, weight: f32, matched: &str, place: &impl Display) {
        let at = self.kinds.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            self.kinds.push((kind, Vec::new()));
            self.kinds.len() - 1
        });
        let reasons = &mut self.kinds[at].1;
        if !reasons.iter().any(|(_, evidence)| evidence.rule == rule) {
            reasons.push((weight, Evidence::new(rule, matched, place.to_string())));
        }
    }

    /// Adds a rule that matched a part of `text`.
    pub(crate) fn add_match(&mut self, rule: &Rule, text: &str, range: Range<usize>, place: &impl Display) {
        // Patterns work on bytes, so a match may begin or end inside a character.
        let end = range.end.min(range.start + 4 * Evidence::MAX_TEXT);
        let matched = String::from_utf8_lossy(&text.as_bytes()[range.start..end]);
        self.add(rule.name, rule.kind, rule.weight, &matched, place);
    }

    /// How strongly a kind is suspected so far, 0 to 1.
    pub(crate) fn score(&self, kind: Kind) -> f32 {
        self.kinds.iter().find(|(known, _)| *known == kind).map_or(0.0, |(_, reasons)| score(reasons))
    }

    /// One finding for each kind, the greatest precedence and score first.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .kinds
            .into_iter()
            .map(|(kind, mut reasons)| {
                reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
                let score = score(&reasons);
                Finding {
                    kind,
                    score,
                    evidence: reasons.into_iter().take(MAX_EVIDENCE).map(|(_, evidence)| evidence).collect(),
                }
            })
            .collect();
        findings.sort_by(|a, b| b.kind.precedence().cmp(&a.kind.precedence()).then(b.score.total_cmp(&a.score)));
        findings
    }
}

/// Independent reasons: the chance that at least one of them holds.
fn score(reasons: &[(f32, Evidence)]) -> f32 {
    1.0 - reasons.iter().map(|(weight, _)| 1.0 - weight).product::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_add_up_and_a_rule_counts_once() {
        let mut tally = Tally::default();
        tally.add("xss.a", Kind::Xss, 0.5, "x", &"payload");
        tally.add("xss.a", Kind::Xss, 0.5, "y", &"payload");
        assert_eq!(tally.score(Kind::Xss), 0.5);
        tally.add("xss.b", Kind::Xss, 0.6, "z", &"payload");
        tally.add("error.a", Kind::Error, 0.9, "z", &"payload");
        let findings = tally.into_findings();
        assert_eq!(findings[0].kind, Kind::Xss);
        assert!((findings[0].score - 0.8).abs() < 1e-6);
        assert_eq!(findings[0].evidence[0].rule, "xss.b");
        assert_eq!(findings[1].kind, Kind::Error);
    }
}
