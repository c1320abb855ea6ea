//! Messages from elsewhere that could not be used: kept, counted, and handed out again when somebody asks.

use super::{Store, rows};
use crate::model::{Page, Paging};
use crate::sql::{Connection, OptionalExtension, Row, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::Timestamp;

/// A message that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// Where it came from: the channel or list.
    pub origin: String,
    /// The message; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// What is wrong with it.
    pub why: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it came.
    pub created_at: Timestamp,
    /// When it was tried last.
    pub last_at: Timestamp,
}

/// Messages that are kept; beyond them the oldest go.
const MOST: i64 = 10_000;
/// Bytes of a message that are kept.
const LONGEST: usize = 256 * 1024;

const COLUMNS: &str = "id, origin, body, why, attempts, created_at, last_at";

impl Store {
    /// Keeps a message.
    pub async fn add_dead_letter(&self, origin: String, body: String, why: String) -> Result<i64> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = time::write(clock.now());
            let body = &body[..body.floor_char_boundary(LONGEST)];
            let id: i64 = tx
                .prepare_cached(
                    "INSERT INTO dead_letters (origin, body, why, created_at, last_at) VALUES (?1, ?2, ?3, ?4, ?4) RETURNING id",
                )?
                .query_row(params![origin, body.replace('\0', "\u{fffd}"), why, now], |row| row.get(0))?;
            tx.prepare_cached("DELETE FROM dead_letters WHERE id <= ?1")?.execute([id - MOST])?;
            Ok(id)
        })
        .await
    }

    /// Messages that were kept, newest first.
    pub async fn dead_letters(&self, paging: Paging) -> Result<Page<DeadLetter>> {
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM dead_letters WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
            let before = paging.cursor.unwrap_or(i64::MAX);
            let mut items = db
                .prepare_cached(&sql)?
                .query_map(params![before, paging.limit + 1], dead_letter)?
                .collect::<crate::sql::Result<Vec<_>>>()?;
            let has_more = items.len() > paging.limit as usize;
            items.truncate(paging.limit as usize);
            let next_cursor = items.last().map(|last| last.id).filter(|_| has_more);
            // There are never more than that.
            let total = db.query_row("SELECT count(*) FROM dead_letters", [], |row| row.get(0))?;
            Ok(Page { items, next_cursor, total, total_estimated: false })
        })
        .await
    }

    /// One of them.
    pub async fn dead_letter(&self, id: i64) -> Result<DeadLetter> {
        self.read(move |db| by_id(db, id)).await
    }

    /// Notes that it was tried again, to no better end.
    pub async fn note_dead_letter(&self, id: i64, why: String) -> Result<DeadLetter> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            tx.prepare_cached("UPDATE dead_letters SET why = ?2, attempts = attempts + 1, last_at = ?3 WHERE id = ?1")?
                .execute(params![id, why, time::write(clock.now())])?;
            by_id(tx, id)
        })
        .await
    }

    /// Forgets one. `false` where it is not there.
    pub async fn drop_dead_letter(&self, id: i64) -> Result<bool> {
        self.write(move |tx| Ok(tx.prepare_cached("DELETE FROM dead_letters WHERE id = ?1")?.execute([id])? > 0)).await
    }
}

fn by_id(db: &Connection, id: i64) -> Result<DeadLetter> {
    let sql = format!("SELECT {COLUMNS} FROM dead_letters WHERE id = ?1");
    let found = db.prepare_cached(&sql)?.query_row([id], dead_letter).optional()?;
    found.ok_or_else(|| Error::NotFound { what: "dead letter", id: id.to_string() })
}

fn dead_letter(row: &Row<'_>) -> crate::sql::Result<DeadLetter> {
    let moment = |column| Ok::<_, crate::sql::Error>(rows::moment(row, column)?.unwrap_or(Timestamp::UNIX_EPOCH));
    Ok(DeadLetter {
        id: row.get(0)?,
        origin: row.get(1)?,
        body: row.get(2)?,
        why: row.get(3)?,
        attempts: row.get(4)?,
        created_at: moment(5)?,
        last_at: moment(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[tokio::test]
    async fn a_dead_letter_is_kept_tried_and_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(directory.path())).unwrap();
        let long = format!("é\0{}", "x".repeat(LONGEST));
        let id = store.add_dead_letter("events_queue".to_owned(), long, "wrong".to_owned()).await.unwrap();
        store.add_dead_letter("incident_ready".to_owned(), "{}".to_owned(), "empty".to_owned()).await.unwrap();
        let kept = store.dead_letter(id).await.unwrap();
        assert!(kept.body.starts_with("é\u{fffd}xx") && kept.body.len() <= LONGEST + 2);
        let tried = store.note_dead_letter(id, "still wrong".to_owned()).await.unwrap();
        assert_eq!((tried.attempts, tried.why.as_str()), (2, "still wrong"));
        let page = |cursor| Paging { limit: 1, cursor, exact_count: false };
        let first = store.dead_letters(page(None)).await.unwrap();
        assert_eq!((first.items[0].origin.as_str(), first.total, first.next_cursor), ("incident_ready", 2, Some(2)));
        assert_eq!(store.dead_letters(page(first.next_cursor)).await.unwrap().items[0].id, id);
        assert!(store.drop_dead_letter(id).await.unwrap() && !store.drop_dead_letter(id).await.unwrap());
        assert!(matches!(store.dead_letter(id).await, Err(Error::NotFound { .. })));
        assert!(store.note_dead_letter(id, String::new()).await.is_err());
        store.close().await;
    }
}
