//! The statements of a batch of intake: rows by `COPY`, keys by a list for each column.

use super::{Homes, Id, Keys, States};
use crate::events::alert_state::{AlertState, Known};
use crate::sql::postgres::Bound;
use crate::sql::{Connection, Session, ValueRef, params};
use crate::{Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventId, EventStatus, NewEvent, PARTITIONS, partition_of_service};
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::severity::Severity;
use tokio_postgres::types::Type;

/// What a batch writes.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) rows: Vec<NewRow<'a>>,
    pub(super) keys: Vec<((&'a str, &'a str), Id)>,
    /// Alerts that say something new; the last word of each.
    pub(super) changed: Vec<&'a AlertState<'a>>,
    /// Alerts that are still as they were.
    pub(super) still_so: Vec<&'a AlertState<'a>>,
}

/// An event that is new.
pub(super) struct NewRow<'a> {
    pub(super) event: &'a NewEvent,
    pub(super) episode: Option<String>,
    pub(super) partition: u16,
}

pub(super) fn known_keys<'a>(session: &Session, events: &[&'a NewEvent], since: &str) -> Result<Keys<'a>> {
    let asked: Vec<(&'a str, &'a str)> =
        events.iter().filter_map(|event| Some((event.source.as_str(), event.idempotency_key.as_deref()?))).collect();
    let mut known = Keys::new();
    if asked.is_empty() {
        return Ok(known);
    }
    let sources: Vec<Bound<'_>> = asked.iter().map(|(source, _)| Bound::text(source)).collect();
    let keys: Vec<Bound<'_>> = asked.iter().map(|(_, key)| Bound::text(key)).collect();
    let found = session.rows(
        "SELECT a.place, k.event_id FROM unnest(?1::text[], ?2::text[]) WITH ORDINALITY AS a (source, key, place)
           JOIN idempotency_keys k ON k.source = a.source AND k.key = a.key WHERE k.created_at > ?3",
        &[&sources, &keys, &Bound::text(since)],
    )?;
    for row in &found {
        let place: i64 = row.get(0);
        if let Some(key) = usize::try_from(place - 1).ok().and_then(|place| asked.get(place)) {
            known.insert(*key, Id::Stored(row.get(1)));
        }
    }
    Ok(known)
}

/// What is known of the alerts that events speak of, and in which partition each of them lies.
pub(super) fn known_alerts(session: &Session, events: &[&NewEvent]) -> Result<(States, Homes)> {
    let key = |event: &&NewEvent| Some(Fingerprint::of_key(&event.source, event.dedup_key.as_deref()?));
    let asked: Vec<Fingerprint> = events.iter().filter_map(key).collect();
    let (mut states, mut homes) = (States::new(), Homes::new());
    if asked.is_empty() {
        return Ok((states, homes));
    }
    let asked: Vec<&str> = asked.iter().map(Fingerprint::as_str).collect();
    let found = session.rows(
        "SELECT fingerprint, status, episode, content, event_id, environment, service FROM alert_states
          WHERE fingerprint = ANY(?1)",
        &[&asked],
    )?;
    for row in &found {
        let fingerprint: String = row.get(0);
        let within = partition_of_service(row.get(5), row.get(6), PARTITIONS);
        homes.insert(fingerprint.clone(), within);
        let event_id = Id::Stored(row.get(4));
        states.insert(fingerprint, Known { status: row.get(1), episode: row.get(2), content: row.get(3), event_id });
    }
    Ok((states, homes))
}

/// The partition of an event in its lane: that of its service. An alert stays where it began, whatever its end says of the
/// service, so that the end meets the beginning.
pub(super) fn partition(event: &NewEvent, homes: &mut Homes) -> u16 {
    let own = partition_of_service(event.environment(), event.service(), PARTITIONS);
    let within = match &event.dedup_key {
        None => own,
        Some(key) => *homes.entry(Fingerprint::of_key(&event.source, key).as_str().to_owned()).or_insert(own),
    };
    event.lane().first_partition() + within
}

/// Writes the rows; answers their ids in the same order.
pub(super) fn insert(session: &Session, rows: &[NewRow<'_>], now: Timestamp) -> Result<Vec<EventId>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let numbers = session.rows(
        "SELECT nextval('raw_events_id_seq'), pg_current_xact_id()::text::bigint FROM generate_series(1, ?1::bigint)",
        &[&i64::try_from(rows.len()).unwrap_or(i64::MAX)],
    )?;
    let ids: Vec<EventId> = numbers.iter().map(|row| row.get(0)).collect();
    let transaction: i64 = numbers.first().map_or(0, |row| row.get(1));
    let now = time::write(now);
    let written = rows.iter().zip(&ids).map(|(row, id)| Written::of(row, *id)).collect::<Result<Vec<_>>>()?;
    session.copy(
        "COPY raw_events (id, place, created_at, partition, source, type, payload, metadata, status, dedup_key, episode,
                          event_timestamp, severity, origin, service, environment, notes)
         FROM STDIN (FORMAT binary)",
        &COLUMNS,
        written.iter().map(|row| row.cells(transaction, &now)),
    )?;
    Ok(ids)
}

