//! Which evidence speaks for a cause.

use super::error::PlaybookProblem;
use crate::incident::Incident;
use crate::text::{cut, plain_text, start_of};
use regex::bytes::{Regex, RegexBuilder};

/// The largest compiled size of one pattern, in bytes.
const PATTERN_SIZE_LIMIT: usize = 256 * 1024;
/// How much of each line is looked at, in bytes.
const MAX_LINE: usize = 4_096;
/// The most matches quoted for one cause, and the longest quotation, in characters.
const MAX_QUOTED: usize = 3;
const MAX_QUOTE: usize = 40;

/// When a cause is supported: something on one of the lists matches (where there are lists), and there
/// are enough events.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    texts: Vec<TextPattern>,
    /// Lower case; a `*` at the end stands for anything.
    rules: Vec<String>,
    /// Lower case.
    labels: Vec<String>,
    min_events: u64,
}

/// An entry of `any_text`.
#[derive(Clone, Debug)]
enum TextPattern {
    /// Looked for as it stands; lower case.
    Plain(String),
    /// `/…/`: a regular expression.
    Expression(Regex),
}

/// What an incident has that speaks for a cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Support {
    /// Indices into the incident's evidence, ascending.
    pub(crate) evidence: Vec<usize>,
    /// How strongly; 1 and up.
    pub(crate) points: u32,
    /// What matched, for people: `text “pool exhausted”`, `rule …`, `label …`, `10 or more events`.
    pub(crate) because: Vec<String>,
}

/// A text, and the same in lower case, made once for all patterns.
struct Searched<'a> {
    text: &'a str,
    lower: String,
}

impl<'a> Searched<'a> {
    fn new(text: &'a str) -> Self {
        let text = start_of(text, MAX_LINE);
        Self { text, lower: text.to_lowercase() }
    }
}

impl Condition {
    /// Checks and compiles. Nothing minds case.
    pub(super) fn compile(
        any_text: Vec<String>,
        any_rule: Vec<String>,
        any_label: Vec<String>,
        min_events: u64,
    ) -> Result<Self, PlaybookProblem> {
        let texts = any_text.iter().map(|written| TextPattern::compile(written)).collect::<Result<_, _>>()?;
        let lower = |words: Vec<String>| words.into_iter().map(|word| word.to_lowercase()).collect();
        Ok(Self { texts, rules: lower(any_rule), labels: lower(any_label), min_events })
    }

    /// What speaks for the cause in an incident; `None` where nothing does.
    pub(crate) fn support(&self, incident: &Incident) -> Option<Support> {
        if incident.event_count < self.min_events {
            return None;
        }
        let mut cited = vec![false; incident.evidence.len()];
        let mut quotes: Vec<Option<String>> = vec![None; self.texts.len()];
        let mut rules = vec![false; self.rules.len()];
        for (entry, cited) in incident.evidence.iter().zip(&mut cited) {
            let places = [&entry.text, &entry.line].map(|text| Searched::new(text));
            *cited |= self.look_through(&places, &mut quotes);
            let rule_name = entry.rule.to_lowercase();
            for (wanted, found) in self.rules.iter().zip(&mut rules) {
                if matches_rule(wanted, &rule_name) {
                    *found = true;
                    *cited = true;
                }
            }
        }
        // The summary speaks too, though it is no entry that could be cited: a row that somebody else
        // wrote may have nothing but its summary.
        self.look_through(&[Searched::new(&incident.summary)], &mut quotes);

        let has_label = |label: &&String| incident.labels.iter().any(|other| other.to_lowercase() == **label);
        let labels: Vec<&String> = self.labels.iter().filter(has_label).collect();
        let rules: Vec<&String> =
            self.rules.iter().zip(rules).filter_map(|(rule, found)| found.then_some(rule)).collect();
        let quotes: Vec<String> = quotes.into_iter().flatten().collect();
        let has_lists = !(self.texts.is_empty() && self.rules.is_empty() && self.labels.is_empty());
        if has_lists && quotes.is_empty() && rules.is_empty() && labels.is_empty() {
            return None;
        }
        // What the evidence says in so many words weighs more than a label or a mere number.
        let number_counts = u32::from(self.min_events > 1);
        let points = 2 * quotes.len().min(3) + 2 * rules.len().min(2) + labels.len().min(2);
        let points = u32::try_from(points).unwrap_or(u32::MAX) + number_counts;
        let mut evidence: Vec<usize> = (0..cited.len()).filter(|index| cited[*index]).collect();
        // A label or a number of events is borne out by what was counted: its first example is cited.
        if evidence.is_empty() && quotes.is_empty() && !incident.evidence.is_empty() {
            evidence.push(0);
        }
        let mut because: Vec<String> = Vec::new();
        for quote in quotes.iter().map(|quote| format!("text “{quote}”")).take(MAX_QUOTED) {
            if !because.contains(&quote) {
                because.push(quote);
            }
        }
        because.extend(rules.iter().map(|rule| format!("rule {rule}")));
        because.extend(labels.iter().map(|label| format!("label {label}")));
        if number_counts > 0 {
            because.push(format!("{} or more events", self.min_events));
        }
        (points > 0).then_some(Support { evidence, points, because })
    }

    /// Looks for every text, keeps the first find of each, and says whether there was any.
    fn look_through(&self, places: &[Searched<'_>], quotes: &mut [Option<String>]) -> bool {
        let mut any = false;
        for (pattern, quote) in self.texts.iter().zip(quotes) {
            if let Some(found) = places.iter().find_map(|place| pattern.find(place)) {
                any = true;
                quote.get_or_insert_with(|| cut(&plain_text(found), MAX_QUOTE));
            }
        }
        any
    }

    /// Whether a text, such as that of a memory, is about this cause.
    pub(crate) fn is_spoken_of_in(&self, text: &str) -> bool {
        let text = Searched::new(text);
        self.texts.iter().any(|pattern| pattern.find(&text).is_some())
    }
}

impl TextPattern {
    fn compile(written: &str) -> Result<Self, PlaybookProblem> {
        let expression = written.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let Some(expression) = expression.filter(|inside| !inside.is_empty()) else {
            return Ok(Self::Plain(written.to_lowercase()));
        };
        // Unicode's classes and cases make an expression ten times as large; they are used where
        // the expression itself is written with more than ASCII.
        let compiled = RegexBuilder::new(expression)
            .case_insensitive(true)
            .unicode(!expression.is_ascii())
            .size_limit(PATTERN_SIZE_LIMIT)
            .build();
        compiled.map(Self::Expression).map_err(|error| PlaybookProblem::BadPattern {
            pattern: written.to_owned(),
            // The last line says what is wrong; those before draw the place.
            why: error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
        })
    }

    /// The first match, in the words of the text where that is possible.
    fn find<'a>(&'a self, place: &Searched<'a>) -> Option<&'a str> {
        match self {
            Self::Plain(text) => place.lower.contains(text).then_some(text),
            Self::Expression(expression) => {
                let found = expression.find(place.text.as_bytes())?;
                Some(place.text.get(found.range()).unwrap_or_default())
            }
        }
    }
}

fn matches_rule(wanted: &str, rule: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => rule.starts_with(start),
        None => rule == wanted,
    }
}
