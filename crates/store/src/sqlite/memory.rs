//! The memory of fixes: what was written down for incidents, and what came before one.

use super::Store;
use crate::model::{History, MemoryItem};
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Incident;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

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
            Ok(History { seen_before, last_seen, fixes: fixes(db, &incident)?, changes: changes(db, &incident)? })
        })
        .await
    }
}

fn fixes(db: &Connection, incident: &Incident) -> Result<Vec<MemoryItem>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM memory_item
          WHERE fingerprint = ?1 AND solution IS NOT NULL AND retired_at IS NULL AND incident_id IS NOT ?2
          ORDER BY confirmed DESC, coalesce(outcome, '') LIKE 'reopened%', created_at DESC, rowid DESC LIMIT 3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement
        .query_map(params![incident.fingerprint.as_str(), incident.id], item)?
        .collect::<rusqlite::Result<_>>()?)
}

fn changes(db: &Connection, incident: &Incident) -> Result<Vec<(Timestamp, String, String)>> {
    let from = time::write(incident.first_seen - CHANGE_WINDOW);
    let mut statement = db.prepare_cached(
        "SELECT created_at, coalesce(service, source), payload FROM raw_events INDEXED BY raw_events_changes
          WHERE type = 'change' AND created_at BETWEEN ?1 AND ?2 AND coalesce(environment, 'default') = ?3
          ORDER BY (coalesce(service, source) = ?4) DESC, id DESC LIMIT 5",
    )?;
    let near = params![from, time::write(incident.first_seen), incident.environment, incident.service];
    let found = statement
        .query_map(near, |row| Ok((rows::moment(row, 0)?.unwrap_or(incident.first_seen), row.get(1)?, row.get(2)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
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
    let known: Option<String> = tx
        .prepare_cached("SELECT id FROM memory_item WHERE incident_id = ?1 AND solution = ?2")?
        .query_row(params![incident.id, solution], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok((id, false));
    }
    let written: i64 = tx
        .prepare_cached("SELECT count(*) FROM memory_item WHERE incident_id = ?1")?
        .query_row([incident.id], |row| row.get(0))?;
    let id = match written {
        0 => format!("incident-{}", incident.id),
        n => format!("incident-{}-{}", incident.id, n + 1),
    };
    tx.prepare_cached(
        "INSERT INTO memory_item (id, summary, labels, service, incident_type, solution, incident_id, fingerprint,
                                  author, confirmed, created_at, origin)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, 'incident')",
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
        who,
        time::write(now),
    ])?;
    Ok((id, true))
}

pub(super) const COLUMNS: &str = "id, summary, labels, service, incident_type, solution, incident_id, fingerprint, \
     author, confirmed, created_at, origin, retired_at, outcome, helped, not_helped";

/// Columns in [`COLUMNS`].
pub(super) const COLUMN_COUNT: usize = 16;

pub(super) fn item(row: &Row<'_>) -> rusqlite::Result<MemoryItem> {
    let text = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
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
