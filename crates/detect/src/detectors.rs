//! [`Detectors`]: every rule set, compiled once, and the way from an event to its findings.

use crate::attack::engine::{Compiled, Match, Work};
use crate::attack::rule::Characters;
use crate::attack::{self, Engine, grammar};
use crate::decode::view::{self, View};
use crate::decode::{self, Input, Reach, Shape, base64, text};
use crate::tally::Tally;
use crate::user_rules::UserRules;
use crate::{database, error, level};
use foghorn_domain::finding::{Finding, Kind};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What is examined: the parts of an event that detectors look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `log`, `http_request`, …; for an unknown type the shape of the payload is guessed.
    pub event_type: &'a str,
    /// The text itself, any length, any content.
    pub payload: &'a str,
    /// Everything else that came with the event.
    pub metadata: &'a Map<String, Value>,
}

/// How much of a value is rewritten as its readers would read it, in bytes; the rest of a longer one
/// is examined as it stands.
const LONGEST_VIEW: usize = 128 * 1024;

/// The built-in rule sets and the user's, compiled. Built once and shared: examining takes `&self`.
#[derive(Debug)]
pub struct Detectors {
    parameter: Engine,
    path: Engine,
    header: Engine,
    file: Engine,
    /// Attacks, database trouble and failures, as log lines tell them.
    log: Engine,
    user_rules: UserRules,
}

/// Names of reasons that are no pattern's: they come from counting, decoding, grammars and stated levels.
const OTHER_REASONS: [&str; 10] = [
    "path_traversal.overlong",
    "ssrf.lookalike_letters",
    "sqli.grammar",
    "xss.grammar",
    "error.level",
    "error.reported",
    "anomaly.series",
    "anomaly.template_silent",
    "brute_force.one_source",
    "brute_force.few_sources",
];

/// The names of all reasons that a finding may give, as playbooks refer to them.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    let patterns = attack::rules().chain(database::RULES).chain(error::RULES).map(|rule| rule.name);
    patterns.chain(OTHER_REASONS)
}

impl Detectors {
    /// Compiles the built-in rules; some tens of milliseconds.
    pub fn builtin() -> Self {
        Self::with_rules(UserRules::default())
    }

    /// The built-in rules and a user's own.
    pub fn with_rules(user_rules: UserRules) -> Self {
        let attacks: Vec<Compiled> = attack::rules().map(Compiled::new).collect();
        let own: Vec<Compiled> = database::RULES.iter().chain(error::RULES).map(Compiled::new).collect();
        let log: Vec<Compiled> = attacks.iter().chain(&own).cloned().collect();
        Self {
            parameter: Engine::new(&attacks, Reach::PARAMETER),
            path: Engine::new(&attacks, Reach::PATH),
            header: Engine::new(&attacks, Reach::HEADER),
            file: Engine::new(&attacks, Reach::FILE),
            log: Engine::new(&log, Reach::LOG),
            user_rules,
        }
    }

    /// Puts other rules in the place of the user's own.
    pub fn set_rules(&mut self, user_rules: UserRules) {
        self.user_rules = user_rules;
    }

    /// All findings about one event, each with a score from 0 to 1 and its evidence, at most one of a
    /// kind, the strongest first. Low scores are included: the caller has the threshold.
    ///
    /// Runs in time linear in the payload's length.
    pub fn examine(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let shape = Shape::of(subject);
        let mut tally = Tally::default();
        let mut work = Work::new();
        let stated = level::stated(subject, shape);
        for input in decode::inputs(subject, shape) {
            if input.reach == Reach::LOG {
                self.examine_line(&input, subject, stated.as_ref(), &mut work, &mut tally);
            } else {
                self.examine_input(&input, &mut work, &mut tally);
            }
        }
        if matches!(shape, Shape::Value | Shape::Json) && subject.event_type != "http_request" {
            // Nobody said that it is a log line, so only what a database says is believed of it.
            let characters = Characters::of(subject.payload);
            self.log.scan(subject.payload, &[View::Plain], characters, &mut work);
            let of_databases = work.found.iter().filter(|found| found.rule.kind.is_database());
            database::weigh(subject.payload, stated.as_ref(), of_databases, &mut tally);
        }
        error::weigh_level(subject, stated.as_ref(), &mut tally);
        tally.into_findings()
    }

    fn examine_line(
        &self,
        input: &Input<'_>,
        subject: &Subject<'_>,
        stated: Option<&level::Stated>,
        work: &mut Work,
        tally: &mut Tally,
    ) {
        let decoded = text::decode(&input.raw, false);
        self.log.scan(&decoded.text, &[View::Plain, View::Sql], Characters::of(&decoded.text), work);
        let found = std::mem::take(&mut work.found);
        self.user_rules.weigh(&decoded.text, Reach::LOG, &input.place, tally);
        for Match { rule, range } in found.iter().filter(|found| found.rule.kind.is_attack()) {
            tally.add_match(rule, &decoded.text, range.clone(), &input.place);
        }
        database::weigh(&decoded.text, stated, found.iter().filter(|found| found.rule.kind.is_database()), tally);
        error::weigh(
            &decoded.text,
            subject,
            stated,
            found.iter().filter(|found| found.rule.kind == Kind::Error),
            tally,
        );
    }

    fn examine_input(&self, input: &Input<'_>, work: &mut Work, tally: &mut Tally) {
        let decoded = text::decode(&input.raw, input.plus_is_space);
        self.examine_text(&decoded.text, input, work, tally);
        if decoded.overlong > 1 {
            tally.add("path_traversal.overlong", Kind::PathTraversal, 0.45, &input.raw, &input.place);
        }
        if decoded.folded && decoded.text.trim_start().starts_with("http") {
            tally.add("ssrf.lookalike_letters", Kind::Ssrf, 0.4, &input.raw, &input.place);
        }
        let candidate = if input.reach == Reach::PATH { decoded.text.trim_start_matches('/') } else { &decoded.text };
        if let Some(inner) = base64::readable(candidate) {
            let mut place = input.place.clone();
            place.inside_base64 = true;
            let nested = Input::new(inner, place, Reach::PARAMETER);
            let decoded = text::decode(&nested.raw, true);
            self.examine_text(&decoded.text, &nested, work, tally);
        }
    }

    fn examine_text(&self, value: &str, input: &Input<'_>, work: &mut Work, tally: &mut Tally) {
        self.user_rules.weigh(value, input.reach, &input.place, tally);
        let engine = match input.reach {
            Reach::PATH => &self.path,
            Reach::HEADER => &self.header,
            Reach::FILE => &self.file,
            _ => &self.parameter,
        };
        let characters = Characters::of(value);
        let mut same = [View::Plain; 4];
        let head = &value[..value.floor_char_boundary(LONGEST_VIEW)];
        for (slot, view) in [View::Sql, View::Shell, View::Markup].into_iter().enumerate() {
            let read = view::read(head, view, characters);
            if let Cow::Owned(text) = &read {
                engine.scan(text, &[view], Characters::of(text), work);
                for Match { rule, range } in &work.found {
                    tally.add_match(rule, text, range.clone(), &input.place);
                }
            }
            if matches!(read, Cow::Borrowed(_)) || head.len() < value.len() {
                same[slot + 1] = view;
            }
        }
        engine.scan(value, &same, characters, work);
        for Match { rule, range } in &work.found {
            tally.add_match(rule, value, range.clone(), &input.place);
        }
        if input.reach == Reach::PARAMETER {
            grammar::examine(value, characters, &input.place, tally);
        }
    }
}
