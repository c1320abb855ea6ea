//! Silences: who asked for quiet over what, until when, and why. What a silence means is decided by whoever
//! reads it; here it is a row.

use super::{Store, audit, notifications, rows};
use crate::sql::{OptionalExtension, Row, Transaction, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::notification::{LetGoBy, Reason, ReasonKey};
use serde_json::{Value, json};

/// A silence as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct SilenceRow {
    /// Its number.
    pub id: i64,
    /// What it is over, as the routing rules read it.
    pub matchers: Value,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who asked for it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// When.
    pub created_at: Timestamp,
}

/// A silence to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSilence {
    /// What it is over.
    pub matchers: Value,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who asks.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// A telling that is held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// Its outbox row.
    pub row: i64,
    /// Its incident.
    pub incident_id: IncidentId,
    /// What holds it: `silence:7`.
    pub held_by: String,
}

const COLUMNS: &str = "id, matchers, starts_at, ends_at, created_by, comment, created_at";

impl Store {
    /// Silences, those that last longest first; with `ended` those that are over too.
    pub async fn silences(&self, ended: bool) -> Result<Vec<SilenceRow>> {
        let now = time::write(self.clock().now());
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM silences WHERE ?1 OR ends_at > ?2 ORDER BY ends_at DESC, id DESC LIMIT 1000"
            );
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_map(params![ended, now], silence)?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// One silence.
    pub async fn silence(&self, id: i64) -> Result<SilenceRow> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM silences WHERE id = ?1"))?;
            statement
                .query_row([id], silence)
                .optional()?
                .ok_or_else(|| Error::NotFound { what: "silence", id: id.to_string() })
        })
        .await
    }

    /// Begins a silence, with its audit row.
    pub async fn add_silence(&self, new: NewSilence, details: Value) -> Result<SilenceRow> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let sql = "INSERT INTO silences (matchers, starts_at, ends_at, created_by, comment, created_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";
            let values = params![
                new.matchers.to_string(),
                time::write(new.starts_at),
                time::write(new.ends_at),
                new.created_by,
                new.comment,
                time::write(now),
            ];
            let id = tx.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
            let NewSilence { matchers, starts_at, ends_at, created_by, comment } = new;
            let details = with(details, id, starts_at, ends_at);
            audit::append(tx, None, &created_by, "silence_created", &details, now)?;
            Ok(SilenceRow { id, matchers, starts_at, ends_at, created_by, comment, created_at: now })
        })
        .await
    }

    /// Ends a silence now. One that is over already stays as it is.
    pub async fn end_silence(&self, id: i64, who: String, details: Value) -> Result<SilenceRow> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let mut row: SilenceRow = tx
                .prepare_cached(&format!("SELECT {COLUMNS} FROM silences WHERE id = ?1"))?
                .query_row([id], silence)
                .optional()?
                .ok_or_else(|| Error::NotFound { what: "silence", id: id.to_string() })?;
            if row.ends_at > now {
                row.ends_at = now;
                row.starts_at = row.starts_at.min(now);
                tx.prepare_cached("UPDATE silences SET ends_at = ?2, starts_at = ?3 WHERE id = ?1")?
                    .execute(params![id, time::write(now), time::write(row.starts_at)])?;
                audit::append(tx, None, &who, "silence_ended", &with(details, id, row.starts_at, now), now)?;
            }
            Ok(row)
        })
        .await
    }

    /// Silences that hold now, all of them.
    pub async fn silences_now(&self) -> Result<Vec<SilenceRow>> {
        let now = time::write(self.clock().now());
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM silences WHERE ends_at > ?1 AND starts_at <= ?1 ORDER BY id");
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_map([now], silence)?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Tellings that are held back although their incident still runs.
    pub async fn held_back(&self) -> Result<Vec<HeldBack>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT n.id, n.incident_id, n.held_by FROM notifications n JOIN incidents i ON i.id = n.incident_id
                  WHERE n.status = 'held' AND n.held_by IS NOT NULL AND n.held_by <> ?1
                    AND i.status NOT IN ('resolved', 'false_positive') ORDER BY n.incident_id, n.id LIMIT 20000",
            )?;
            let held = statement.query_map([SETTLED], |row| {
                Ok(HeldBack { row: row.get(0)?, incident_id: row.get(1)?, held_by: row.get(2)? })
            })?;
            Ok(held.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Tells, once for each incident, of what was held back by something that no longer holds. Answers how many
    /// reasons arose.
    pub async fn let_go(&self, freed: Vec<HeldBack>) -> Result<usize> {
        let clock = self.clock().clone();
        self.write(move |tx| let_go(tx, &freed, clock.now())).await
    }

    /// Something else holds a telling back now.
    pub async fn hold_on(&self, row: i64, why: String, held_by: String) -> Result<()> {
        self.write(move |tx| {
            let sql = "UPDATE notifications SET held_by = ?2, why = ?3 WHERE id = ?1 AND status = 'held'";
            tx.prepare_cached(sql)?.execute(params![row, held_by, why])?;
            Ok(())
        })
        .await
    }

    /// Open incidents, the newest first, at most `limit`: what may keep others quiet.
    pub async fn open_incidents(&self, limit: u32) -> Result<Vec<Incident>> {
        self.read(move |db| {
            let sql = format!(
                "SELECT {} FROM incidents WHERE status IN ('open', 'notified', 'acknowledged', 'needs_info')
                  ORDER BY id DESC LIMIT ?1",
                rows::INCIDENT_COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_map([limit], rows::incident)?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }
}

/// What stands in `held_by` once that has ended: what was held is not told a second time.
const SETTLED: &str = "settled";

fn let_go(tx: &Transaction<'_>, freed: &[HeldBack], now: Timestamp) -> Result<usize> {
    let (mut told, mut last) = (0, None);
    for HeldBack { row, incident_id, held_by } in freed {
        if last != Some(*incident_id) {
            let incident = super::incidents::by_id(tx, *incident_id)?;
            let key =
                ReasonKey { reason: Reason::SilenceEnded, occurrence: occurrence(tx, *incident_id, held_by, now)? };
            told += usize::from(notifications::queue(tx, &incident, &key, None, now)?);
            last = Some(*incident_id);
        }
        tx.prepare_cached("UPDATE notifications SET held_by = ?2 WHERE id = ?1 AND status = 'held'")?
            .execute(params![row, SETTLED])?;
    }
    Ok(told)
}

/// A silence ends once; maintenance and inhibition come back, and each time counts. A silence that goes on was
/// outgrown.
fn occurrence(tx: &Transaction<'_>, incident_id: IncidentId, held_by: &str, now: Timestamp) -> Result<String> {
    let sql = "SELECT count(*) FROM notifications WHERE incident_id = ?1 AND receiver = 'dashboard' AND reason = 'silence_ended'";
    let before: i64 = tx.prepare_cached(sql)?.query_row([incident_id], |row| row.get(0))?;
    let goes_on = match held_by.strip_prefix("silence:").and_then(|id| id.parse::<i64>().ok()) {
        Some(id) => tx
            .prepare_cached("SELECT count(*) > 0 FROM silences WHERE id = ?1 AND ends_at > ?2")?
            .query_row(params![id, time::write(now)], |row| row.get(0))?,
        None => false,
    };
    let outgrown = if goes_on { format!("{}:", LetGoBy::OUTGROWN) } else { String::new() };
    Ok(format!("{outgrown}{held_by}#{}", before + 1))
}

/// Rows of the audit log hold ids and times; what people wrote stays in the silence itself.
fn with(mut details: Value, id: i64, starts_at: Timestamp, ends_at: Timestamp) -> Value {
    if let (Value::Object(details), Value::Object(more)) =
        (&mut details, json!({ "silence_id": id, "starts_at": starts_at, "ends_at": ends_at }))
    {
        details.extend(more);
    }
    details
}

fn silence(row: &Row<'_>) -> crate::sql::Result<SilenceRow> {
    let moment = |index| Ok::<_, crate::sql::Error>(rows::moment(row, index)?.unwrap_or(Timestamp::UNIX_EPOCH));
    Ok(SilenceRow {
        id: row.get(0)?,
        matchers: rows::json(row, 1)?,
        starts_at: moment(2)?,
        ends_at: moment(3)?,
        created_by: row.get(4)?,
        comment: row.get(5)?,
        created_at: moment(6)?,
    })
}
