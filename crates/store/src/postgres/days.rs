//! The days of the event log: a table for each, made ahead and dropped when its time is over. What arrives on a
//! day that has none lies in `raw_events_other_days`.

use crate::sql::Session;
use crate::sql::postgres::Bound;
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};

/// Days made ahead: long enough that nobody is surprised while no process runs.
const AHEAD: i32 = 7;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Makes the tables of the coming days. A day of which events lie elsewhere already, or that the adopted table
/// covers, gets none.
pub(crate) fn make_ahead(session: &Session, now: Timestamp) -> Result<()> {
    for ahead in 0..AHEAD {
        let day = time::write(now + DAY * ahead)[..10].to_owned();
        let next = time::write(now + DAY * (ahead + 1))[..10].to_owned();
        let table = format!("raw_events_{}", day.replace('-', ""));
        let (from, to) = (format!("{day} 00:00:00+00"), format!("{next} 00:00:00+00"));
        let is_there = session.rows(
            "SELECT to_regclass(?1) IS NOT NULL OR EXISTS
                    (SELECT 1 FROM raw_events WHERE created_at >= ?2::timestamptz AND created_at < ?3::timestamptz)
                    OR EXISTS (SELECT 1 FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                                WHERE i.inhparent = 'raw_events'::regclass AND c.relname = 'raw_events_history'
                                  AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')
                                      ::timestamptz > ?2::timestamptz)",
            &[&table, &Bound::text(&from), &Bound::text(&to)],
        )?;
        if is_there.first().is_some_and(|row| row.get(0)) {
            continue;
        }
        session.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} PARTITION OF raw_events FOR VALUES FROM ('{from}') TO ('{to}')"
        ))?;
    }
    Ok(())
}

/// A table of the log whose time is over, with whatever triage has not read in it left out of account.
struct Day {
    table: String,
    ends: Timestamp,
}

/// Drops the first table whose events are all older than `horizon` (all that is not of today, where `is_full`),
/// unless triage has not read everything in it. Answers how many tables went: none or one.
pub(crate) fn drop_oldest(session: &Session, horizon: Timestamp, is_full: bool, now: Timestamp) -> Result<usize> {
    let Some(oldest) = oldest(session)? else { return Ok(0) };
    let limit = if is_full { now } else { horizon };
    if oldest.ends > limit || has_untriaged(session, &oldest.table)? {
        return Ok(0);
    }
    session.execute_batch(&format!("DROP TABLE \"{}\"", oldest.table.replace('"', "\"\"")))?;
    Ok(1)
}

/// Forgets old events that lie in no day of their own.
pub(crate) fn delete_of_other_days(session: &Session, horizon: &str, limit: i64) -> Result<usize> {
    Ok(session.run(
        "DELETE FROM raw_events_other_days WHERE id IN
             (SELECT e.id FROM raw_events_other_days e JOIN partitions p ON p.id = e.partition
               WHERE e.created_at < ?1 AND e.place <= p.cursor LIMIT ?2)",
        &[&Bound::text(horizon), &limit],
    )?)
}

fn oldest(session: &Session) -> Result<Option<Day>> {
    // The bound of a table reads `FOR VALUES FROM ('…') TO ('…')`; the default one has none.
    let rows = session.rows(
        "SELECT c.relname::text, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')
           FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'raw_events'::regclass ORDER BY 2 NULLS LAST LIMIT 1",
        &[],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    let ends: Option<String> = row.get(1);
    Ok(ends.map(|ends| Day { table: row.get(0), ends: time::read(ends.trim_end_matches("+00")) }))
}

fn has_untriaged(session: &Session, table: &str) -> Result<bool> {
    let table = table.replace('"', "\"\"");
    let rows = session.rows(
        &format!(
            "SELECT EXISTS (SELECT 1 FROM partitions p
                             WHERE EXISTS (SELECT 1 FROM \"{table}\" e WHERE e.partition = p.id AND e.place > p.cursor))"
        ),
        &[],
    )?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}
