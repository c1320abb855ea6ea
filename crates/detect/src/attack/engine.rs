//! The [`Engine`]: many rules, one pass.
//!
//! An Aho–Corasick automaton over all anchors finds where a rule could match; the rule's pattern then
//! looks at a window around that place only. The work is thus one pass over the text plus the windows,
//! and the windows of one event are limited by its [`Work`].

use crate::attack::Rule;
use crate::attack::rule::Characters;
use crate::decode::Reach;
use crate::decode::view::View;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use foghorn_domain::finding::Kind;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// How far before an anchor a pattern may begin, in bytes.
const BEFORE: usize = 96;
/// How far after an anchor's end a pattern may reach, in bytes.
const AFTER: usize = 288;
/// How many bytes of windows one event may cost: some 2,500 windows, far more than any honest text
/// needs, and milliseconds at most.
const WINDOW_BYTES: usize = 1_000_000;
/// From so many bytes on a text may hold an anchor so often that what is done with is worth noting.
const LONG: usize = 8 * 1024;
/// When the doubt about a kind has shrunk to this, more reasons for it are not looked for.
const SETTLED: f32 = 0.1;

/// A rule and its compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    rule: &'static Rule,
    pattern: Regex,
    needs: Characters,
}

impl Compiled {
    /// Compiles a rule.
    ///
    /// # Panics
    /// When its pattern does not compile, which a test rules out for the built-in ones.
    pub(crate) fn new(rule: &'static Rule) -> Self {
        let pattern = RegexBuilder::new(rule.pattern)
            .case_insensitive(true)
            .unicode(false)
            .dot_matches_new_line(true)
            .build()
            .unwrap_or_else(|error| panic!("{}: {error}", rule.name));
        Self { rule, pattern, needs: Characters::of(rule.needs) }
    }
}

/// A rule that matched, and where in the text it was given.
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) rule: &'static Rule,
    pub(crate) range: Range<usize>,
}

/// What one event has cost and shown so far, and the memory its scans share.
#[derive(Debug)]
pub(crate) struct Work {
    bytes_left: usize,
    /// Per kind, the chance that all reasons found so far are wrong.
    doubt: [f32; Kind::ALL.len()],
    /// Where each rule's next window may start; `u32::MAX` once it has matched.
    next: Vec<u32>,
    /// The least of these among the rules of each anchor, as of its last hit, so that an anchor that stands everywhere
    /// in a [`LONG`] text costs one look.
    next_of_anchor: Vec<u32>,
    /// What the last scan found.
    pub(crate) found: Vec<Match>,
}

impl Work {
    /// Nothing done yet.
    pub(crate) fn new() -> Self {
        Self {
            bytes_left: WINDOW_BYTES,
            doubt: [1.0; Kind::ALL.len()],
            next: Vec::new(),
            next_of_anchor: Vec::new(),
            found: Vec::new(),
        }
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.unwrap_or(0);
        left.is_some()
    }
}

/// A set of rules for one kind of place.
#[derive(Debug)]
pub(crate) struct Engine {
    rules: Vec<Compiled>,
    anchors: AhoCorasick,
    /// The rules that each anchor may begin.
    by_anchor: Vec<Vec<u16>>,
}

impl Engine {
    /// Those of the rules that may speak about `reach`.
    ///
    /// # Panics
    /// When the anchors do not compile, which a test rules out for the built-in ones.
    pub(crate) fn new(rules: &[Compiled], reach: Reach) -> Self {
        let rules: Vec<Compiled> = rules.iter().filter(|compiled| compiled.rule.reach.meets(reach)).cloned().collect();
        let mut words: Vec<&'static str> = Vec::new();
        let mut by_anchor: Vec<Vec<u16>> = Vec::new();
        for (compiled, id) in rules.iter().zip(0u16..) {
            for anchor in compiled.rule.anchors {
                let place = words.iter().position(|word| word == anchor).unwrap_or_else(|| {
                    words.push(anchor);
                    by_anchor.push(Vec::new());
                    words.len() - 1
                });
                by_anchor[place].push(id);
            }
        }
        let anchors = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .unwrap_or_else(|error| panic!("anchors: {error}"));
        Self { rules, anchors, by_anchor }
    }

