//! Memory as people keep it: import, edit, confirm, retire, and what became of a fix.

use super::{Store, audit, memory};
use crate::model::MemoryItem;
use crate::sql::{Connection, OptionalExtension, Transaction, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A memory to be imported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewMemory {
    /// Unique; importing the same id again replaces it.
    pub id: String,
    /// What had been wrong.
    pub summary: String,
    /// The service.
    pub service: String,
    /// Labels.
    pub labels: Vec<String>,
    /// The kind.
    pub incident_type: String,
    /// What fixed it.
    pub solution: Option<String>,
    /// Who wrote it down.
    pub author: Option<String>,
    /// Its embedding, where it comes with one.
    pub embedding: Option<Vec<f32>>,
    /// The fingerprint of the incidents it is about.
    pub fingerprint: Option<String>,
    /// When it was written; now, if nobody says.
    pub created_at: Option<Timestamp>,
    /// Whether it is a draft that nobody stands behind yet.
    pub is_draft: bool,
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many memories are new.
    pub new: usize,
    /// Ids that were there before, or earlier in the same import, and were replaced.
    pub replaced: Vec<String>,
}

/// A change a person makes to a memory. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryEdit {
    /// What had been wrong.
    pub summary: Option<String>,
    /// What fixed it.
    pub solution: Option<String>,
    /// Whether a person stands behind it.
    pub confirmed: Option<bool>,
    /// Whether it is out of recall.
    pub retired: Option<bool>,
    /// One more who says that it helped (`true`) or did not (`false`).
    pub helped: Option<bool>,
}

impl Store {
    /// Imports memories in one transaction, with one audit row.
    pub async fn import_memories(&self, memories: Vec<NewMemory>, who: String) -> Result<Imported> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let mut imported = Imported::default();
            for memory in &memories {
                match import(tx, memory, now)? {
                    true => imported.new += 1,
                    false => imported.replaced.push(memory.id.clone()),
                }
            }
            if !memories.is_empty() {
                let details = json!({ "memories": memories.len(), "new": imported.new });
                audit::append(tx, None, &who, "memory_imported", &details, now)?;
            }
            Ok(imported)
        })
        .await
    }

    /// One memory.
    pub async fn memory(&self, id: String) -> Result<MemoryItem> {
        self.read(move |db| by_id(db, &id)).await
    }

    /// Memories by their numbers in this store, in that order; those that are gone are left out.
    pub async fn memories_by_number(&self, numbers: Vec<i64>) -> Result<Vec<(i64, MemoryItem)>> {
        self.read(move |db| {
            let sql = format!("SELECT {} FROM memory_item WHERE rowid = ?1", memory::COLUMNS);
            let mut one = db.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(numbers.len());
            for number in numbers {
                if let Some(item) = one.query_row([number], memory::item).optional()? {
                    found.push((number, item));
                }
            }
            Ok(found)
        })
        .await
    }

    /// Changes a memory on somebody's behalf, with an audit row. `said` are further details of that row, an
    /// object. Who confirms or rewrites what Foghorn drafted becomes its author. What changes nothing writes
    /// nothing.
    pub async fn edit_memory(&self, id: String, edit: MemoryEdit, who: String, said: Value) -> Result<MemoryItem> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let before = by_id(tx, &id)?;
            if changes_nothing(&before, &edit) {
                return Ok(before);
            }
            let is_own_now = before.origin == "draft" && (edit.confirmed == Some(true) || edit.solution.is_some());
            let retired = edit.retired.map(|retired| retired.then(|| time::write(now)));
            tx.prepare_cached(
                "UPDATE memory_item SET summary = coalesce(?2, summary), solution = coalesce(?3, solution),
                        confirmed = coalesce(?4, confirmed), retired_at = CASE WHEN ?5 THEN ?6 ELSE retired_at END,
                        helped = helped + ?7, not_helped = not_helped + ?8, author = coalesce(?9, author) WHERE id = ?1",
            )?
            .execute(params![
                id,
                edit.summary,
                edit.solution,
                edit.confirmed,
                retired.is_some(),
                retired.flatten(),
                edit.helped == Some(true),
                edit.helped == Some(false),
                is_own_now.then_some(&who),
            ])?;
            let mut details = json!({
                "memory_id": id, "summary": edit.summary.is_some(), "solution": edit.solution.is_some(),
                "confirmed": edit.confirmed, "retired": edit.retired, "helped": edit.helped,
            });
            if let (Value::Object(details), Value::Object(said)) = (&mut details, said) {
                details.extend(said);
            }
            audit::append(tx, before.incident_id, &who, "memory_edited", &details, now)?;
            by_id(tx, &id)
        })
        .await
    }

    /// Records what became of fixes whose incident has been over for `settled` without coming back.
    pub async fn settle_outcomes(&self, settled: SignedDuration) -> Result<usize> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let horizon = time::write(clock.now() - settled);
            let quiet = tx
                .prepare_cached(
                    "SELECT m.rowid, i.ended_at, i.last_seen FROM memory_item m JOIN incidents i ON i.id = m.incident_id
                      WHERE m.outcome IS NULL AND i.status = 'resolved' AND i.ended_at <= ?1 LIMIT 200",
                )?
                .query_map([horizon], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<crate::sql::Result<Vec<(i64, String, String)>>>()?;
            for (number, ended_at, last_seen) in &quiet {
                let minutes = time::read(last_seen).duration_since(time::read(ended_at)).as_mins().max(0);
                let outcome =
                    if minutes == 0 { "quiet at once".to_owned() } else { format!("quiet after {minutes} min") };
                tx.prepare_cached("UPDATE memory_item SET outcome = ?2 WHERE rowid = ?1")?
                    .execute(params![number, outcome])?;
            }
            Ok(quiet.len())
        })
        .await
    }
}

