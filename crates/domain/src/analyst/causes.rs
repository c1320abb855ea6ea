//! Causes, ranked by what supports them.

use super::Facts;
use super::MAX_CAUSES;
use super::precedent::{Precedent, precedents};
use super::similar::SimilarIncident;
use crate::analysis::RootCause;
use crate::incident::Incident;
use crate::playbook::{Cause, Playbook, Support};
use crate::text::cut;

/// The longest cause, fix or rollback, in characters.
const MAX_STEP: usize = 300;
/// Fixes for each cause.
const MAX_FIXES: usize = 2;

/// What a person did is known, its undoing is not.
const UNDO_PRECEDENT: &str = "Write down how to undo the earlier fix before repeating it";

/// What a cause rests on, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// A person confirmed it as the cause, or its fix, of a much similar incident.
    Precedent,
    /// Evidence speaks for it.
    Supported,
    /// The same as the first, for an incident that is only a little alike.
    WeakPrecedent,
    /// That nothing is known is worth saying before guessing.
    Unknown,
    /// Always possible.
    Generic,
    /// Evidence could have spoken for it and does not.
    Unsupported,
}

/// A cause in its place.
#[derive(Debug)]
pub(super) struct RankedCause {
    pub(super) root_cause: RootCause,
    pub(super) standing: Standing,
    /// Why it is believed, one sentence; empty for guesses.
    pub(super) why: String,
    points: u32,
    /// What matched, for people.
    because: Vec<String>,
}

impl RankedCause {
    /// Whether anything but experience speaks for it.
    pub(super) fn is_supported(&self) -> bool {
        matches!(self.standing, Standing::Precedent | Standing::Supported | Standing::WeakPrecedent)
    }

    /// What supports it, as a sentence.
    pub(super) fn said(&self) -> Option<String> {
        let because = if self.because.is_empty() { String::new() } else { format!(" ({})", self.because.join(", ")) };
        let cited = match &self.root_cause.evidence[..] {
            [] => "The summary".to_owned(),
            cited => cited.join(", "),
        };
        let verb = if self.root_cause.evidence.len() > 1 { "speak" } else { "speaks" };
        self.is_supported().then(|| format!("{cited} {verb} for “{}”{because}.", self.root_cause.cause))
    }
}

/// The causes of an incident, the likeliest first; at most [`MAX_CAUSES`], and at least one.
pub(super) fn rank(
    incident: &Incident,
    facts: &Facts,
    playbook: Option<&Playbook>,
    similar: &[SimilarIncident],
) -> Vec<RankedCause> {
    let known = playbook.map(|playbook| &playbook.causes[..]).unwrap_or_default();
    let mut ranked: Vec<RankedCause> = known.iter().map(|cause| from_playbook(cause, incident, facts)).collect();
    let mut of_its_own = Vec::new();
    for precedent in precedents(similar).into_iter().take(MAX_CAUSES) {
        // The cause that the evidence supports best and that the memory speaks of is one cause, not two.
        let about = precedent.about();
        let speaks = |cause: &Cause| cause.when.as_ref().is_some_and(|when| when.is_spoken_of_in(&about));
        let same = (0..known.len()).filter(|index| speaks(&known[*index]));
        match same.min_by_key(|index| (ranked[*index].points == 0, std::cmp::Reverse(ranked[*index].points))) {
            Some(index) => ranked[index].add(&precedent, facts),
            None => of_its_own.push(from_precedent(&precedent, facts)),
        }
    }
    ranked.extend(of_its_own);
    if ranked.iter().any(RankedCause::is_supported) {
        ranked.retain(|cause| cause.standing != Standing::Unsupported);
    } else {
        ranked.push(unknown(facts));
    }
    // Stable: among equals the order of the file, which is that of experience, decides.
    ranked.sort_by_key(|cause| (cause.standing, std::cmp::Reverse(cause.points)));
    ranked.truncate(MAX_CAUSES);
    ranked
}

