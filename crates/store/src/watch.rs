//! What the watchman keeps: its round through the outbox, and how regularly each source speaks.

use super::Store;
use crate::sql::{Transaction, params};
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::EventId;

/// The receiver of the watchman's rounds. It stands for no incident.
pub const WATCHMAN: &str = "watchman";

impl Store {
    /// Ends rounds up to one, the last that came through.
    pub async fn end_round(&self, upto: i64) -> Result<()> {
        self.write(move |tx| {
            let sql = "DELETE FROM notifications WHERE receiver = ?1 AND id <= ?2";
            tx.prepare_cached(sql)?.execute(params![WATCHMAN, upto])?;
            Ok(())
        })
        .await
    }

    /// Tries a round again later.
    pub async fn postpone_round(&self, id: i64, pause: SignedDuration) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let sql = "UPDATE notifications SET next_attempt_at = ?2 WHERE id = ?1 AND status = 'pending'";
            tx.prepare_cached(sql)?.execute(params![id, time::write(clock.now() + pause)])?;
            Ok(())
        })
        .await
    }

    /// How regularly each source speaks, as it was last written down: (source, state).
    pub async fn sources(&self) -> Result<Vec<(String, String)>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT source, rhythm FROM sources ORDER BY last_heard DESC LIMIT 5000")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Writes down how regularly sources speak: (source, last heard, state).
    pub async fn save_sources(&self, sources: Vec<(String, Timestamp, String)>) -> Result<()> {
        self.write(move |tx| {
            let mut statement = tx.prepare_cached(
                "INSERT INTO sources (source, last_heard, rhythm) VALUES (?1, ?2, ?3)
                 ON CONFLICT (source) DO UPDATE SET last_heard = excluded.last_heard, rhythm = excluded.rhythm",
            )?;
            for (source, last_heard, rhythm) in &sources {
                statement.execute(params![source, time::write(*last_heard), rhythm])?;
            }
            Ok(())
        })
        .await
    }
}

/// Puts a round into the outbox. One that still waits there is enough.
pub(super) fn queue_round(tx: &Transaction<'_>, event_id: EventId, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO notifications (incident_id, receiver, channel, reason, occurrence, urgency, status, created_at)
         SELECT 0, ?1, ?1, 'opened', ?2, 'notify', 'pending', ?3
          WHERE NOT EXISTS (SELECT 1 FROM notifications WHERE receiver = ?1)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![WATCHMAN, event_id.to_string(), time::write(now)])?;
    Ok(())
}