/// Records that an incident came back after its fix.
pub(super) fn note_reopened(tx: &Transaction<'_>, incident_id: i64, after: SignedDuration) -> Result<()> {
    let outcome = format!("reopened after {} min", after.as_mins().max(0));
    tx.prepare_cached("UPDATE memory_item SET outcome = ?2 WHERE incident_id = ?1")?
        .execute(params![incident_id, outcome])?;
    Ok(())
}

fn changes_nothing(before: &MemoryItem, edit: &MemoryEdit) -> bool {
    edit.summary.as_ref().is_none_or(|summary| *summary == before.summary)
        && edit.solution.as_ref().is_none_or(|solution| Some(solution) == before.solution.as_ref())
        && edit.confirmed.is_none_or(|confirmed| confirmed == before.confirmed)
        && edit.retired.is_none_or(|retired| retired == before.retired_at.is_some())
        && edit.helped.is_none()
}

fn by_id(db: &Connection, id: &str) -> Result<MemoryItem> {
    let sql = format!("SELECT {} FROM memory_item WHERE id = ?1", memory::COLUMNS);
    db.prepare_cached(&sql)?
        .query_row([id], memory::item)
        .optional()?
        .ok_or_else(|| Error::NotFound { what: "memory", id: id.to_owned() })
}

fn import(tx: &Transaction<'_>, memory: &NewMemory, now: Timestamp) -> Result<bool> {
    let known: bool = tx
        .prepare_cached("SELECT count(*) > 0 FROM memory_item WHERE id = ?1")?
        .query_row([&memory.id], |row| row.get(0))?;
    let embedding: Option<Vec<u8>> =
        memory.embedding.as_ref().map(|vector| vector.iter().flat_map(|value| value.to_le_bytes()).collect());
    tx.prepare_cached(
        "INSERT INTO memory_item (id, summary, labels, service, incident_type, solution, author, confirmed, created_at,
                                  origin, embedding, fingerprint)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'import', ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET
             summary = excluded.summary, labels = excluded.labels, service = excluded.service,
             incident_type = excluded.incident_type, solution = excluded.solution,
             author = coalesce(excluded.author, memory_item.author), confirmed = excluded.confirmed,
             created_at = CASE WHEN ?12 THEN excluded.created_at ELSE memory_item.created_at END,
             fingerprint = coalesce(excluded.fingerprint, memory_item.fingerprint),
             embedding = excluded.embedding, embedded_text = NULL, retired_at = NULL",
    )?
    .execute(params![
        memory.id,
        memory.summary,
        serde_json::to_string(&memory.labels)?,
        memory.service,
        memory.incident_type,
        memory.solution,
        memory.author,
        !memory.is_draft,
        time::write(memory.created_at.unwrap_or(now)),
        embedding,
        memory.fingerprint,
        memory.created_at.is_some(),
    ])?;
    Ok(!known)
}
