//! Intake's side of the event log: append with deduplication, read after a cursor, look up.

use super::{Store, open, rows};
use crate::model::{Appended, Page, Paging, StoredEvent};
use crate::sql::{Connection, OptionalExtension, Transaction, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{Event, EventId, EventStatus, NewEvent, partition_of};
use foghorn_domain::fingerprint::Fingerprint;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_WINDOW: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Appends events, in order; when this returns they are on disk. The answers stand in the same order.
    pub async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>> {
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
        self.write(move |tx| expire(tx, clock.now())).await
    }

    /// Events after `cursor` in the order in which they were accepted.
    pub async fn read_after(&self, cursor: EventId, limit: u32) -> Result<Vec<Event>> {
        self.read(move |db| read_after(db, cursor, limit)).await
    }

    /// The newest event's id, 0 in an empty log.
    pub async fn newest_event(&self) -> Result<EventId> {
        self.read(|db| Ok(db.query_row("SELECT coalesce(max(id), 0) FROM raw_events", [], |row| row.get(0))?)).await
    }

    /// One event.
    pub async fn event(&self, id: EventId) -> Result<StoredEvent> {
        self.read(move |db| {
            let sql = format!("{} WHERE e.id = ?1", select_stored());
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
                None => ("?3 IS NULL AND e.id < ?1", "raw_events WHERE ?1 IS NULL"),
            };
            let sql = format!("{} WHERE {condition} ORDER BY e.id DESC LIMIT ?2", select_stored());
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

fn select_stored() -> String {
    let columns =
        rows::EVENT_COLUMNS.split(", ").map(|name| format!("e.{}", name.trim())).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {columns}, f.findings, f.incident_id, f.decision, e.id <= (SELECT min(cursor) FROM partitions)
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

pub(super) fn read_after(db: &Connection, cursor: EventId, limit: u32) -> Result<Vec<Event>> {
    let sql = format!("SELECT {} FROM raw_events WHERE id > ?1 ORDER BY id LIMIT ?2", rows::EVENT_COLUMNS);
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map(params![cursor, limit], rows::event)?.collect::<crate::sql::Result<_>>()?)
}

fn append_one(tx: &Transaction<'_>, event: &NewEvent, now: Timestamp) -> Result<Appended> {
    if let Some(key) = &event.idempotency_key
        && let Some(id) = seen_before(tx, &event.source, key, now)?
    {
        return Ok(Appended::Duplicate(id));
    }
    let alert = match (&event.dedup_key, event.status) {
        (Some(key), Some(EventStatus::Firing | EventStatus::Resolved)) => Some(AlertState::of(event, key, now)),
        _ => None,
    };
    let mut episode = event.episode.clone();
    if let Some(alert) = &alert {
        match alert.refresh(tx)? {
            Refresh::Unchanged(id) => return Ok(Appended::Refreshed(id)),
            Refresh::Changed { episode: known } => episode = Some(known),
        }
    }
    let id = insert(tx, event, episode.as_deref(), now)?;
    if let (Some(alert), Some(episode)) = (&alert, &episode) {
        alert.save(tx, id, episode)?;
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
        partition_of(event, open::PARTITIONS),
        notes,
    ];
    Ok(tx.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
}

/// What a source says about one alert, to be compared with what it said last.
struct AlertState<'a> {
    event: &'a NewEvent,
    dedup_key: &'a str,
    fingerprint: Fingerprint,
    status: EventStatus,
    content: String,
    now: String,
    expires_at: Option<String>,
}

enum Refresh {
    /// Nothing new; the event that said it first.
    Unchanged(EventId),
    /// Something new, in this episode.
    Changed { episode: String },
}

impl<'a> AlertState<'a> {
    fn of(event: &'a NewEvent, dedup_key: &'a str, now: Timestamp) -> Self {
        Self {
            event,
            dedup_key,
            fingerprint: Fingerprint::of_key(&event.source, dedup_key),
            status: event.status.unwrap_or(EventStatus::Firing),
            content: content_hash(event),
            now: time::write(now),
            expires_at: event.expires_at.map(time::write),
        }
    }

    fn refresh(&self, tx: &Transaction<'_>) -> Result<Refresh> {
        let known: Option<(String, String, String, EventId)> = tx
            .prepare_cached("SELECT status, episode, content, event_id FROM alert_states WHERE fingerprint = ?1")?
            .query_row([self.fingerprint.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((status, episode, content, event_id)) = known else {
            return Ok(Refresh::Changed { episode: self.event.episode.clone().unwrap_or_else(|| self.now.clone()) });
        };
        let is_running = status == EventStatus::Firing.as_str();
        let same_status = status == self.status.as_str();
        // Two Prometheus servers watch the same thing and began at different moments; one that restarts begins
        // anew. While the alert runs, that is one episode, the first one heard of, as Alertmanager has it.
        let runs_on = is_running && self.status == EventStatus::Firing;
        let stated = self.event.episode.as_deref();
        let same_episode = runs_on || stated.is_none_or(|stated| stated == episode);
        let is_end = self.status == EventStatus::Resolved;
        let ends_an_earlier_one = is_end && is_running && stated.is_some_and(|stated| is_before(stated, &episode));
        if ends_an_earlier_one || (is_end && same_status && same_episode) {
            return Ok(Refresh::Unchanged(event_id));
        }
        if same_status && same_episode && content == self.content {
            tx.prepare_cached("UPDATE alert_states SET refreshed_at = ?2, expires_at = ?3 WHERE fingerprint = ?1")?
                .execute(params![self.fingerprint.as_str(), self.now, self.expires_at])?;
            return Ok(Refresh::Unchanged(event_id));
        }
        if runs_on {
            return Ok(Refresh::Changed { episode });
        }
        let stated = self.event.episode.clone();
        let episode = match (stated, is_running || is_end) {
            (Some(stated), _) => stated,
            (None, true) => episode,
            (None, false) => self.now.clone(),
        };
        Ok(Refresh::Changed { episode })
    }

    fn save(&self, tx: &Transaction<'_>, event_id: EventId, episode: &str) -> Result<()> {
        tx.prepare_cached(
            "INSERT INTO alert_states (fingerprint, source, dedup_key, origin, status, episode, content, event_id,
                                       event_type, service, environment, refreshed_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (fingerprint) DO UPDATE SET
                 origin = excluded.origin, status = excluded.status, episode = excluded.episode,
                 content = excluded.content, event_id = excluded.event_id, refreshed_at = excluded.refreshed_at,
                 expires_at = excluded.expires_at",
        )?
        .execute(params![
            self.fingerprint.as_str(),
            self.event.source,
            self.dedup_key,
            self.event.origin.as_str(),
            self.status.as_str(),
            episode,
            self.content,
            event_id,
            self.event.event_type,
            self.event.service(),
            self.event.environment(),
            self.now,
            self.expires_at,
        ])?;
        Ok(())
    }
}

/// Whether one episode began before another, where both are named by their beginning.
fn is_before(stated: &str, known: &str) -> bool {
    match (stated.parse::<Timestamp>(), known.parse::<Timestamp>()) {
        (Ok(stated), Ok(known)) => stated < known,
        _ => false,
    }
}

/// What makes a re-post a change: text, severity, labels and annotations, but no times.
fn content_hash(event: &NewEvent) -> String {
    let mut hash = Sha256::new();
    let severity = event.severity.map_or("", foghorn_domain::severity::Severity::as_str);
    for part in [event.event_type.as_str(), event.payload.as_str(), severity] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    for (key, value) in &event.metadata {
        let is_time = matches!(key.as_str(), "startsAt" | "endsAt" | "timestamp" | "original_event_timestamp");
        if !is_time {
            hash.update(key.as_bytes());
            hash.update([0]);
            hash.update(value.to_string().as_bytes());
            hash.update([0]);
        }
    }
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn expire(tx: &Transaction<'_>, now: Timestamp) -> Result<usize> {
    let expired = tx
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
    for event in &expired {
        append_one(tx, event, now)?;
    }
    Ok(expired.len())
}
