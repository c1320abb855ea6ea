//! Drafts of fixes: made when a person resolves without writing one, kept as unconfirmed memories until a person
//! confirms or discards them, and put away when a person writes the fix after all.

use super::{audit, memory};
use crate::model::MemoryItem;
use crate::sql::{Connection, OptionalExtension, Transaction, params};
use crate::{Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::draft::{DraftInput, Note, draft};
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::message::Change;
use serde_json::json;

/// Who drafts.
const AUTHOR: &str = "foghorn";

/// The draft of an incident that waits for somebody's word.
pub(super) fn waiting(db: &Connection, incident_id: IncidentId) -> Result<Option<MemoryItem>> {
    let sql = format!(
        "SELECT {} FROM memory_item
          WHERE incident_id = ?1 AND origin = 'draft' AND NOT confirmed AND retired_at IS NULL
          ORDER BY rowid DESC LIMIT 1",
        memory::COLUMNS
    );
    Ok(db.prepare_cached(&sql)?.query_row([incident_id], memory::item).optional()?)
}

/// Drafts the fix of an incident that was just resolved, unless one is written down or there is nothing to
/// draft it from. What somebody discarded is not drafted again.
pub(super) fn make(tx: &Transaction<'_>, incident: &Incident, now: Timestamp) -> Result<()> {
    if is_fix_known(tx, incident.id)? {
        return Ok(());
    }
    let change = |(at, service, text): (Timestamp, String, String)| Change { what: format!("{service} {text}"), at };
    let changes: Vec<Change> = memory::changes(tx, incident, now)?.into_iter().map(change).collect();
    let notes = notes(tx, incident.id)?;
    let input = DraftInput { began: incident.first_seen, ended: now, notes: &notes, changes: &changes };
    let Some(text) = draft(&input) else { return Ok(()) };
    let is_known: bool = tx
        .prepare_cached("SELECT count(*) > 0 FROM memory_item WHERE incident_id = ?1 AND solution = ?2")?
        .query_row(params![incident.id, text], |row| row.get(0))?;
    if is_known {
        return Ok(());
    }
    put_away(tx, incident.id, now)?;
    let id = memory::free_id(tx, &format!("draft-{}", incident.id))?;
    let written = memory::Written { who: AUTHOR, confirmed: false, origin: "draft" };
    memory::insert(tx, &id, incident, &text, now, &written)?;
    let details = json!({ "memory_id": id, "solution_sha256": super::incidents::digest(&text) });
    audit::append(tx, Some(incident.id), AUTHOR, "solution_drafted", &details, now)
}

/// Takes drafts that nobody confirmed out of recall; answers how many.
pub(super) fn put_away(tx: &Transaction<'_>, incident_id: IncidentId, now: Timestamp) -> Result<usize> {
    Ok(tx
        .prepare_cached(
            "UPDATE memory_item SET retired_at = ?2
              WHERE incident_id = ?1 AND origin = 'draft' AND NOT confirmed AND retired_at IS NULL",
        )?
        .execute(params![incident_id, time::write(now)])?)
}

/// Whether somebody stands behind a fix that held.
fn is_fix_known(tx: &Transaction<'_>, incident_id: IncidentId) -> Result<bool> {
    let sql = "SELECT count(*) > 0 FROM memory_item
                WHERE incident_id = ?1 AND confirmed AND retired_at IS NULL AND trim(coalesce(solution, '')) <> ''
                  AND coalesce(outcome, '') NOT LIKE 'reopened%'";
    Ok(tx.prepare_cached(sql)?.query_row([incident_id], |row| row.get(0))?)
}

/// Notes of those who worked on it. A question to others, and why it was no incident, fix nothing.
fn notes(tx: &Transaction<'_>, incident_id: IncidentId) -> Result<Vec<Note>> {
    let mut statement = tx.prepare_cached(
        "SELECT who, note FROM (SELECT id, who, note FROM incident_notes
          WHERE incident_id = ?1 AND action IN ('ack', 'resolve') ORDER BY id DESC LIMIT 20) ORDER BY id",
    )?;
    let notes = statement.query_map([incident_id], |row| Ok(Note { who: row.get(0)?, text: row.get(1)? }))?;
    Ok(notes.collect::<crate::sql::Result<_>>()?)
}
