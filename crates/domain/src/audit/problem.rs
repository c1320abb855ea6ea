//! What can be wrong with the chain, in sentences that name the row and say what to do.

use serde::Serialize;
use std::fmt;

/// One thing that is wrong with the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    /// A row no longer reads as it did when it was sealed.
    Changed {
        /// The row.
        id: i64,
    },
    /// A row was changed and its hash computed anew; the row after it still expects the old one.
    Rehashed {
        /// The row.
        id: i64,
    },
    /// Rows were removed between two others.
    Missing {
        /// The last row before the gap; 0 when the chain's beginning is gone.
        after_id: i64,
        /// The first row behind the gap.
        before_id: i64,
    },
    /// A row holds what was written as another.
    Reordered {
        /// The row.
        id: i64,
        /// The row whose contents it holds.
        holds: i64,
    },
    /// A row that was never appended stands between two that follow each other, or behind the last one.
    Inserted {
        /// The row.
        id: i64,
    },
    /// The end of the chain was cut off.
    Cut {
        /// The last row there is; 0 when there is none.
        last_id: i64,
        /// The row that is known to have been there.
        head_id: i64,
    },
    /// A row has another hash than the one that was published for it: the chain was computed anew.
    HeadMismatch {
        /// The row.
        id: i64,
        /// The last row before it that still fits a published head; 0 when there is none.
        last_good_id: i64,
    },
    /// A row without a hash stands before sealed ones, or where a sealed row is known to have been.
    Unsealed {
        /// The row.
        id: i64,
    },
    /// The same id came twice, or a smaller one after a greater.
    OutOfOrder {
        /// The row.
        id: i64,
        /// The row before it.
        after_id: i64,
    },
}

impl Problem {
    /// The row that the problem is about; for missing rows, the first that is missing.
    pub fn row(&self) -> i64 {
        match *self {
            Self::Changed { id }
            | Self::Rehashed { id }
            | Self::Reordered { id, .. }
            | Self::Inserted { id }
            | Self::HeadMismatch { id, .. }
            | Self::Unsealed { id }
            | Self::OutOfOrder { id, .. } => id,
            Self::Missing { after_id, .. } => after_id.saturating_add(1),
            Self::Cut { last_id, .. } => last_id.saturating_add(1),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Changed { id } => write!(
                f,
                "row {id} was changed after it was sealed: compare it with the same row of a backup, and find out who can write to audit_logs"
            ),
            Self::Rehashed { id } => write!(
                f,
                "row {id} was changed and its hash computed anew, but the next row still expects the old one: compare it with the same row of a backup"
            ),
            Self::Missing { after_id, before_id } => {
                let (rows, are, _, them) = rows(after_id.saturating_add(1), before_id.saturating_sub(1));
                write!(
                    f,
                    "{rows} {are} missing between row {after_id} and row {before_id}: bring {them} back from a backup"
                )
            }
            Self::Reordered { id, holds } => write!(
                f,
                "row {id} holds what was written as row {holds}: rows were exchanged; compare both with a backup"
            ),
            Self::Inserted { id } => write!(
                f,
                "row {id} was put into the chain by somebody else than the server: compare the rows around it with a backup"
            ),
            Self::Cut { last_id, head_id } => {
                let (rows, _, were, them) = rows(last_id.saturating_add(1), head_id);
                write!(
                    f,
                    "the log ends at row {last_id}, but row {head_id} is known to have been sealed: {rows} {were} cut off; bring {them} back from a backup"
                )
            }
            Self::HeadMismatch { id, last_good_id } => write!(
                f,
                "row {id} has another hash than the one kept for it elsewhere (a signed head, or the store's own record): the log was rewritten somewhere between row {} and row {id}; rely on the backup taken before, not on these rows",
                last_good_id.saturating_add(1)
            ),
            Self::Unsealed { id } => write!(
                f,
                "row {id} has no hash, although rows behind it are sealed: its hash was removed or the row was slipped in; compare it with a backup"
            ),
            Self::OutOfOrder { id, after_id } => write!(
                f,
                "row {id} came after row {after_id}: ids are not unique or the table's index is damaged; check the database itself"
            ),
        }
    }
}

/// `row 7` or `rows 7 to 9`, with the verb in both tenses and the pronoun that go with it.
fn rows(first: i64, last: i64) -> (String, &'static str, &'static str, &'static str) {
    if last <= first {
        (format!("row {first}"), "is", "was", "it")
    } else {
        (format!("rows {first} to {last}"), "are", "were", "them")
    }
}
