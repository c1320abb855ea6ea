//! Forgetting old events, counting what there is, and copying the store while it is in use.

use super::Store;
use crate::model::Counts;
use crate::postgres::days;
use crate::sql::{Connection, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::SignedDuration;
use std::path::PathBuf;

/// How long and how much is kept. Evidence that an incident cites is stored with the incident and stays.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Events older than this are forgotten.
    pub max_age: SignedDuration,
    /// Above this size of the file the oldest events are forgotten.
    pub max_bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { max_age: SignedDuration::from_hours(14 * 24), max_bytes: 5_000_000_000 }
    }
}

/// Events forgotten in one transaction, so that intake never waits long behind it.
const STEP: i64 = 2_000;

impl Store {
    /// Forgets one step of what retention no longer keeps. Returns how many rows went; call again while it is
    /// not 0. Events that triage has not seen are never forgotten.
    pub async fn forget_step(&self, retention: Retention) -> Result<usize> {
        let (clock, bytes) = (self.clock().clone(), self.read(used_bytes).await?);
        self.write(move |tx| {
            let now = clock.now();
            let horizon = time::write(now - retention.max_age);
            let first: Option<i64> = tx.query_row("SELECT min(id) FROM raw_events", [], |row| row.get(0))?;
            let first = first.unwrap_or(0);
            let last = first + STEP;
            let is_full = bytes > retention.max_bytes;
            let gone = match tx.as_postgres() {
                Some(session) => {
                    days::make_ahead(session, now)?;
                    let dropped = days::drop_oldest(session, now - retention.max_age, is_full, now)?;
                    dropped + days::delete_of_other_days(session, &horizon, STEP)?
                }
                None => {
                    let age_limit = if is_full { "9999" } else { horizon.as_str() };
                    tx.execute(
                        "DELETE FROM raw_events WHERE id >= ?1 AND id < ?2 AND created_at < ?3
                            AND id <= (SELECT min(cursor) FROM partitions)",
                        params![first, last, age_limit],
                    )?
                }
            };
            tx.execute(
                "DELETE FROM event_findings WHERE event_id < (SELECT coalesce(min(id), ?1) FROM raw_events)",
                [last],
            )?;
            let forgotten = time::write(now - super::events::IDEMPOTENCY_WINDOW);
            let keys = tx.execute(
                "DELETE FROM idempotency_keys WHERE (source, key) IN
                     (SELECT source, key FROM idempotency_keys WHERE created_at <= ?1 LIMIT ?2)",
                params![forgotten, STEP],
            )?;
            let alerts = tx.execute(
                "DELETE FROM alert_states WHERE fingerprint IN
                     (SELECT fingerprint FROM alert_states WHERE refreshed_at < ?1 AND fingerprint NOT IN
                          (SELECT fingerprint FROM incidents
                            WHERE status NOT IN ('resolved', 'false_positive') AND fingerprint IS NOT NULL)
                       LIMIT ?2)",
                params![horizon, STEP],
            )?;
            Ok(gone + keys + alerts)
        })
        .await
    }

    /// Copies the store, as of one moment, into a file that must not exist yet.
    pub async fn backup(&self, file: PathBuf) -> Result<()> {
        self.read(move |db| backup(db, &file)).await
    }

    /// Counts of everything, for status, metrics and `check`.
    pub async fn counts(&self) -> Result<Counts> {
        self.read(|db| {
            let number = |sql: &str| db.query_row(sql, [], |row| row.get::<u64>(0));
            let untriaged = match db.is_postgres() {
                true => UNTRIAGED_ON_POSTGRES,
                false => UNTRIAGED,
            };
            let mut statement = db.prepare_cached("SELECT status, count(*) FROM incidents GROUP BY status")?;
            let incidents =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<crate::sql::Result<_>>()?;
            Ok(Counts {
                // Ids are given without gaps, but for what a database refused, and forgotten from the front: two look-ups, no scan.
                events: number("SELECT coalesce(max(id) - min(id) + 1, 0) FROM raw_events")?,
                untriaged: number(untriaged)?,
                incidents,
                pending_notifications: number("SELECT count(*) FROM notifications WHERE status = 'pending'")?,
                bytes: used_bytes(db)?,
            })
        })
        .await
    }
}

/// Copies a database through a read-only connection; works beside a running server.
pub fn backup(db: &Connection, file: &std::path::Path) -> Result<()> {
    if file.exists() {
        let detail = "the file exists already; a backup never overwrites one".to_owned();
        return Err(Error::Unusable { path: file.to_owned(), detail });
    }
    let explain = |error: crate::sql::Error| Error::Unusable { path: file.to_owned(), detail: error.to_string() };
    let name = file
        .to_str()
        .ok_or_else(|| Error::Unusable { path: file.to_owned(), detail: "the file's name is not UTF-8".to_owned() })?;
    db.execute("VACUUM INTO ?1", [name]).map_err(explain)?;
    Ok(())
}

const UNTRIAGED: &str =
    "SELECT max(0, coalesce((SELECT max(id) FROM raw_events), 0) - (SELECT min(cursor) FROM partitions))";

/// Partitions of the log move on their own; of each no more than so many are counted.
const UNTRIAGED_ON_POSTGRES: &str = "SELECT count(*) FROM partitions p CROSS JOIN LATERAL
            (SELECT 1 FROM raw_events e WHERE e.partition = p.id AND e.place > p.cursor LIMIT 20000) AS waiting";

fn used_bytes(db: &Connection) -> Result<u64> {
    if db.is_postgres() {
        return Ok(db.query_row("SELECT pg_database_size(current_database())", [], |row| row.get(0))?);
    }
    let pages: u64 =
        db.query_row("SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count", [], |row| {
            row.get(0)
        })?;
    let size: u64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(pages * size)
}
