//! The memory of fixes: what was written down for incidents, and what came before one.

use super::Store;
use crate::model::{History, MemoryItem};
use crate::sql::{Connection, OptionalExtension, Row, Transaction, params};
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Incident;

use super::rows;

/// Changes this long before an incident count as near it.
const CHANGE_WINDOW: SignedDuration = SignedDuration::from_hours(1);

impl Store {
    /// Earlier incidents of the same fingerprint, their fixes, and changes in the hour before.
    pub async fn history(&self, incident: Incident) -> Result<History> {
        self.read(move |db| {
            let fingerprint = incident.fingerprint.as_str();
            let (seen_before, last_seen) = db
                .prepare_cached("SELECT count(*), max(last_seen) FROM incidents WHERE fingerprint = ?1 AND id < ?2")?
                .query_row(params![fingerprint, incident.id], |row| Ok((row.get(0)?, rows::moment(row, 1)?)))?;
            let changes = changes(db, &incident, incident.first_seen)?;
            Ok(History { seen_before, last_seen, fixes: fixes(db, &incident)?, changes })
        })
        .await
    }
}

fn fixes(db: &Connection, incident: &Incident) -> Result<Vec<MemoryItem>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM memory_item
          WHERE fingerprint = ?1 AND solution IS NOT NULL AND retired_at IS NULL AND incident_id IS DISTINCT FROM ?2
          ORDER BY confirmed DESC, coalesce(outcome, '') LIKE 'reopened%', created_at DESC, rowid DESC LIMIT 3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement
        .query_map(params![incident.fingerprint.as_str(), incident.id], item)?
        .collect::<crate::sql::Result<_>>()?)
}

/// Changes from an hour before an incident until a moment, those of its own service first, then the newest.
pub(super) fn changes(
    db: &Connection,
    incident: &Incident,
    until: Timestamp,
) -> Result<Vec<(Timestamp, String, String)>> {
    let from = time::write(incident.first_seen - CHANGE_WINDOW);
    let mut statement = db.prepare_cached(
        "SELECT created_at, coalesce(service, source), payload FROM raw_events INDEXED BY raw_events_changes
          WHERE type = 'change' AND created_at BETWEEN ?1 AND ?2 AND coalesce(environment, 'default') = ?3
          ORDER BY (coalesce(service, source) = ?4) DESC, id DESC LIMIT 5",
    )?;
    let near = params![from, time::write(until), incident.environment, incident.service];
    let found = statement
        .query_map(near, |row| Ok((rows::moment(row, 0)?.unwrap_or(incident.first_seen), row.get(1)?, row.get(2)?)))?;
    Ok(found.collect::<crate::sql::Result<_>>()?)
}

/// Saves what fixed an incident; answers the memory's id and whether it is new. The same text for the same
/// incident is one memory.
pub(super) fn save_solution(
    tx: &Transaction<'_>,
    incident: &Incident,
    who: &str,
    solution: &str,
    now: Timestamp,
) -> Result<(String, bool)> {
    // A draft in the same words is replaced, so that the words are the person's.
    let known: Option<String> = tx
        .prepare_cached(
            "SELECT id FROM memory_item WHERE incident_id = ?1 AND solution = ?2 AND retired_at IS NULL
                AND (origin <> 'draft' OR confirmed)",
        )?
        .query_row(params![incident.id, solution], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        // Somebody stands by it although the trouble came back: it is measured anew.
        tx.prepare_cached("UPDATE memory_item SET outcome = NULL WHERE id = ?1 AND outcome LIKE 'reopened%'")?
            .execute([&id])?;
        return Ok((id, false));
    }
    let id = free_id(tx, &format!("incident-{}", incident.id))?;
    insert(tx, &id, incident, solution, now, &Written { who, confirmed: true, origin: "incident" })?;
    Ok((id, true))
}

/// Whose text it is, and whether a person stands behind it.
pub(super) struct Written<'a> {
    pub(super) who: &'a str,
    pub(super) confirmed: bool,
    pub(super) origin: &'a str,
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    id: &str,
    incident: &Incident,
    solution: &str,
    now: Timestamp,
    written: &Written<'_>,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO memory_item (id, summary, labels, service, incident_type, solution, incident_id, fingerprint,
                                  author, confirmed, created_at, origin)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        id,
        incident.summary,
        serde_json::to_string(&incident.labels)?,
        incident.service,
        incident.kind.as_str(),
        solution,
        incident.id,
        incident.fingerprint.as_str(),
        written.who,
        written.confirmed,
        time::write(now),
        written.origin,
    ])?;
    Ok(())
}

/// The first of `base`, `base-2`, `base-3`… that no memory has, imported ones included.
pub(super) fn free_id(tx: &Transaction<'_>, base: &str) -> Result<String> {
    let mut taken = tx.prepare_cached("SELECT count(*) > 0 FROM memory_item WHERE id = ?1")?;
    let (mut id, mut number) = (base.to_owned(), 1_u32);
    while taken.query_row([&id], |row| row.get::<bool>(0))? {
        number += 1;
        id = format!("{base}-{number}");
    }
    Ok(id)
}

pub(super) const COLUMNS: &str = "id, summary, labels, service, incident_type, solution, incident_id, fingerprint, \
     author, confirmed, created_at, origin, retired_at, outcome, helped, not_helped";

/// Columns in [`COLUMNS`].
pub(super) const COLUMN_COUNT: usize = 16;

pub(super) fn item(row: &Row<'_>) -> crate::sql::Result<MemoryItem> {
    let text = |column| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
    Ok(MemoryItem {
        id: row.get(0)?,
        summary: text(1)?,
        labels: rows::json(row, 2)?,
        service: text(3)?,
        incident_type: text(4)?,
        solution: row.get(5)?,
        incident_id: row.get(6)?,
        fingerprint: row.get(7)?,
        author: row.get(8)?,
        confirmed: row.get(9)?,
        created_at: rows::moment(row, 10)?.unwrap_or(Timestamp::UNIX_EPOCH),
        origin: text(11)?,
        retired_at: rows::moment(row, 12)?,
        outcome: row.get(13)?,
        helped: row.get(14)?,
        not_helped: row.get(15)?,
    })
}
