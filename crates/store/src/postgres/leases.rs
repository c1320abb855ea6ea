//! How processes share triage's partitions.
//!
//! A process says every few seconds that it lives, and then takes or gives until it holds its fair share. A
//! lease is good until its time is over by the database's clock; the fence grows with every change of holder, and
//! a batch is committed only under the fence with which its partitions were taken, so a process that was only
//! slow can no longer commit.

use super::watermark;
use crate::Result;
use crate::rows;
use crate::sql::{Connection, Row, Session, Transaction};
use crate::triage::{Held, Holding};
use foghorn_domain::event::{Event, Lane};

/// How long a lease is good, in seconds; also how long a process that says nothing counts as alive.
const LEASE_SECONDS: f64 = 15.0;

/// Says that a worker lives, and balances what it holds. What it held and lost is not among the answer.
pub(crate) fn balance(tx: &Transaction<'_>, session: &Session, worker: &str) -> Result<Holding> {
    // One at a time, so that two do not give or take the same.
    session.rows("SELECT pg_advisory_xact_lock(1179600712, 4)", &[])?;
    tx.execute(
        "INSERT INTO triage_workers (id, seen_at) VALUES (?1, clock_timestamp())
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        [worker],
    )?;
    session.run(
        "DELETE FROM triage_workers WHERE seen_at < clock_timestamp() - make_interval(secs => ?1)",
        &[&LEASE_SECONDS],
    )?;
    let alive: i64 = tx.query_row("SELECT count(*) FROM triage_workers", [], |row| row.get(0))?;
    session.run(
        "UPDATE partitions SET expires_at = clock_timestamp() + make_interval(secs => ?2) WHERE holder = ?1",
        &[&worker, &LEASE_SECONDS],
    )?;
    let partitions: i64 = tx.query_row("SELECT count(*) FROM partitions", [], |row| row.get(0))?;
    let most = partitions.div_euclid(alive.max(1)) + i64::from(partitions % alive.max(1) > 0);
    let held: i64 = tx.query_row("SELECT count(*) FROM partitions WHERE holder = ?1", [worker], |row| row.get(0))?;
    // By their place within the lane, so that each process has its share of both.
    let of_lane = crate::PARTITIONS.cast_signed();
    if held > most {
        session.run(
            "UPDATE partitions SET holder = NULL, expires_at = NULL, fence = fence + 1
              WHERE id IN (SELECT id FROM partitions WHERE holder = ?1 ORDER BY id % ?3 DESC, id LIMIT ?2)",
            &[&worker, &(held - most), &of_lane],
        )?;
    } else if held < most {
        session.run(
            "UPDATE partitions SET holder = ?1, fence = fence + 1,
                    expires_at = clock_timestamp() + make_interval(secs => ?3)
              WHERE id IN (SELECT id FROM partitions
                            WHERE holder IS NULL OR expires_at < clock_timestamp() ORDER BY id % ?4, id LIMIT ?2)",
            &[&worker, &(most - held), &LEASE_SECONDS, &of_lane],
        )?;
    }
    holding(session, worker)
}

fn holding(session: &Session, worker: &str) -> Result<Holding> {
    let rows = session.rows("SELECT id, fence, cursor FROM partitions WHERE holder = ?1 ORDER BY id", &[&worker])?;
    let held = |row: &tokio_postgres::Row| Held {
        partition: row.get::<_, i16>(0).unsigned_abs(),
        fence: row.get(1),
        cursor: row.get(2),
    };
    Ok(Holding::new(rows.iter().map(held).collect()))
}

/// Gives everything back, at once.
pub(crate) fn release(tx: &Transaction<'_>, worker: &str) -> Result<()> {
    tx.execute(
        "UPDATE partitions SET holder = NULL, expires_at = NULL, fence = fence + 1 WHERE holder = ?1",
        [worker],
    )?;
    tx.execute("DELETE FROM triage_workers WHERE id = ?1", [worker])?;
    Ok(())
}

