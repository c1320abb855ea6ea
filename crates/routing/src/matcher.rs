//! Matchers: `service = checkout`, `severity >= warning`, `labels.team =~ pay.*`.
//!
//! A matcher is an attribute, a comparison and a value. [`parse`] reads one, [`Matcher::matches`] holds it
//! against a [`Subject`], [`imply`] says what a list of them leaves possible. Regular expressions are anchored
//! at both ends and run in linear time, whatever is matched.
//!
//! An attribute that is not there equals nothing: `=` and `=~` fail, `!=` and `!~` hold. Where there are
//! several values (labels), `=` and `=~` need one that fits, `!=` and `!~` need that none does.

mod parse;
pub(crate) mod imply;

use crate::subject::Subject;
use foghorn_domain::finding::Kind;
use foghorn_domain::severity::{Severity, Urgency};
use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What of an incident is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// What kind of trouble.
    Kind,
    /// How bad.
    Severity,
    /// Whom to disturb.
    Urgency,
    /// The service.
    Service,
    /// The environment.
    Environment,
    /// The team that the route names, or the label `team`.
    Team,
    /// The line that says what is wrong.
    Summary,
    /// Any label, as it is written.
    Label,
    /// The value of the label with this name.
    Named(String),
}

impl Attribute {
    const PLAIN: [(&'static str, Self); 8] = [
        ("kind", Self::Kind),
        ("severity", Self::Severity),
        ("urgency", Self::Urgency),
        ("service", Self::Service),
        ("environment", Self::Environment),
        ("team", Self::Team),
        ("summary", Self::Summary),
        ("label", Self::Label),
    ];

    /// Reads a name: `service`, `labels.team`.
    ///
    /// # Errors
    /// A sentence that says what there is.
    pub fn parse(name: &str) -> Result<Self, String> {
        parse::attribute(name.trim())
    }

    /// Whether the name is that of an attribute.
    pub(crate) fn is_known(name: &str) -> bool {
        Self::PLAIN.iter().any(|(plain, _)| *plain == name) || name.starts_with("labels.")
    }

    /// Whether an incident has exactly one value of it.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(self, Self::Team | Self::Label | Self::Named(_))
    }

    /// All values there are, where that is known.
    pub(crate) fn universe(&self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Kind => Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
            Self::Severity => SEVERITIES.iter().map(|severity| severity.as_str()).collect(),
            Self::Urgency => URGENCIES.iter().map(|urgency| urgency.as_str()).collect(),
            _ => return None,
        })
    }

    /// Every value that the subject has of it. `false` from `wanted` goes on, `true` ends.
    pub(crate) fn any(&self, subject: &Subject<'_>, mut wanted: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::Kind => wanted(subject.kind.as_str()),
            Self::Severity => wanted(subject.severity.as_str()),
            Self::Urgency => wanted(subject.urgency.as_str()),
            Self::Service => wanted(subject.service),
            Self::Environment => wanted(subject.environment),
            Self::Summary => wanted(subject.summary),
            Self::Team => subject.team.into_iter().chain(subject.label_values("team")).any(wanted),
            Self::Label => subject.labels.iter().any(|label| wanted(label)),
            Self::Named(name) => subject.label_values(name).any(wanted),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "labels.{name}"),
            plain => f.write_str(Self::PLAIN.iter().find(|(_, other)| other == plain).map_or("?", |(name, _)| name)),
        }
    }
}

/// How the value is held against the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, an anchored regular expression.
    Matches,
    /// `!~`, likewise.
    MatchesNot,
    /// `>=`, for severity and urgency.
    AtLeast,
    /// `<=`, likewise.
    AtMost,
}

impl Comparison {
    /// Longer signs first, so that `=~` is not read as `=`.
    const SIGNS: [(&'static str, Self); 6] = [
        ("!=", Self::NotEqual),
        ("=~", Self::Matches),
        ("!~", Self::MatchesNot),
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("=", Self::Equal),
    ];

    fn sign(self) -> &'static str {
        Self::SIGNS.iter().find(|(_, other)| *other == self).map_or("?", |(sign, _)| sign)
    }

    /// Whether it holds where a value fits, and not where none does.
    pub(crate) fn is_positive(self) -> bool {
        !matches!(self, Self::NotEqual | Self::MatchesNot)
    }
}

/// One condition on a subject.
#[derive(Clone, Debug)]
pub struct Matcher {
    attribute: Attribute,
    comparison: Comparison,
    value: String,
    pattern: Option<Regex>,
}

const SEVERITIES: [Severity; 4] = [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];
const URGENCIES: [Urgency; 3] = [Urgency::Record, Urgency::Notify, Urgency::Page];

impl Matcher {
    /// Reads one from its text, `service = checkout`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::matcher(text)
    }

    /// Makes one of its parts.
    ///
    /// # Errors
    /// As [`Matcher::parse`].
    pub fn new(attribute: &str, comparison: Comparison, value: &str) -> Result<Self, String> {
        parse::of_parts(parse::attribute(attribute)?, comparison, value)
    }

    /// What it looks at.
    pub fn attribute(&self) -> &Attribute {
        &self.attribute
    }

    /// How it compares.
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// What it compares with.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether the subject fits.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let one_fits = self.attribute.any(subject, |value| self.fits(value));
        one_fits == self.comparison.is_positive()
    }

    /// Whether a value is one that the matcher speaks of: the one it wants, or, behind `!`, the one it does not.
    fn fits(&self, value: &str) -> bool {
        match self.comparison {
            Comparison::Equal | Comparison::NotEqual => value == self.value,
            Comparison::Matches | Comparison::MatchesNot => {
                self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(value))
            }
            Comparison::AtLeast => rank(&self.attribute, value) >= rank(&self.attribute, &self.value),
            Comparison::AtMost => rank(&self.attribute, value) <= rank(&self.attribute, &self.value),
        }
    }

    /// Whether an attribute with this one value would satisfy it.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        self.fits(value) == self.comparison.is_positive()
    }
}

/// Whether the subject fits all of them.
pub(crate) fn all_match(matchers: &[Matcher], subject: &Subject<'_>) -> bool {
    matchers.iter().all(|matcher| matcher.matches(subject))
}

fn rank(attribute: &Attribute, value: &str) -> Option<usize> {
    attribute.universe()?.iter().position(|other| *other == value)
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.attribute, self.comparison, &self.value) == (&other.attribute, other.comparison, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.attribute, self.comparison.sign())?;
        if parse::needs_quotes(&self.value) { write!(f, "\"{}\"", self.value) } else { f.write_str(&self.value) }
    }
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
