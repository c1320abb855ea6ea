//! What became last of a message to each kind of receiver, for whoever asks how Foghorn is. Known since the start
//! of the process; what became of every single telling stands in the outbox.

use foghorn_domain::clock::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The outcome of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastOutcome {
    /// When.
    pub at: Timestamp,
    /// `sent`, `edited`, `put_off`, `given_up`, …
    pub outcome: &'static str,
    /// In a word, what went wrong: `channel_not_found`. `None` where all went well.
    pub error: Option<String>,
}

/// The last outcome by kind of receiver; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Outcomes(Arc<Mutex<BTreeMap<&'static str, LastOutcome>>>);

impl Outcomes {
    /// The last outcome of a kind, if there was one.
    pub fn last(&self, kind: &str) -> Option<LastOutcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(kind).cloned()
    }

    pub(crate) fn note(&self, kind: &'static str, at: Timestamp, outcome: &'static str, error: Option<&str>) {
        let last = LastOutcome { at, outcome, error: error.map(str::to_owned) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, last);
    }
}
