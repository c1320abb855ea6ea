//! What only the pages ask for: has anything changed, how many incidents stand where, how often events
//! came, how the services are. Every query here is bounded whatever the store holds, because a page is
//! asked for again and again while an incident runs.

use super::{Store, incidents, memory, rows};
use crate::model::{IncidentFilter, MemoryItem, Page, Paging};
use crate::sql::{Connection, OptionalExtension, Value as SqlValue, params};
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::EventId;
use foghorn_domain::incident::IncidentId;
use foghorn_domain::severity::Severity;
use std::collections::BTreeMap;
use std::fmt;

/// A bar of a rate counts no further than this: it is drawn, not read.
pub const MOST_PER_BUCKET: u16 = 200;
/// Events of a day that are counted one by one; beyond it, shares are estimated from a sample.
const COUNTED_SERVICE_EVENTS: i64 = 20_000;
/// Events looked at for an estimate.
const SAMPLED_EVENTS: i64 = 5_000;

/// Where the tables end. Two equal marks mean that no incident, audit row or note came or changed between
/// them; nothing else about a mark has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeMark([i64; 4]);

impl fmt::Display for ChangeMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([audit, incident, finding, note]) = self;
        write!(f, "{audit}-{incident}-{finding}-{note}")
    }
}

/// One service, as the page of services shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOverview {
    /// Its name.
    pub service: String,
    /// Its environment.
    pub environment: String,
    /// Incidents of it that run.
    pub open_incidents: u64,
    /// The worst of them.
    pub worst: Option<Severity>,
    /// Events that arrived within the last day.
    pub events_last_day: u64,
    /// Whether that number was estimated from a sample.
    pub is_estimated: bool,
    /// When one last arrived, as far as is known.
    pub last_event: Option<Timestamp>,
}

