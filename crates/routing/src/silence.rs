//! Silences: for a while nobody is told of what fits. Somebody asked for each, and said why.

mod parse;

use crate::matcher::{Matcher, all_match};
use crate::subject::Subject;
use foghorn_domain::clock::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

pub use parse::NewSilence;

/// A silence as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// The store's id.
    pub id: i64,
    /// What it is about; all of them must fit.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when, as it was asked for.
    pub ends_at: Timestamp,
    /// Who asked.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// When somebody asked.
    pub created_at: Timestamp,
    /// When somebody ended it before its time.
    pub ended_at: Option<Timestamp>,
}

/// A field of a request that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// The field, `matchers[1]`; `body` for the whole.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for FieldFault {}

impl Silence {
    /// Reads a request for one.
    ///
    /// ```json
    /// {"matchers": ["service = checkout"], "duration": "2h", "created_by": "ana", "comment": "moving the database"}
    /// ```
    /// A matcher is a text or, as Alertmanager writes it, `{"name", "value", "isRegex", "isEqual"}`. The end is
    /// `ends_at` or, counted from the start, `duration`; without `starts_at` it starts `now`. Alertmanager's
    /// names of the fields (`startsAt`, `endsAt`, `createdBy`) are read as well.
    ///
    /// # Errors
    /// Names the field: no equality matcher on `service` or `team`, an end that is not after start and present,
    /// more than 90 days, nobody or no reason named, a field nobody knows.
    pub fn parse_new(body: &[u8], now: Timestamp) -> Result<NewSilence, FieldFault> {
        parse::silence(body, now)
    }

    /// Whether it is about the subject.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        all_match(&self.matchers, subject)
    }

    /// When it ends or ended.
    pub fn end(&self) -> Timestamp {
        self.ended_at.map_or(self.ends_at, |ended| ended.min(self.ends_at))
    }

    /// Whether it holds at this moment.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.end()
    }
}

impl NewSilence {
    /// As the store keeps it.
    pub fn stored(self, id: i64, created_at: Timestamp) -> Silence {
        let Self { matchers, starts_at, ends_at, created_by, comment } = self;
        Silence { id, matchers, starts_at, ends_at, created_by, comment, created_at, ended_at: None }
    }
}

#[cfg(test)]
mod tests;
