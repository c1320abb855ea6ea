//! Recurring maintenance: hours in which some incidents are expected and nobody is told of them.

use crate::hours::Hours;
use crate::matcher::{Matcher, all_match};
use crate::subject::Subject;
use foghorn_domain::clock::Timestamp;
use serde::Serialize;

/// One recurring window.
#[derive(Clone, Debug, Serialize)]
pub struct Maintenance {
    /// Why, in the words of whoever wrote the file.
    pub why: String,
    /// What it is about; all of them must fit.
    #[serde(rename = "match")]
    pub matchers: Vec<Matcher>,
    /// When.
    pub hours: Hours,
}

impl Maintenance {
    /// Until when the subject is held, if it is.
    pub fn holds(&self, subject: &Subject<'_>, now: Timestamp) -> Option<Timestamp> {
        if !all_match(&self.matchers, subject) {
            return None;
        }
        self.hours.end_of_window(now)
    }
}
