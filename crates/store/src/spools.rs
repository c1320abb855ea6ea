//! What waited in a process's spool while the database was away, taken over: the events and how far the spool has been
//! read, in one transaction, so that nothing is taken twice however often a process dies between the two.

use super::Store;
use crate::sql::OptionalExtension;
use crate::{Error, Result};
use foghorn_domain::event::NewEvent;

impl Store {
    /// Appends the records of a spool up to number `upto`. `false` where that has been done before.
    pub async fn append_spooled(&self, spool: String, upto: u64, events: Vec<NewEvent>) -> Result<bool> {
        let writers = self.postgres().ok_or(Error::Closed)?;
        writers.intake.append_spooled(spool, i64::try_from(upto).unwrap_or(i64::MAX), events).await
    }

    /// The number of the last record of a spool that was taken over; 0 where there is none.
    pub async fn spooled_upto(&self, spool: String) -> Result<u64> {
        if !self.is_shared() {
            return Ok(0);
        }
        self.read(move |db| {
            let sql = "SELECT upto FROM spools WHERE name = ?1";
            let upto: Option<i64> = db.prepare_cached(sql)?.query_row([spool], |row| row.get(0)).optional()?;
            Ok(upto.unwrap_or(0).unsigned_abs())
        })
        .await
    }
}
