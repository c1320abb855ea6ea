//! What a person confirmed as the fix of a similar incident, as a fix to look at first.

use super::Facts;
use super::risk::is_risky;
use super::similar::SimilarIncident;
use crate::text::cut;

/// The longest fix that is quoted, in characters.
const MAX_FIX: usize = 200;

/// A similar incident whose fix a person confirmed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precedent<'a> {
    /// Position in the list of similar incidents.
    pub(super) index: usize,
    pub(super) similar: &'a SimilarIncident,
    fix: &'a str,
}

/// The precedents among similar incidents, the most alike first.
pub(super) fn precedents(similar: &[SimilarIncident]) -> Vec<Precedent<'_>> {
    let with_fix = similar.iter().enumerate().filter_map(|(index, similar)| {
        // A similarity that is no number says nothing.
        let fix = similar.confirmed_fix().filter(|_| similar.similarity > 0.0)?;
        Some(Precedent { index, similar, fix })
    });
    let mut found: Vec<_> = with_fix.collect();
    found.sort_by(|a, b| b.similar.similarity.total_cmp(&a.similar.similarity));
    found
}

impl Precedent<'_> {
    pub(super) fn is_strong(&self) -> bool {
        self.similar.is_strong()
    }

    /// How it is cited.
    pub(super) fn citation(&self) -> String {
        format!("M{}", self.index + 1)
    }

    /// What it is about, to be looked through for the causes that playbooks know.
    pub(super) fn about(&self) -> String {
        format!("{}\n{}", self.similar.summary, self.fix)
    }

    /// The fix as text: whose it was, when, and in quotation marks what was done.
    pub(super) fn quoted(&self, facts: &Facts) -> String {
        let author = self.similar.author.as_deref().map(|author| cut(&facts.one_line(author), 40));
        let day = self.similar.resolved_at.map(|at| facts.day(at));
        let whose: Vec<String> = [author, day].into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let whose = if whose.is_empty() { String::new() } else { format!(" ({})", whose.join(", ")) };
        let fix = cut(&facts.one_line(self.fix), MAX_FIX);
        let quoted = format!("What fixed {}{whose}: “{fix}”", self.similar.name());
        match is_risky(self.fix) {
            Some(reason) => format!("Check before use: {quoted} ({reason})"),
            None => quoted,
        }
    }
}
