//! What waited in a process's spool while the database was away, taken over: the events and how far the spool has been
//! read, in one transaction, so that nothing is taken twice however often a process dies between the two. And whether it
//! is away.

use super::Store;
use crate::{Error, Result};
use foghorn_domain::event::NewEvent;

impl Store {
    /// Appends records of a spool, oldest first, each with its number: those that have not been taken over yet.
    /// Answers how many these were.
    pub async fn append_spooled(&self, spool: String, records: Vec<(u64, NewEvent)>) -> Result<usize> {
        let writers = self.postgres().ok_or(Error::Closed)?;
        let numbered = |(number, event)| (i64::try_from(number).unwrap_or(i64::MAX), event);
        writers.intake.append_spooled(spool, records.into_iter().map(numbered).collect()).await
    }

    /// Whether the database did not answer intake when it was last asked. A file is never away.
    pub fn is_away(&self) -> bool {
        self.postgres().is_some_and(|writers| writers.intake.is_away())
    }

    /// Asks a database that is away whether it is back. Nothing else does: whoever comes meanwhile is answered at once.
    pub async fn look_for_it(&self) -> Result<()> {
        match self.postgres() {
            Some(writers) => writers.intake.look_for_it().await,
            None => Ok(()),
        }
    }
}