const COLUMNS: [Type; 17] = [
    Type::INT8,
    Type::INT8,
    Type::TIMESTAMPTZ,
    Type::INT2,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::JSONB,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
];

/// A row with what had to be put into words for it.
struct Written<'a> {
    id: EventId,
    row: &'a NewRow<'a>,
    metadata: String,
    event_timestamp: Option<String>,
    notes: Option<String>,
}

impl<'a> Written<'a> {
    fn of(row: &'a NewRow<'a>, id: EventId) -> Result<Self> {
        let event = row.event;
        Ok(Self {
            id,
            row,
            metadata: serde_json::to_string(&event.metadata)?,
            event_timestamp: event.event_timestamp.map(time::write),
            notes: (!event.notes.is_empty()).then(|| event.notes.join(",")),
        })
    }

    /// In the order of [`COLUMNS`]. The place begins with the transaction's number; see the first migration.
    fn cells<'b>(&'b self, transaction: i64, now: &'b str) -> [Bound<'b>; 17] {
        let (event, text) = (self.row.event, Bound::text_or_null);
        [
            Bound(ValueRef::Integer(self.id)),
            Bound(ValueRef::Integer((transaction << 24) + (self.id & 0xff_ffff))),
            Bound::text(now),
            Bound(ValueRef::Integer(self.row.partition.into())),
            Bound::text(&event.source),
            Bound::text(&event.event_type),
            Bound::text(&event.payload),
            Bound::text(&self.metadata),
            text(event.status.map(EventStatus::as_str)),
            text(event.dedup_key.as_deref()),
            text(self.row.episode.as_deref()),
            text(self.event_timestamp.as_deref()),
            text(event.severity.map(Severity::as_str)),
            Bound::text(event.origin.as_str()),
            Bound::text(event.service()),
            Bound::text(event.environment()),
            text(self.notes.as_deref()),
        ]
    }
}

pub(super) fn save_keys(
    session: &Session,
    batch: &Batch<'_>,
    now: Timestamp,
    id_of: impl Fn(Id) -> EventId,
) -> Result<()> {
    if batch.keys.is_empty() {
        return Ok(());
    }
    let sources: Vec<Bound<'_>> = batch.keys.iter().map(|((source, _), _)| Bound::text(source)).collect();
    let keys: Vec<Bound<'_>> = batch.keys.iter().map(|((_, key), _)| Bound::text(key)).collect();
    let ids: Vec<EventId> = batch.keys.iter().map(|(_, id)| id_of(*id)).collect();
    session.run(
        "INSERT INTO idempotency_keys (source, key, event_id, created_at)
         SELECT source, key, id, ?4::timestamptz FROM unnest(?1::text[], ?2::text[], ?3::bigint[]) AS k (source, key, id)
         ON CONFLICT (source, key) DO UPDATE SET event_id = excluded.event_id, created_at = excluded.created_at",
        &[&sources, &keys, &ids, &Bound::text(&time::write(now))],
    )?;
    Ok(())
}

pub(super) fn save_alerts(
    connection: &Connection,
    session: &Session,
    batch: &Batch<'_>,
    states: &States,
    id_of: impl Fn(Id) -> EventId,
) -> Result<()> {
    for alert in &batch.still_so {
        connection.post(
            "UPDATE alert_states SET refreshed_at = ?2, expires_at = ?3 WHERE fingerprint = ?1",
            params![alert.fingerprint.as_str(), alert.now, alert.expires_at],
        )?;
    }
    for alert in &batch.changed {
        let Some(state) = states.get(alert.fingerprint.as_str()) else { continue };
        connection.post(
            crate::events::SAVE_ALERT,
            params![
                alert.fingerprint.as_str(),
                alert.event.source,
                alert.dedup_key,
                alert.event.origin.as_str(),
                alert.status.as_str(),
                state.episode,
                alert.content,
                id_of(state.event_id),
                alert.event.event_type,
                alert.event.service(),
                alert.event.environment(),
                alert.now,
                alert.expires_at,
            ],
        )?;
    }
    session.send_posted().map_err(Into::into)
}
