//! The chain's sequencer on Postgres.
//!
//! Many processes write rows; one at a time gives them their places. The lock is taken as the last thing of a
//! transaction and lasts until its commit, so it is short and nothing is waited for under it. Numbers come from
//! the table's own sequence, taken under the lock, so places and numbers have the same order. Another program's
//! row may be committed after rows with higher numbers have been sealed: it gets a new number, and the row that
//! says so names both.

use super::{StoredAuditRow, WaitingRow, stored_row, tip};
use crate::Result;
use crate::sql::postgres::Bound;
use crate::sql::{self, Session, Transaction};
use foghorn_domain::audit::{GENESIS, entry_hash};
use serde_json::json;

/// Rows of others read at once.
const AT_ONCE: usize = 5_000;

/// A row with its place.
struct Placed {
    id: i64,
    row: WaitingRow,
    prev_hash: String,
    hash: String,
}

/// Writes the audit rows of a transaction.
pub(crate) fn append_waiting(tx: &Transaction<'_>) -> Result<()> {
    let mut rows = tx.take_audit_rows();
    let (Some(session), Some(first)) = (tx.as_postgres(), rows.first()) else { return Ok(()) };
    let created_at = first.created_at.clone();
    // A statement of its own: the next one sees what the holder before has committed.
    session.rows("SELECT pg_advisory_xact_lock(1179600712, 2)", &[])?;
    let (last, mut hash) = tip(tx)?.unwrap_or((0, GENESIS.to_owned()));
    let sealed = seal_external_rows(tx, session, last, &mut hash)?;
    if let Some(details) = sealed.details() {
        let who = "external".to_owned();
        rows.insert(0, WaitingRow { incident_id: None, who, action: "sealed".to_owned(), details, created_at });
    }
    let placed = place(session, rows, &mut hash)?;
    insert(session, &placed)?;
    let Some(end) = placed.last() else { return Ok(()) };
    session.run(
        "INSERT INTO audit_tip (\"only\", id, hash) VALUES (1, ?1, ?2)
         ON CONFLICT (\"only\") DO UPDATE SET id = excluded.id, hash = excluded.hash",
        &[&end.id, &end.hash],
    )?;
    Ok(())
}

/// Gives rows their numbers and hashes. The hash covers the details as `jsonb` gives them back.
fn place(session: &Session, rows: Vec<WaitingRow>, hash: &mut String) -> Result<Vec<Placed>> {
    let details: Vec<Bound<'_>> = rows.iter().map(|row| Bound::text(&row.details)).collect();
    let given = session.rows(
        "SELECT nextval('audit_logs_id_seq'), d::text FROM unnest(?1::jsonb[]) WITH ORDINALITY AS g (d, place)
          ORDER BY place",
        &[&details],
    )?;
    let mut ids: Vec<i64> = given.iter().map(|row| row.get(0)).collect();
    ids.sort_unstable();
    let stored: Vec<String> = given.iter().map(|row| row.get(1)).collect();
    let mut placed = Vec::with_capacity(rows.len());
    for ((mut row, id), details) in rows.into_iter().zip(ids).zip(stored) {
        row.details = details;
        let WaitingRow { incident_id, who, action, details, created_at } = &row;
        let own = entry_hash(hash, id, *incident_id, who, action, details, created_at);
        let prev_hash = std::mem::replace(hash, own.clone());
        placed.push(Placed { id, row, prev_hash, hash: own });
    }
    Ok(placed)
}

fn insert(session: &Session, placed: &[Placed]) -> Result<()> {
    fn each<'a, T>(placed: &'a [Placed], of: impl Fn(&'a Placed) -> T) -> Vec<T> {
        placed.iter().map(of).collect()
    }
    session.run(
        "INSERT INTO audit_logs (id, incident_id, who, action, details, created_at, prev_hash, hash)
         SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::jsonb[], ?6::timestamptz[],
                              ?7::text[], ?8::text[])",
        &[
            &each(placed, |placed| placed.id),
            &each(placed, |placed| placed.row.incident_id),
            &each(placed, |placed| placed.row.who.as_str()),
            &each(placed, |placed| placed.row.action.as_str()),
            &each(placed, |placed| Bound::text(&placed.row.details)),
            &each(placed, |placed| Bound::text(&placed.row.created_at)),
            &each(placed, |placed| placed.prev_hash.as_str()),
            &each(placed, |placed| placed.hash.as_str()),
        ],
    )?;
    Ok(())
}

