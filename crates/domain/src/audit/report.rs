//! What a verification found.

use super::Problem;
use serde::Serialize;

/// The outcome of reading the whole log once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many rows were read.
    pub rows: u64,
    /// How many of them are sealed.
    pub sealed: u64,
    /// The last sealed row's id; 0 when there is none.
    pub last_id: i64,
    /// The last sealed row's hash; [`GENESIS`](super::GENESIS) when there is none.
    pub last_hash: String,
    /// How many rows at the end wait to be sealed: others wrote them, and the next append takes them in.
    pub waiting: u64,
    /// How many heads fit.
    pub heads_confirmed: u64,
    /// What is wrong, in the order of the rows, up to [`Report::MAX_PROBLEMS`].
    pub problems: Vec<Problem>,
    /// How many problems there are in all.
    pub problem_count: u64,
}

impl Report {
    /// How many problems are kept. One is enough to know; a rewritten log has as many as rows.
    pub const MAX_PROBLEMS: usize = 100;

    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.problem_count == 0
    }
}
