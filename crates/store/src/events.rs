//! Intake's side of the event log: append with deduplication, read after a cursor, look up.

pub(crate) mod alert_state;

use super::triage::Holding;
use super::{PARTITIONS, Store, rows};
use crate::model::{Appended, Page, Paging, StoredEvent};
use crate::postgres::leases;
use crate::sql::{Connection, OptionalExtension, Transaction, params};
use crate::{Error, Result, time};
use alert_state::{AlertState, Known, Refresh};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{Event, EventId, EventStatus, Lane, NewEvent, partition_of};
use serde_json::Value;
use std::sync::Arc;

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_WINDOW: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Appends events, in order; when this returns they are on disk. The answers stand in the same order.
    pub async fn append(&self, events: impl Into<Arc<[NewEvent]>>) -> Result<Vec<Appended>> {
        let events = events.into();
        if let Some(writers) = self.postgres() {
            return writers.intake.append(events).await;
        }
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            events.iter().map(|event| append_one(tx, event, now)).collect()
        })
        .await
    }

    /// Firing alerts whose time has passed, as `resolved` events, appended. Returns how many there were.
    pub async fn expire_alerts(&self) -> Result<usize> {
        let clock = self.clock().clone();
        if let Some(writers) = self.postgres() {
            return writers.intake.expire().await;
        }
        self.write(move |tx| {
            let now = clock.now();
            let over = expired(tx, now)?;
            for event in &over {
                append_one(tx, event, now)?;
            }
            Ok(over.len())
        })
        .await
    }

    /// The next events of the partitions that are held, in the order in which they were accepted, and where that
    /// leads to. On Postgres no event is passed over that a transaction may still commit before the last of them.
    pub async fn read_held(&self, holding: Holding, limit: u32) -> Result<(Vec<Event>, Holding)> {
        self.read(move |db| match db.is_postgres() {
            true => leases::read_held(db, holding, limit),
            false => read_lanes(db, holding, limit),
        })
        .await
    }

    /// The newest event's id, 0 in an empty log.
    pub async fn newest_event(&self) -> Result<EventId> {
        self.read(|db| Ok(db.query_row("SELECT coalesce(max(id), 0) FROM raw_events", [], |row| row.get(0))?)).await
    }

    /// One event.
    pub async fn event(&self, id: EventId) -> Result<StoredEvent> {
        self.read(move |db| {
            let sql = format!("{} WHERE e.id = ?1", select_stored(db));
            db.query_row(&sql, [id], stored)
                .optional()?
                .ok_or_else(|| Error::NotFound { what: "event", id: id.to_string() })
        })
        .await
    }

    /// Events, newest first; of one incident if one is named.
    pub async fn events(&self, incident_id: Option<i64>, paging: Paging) -> Result<Page<StoredEvent>> {
        self.read(move |db| {
            let before = paging.cursor.unwrap_or(i64::MAX);
            let (condition, counted) = match incident_id {
                Some(_) => ("f.incident_id = ?3 AND e.id < ?1", "event_findings WHERE incident_id = ?1"),
                None => ("?3::bigint IS NULL AND e.id < ?1", "raw_events WHERE ?1::bigint IS NULL"),
            };
            let sql = format!("{} WHERE {condition} ORDER BY e.id DESC LIMIT ?2", select_stored(db));
            let mut statement = db.prepare_cached(&sql)?;
            let items = statement
                .query_map(params![before, paging.limit + 1, incident_id], stored)?
                .collect::<crate::sql::Result<Vec<_>>>()?;
            let (total, total_estimated) =
                super::incidents::count(db, counted, params![incident_id], paging.exact_count)?;
            Ok(super::incidents::page(items, paging.limit, |item| item.event.id, total, total_estimated))
        })
        .await
    }
}