fn from_playbook(cause: &Cause, incident: &Incident, facts: &Facts) -> RankedCause {
    let support = cause.when.as_ref().and_then(|when| when.support(incident));
    let standing = match (&cause.when, &support) {
        (_, Some(_)) => Standing::Supported,
        (None, None) => Standing::Generic,
        (Some(_), None) => Standing::Unsupported,
    };
    let why = if support.is_some() { cause.why.fill(|placeholder| facts.text(placeholder)) } else { String::new() };
    let Support { evidence, points, because } = support.unwrap_or_default();
    let command = |step: &crate::playbook::Template| cut(&step.fill_command(|name| facts.value(name)), MAX_STEP);
    RankedCause {
        root_cause: RootCause {
            cause: cut(&cause.cause.fill(|placeholder| facts.text(placeholder)), MAX_STEP),
            fixes: cause.fixes.iter().take(MAX_FIXES).map(command).collect(),
            rollback: command(&cause.rollback),
            evidence: evidence.iter().map(|index| format!("E{}", index + 1)).collect(),
        },
        standing,
        why,
        points,
        because,
    }
}

fn from_precedent(precedent: &Precedent<'_>, facts: &Facts) -> RankedCause {
    let summary = cut(&facts.one_line(&precedent.similar.summary), 120);
    let (standing, like) = match precedent.is_strong() {
        true => (Standing::Precedent, "The same as"),
        false => (Standing::WeakPrecedent, "Perhaps the same as"),
    };
    RankedCause {
        root_cause: RootCause {
            cause: format!("{like} {}: “{summary}”", precedent.similar.name()),
            fixes: vec![precedent.quoted(facts)],
            rollback: UNDO_PRECEDENT.to_owned(),
            evidence: vec![precedent.citation()],
        },
        standing,
        why: looks_like(precedent),
        points: 0,
        because: vec![similarity_of(precedent)],
    }
}

impl RankedCause {
    /// Adds a precedent that is about this cause. Precedents come the most alike first, so the fix of
    /// the first one stays on top.
    fn add(&mut self, precedent: &Precedent<'_>, facts: &Facts) {
        let quoted_before = self.root_cause.evidence.iter().filter(|cited| cited.starts_with('M')).count();
        self.root_cause.evidence.push(precedent.citation());
        self.because.push(similarity_of(precedent));
        self.points += 1;
        if quoted_before < MAX_FIXES {
            self.root_cause.fixes.insert(quoted_before, precedent.quoted(facts));
            self.root_cause.fixes.truncate(MAX_FIXES);
            // The playbook's rollback may be about a step that has just been left out.
            self.root_cause.rollback = UNDO_PRECEDENT.to_owned();
        }
        let standing = if precedent.is_strong() { Standing::Precedent } else { Standing::WeakPrecedent };
        self.standing = self.standing.min(standing);
        if self.why.is_empty() {
            self.why = looks_like(precedent);
        }
    }
}

fn looks_like(precedent: &Precedent<'_>) -> String {
    let name = precedent.similar.name();
    match precedent.is_strong() {
        true => format!("It looks like {name} ({})", similarity_of(precedent)),
        false => format!("It looks a little like {name} ({})", similarity_of(precedent)),
    }
}

fn similarity_of(precedent: &Precedent<'_>) -> String {
    format!("similarity {:.2}", precedent.similar.similarity.min(1.0))
}

fn unknown(facts: &Facts) -> RankedCause {
    let at = facts.text(crate::playbook::Placeholder::FirstSeen).unwrap_or_default();
    RankedCause {
        root_cause: RootCause {
            cause: "Unknown: nothing in the evidence supports a cause yet".to_owned(),
            fixes: vec![format!("Look at what the service wrote and what was changed in the minutes before {at}")],
            rollback: "Nothing to undo: looking changes nothing".to_owned(),
            evidence: Vec::new(),
        },
        standing: Standing::Unknown,
        why: "Nothing in the evidence supports a cause yet".to_owned(),
        points: 0,
        because: Vec::new(),
    }
}
