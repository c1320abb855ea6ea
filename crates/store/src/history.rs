//! The event log and the silences as a replay reads them: beside a running server, without its lock, writing nothing.

use super::rows;
use super::silences::NewSilence;
use crate::sql::{Connection, params};
use crate::{Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{Event, EventId};

/// Events after `cursor` that arrived from `since` on and before `until`, in the order in which they were accepted.
pub fn events(db: &Connection, cursor: EventId, since: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Event>> {
    let sql = format!(
        "SELECT {} FROM raw_events WHERE id > ?1 AND created_at >= ?2 AND created_at < ?3 ORDER BY id LIMIT ?4",
        rows::EVENT_COLUMNS
    );
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(params![cursor, time::write(since), time::write(until), limit], rows::event)?;
    Ok(found.collect::<crate::sql::Result<_>>()?)
}

/// Silences that held at some moment of that time.
pub fn silences(db: &Connection, since: Timestamp, until: Timestamp) -> Result<Vec<NewSilence>> {
    let mut statement = db.prepare_cached(
        "SELECT matchers, starts_at, ends_at, created_by, comment FROM silences
          WHERE starts_at < ?2 AND ends_at > ?1 ORDER BY id",
    )?;
    let silence = |row: &crate::sql::Row<'_>| {
        Ok(NewSilence {
            matchers: rows::json(row, 0)?,
            starts_at: rows::moment(row, 1)?.unwrap_or(Timestamp::UNIX_EPOCH),
            ends_at: rows::moment(row, 2)?.unwrap_or(Timestamp::UNIX_EPOCH),
            created_by: row.get(3)?,
            comment: row.get(4)?,
        })
    };
    let found = statement.query_map(params![time::write(since), time::write(until)], silence)?;
    Ok(found.collect::<crate::sql::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Store};
    use foghorn_domain::clock::{Clock, SignedDuration};
    use foghorn_domain::event::NewEvent;
    use serde_json::json;

    #[tokio::test]
    async fn the_past_is_read_beside_an_open_store_within_its_bounds() {
        let directory = tempfile::tempdir().unwrap();
        let begins: Timestamp = "2026-01-02T03:00:00Z".parse().unwrap();
        let minute = |minute: i64| begins + SignedDuration::from_mins(minute);
        let clock = Clock::manual(begins);
        let store = Store::open(Options { clock: clock.clone(), ..Options::new(directory.path()) }).unwrap();
        for payload in ["one", "two", "three"] {
            store.append(vec![NewEvent::new("a", "log", payload)]).await.unwrap();
            clock.advance(SignedDuration::from_mins(10));
        }
        let new = |from, to| NewSilence {
            matchers: json!([]),
            starts_at: minute(from),
            ends_at: minute(to),
            created_by: "ana".to_owned(),
            comment: "moving".to_owned(),
        };
        store.add_silence(new(0, 5), json!({})).await.unwrap();
        store.add_silence(new(8, 12), json!({})).await.unwrap();
        let db = Store::read_only(directory.path(), None).unwrap();
        let payloads = |cursor, since, until, limit| -> Vec<String> {
            let found = events(&db, cursor, since, until, limit).unwrap();
            found.into_iter().map(|event| event.payload).collect()
        };
        assert_eq!(payloads(0, minute(0), minute(20), 10), ["one", "two"]);
        assert_eq!(payloads(1, minute(0), minute(60), 1), ["two"]);
        assert_eq!(silences(&db, minute(10), minute(20)).unwrap(), [new(8, 12)]);
        store.close().await;
    }
}