/// Events of one partition read at once at least.
const FEWEST_OF_EACH: u32 = 64;

/// The next events of what is held, and where that leads to.
///
/// Of each partition as many are read as its share of the batch, or more where the last batch stayed small
/// because a few partitions had everything. What is urgent is never what the batch has no room for. Nothing is read
/// past the [`watermark`].
pub(crate) fn read_held(db: &Connection, mut holding: Holding, limit: u32) -> Result<(Vec<Event>, Holding)> {
    let Some(session) = db.as_postgres() else { return Ok((Vec::new(), holding)) };
    let count = u32::try_from(holding.held().len()).unwrap_or(u32::MAX).max(1);
    let fair = (limit.div_ceil(count) * 2).clamp(FEWEST_OF_EACH, limit);
    let of_each = holding.of_each.clamp(fair, limit);
    let ids: Vec<i16> = holding.held().iter().map(|held| held.partition.cast_signed()).collect();
    let cursors: Vec<i64> = holding.held().iter().map(|held| held.cursor).collect();
    let final_below = watermark::final_below(session)?;
    let sql = format!(
        "SELECT {columns}, e.place FROM unnest(?1::smallint[], ?2::bigint[]) AS h (held, after)
          CROSS JOIN LATERAL (SELECT * FROM raw_events r WHERE r.partition = h.held AND r.place > h.after
                AND r.place < ?5 ORDER BY r.place LIMIT ?3) e
          ORDER BY held < {first_urgent}, e.place, e.id LIMIT ?4",
        columns = rows::EVENT_COLUMNS,
        first_urgent = Lane::Urgent.first_partition(),
    );
    let found = session.rows(&sql, &[&ids, &cursors, &i64::from(of_each), &i64::from(limit), &final_below])?;
    let mut taken = vec![0_u32; holding.held().len()];
    let mut events = Vec::with_capacity(found.len());
    for row in &found {
        let event = rows::event(&Row::Postgres(row))?;
        let place: i64 = row.get(PLACE);
        let at = holding.held().iter().position(|held| held.partition == event.partition);
        if let Some((held, taken)) = at.and_then(|at| Some((holding.held_mut().get_mut(at)?, taken.get_mut(at)?))) {
            held.cursor = held.cursor.max(place);
            *taken += 1;
        }
        events.push((place, event));
    }
    events.sort_by_key(|(place, event)| (*place, event.id));
    let events = events.into_iter().map(|(_, event)| event).collect();
    let is_full = found.len() >= limit as usize;
    let has_a_full_one = taken.iter().any(|taken| *taken >= of_each);
    holding.of_each = match (is_full, has_a_full_one) {
        (false, true) => of_each.saturating_mul(2),
        (true, _) => of_each,
        (false, false) => fair,
    };
    Ok((events, holding))
}

/// Where the place stands behind [`rows::EVENT_COLUMNS`].
const PLACE: usize = 15;

/// Moves the cursors of a batch's partitions; `false` if one of them is no longer held under its fence.
pub(crate) fn advance(session: &Session, from: &Holding, to: &Holding) -> Result<bool> {
    let moved: Vec<(&Held, &Held)> =
        from.held().iter().zip(to.held()).filter(|(from, to)| from.cursor != to.cursor).collect();
    let ids: Vec<i16> = moved.iter().map(|(from, _)| from.partition.cast_signed()).collect();
    let fences: Vec<i64> = moved.iter().map(|(from, _)| from.fence).collect();
    let before: Vec<i64> = moved.iter().map(|(from, _)| from.cursor).collect();
    let after: Vec<i64> = moved.iter().map(|(_, to)| to.cursor).collect();
    let written = session.run(
        "UPDATE partitions p SET cursor = m.after
           FROM unnest(?1::smallint[], ?2::bigint[], ?3::bigint[], ?4::bigint[]) AS m (id, fence, before, after)
          WHERE p.id = m.id AND p.fence = m.fence AND p.cursor = m.before",
        &[&ids, &fences, &before, &after],
    )?;
    Ok(written == moved.len())
}