impl Store {
    /// A mark that differs from the last one if anything that a page shows of incidents has changed. Four
    /// look-ups at the ends of tables.
    pub async fn change_mark(&self) -> Result<ChangeMark> {
        self.read(|db| {
            let sql =
                "SELECT coalesce((SELECT max(id) FROM audit_logs), 0), coalesce((SELECT max(id) FROM incidents), 0),
                              coalesce((SELECT max(event_id) FROM event_findings), 0),
                              coalesce((SELECT max(id) FROM incident_notes), 0)";
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_row([], |row| Ok(ChangeMark([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])))?)
        })
        .await
    }

    /// How many incidents match, by status; the filter's own statuses are left out of account.
    pub async fn status_counts(&self, filter: IncidentFilter) -> Result<Vec<(String, u64)>> {
        self.read(move |db| {
            let (matching, values) = incidents::matching(&IncidentFilter { statuses: Vec::new(), ..filter });
            let sql = format!("SELECT status, count(*) FROM {matching} GROUP BY status");
            let mut statement = db.prepare_cached(&sql)?;
            let counted = statement.query_map(values.as_slice(), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(counted.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// How many events each incident got in each of `buckets` equal parts of the time from `from` to `to`,
    /// oldest first, none counted beyond [`MOST_PER_BUCKET`]. The answers stand in the order of `ids`.
    pub async fn rates(
        &self,
        ids: Vec<IncidentId>,
        from: Timestamp,
        to: Timestamp,
        buckets: u16,
    ) -> Result<Vec<Vec<u16>>> {
        self.read(move |db| {
            let borders = borders(db, from, to, buckets)?;
            ids.into_iter().map(|id| rate(db, id, &borders)).collect()
        })
        .await
    }

    /// Every service that is known, those with open incidents first.
    pub async fn services(&self) -> Result<Vec<ServiceOverview>> {
        let now = self.clock().now();
        self.read(move |db| services(db, now)).await
    }

    /// Memories, newest first, whose summary, solution, service, kind, author or labels hold every word of `q`.
    pub async fn memories(&self, q: Option<String>, paging: Paging) -> Result<Page<MemoryItem>> {
        self.read(move |db| {
            let mut conditions = vec!["1 = 1"];
            let mut values: Vec<SqlValue> = Vec::new();
            for word in q.iter().flat_map(|q| q.split_whitespace()).take(8) {
                conditions.push(
                    "(coalesce(summary, '') || ' ' || coalesce(solution, '') || ' ' || coalesce(service, '') || ' ' ||
                      coalesce(incident_type, '') || ' ' || coalesce(author, '') || ' ' || coalesce(labels::text, '') || ' ' || id)
                     LIKE ? ESCAPE '\\'",
                );
                values.push(incidents::containing(word).into());
            }
            let matching = format!("memory_item WHERE {}", conditions.join(" AND "));
            let counted = values.as_slice();
            let (total, estimated) = incidents::count(db, &matching, counted, paging.exact_count)?;
            values.extend([paging.cursor.unwrap_or(i64::MAX).into(), i64::from(paging.limit + 1).into()]);
            let columns = memory::COLUMNS;
            let sql = format!("SELECT {columns}, rowid FROM {matching} AND rowid < ? ORDER BY rowid DESC LIMIT ?");
            let items = db
                .prepare_cached(&sql)?
                .query_map(values.as_slice(), |row| Ok((memory::item(row)?, row.get::<i64>(memory::COLUMN_COUNT)?)))?
                .collect::<crate::sql::Result<Vec<_>>>()?;
            let page = incidents::page(items, paging.limit, |(_, rowid)| *rowid, total, estimated);
            let Page { items, next_cursor, total, total_estimated } = page;
            Ok(Page { items: items.into_iter().map(|(item, _)| item).collect(), next_cursor, total, total_estimated })
        })
        .await
    }
}

/// The first events of the buckets, and the one after the last. Ids are given in the order of arrival, so
/// a moment's place among them is found by halving.
fn borders(db: &Connection, from: Timestamp, to: Timestamp, buckets: u16) -> Result<Vec<EventId>> {
    let step = to.duration_since(from).max(SignedDuration::from_micros(i64::from(buckets))) / i32::from(buckets.max(1));
    let mut borders: Vec<EventId> = Vec::with_capacity(usize::from(buckets) + 1);
    for index in 0..buckets {
        borders.push(first_event_since(db, from + step * i32::from(index), borders.last().copied())?);
    }
    // What arrives while the page is made belongs to the last bucket.
    borders.push(EventId::MAX);
    Ok(borders)
}

/// The id of the first event that arrived at or after a moment; past the newest if there is none.
fn first_event_since(db: &Connection, at: Timestamp, not_before: Option<EventId>) -> Result<EventId> {
    let ends =
        "SELECT coalesce((SELECT min(id) FROM raw_events), 1), coalesce((SELECT max(id) FROM raw_events), 0) + 1";
    let (oldest, past): (EventId, EventId) =
        db.prepare_cached(ends)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (mut low, mut high) = (not_before.unwrap_or(oldest).min(past), past);
    let at = time::write(at);
    let mut probe =
        db.prepare_cached("SELECT id, created_at >= ?2 FROM raw_events WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(EventId, bool)> =
            probe.query_row(params![middle, at], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            Some((id, false)) => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

fn rate(db: &Connection, id: IncidentId, borders: &[EventId]) -> Result<Vec<u16>> {
    let mut counting = db.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM event_findings
          WHERE incident_id = ?1 AND event_id >= ?2 AND event_id < ?3 LIMIT ?4)",
    )?;
    let mut counted = Vec::with_capacity(borders.len());
    for pair in borders.windows(2) {
        let count = match pair {
            [first, next] if first < next => {
                counting.query_row(params![id, first, next, MOST_PER_BUCKET], |row| row.get(0))?
            }
            _ => 0,
        };
        counted.push(count);
    }
    Ok(counted)
}

type Found = BTreeMap<(String, String), ServiceOverview>;

fn services(db: &Connection, now: Timestamp) -> Result<Vec<ServiceOverview>> {
    let mut found = Found::new();
    let mut states = db.prepare_cached("SELECT scope, updated_at FROM service_states")?;
    states.for_each([], |row| {
        let scope: String = row.get(0)?;
        let mut parts = scope.split('\u{1f}');
        let environment = parts.next().unwrap_or("default");
        let Some(service) = parts.next() else { return Ok(()) };
        entry(&mut found, environment.to_owned(), service.to_owned()).last_event = rows::moment(row, 1)?;
        Ok(())
    })?;
    let mut open = db.prepare_cached(
        "SELECT environment, service, severity, count(*) FROM incidents
          WHERE status NOT IN ('resolved', 'false_positive') GROUP BY 1, 2, 3",
    )?;
    open.for_each([], |row| {
        let service = entry(&mut found, row.get(0)?, row.get(1)?);
        service.open_incidents += row.get::<u64>(3)?;
        service.worst = service.worst.max(Severity::parse(&row.get::<String>(2)?));
        Ok(())
    })?;
    let first = first_event_since(db, now - SignedDuration::from_hours(24), None)?;
    let newest: EventId = db.query_row("SELECT coalesce(max(id), 0) FROM raw_events", [], |row| row.get(0))?;
    let events = newest - first + 1;
    if events <= COUNTED_SERVICE_EVENTS {
        look_at_events(db, &mut found, (first, newest, 1))?;
    } else {
        look_at_events(db, &mut found, (newest - SAMPLED_EVENTS, newest, 1))?;
        found.values_mut().for_each(|service| service.events_last_day = 0);
        let every = events / SAMPLED_EVENTS;
        look_at_events(db, &mut found, (first, newest, every))?;
        for service in found.values_mut() {
            service.events_last_day *= every.unsigned_abs();
            service.is_estimated = true;
        }
    }
    let mut services: Vec<ServiceOverview> = found.into_values().collect();
    services.sort_by(|a, b| {
        (b.worst, b.open_incidents, b.events_last_day).cmp(&(a.worst, a.open_incidents, a.events_last_day))
    });
    Ok(services)
}

fn entry(found: &mut Found, environment: String, service: String) -> &mut ServiceOverview {
    found.entry((environment.clone(), service.clone())).or_insert_with(|| ServiceOverview {
        service,
        environment,
        open_incidents: 0,
        worst: None,
        events_last_day: 0,
        is_estimated: false,
        last_event: None,
    })
}

/// Counts every `step`-th event from one id to another to the services they came from.
fn look_at_events(db: &Connection, found: &mut Found, (first, last, step): (EventId, EventId, i64)) -> Result<()> {
    let mut looked_at = db.prepare_cached(
        "WITH RECURSIVE looked_at (id) AS (SELECT ?1::bigint UNION ALL SELECT id + ?3 FROM looked_at WHERE id + ?3 <= ?2)
         SELECT coalesce(e.environment, 'default'), coalesce(e.service, e.source), count(*), max(e.created_at)
           FROM looked_at JOIN raw_events e ON e.id = looked_at.id GROUP BY 1, 2",
    )?;
    looked_at.for_each(params![first, last, step], |row| {
        let service = entry(found, row.get(0)?, row.get(1)?);
        service.events_last_day += row.get::<u64>(2)?;
        service.last_event = service.last_event.max(rows::moment(row, 3)?);
        Ok(())
    })?;
    Ok(())
}
