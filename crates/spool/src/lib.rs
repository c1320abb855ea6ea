//! A queue of records on disk for as long as the place they belong in is away: bounded, fsynced, in order.
//!
//! [`Spool::append`] answers once its records are on disk; appends that wait for the disk at the same time share
//! one flush. [`Spool::read`] gives records in the order in which they were accepted, each with its number;
//! [`Spool::forget`] lets go of everything up to a number. Numbers are never given twice in one directory, and
//! [`Spool::name`] tells directories apart, so whoever drains the spool can keep (name, last number) beside what it
//! drained, in one commit, and so takes no record twice whenever it is killed.
//!
//! The directory holds segments, `00000000000000000001.spool`, named by their first record's number ([`segment`]),
//! and the spool's `name`. A record cut short by a crash was never answered and is cut off when the directory is
//! opened. A record that is damaged otherwise is counted, and its segment is kept aside.
//!
//! The room is shared by rank: [`Rank::Bulk`] is refused first, [`Rank::Critical`] last.

mod error;
mod segment;
mod spool;
mod writer;

pub use error::{Error, Result};
pub use spool::{Opened, Options, Rank, Record, Spool};

#[cfg(test)]
mod tests;
