//! The audit chain. Every writer goes through [`append`], inside the transaction of the change that it
//! records, and SQLite has one writer: that makes it the chain's one sequencer. On Postgres, where there are many,
//! the rows of a transaction wait for its end and are written by [`sequencer`], under a lock that one process
//! holds at a time. Rows that other programs insert come without a hash; the next append seals them where they
//! stand and says so in a row of its own.

mod sequencer;

pub(crate) use sequencer::append_waiting;

use super::Store;
use crate::model::{Page, Paging};
use crate::sql::{self, Connection, OptionalExtension, Row, Transaction, params};
use crate::{Result, time};
use foghorn_domain::audit::{Anchor, AuditEntry, GENESIS, IdSequence, Report, StoredRow, Verifier, entry_hash};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::IncidentId;
use serde_json::{Value, json};

/// A row as it is stored, for verification.
#[derive(Clone, Debug)]
pub struct StoredAuditRow {
    /// The row's number.
    pub id: i64,
    /// The incident it is about.
    pub incident_id: Option<IncidentId>,
    /// Who.
    pub who: String,
    /// Did what.
    pub action: String,
    /// The JSON text, byte for byte.
    pub details: String,
    /// The time's text, byte for byte.
    pub created_at: String,
    /// The hash of the row before; empty where not sealed.
    pub prev_hash: String,
    /// Its own hash; empty where not sealed.
    pub hash: String,
}

impl Store {
    /// Writes a row about something that concerns no incident and changes nothing else.
    pub async fn note_in_audit(&self, action: &'static str, who: String, details: Value) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            append(tx, None, &who, action, &details, clock.now())?;
            Ok(())
        })
        .await
    }

    /// Audit rows, newest first; of one incident if one is named.
    pub async fn audit_entries(&self, incident_id: Option<IncidentId>, paging: Paging) -> Result<Page<AuditEntry>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, incident_id, who, action, details, created_at, prev_hash, hash FROM audit_logs
                  WHERE id < ?1 AND (?2::bigint IS NULL OR incident_id = ?2) ORDER BY id DESC LIMIT ?3",
            )?;
            let before = paging.cursor.unwrap_or(i64::MAX);
            let items = statement
                .query_map(params![before, incident_id, paging.limit + 1], |row| stored_row(row).map(entry))?
                .collect::<sql::Result<Vec<_>>>()?;
            let counted = "audit_logs WHERE ?1::bigint IS NULL OR incident_id = ?1";
            let (total, estimated) = super::incidents::count(db, counted, params![incident_id], paging.exact_count)?;
            Ok(super::incidents::page(items, paging.limit, |item| item.id, total, estimated))
        })
        .await
    }

    /// The last sealed row: its number and hash. `None` while nothing has been written.
    pub async fn audit_tip(&self) -> Result<Option<(i64, String)>> {
        self.read(tip).await
    }

    /// Appends a row on behalf of somebody, for things that change no incident.
    pub async fn record(
        &self,
        incident_id: Option<IncidentId>,
        who: String,
        action: &'static str,
        details: Value,
    ) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| append(tx, incident_id, &who, action, &details, clock.now())).await
    }
}