fn select_stored(db: &Connection) -> String {
    let place = if db.is_postgres() { "place" } else { "id" };
    let is_triaged = format!("e.{place} <= (SELECT cursor FROM partitions p WHERE p.id = coalesce(e.partition, 0))");
    let columns =
        rows::EVENT_COLUMNS.split(", ").map(|name| format!("e.{}", name.trim())).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {columns}, f.findings, f.incident_id, f.decision, {is_triaged}
           FROM raw_events e LEFT JOIN event_findings f ON f.event_id = e.id"
    )
}

fn stored(row: &crate::sql::Row<'_>) -> crate::sql::Result<StoredEvent> {
    Ok(StoredEvent {
        event: rows::event(row)?,
        findings: rows::json(row, 15)?,
        incident_id: row.get(16)?,
        decision: row.get(17)?,
        is_triaged: row.get(18)?,
    })
}

/// The next events of each lane of the log in a file, and where that leads to. A lane of which everything was read
/// moves to the end of the log, whichever lane the last event is in.
fn read_lanes(db: &Connection, mut holding: Holding, limit: u32) -> Result<(Vec<Event>, Holding)> {
    // Both are read up to the same event: one that comes between the two looks would be passed over.
    let newest: EventId = db.query_row("SELECT coalesce(max(id), 0) FROM raw_events", [], |row| row.get(0))?;
    let mut events = Vec::new();
    for held in holding.held_mut() {
        // The words are those of the index on urgent events.
        let lane = if held.partition == Lane::Bulk.first_partition() {
            "(partition < 16 OR partition IS NULL)"
        } else {
            "partition >= 16"
        };
        let sql = format!(
            "SELECT {} FROM raw_events WHERE {lane} AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
            rows::EVENT_COLUMNS
        );
        let before = events.len();
        let mut statement = db.prepare_cached(&sql)?;
        // One more than asked for, to know whether there is one more.
        for event in statement.query_map(params![held.cursor, newest, i64::from(limit) + 1], rows::event)? {
            events.push(event?);
        }
        let is_all = events.len() - before <= limit as usize;
        events.truncate(before + limit as usize);
        held.cursor = match events.last() {
            Some(last) if !is_all => last.id,
            _ => newest.max(held.cursor),
        };
    }
    events.sort_unstable_by_key(|event| event.id);
    Ok((events, holding))
}

fn append_one(tx: &Transaction<'_>, event: &NewEvent, now: Timestamp) -> Result<Appended> {
    if let Some(key) = &event.idempotency_key
        && let Some(id) = seen_before(tx, &event.source, key, now)?
    {
        return Ok(Appended::Duplicate(id));
    }
    let alert = AlertState::of(event, now);
    let mut episode = event.episode.clone();
    if let Some(alert) = &alert {
        match alert.against(known_of(tx, alert)?.as_ref()) {
            Refresh::Nothing(id) => return Ok(Appended::Refreshed(id)),
            Refresh::StillSo(id) => {
                tx.prepare_cached("UPDATE alert_states SET refreshed_at = ?2, expires_at = ?3 WHERE fingerprint = ?1")?
                    .execute(params![alert.fingerprint.as_str(), alert.now, alert.expires_at])?;
                return Ok(Appended::Refreshed(id));
            }
            Refresh::Changed { episode: known } => episode = Some(known),
        }
    }
    let id = insert(tx, event, episode.as_deref(), now)?;
    if let (Some(alert), Some(episode)) = (&alert, &episode) {
        save_alert(tx, alert, id, episode)?;
    }
    if let Some(key) = &event.idempotency_key {
        tx.prepare_cached(
            "INSERT INTO idempotency_keys (source, key, event_id, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source, key) DO UPDATE SET event_id = excluded.event_id, created_at = excluded.created_at",
        )?
        .execute(params![event.source, key, id, time::write(now)])?;
    }
    Ok(Appended::Stored(id))
}

fn seen_before(tx: &Transaction<'_>, source: &str, key: &str, now: Timestamp) -> Result<Option<EventId>> {
    let since = time::write(now - IDEMPOTENCY_WINDOW);
    Ok(tx
        .prepare_cached("SELECT event_id FROM idempotency_keys WHERE source = ?1 AND key = ?2 AND created_at > ?3")?
        .query_row(params![source, key, since], |row| row.get(0))
        .optional()?)
}

