//! Rules of the people who run Foghorn, from a TOML file, beside the built-in ones.
//!
//! ```toml
//! [[rule]]
//! name = "shop.debug_console"
//! kind = "rce"
//! pattern = '(?i)/debug/console\?cmd='
//! where = ["path", "parameter", "log"]
//! weight = 0.8
//! ```
//!
//! [`parse`] names every fault in its place; [`UserRules`] are looked for in every text that may hold what somebody outside
//! has chosen, decoded as for the built-in rules, and in log lines.

mod file;

use crate::decode::{Place, Reach};
use crate::tally::Tally;
use foghorn_domain::finding::Kind;
use regex::bytes::{Regex, RegexSet};
use std::fmt;
use std::sync::Arc;

/// Rules of one file at most.
const MOST: usize = 500;
/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 2_000;
/// What the patterns of a file may take in memory together, compiled.
const LARGEST: usize = 20 * 1024 * 1024;
/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 64 * 1024;

/// A fault of a rule file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The rules of a file, compiled; none by default. Cheap to clone.
#[derive(Clone, Default)]
pub struct UserRules(Option<Arc<Compiled>>);

struct Compiled {
    rules: Vec<UserRule>,
    set: RegexSet,
}

struct UserRule {
    name: String,
    kind: Kind,
    weight: f32,
    reach: Reach,
    pattern: Regex,
}

impl fmt::Debug for UserRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl UserRules {
    /// Reads the text of a rule file.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file. A syntax error hides what comes after it.
    pub fn parse(text: &str) -> Result<Self, Vec<RuleFault>> {
        file::parse(text)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |compiled| compiled.rules.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|compiled| compiled.rules.iter().map(|rule| rule.name.as_str()))
    }

    /// Everything that counts in them, a text for each: two sets of rules that find the same say the same.
    pub fn described(&self) -> impl Iterator<Item = String> {
        let rules = self.0.iter().flat_map(|compiled| &compiled.rules);
        rules.map(|rule| format!("{} {:?} {} {:?} {}", rule.name, rule.kind, rule.weight, rule.reach, rule.pattern))
    }

    /// Adds what the rules find in a decoded text. One pass finds which of them match at all.
    pub(crate) fn weigh(&self, text: &str, reach: Reach, place: &Place<'_>, tally: &mut Tally) {
        let Some(compiled) = &self.0 else { return };
        let head = &text.as_bytes()[..text.len().min(LOOKED_AT)];
        for index in compiled.set.matches(head) {
            let rule = &compiled.rules[index];
            if !rule.reach.meets(reach) {
                continue;
            }
            if let Some(found) = rule.pattern.find(head) {
                let matched = String::from_utf8_lossy(&found.as_bytes()[..found.len().min(1_000)]);
                tally.add(&rule.name, rule.kind, rule.weight, &matched, place);
            }
        }
    }
}
