//! A model's causes: read, checked, and put in order with those of the built-in analyst.

use super::fixes::checked;
use super::quoting::Quoted;
use super::{AnsweredCause, KeptAnswer};
use crate::analysis::RootCause;
use crate::analyst::{Explained, MAX_CAUSES, SimilarIncident};
use crate::prompt::identifiers::Placeholders;
use crate::prompt::{Briefing, suspicion};
use crate::text::{cut, outside_text};
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The longest cause and rollback, in characters.
const MAX_CAUSE: usize = 300;
/// Steps for each cause.
const MAX_FIXES: usize = 2;
/// What stands behind a cause that nothing supports.
const UNSUPPORTED: &str = " (nothing in the evidence supports this)";

/// What an answer is held against.
struct Against {
    quoted: Quoted,
    vocabulary: HashSet<String>,
}

/// An answer, checked.
pub(super) struct Reading {
    /// `None` where it must not be shown.
    pub(super) summary: Option<String>,
    pub(super) causes: Vec<ReadCause>,
    /// Ids that do not exist.
    pub(super) struck: usize,
    /// Why steps were left out.
    pub(super) left_out: Vec<&'static str>,
    /// Causes that must not be shown.
    pub(super) refused: usize,
}

pub(super) struct ReadCause {
    pub(super) root_cause: RootCause,
    pub(super) is_supported: bool,
}

/// Whether model and built-in analyst say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Both name a cause, and it is the same.
    Agree,
    /// Both name one, and it is another.
    Differ,
    /// One of them knows none.
    Open,
}

impl Reading {
    pub(super) fn of(kept: &KeptAnswer, briefing: &Briefing, builtin: &Explained, similar: &[SimilarIncident]) -> Self {
        let against =
            Against { quoted: Quoted::of(&briefing.untrusted), vocabulary: vocabulary(briefing, builtin, similar) };
        let summary = clean_text(&kept.answer.summary, &briefing.placeholders);
        let is_fit = !summary.trim().is_empty() && !suspicion::commands_the_reader(&summary);
        let mut reading = Self {
            summary: is_fit.then_some(summary),
            causes: Vec::new(),
            struck: 0,
            left_out: Vec::new(),
            refused: 0,
        };
        for cause in kept.answer.root_causes.iter().take(MAX_CAUSES) {
            match reading.cause(cause, kept, briefing, similar, &against) {
                Some(cause) => reading.causes.push(cause),
                None => reading.refused += 1,
            }
        }
        // Stable: among equals the model's own order stays.
        reading.causes.sort_by_key(|cause| !cause.is_supported);
        reading
    }

    fn cause(
        &mut self,
        cause: &AnsweredCause,
        kept: &KeptAnswer,
        briefing: &Briefing,
        similar: &[SimilarIncident],
        against: &Against,
    ) -> Option<ReadCause> {
        let text = clean_text(&cause.cause, &briefing.placeholders);
        if text.trim().is_empty() || suspicion::commands_the_reader(&text) {
            return None;
        }
        let mut evidence: Vec<String> = Vec::new();
        for id in &cause.evidence {
            let found = cited(id.trim(), kept, briefing, similar);
            self.struck += usize::from(found.is_empty());
            for id in found {
                if !evidence.contains(&id) {
                    evidence.push(id);
                }
            }
        }
        // A model that was talked into something, or makes something up, speaks of what nothing else speaks of.
        let is_borne_out = !meaning(&text).is_disjoint(&against.vocabulary) && !against.quoted.repeats_all(&text);
        let mut fixes = Vec::new();
        for step in cause.fixes.iter().take(MAX_FIXES) {
            match checked(step, &briefing.placeholders, &against.quoted) {
                Ok(_) if !is_borne_out => self.left_out.push("nothing that its cause rests on speaks of that cause"),
                Ok(step) => fixes.push(step),
                Err(reason) => self.left_out.push(reason),
            }
        }
        let rollback = match checked(&cause.rollback, &briefing.placeholders, &against.quoted) {
            Ok(rollback) if !fixes.is_empty() => rollback,
            _ => String::new(),
        };
        let is_supported = !evidence.is_empty();
        let mark = if is_supported { "" } else { UNSUPPORTED };
        let cause = format!("{}{mark}", cut(&text, MAX_CAUSE - UNSUPPORTED.len()));
        Some(ReadCause { root_cause: RootCause { cause, fixes, rollback, evidence }, is_supported })
    }
}