/// Reads the whole chain once and holds it against published heads, whose signatures the caller has checked,
/// and against the end that the store itself remembers. Takes a plain read-only connection, so that a chain
/// can be verified beside a running server and without one. Read the heads first: one that is published
/// while the rows are read names a row that is not among them.
pub fn verify(db: &Connection, heads: impl IntoIterator<Item = Anchor>) -> Result<Report> {
    // One transaction, so that rows and remembered end are of the same moment.
    let begin = if db.is_postgres() { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" };
    db.execute_batch(begin)?;
    let report = verify_moment(db, heads);
    let ended = db.execute_batch("COMMIT");
    let report = report?;
    ended?;
    Ok(report)
}

fn verify_moment(db: &Connection, heads: impl IntoIterator<Item = Anchor>) -> Result<Report> {
    let ids = if db.is_postgres() { IdSequence::MayHaveGaps } else { IdSequence::Gapless };
    let mut verifier = Verifier::new(ids).with_heads(heads);
    if let Some((id, hash)) = tip(db)? {
        verifier = verifier.with_remembered_end(Anchor { id, hash });
    }
    each_row(db, |row| {
        verifier.push(&StoredRow {
            id: row.id,
            incident_id: row.incident_id,
            who: &row.who,
            action: &row.action,
            details: &row.details,
            created_at: &row.created_at,
            prev_hash: &row.prev_hash,
            hash: &row.hash,
        });
    })?;
    Ok(verifier.finish())
}

/// Reads every row in order.
pub fn each_row(db: &Connection, mut visit: impl FnMut(StoredAuditRow)) -> Result<()> {
    let mut after = 0;
    loop {
        let rows = rows_after(db, after)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        rows.into_iter().for_each(&mut visit);
    }
}

fn rows_after(db: &Connection, after: i64) -> Result<Vec<StoredAuditRow>> {
    let sql = "SELECT id, incident_id, who, action, details, created_at, prev_hash, hash FROM audit_logs
                WHERE id > ?1 ORDER BY id LIMIT 2000";
    Ok(db.prepare_cached(sql)?.query_map([after], stored_row)?.collect::<sql::Result<_>>()?)
}

/// The last sealed row as the store itself remembers it, apart from the rows.
pub fn tip(db: &Connection) -> Result<Option<(i64, String)>> {
    Ok(db
        .prepare_cached("SELECT id, hash FROM audit_tip WHERE \"only\" = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// A row that waits for the end of its transaction.
#[derive(Debug)]
pub struct WaitingRow {
    incident_id: Option<IncidentId>,
    who: String,
    action: String,
    details: String,
    created_at: String,
}

impl WaitingRow {
    fn new(incident_id: Option<IncidentId>, who: &str, action: &str, details: &Value, now: Timestamp) -> Self {
        // The hash covers what is stored, and Postgres stores no NUL.
        let clean = |text: &str| text.replace('\0', "\u{fffd}");
        Self {
            incident_id,
            who: clean(who),
            action: clean(action),
            details: details.to_string(),
            created_at: time::write(now),
        }
    }
}

/// Appends a row to the chain.
pub(super) fn append(
    tx: &Transaction<'_>,
    incident_id: Option<IncidentId>,
    who: &str,
    action: &str,
    details: &Value,
    now: Timestamp,
) -> Result<()> {
    if tx.is_postgres() {
        tx.append_at_end(WaitingRow::new(incident_id, who, action, details, now));
        return Ok(());
    }
    let sealed = seal_external_rows(tx)?;
    if !sealed.is_empty() {
        let details = json!({ "rows": sealed });
        append_sealed(tx, None, "external", "sealed", &details.to_string(), now)?;
    }
    append_sealed(tx, incident_id, who, action, &details.to_string(), now)
}

fn append_sealed(
    tx: &Transaction<'_>,
    incident_id: Option<IncidentId>,
    who: &str,
    action: &str,
    details: &str,
    now: Timestamp,
) -> Result<()> {
    let (last, prev_hash) = tip(tx)?.unwrap_or((0, GENESIS.to_owned()));
    // AUTOINCREMENT never hands out a number twice; inside one writer's transaction the next one is known
    // only after the insert, and the hash covers it, so the row is written in two steps.
    let created_at = time::write(now);
    let sql = "INSERT INTO audit_logs (incident_id, who, action, details, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
               RETURNING id";
    let values = params![incident_id, who, action, details, created_at];
    let id = tx.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
    debug_assert!(id > last);
    let hash = entry_hash(&prev_hash, id, incident_id, who, action, details, &created_at);
    seal(tx, id, &prev_hash, &hash)
}

fn seal_external_rows(tx: &Transaction<'_>) -> Result<Vec<i64>> {
    let last = tip(tx)?.map_or(0, |(id, _)| id);
    let sql = "SELECT id, incident_id, who, action, details, created_at, prev_hash, hash FROM audit_logs
                WHERE id > ?1 ORDER BY id";
    let waiting = tx.prepare_cached(sql)?.query_map([last], stored_row)?.collect::<sql::Result<Vec<_>>>()?;
    for row in &waiting {
        let (_, prev_hash) = tip(tx)?.unwrap_or((0, GENESIS.to_owned()));
        let StoredAuditRow { id, incident_id, who, action, details, created_at, .. } = row;
        let hash = entry_hash(&prev_hash, *id, *incident_id, who, action, details, created_at);
        seal(tx, *id, &prev_hash, &hash)?;
    }
    Ok(waiting.into_iter().map(|row| row.id).collect())
}

fn seal(tx: &Transaction<'_>, id: i64, prev_hash: &str, hash: &str) -> Result<()> {
    tx.prepare_cached("UPDATE audit_logs SET prev_hash = ?2, hash = ?3 WHERE id = ?1")?
        .execute(params![id, prev_hash, hash])?;
    tx.prepare_cached(
        "INSERT INTO audit_tip (\"only\", id, hash) VALUES (1, ?1, ?2)
         ON CONFLICT (\"only\") DO UPDATE SET id = excluded.id, hash = excluded.hash",
    )?
    .execute(params![id, hash])?;
    Ok(())
}

fn stored_row(row: &Row<'_>) -> sql::Result<StoredAuditRow> {
    let text = |column| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
    Ok(StoredAuditRow {
        id: row.get(0)?,
        incident_id: row.get(1)?,
        who: text(2)?,
        action: text(3)?,
        details: text(4)?,
        created_at: text(5)?,
        prev_hash: text(6)?,
        hash: text(7)?,
    })
}

fn entry(row: StoredAuditRow) -> AuditEntry {
    AuditEntry {
        id: row.id,
        incident_id: row.incident_id,
        who: row.who,
        action: row.action,
        details: serde_json::from_str(&row.details).unwrap_or(Value::String(row.details)),
        created_at: time::read(&row.created_at),
        prev_hash: row.prev_hash,
        hash: row.hash,
    }
}