/// What was sealed in place of others.
#[derive(Default)]
struct Sealed {
    ids: Vec<i64>,
    renumbered: Vec<(i64, i64)>,
}

/// The longest list of numbers in a row; of more only the ends are named.
const NAMED: usize = 1_000;

impl Sealed {
    fn details(&self) -> Option<String> {
        let (first, last) = (self.ids.first()?, self.ids.last()?);
        let mut details = match self.ids.len() {
            count if count > NAMED => json!({ "count": count, "first": first, "last": last }),
            _ => json!({ "rows": self.ids }),
        };
        if !self.renumbered.is_empty() {
            details["renumbered"] = json!(self.renumbered);
        }
        Some(details.to_string())
    }
}

/// Seals the rows of others, all of them: what is left would stand before rows that are sealed already.
fn seal_external_rows(tx: &Transaction<'_>, session: &Session, last: i64, hash: &mut String) -> Result<Sealed> {
    let sql = "SELECT id, incident_id, who, action, details, created_at, prev_hash, hash FROM audit_logs
                WHERE hash IS NULL ORDER BY id LIMIT ?1";
    let mut sealed = Sealed::default();
    let mut last = last;
    loop {
        let mut found =
            tx.prepare_cached(sql)?.query_map([AT_ONCE], stored_row)?.collect::<sql::Result<Vec<StoredAuditRow>>>()?;
        if found.is_empty() {
            return Ok(sealed);
        }
        sealed.renumbered.extend(renumber_late_rows(session, &mut found, last)?);
        seal(session, &found, hash)?;
        sealed.ids.extend(found.iter().map(|row| row.id));
        last = found.last().map_or(last, |row| row.id);
    }
}

fn seal(session: &Session, found: &[StoredAuditRow], hash: &mut String) -> Result<()> {
    let (mut prev_hashes, mut hashes) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for row in found {
        let StoredAuditRow { id, incident_id, who, action, details, created_at, .. } = row;
        let own = entry_hash(hash, *id, *incident_id, who, action, details, created_at);
        prev_hashes.push(std::mem::replace(hash, own.clone()));
        hashes.push(own);
    }
    let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
    session.run(
        "UPDATE audit_logs a SET prev_hash = s.prev_hash, hash = s.hash
           FROM unnest(?1::bigint[], ?2::text[], ?3::text[]) AS s (id, prev_hash, hash) WHERE a.id = s.id",
        &[&ids, &prev_hashes, &hashes],
    )?;
    Ok(())
}

/// Gives rows that stand before the end of the chain numbers behind it, and puts them last; answers old and new.
fn renumber_late_rows(session: &Session, found: &mut [StoredAuditRow], last: i64) -> Result<Vec<(i64, i64)>> {
    let late = found.partition_point(|row| row.id <= last);
    if late == 0 {
        return Ok(Vec::new());
    }
    let old: Vec<i64> = found[..late].iter().map(|row| row.id).collect();
    let rows = session.rows(
        "UPDATE audit_logs a SET id = l.new
           FROM (SELECT old, nextval('audit_logs_id_seq') AS new FROM unnest(?1::bigint[]) AS u (old)) l
          WHERE a.id = l.old RETURNING l.old, l.new",
        &[&old],
    )?;
    let mut renumbered: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    renumbered.sort_unstable();
    for (row, (_, new)) in found[..late].iter_mut().zip(&renumbered) {
        row.id = *new;
    }
    found.sort_unstable_by_key(|row| row.id);
    Ok(renumbered)
}
