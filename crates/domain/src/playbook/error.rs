//! What can be wrong with a playbook file, and where.

use super::template::Placeholder;
use std::fmt;

/// A problem in a playbook file. Displays as `file:line:column: problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaybookError {
    /// The file's name, as it was given.
    pub file: String,
    /// Line and column, both from 1, where they are known.
    pub place: Option<(u64, u64)>,
    /// What is wrong.
    pub problem: PlaybookProblem,
}

/// What is wrong with a playbook file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaybookProblem {
    /// Not YAML, or not the YAML of a playbook: the reader's own words.
    #[error("{0}")]
    Yaml(String),
    /// `{name}` is nothing that can be filled in.
    #[error("unknown placeholder {{{name}}}; there are {known} (write {{{{ for a brace)", known = known_placeholders())]
    UnknownPlaceholder {
        /// The name between the braces.
        name: String,
    },
    /// An entry of `any_text` between slashes is no regular expression, or too large a one.
    #[error("the pattern {pattern} cannot be used: {why}")]
    BadPattern {
        /// The entry as it was written.
        pattern: String,
        /// Why not.
        why: String,
    },
    /// A part is missing, empty, or there are too many of it.
    #[error("{0}")]
    Incomplete(&'static str),
    /// Another file replaces the same playbook.
    #[error("{other} replaces the same playbook; write `extends: true` in one of them")]
    ReplacedTwice {
        /// The other file.
        other: String,
    },
}

impl PlaybookError {
    pub(super) fn in_file(file: &str, problem: PlaybookProblem) -> Self {
        Self { file: file.to_owned(), place: None, problem }
    }

    pub(super) fn at(file: &str, location: serde_saphyr::Location, problem: PlaybookProblem) -> Self {
        let place = (location.line() > 0).then(|| (location.line(), location.column()));
        Self { file: file.to_owned(), place, problem }
    }
}

impl fmt::Display for PlaybookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

impl std::error::Error for PlaybookError {}

fn known_placeholders() -> String {
    Placeholder::ALL.map(|placeholder| format!("{{{}}}", placeholder.name())).join(" ")
}