fn insert(tx: &Transaction<'_>, event: &NewEvent, episode: Option<&str>, now: Timestamp) -> Result<EventId> {
    let notes = (!event.notes.is_empty()).then(|| event.notes.join(","));
    let sql = "INSERT INTO raw_events (source, type, payload, metadata, created_at, status, dedup_key, episode,
                                 event_timestamp, severity, origin, service, environment, partition, notes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) RETURNING id";
    let values = params![
        event.source,
        event.event_type,
        event.payload,
        serde_json::to_string(&event.metadata)?,
        time::write(now),
        event.status.map(EventStatus::as_str),
        event.dedup_key,
        episode,
        event.event_timestamp.map(time::write),
        event.severity.map(foghorn_domain::severity::Severity::as_str),
        event.origin.as_str(),
        event.service(),
        event.environment(),
        partition_of(event, PARTITIONS),
        notes,
    ];
    Ok(tx.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
}

fn known_of(tx: &Transaction<'_>, alert: &AlertState<'_>) -> Result<Option<Known<EventId>>> {
    let sql = "SELECT status, episode, content, event_id FROM alert_states WHERE fingerprint = ?1";
    Ok(tx
        .prepare_cached(sql)?
        .query_row([alert.fingerprint.as_str()], |row| {
            Ok(Known { status: row.get(0)?, episode: row.get(1)?, content: row.get(2)?, event_id: row.get(3)? })
        })
        .optional()?)
}

/// Writes the last word on an alert.
pub(crate) const SAVE_ALERT: &str =
    "INSERT INTO alert_states (fingerprint, source, dedup_key, origin, status, episode, content, event_id,
                               event_type, service, environment, refreshed_at, expires_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
     ON CONFLICT (fingerprint) DO UPDATE SET
         origin = excluded.origin, status = excluded.status, episode = excluded.episode,
         content = excluded.content, event_id = excluded.event_id, refreshed_at = excluded.refreshed_at,
         expires_at = excluded.expires_at";

fn save_alert(tx: &Transaction<'_>, alert: &AlertState<'_>, event_id: EventId, episode: &str) -> Result<()> {
    tx.prepare_cached(SAVE_ALERT)?.execute(params![
        alert.fingerprint.as_str(),
        alert.event.source,
        alert.dedup_key,
        alert.event.origin.as_str(),
        alert.status.as_str(),
        episode,
        alert.content,
        event_id,
        alert.event.event_type,
        alert.event.service(),
        alert.event.environment(),
        alert.now,
        alert.expires_at,
    ])?;
    Ok(())
}

/// Firing alerts whose time has passed, as `resolved` events.
pub(crate) fn expired(db: &Connection, now: Timestamp) -> Result<Vec<NewEvent>> {
    let found = db
        .prepare_cached(
            "SELECT source, dedup_key, event_type, service, environment, episode, expires_at FROM alert_states
              WHERE status = 'firing' AND expires_at IS NOT NULL AND expires_at <= ?1 LIMIT 500",
        )?
        .query_map([time::write(now)], |row| {
            let mut event = NewEvent::new(
                row.get::<String>(0)?,
                row.get::<String>(2)?,
                format!("not posted again before its end at {}", row.get::<String>(6)?),
            );
            event.dedup_key = row.get(1)?;
            event.metadata.insert("service".to_owned(), Value::String(row.get(3)?));
            event.metadata.insert("environment".to_owned(), Value::String(row.get(4)?));
            event.episode = row.get(5)?;
            event.status = Some(EventStatus::Resolved);
            event.origin = foghorn_domain::event::Origin::Foghorn;
            Ok(event)
        })?
        .collect::<crate::sql::Result<Vec<_>>>()?;
    Ok(found)
}