    /// Runs the rules that read text as one of `views`; each matches at most once. The matches are
    /// left in [`Work::found`].
    pub(crate) fn scan(&self, text: &str, views: &[View], characters: Characters, work: &mut Work) {
        let bytes = text.as_bytes();
        work.found.clear();
        work.next.clear();
        if work.bytes_left == 0 {
            // No window could be looked at.
            return;
        }
        for hit in self.anchors.find_overlapping_iter(bytes) {
            if work.next.is_empty() {
                work.next.resize(self.rules.len(), 0);
                work.next_of_anchor.clear();
                if bytes.len() >= LONG {
                    work.next_of_anchor.resize(self.by_anchor.len(), 0);
                }
            }
            let anchor = hit.pattern().as_usize();
            if work.next_of_anchor.get(anchor).is_some_and(|next| hit.end() as u64 <= u64::from(*next)) {
                continue;
            }
            let mut least = u32::MAX;
            for &id in &self.by_anchor[anchor] {
                let id = usize::from(id);
                if hit.end() as u64 <= u64::from(work.next[id]) {
                    least = least.min(work.next[id]);
                    continue;
                }
                let Compiled { rule, pattern, needs } = &self.rules[id];
                let doubt = work.doubt[rule.kind as usize];
                if doubt < SETTLED || !views.contains(&rule.view) || !(needs.is_empty() || needs.meets(characters)) {
                    work.next[id] = u32::MAX;
                    continue;
                }
                let window = hit.start().saturating_sub(BEFORE)..bytes.len().min(hit.end() + AFTER);
                if !work.spend(window.len()) {
                    return;
                }
                let matched = pattern.find_at(&bytes[..window.end], window.start);
                // A match around a later anchor may begin `BEFORE` it, so windows overlap by that.
                let done = matched.is_some() || window.end == bytes.len();
                work.next[id] = if done { u32::MAX } else { u32::try_from(window.end - BEFORE).unwrap_or(u32::MAX) };
                least = least.min(work.next[id]);
                if let Some(matched) = matched {
                    work.doubt[rule.kind as usize] = doubt * (1.0 - rule.weight);
                    work.found.push(Match { rule, range: matched.range() });
                }
            }
            if let Some(next) = work.next_of_anchor.get_mut(anchor) {
                *next = least;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::view;
    use crate::{attack, database, error};
    use std::collections::HashSet;

    fn all_rules() -> impl Iterator<Item = &'static Rule> {
        attack::rules().chain(database::RULES).chain(error::RULES)
    }

    #[test]
    fn every_rule_matches_its_hit_and_not_its_miss() {
        let mut wrong = Vec::new();
        for rule in all_rules() {
            let engine = Engine::new(&[Compiled::new(rule)], Reach::ALL);
            let matches = |text: &str| {
                let mut work = Work::new();
                let text = &*view::read(text, rule.view, Characters::of(text));
                engine.scan(text, &[rule.view], Characters::of(text), &mut work);
                !work.found.is_empty()
            };
            if !matches(rule.hit) {
                wrong.push(format!("{} must match {:?}", rule.name, rule.hit));
            }
            if matches(rule.miss) {
                wrong.push(format!("{} must not match {:?}", rule.name, rule.miss));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_sane_weight() {
        let mut names = HashSet::new();
        for rule in all_rules() {
            assert!(names.insert(rule.name), "{} stands there twice", rule.name);
            assert!(rule.weight > 0.0 && rule.weight < 1.0, "{}", rule.name);
            assert!(rule.name.contains('.') && !rule.anchors.is_empty(), "{}", rule.name);
        }
    }

    #[test]
    fn spent_work_ends_the_search() {
        let compiled: Vec<Compiled> = attack::rules().map(Compiled::new).collect();
        let engine = Engine::new(&compiled, Reach::PARAMETER);
        let text = "<script>alert(1)</script>";
        let mut work = Work { bytes_left: 10, ..Work::new() };
        engine.scan(text, &[View::Plain], Characters::of(text), &mut work);
        assert!(work.found.is_empty());
    }
}