/// What an id of the prompt stands for beside this incident: positions of evidence, a memory, a change. Nothing
/// where it stands for nothing.
fn cited(id: &str, kept: &KeptAnswer, briefing: &Briefing, similar: &[SimilarIncident]) -> Vec<String> {
    /// Positions that are named for one template.
    const NAMED: usize = 3;
    let number = id.get(1..).and_then(|digits| digits.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
    let Some(index) = number else { return Vec::new() };
    let legend = &kept.legend;
    match id.chars().next() {
        Some('E' | 'e') => {
            let template = legend.groups.get(index);
            let group = briefing.groups.iter().find(|group| Some(&group.template) == template);
            let entries = group.map(|group| &group.entries[..]).unwrap_or_default();
            entries.iter().take(NAMED).map(|entry| format!("E{}", entry + 1)).collect()
        }
        Some('M' | 'm') => {
            let memory = legend.memories.get(index);
            let position = similar.iter().position(|found| Some(&found.id) == memory);
            position.map(|position| format!("M{}", position + 1)).into_iter().collect()
        }
        Some('C' | 'c') if index < legend.changes => vec![format!("C{}", index + 1)],
        _ => Vec::new(),
    }
}

/// The causes in the order in which people read them.
pub(super) fn arrange(reading: &Reading, builtin: &Explained, is_suspicious: bool) -> (Vec<RootCause>, Agreement) {
    let proven: Vec<&RootCause> =
        builtin.analysis.root_causes.iter().filter(|cause| !cause.evidence.is_empty()).collect();
    let of_model: Vec<&ReadCause> = reading.causes.iter().filter(|cause| cause.is_supported).collect();
    let agreement = match (of_model.first(), proven.first()) {
        (Some(model), Some(builtin)) if says_the_same(&model.root_cause, builtin) => Agreement::Agree,
        (Some(_), Some(_)) => Agreement::Differ,
        _ => Agreement::Open,
    };
    let mut causes: Vec<RootCause> = reading.causes.iter().map(|cause| cause.root_cause.clone()).collect();
    if let Some(best) = proven.first() {
        let rests_on_memory = best.evidence.iter().any(|id| id.starts_with('M'));
        match causes.iter().position(|cause| !cause.evidence.is_empty() && says_the_same(cause, best)) {
            // One cause, not two: what a person confirmed stays on top of what the model proposes.
            Some(same) if rests_on_memory || is_suspicious => {
                causes.remove(same);
                causes.insert(0, (*best).clone());
            }
            Some(same) => lend(&mut causes[same], best),
            None => {
                let place = if rests_on_memory || is_suspicious || of_model.is_empty() { 0 } else { 1 };
                causes.insert(place.min(causes.len()), (*best).clone());
            }
        }
    }
    if causes.is_empty() {
        causes.extend(builtin.analysis.root_causes.iter().cloned());
    }
    causes.truncate(MAX_CAUSES);
    (causes, agreement)
}

/// A cause whose steps were all left out takes over those that playbooks know.
fn lend(cause: &mut RootCause, proven: &RootCause) {
    if cause.fixes.is_empty() {
        cause.fixes = proven.fixes.clone();
        cause.rollback = proven.rollback.clone();
    }
}

/// The words of everything that a cause may rightly rest on: templates and rules of the evidence, what the
/// built-in analyst says of this kind of trouble, and fixes that people confirmed.
pub(super) fn vocabulary(briefing: &Briefing, builtin: &Explained, similar: &[SimilarIncident]) -> HashSet<String> {
    let causes = &builtin.analysis.root_causes;
    let known = causes.iter().flat_map(|cause| cause.fixes.iter().chain([&cause.cause]));
    let remembered = similar.iter().filter(|found| found.confirmed_fix().is_some());
    let remembered = remembered.flat_map(|found| found.solution.iter().chain([&found.summary]));
    let evidence = briefing.groups.iter().map(|group| &group.template);
    let texts = known.chain(remembered).chain(evidence).chain([&builtin.analysis.summary]);
    texts.flat_map(|text| meaning(text)).collect()
}

/// Whether two causes are one: they share two words that mean something, or half of the shorter one's.
fn says_the_same(a: &RootCause, b: &RootCause) -> bool {
    let (a, b) = (meaning(&a.cause), meaning(&b.cause));
    let shared = a.intersection(&b).count();
    shared >= 2 || (shared > 0 && shared * 2 >= a.len().min(b.len()))
}

/// The words of a text that mean something, cut to their stem's length.
fn meaning(text: &str) -> HashSet<String> {
    const EMPTY: [&str; 30] = [
        "the", "and", "that", "with", "from", "this", "was", "were", "are", "has", "have", "been", "for", "not", "too",
        "its", "one", "all", "who", "which", "because", "there", "into", "some", "same", "service", "error", "cause",
        "caused", "every",
    ];
    let words = text.split(|character: char| !character.is_alphanumeric()).map(str::to_lowercase);
    words
        .filter(|word| word.len() > 2 && !EMPTY.contains(&word.as_str()))
        .map(|word| word.chars().take(6).collect())
        .collect()
}

/// Text that may quote a stranger, with every address in it broken, so that nothing makes a link of it.
pub(super) fn without_links(text: &str) -> String {
    text.replace("://", "[:]//")
}

/// Text of a model as people may read it: one plain line without secrets, with addresses and names put back, and
/// without links or calls to people.
pub fn clean_text(text: &str, placeholders: &Placeholders) -> String {
    static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)<?\b[a-z][a-z0-9+.-]{1,20}:\s*//[^\s>]*>?|\b(?:javascript|data|vbscript|mailto):[^\s>]+|\bwww\.[^\s>]+|\[([^\]]{0,200})\]\([^)]{0,500}\)").ok()
    });
    static CALL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)<[!@#][^>]{0,80}>|@(channel|here|everyone|all)\b").ok());
    let plain = outside_text(text);
    let plain = LINK.as_ref().map_or_else(String::new, |link| link.replace_all(&plain, "[link left out]").into_owned());
    let plain = CALL.as_ref().map_or_else(String::new, |call| call.replace_all(&plain, "$1").into_owned());
    outside_text(&placeholders.restore(&plain))
}
