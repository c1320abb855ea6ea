//! Tellings that go out in the message of another of their lane, as those of a storm do.
//!
//! Which ones a message carries is written with the beginning of its delivery: `told_with` of a row that still waits
//! names the incident whose message carries it. As long as that message is begun and not recorded nobody tells the
//! row otherwise; when the message is found, it has been told with it.

use super::record::join;
use super::{COLUMNS, Carried, IncidentId, Notification, Store, notification};
use crate::Result;
use crate::agent_lease;
use crate::notifications::mark_dirty;
use crate::sql::{Transaction, params};

/// Whether a row `n` goes out in a message that is begun and not recorded.
pub(super) const IS_CARRIED: &str = "(n.told_with IS NOT NULL AND EXISTS (SELECT 1 FROM notifications c \
     WHERE c.incident_id = n.told_with AND c.receiver = n.receiver AND c.channel = n.channel \
       AND c.status = 'pending' AND c.in_flight))";

impl Store {
    /// Writes down that a delivery begins, and which others of the lane its message carries.
    /// `false` if there is nothing to deliver any more.
    pub async fn begin_delivery(&self, row: &Notification, others: Vec<Carried>) -> Result<bool> {
        let (row, agent) = (row.clone(), self.agent());
        self.write(move |tx| {
            if !agent_lease::is_held(tx, agent.as_deref())? {
                return Ok(false);
            }
            let sql = "UPDATE notifications SET in_flight = TRUE, dirty = 0, told_with = NULL WHERE id = ?1 AND status = 'pending'";
            if tx.prepare_cached(sql)?.execute([row.id])? == 0 {
                return Ok(false);
            }
            if is_another_begun(tx, &row)? {
                return Ok(true);
            }
            let sql = "UPDATE notifications SET told_with = ?2, why = ?3, held_by = ?4 WHERE id = ?1 AND status = 'pending'";
            let mut statement = tx.prepare_cached(sql)?;
            for Carried { id, why, held_by } in &others {
                statement.execute(params![id, row.incident_id, why, held_by])?;
            }
            Ok(true)
        })
        .await
    }

    /// What a begun message carries beside its own, as it was written down when it began.
    pub async fn carried_by(&self, row: &Notification) -> Result<Vec<Notification>> {
        let (id, incident, receiver, channel) = (row.id, row.incident_id, row.receiver.clone(), row.channel.clone());
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM notifications
                  WHERE told_with = ?1 AND receiver = ?2 AND channel = ?3 AND status = 'pending' AND id <> ?4
                  ORDER BY id LIMIT 1000"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let rows = statement.query_map(params![incident, receiver, channel, id], notification)?;
            Ok(rows.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Tells these in the message of another incident of the lane. Answers how many.
    pub async fn join_message(&self, rows: Vec<Carried>, with: IncidentId) -> Result<usize> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let joined = join(tx, &rows, with, false, clock.now())?;
            mark_dirty(tx, with)?;
            Ok(joined)
        })
        .await
    }
}

/// Of two begun messages about one incident nobody could say later which of them carries what: the first does.
fn is_another_begun(tx: &Transaction<'_>, row: &Notification) -> Result<bool> {
    let sql = "SELECT count(*) > 0 FROM notifications
                WHERE incident_id = ?1 AND receiver = ?2 AND channel = ?3 AND status = 'pending' AND in_flight AND id <> ?4";
    let arguments = params![row.incident_id, row.receiver, row.channel, row.id];
    Ok(tx.prepare_cached(sql)?.query_row(arguments, |row| row.get(0))?)
}

/// What a message was to carry waits for one of its own again, marked where it may have been told with that one.
pub(super) fn release(tx: &Transaction<'_>, row: &Notification, may_repeat: bool) -> Result<()> {
    if is_another_begun(tx, row)? {
        return Ok(());
    }
    tx.prepare_cached(
        "UPDATE notifications SET told_with = NULL, why = NULL, held_by = NULL,
                may_repeat = CASE WHEN ?5 THEN TRUE ELSE may_repeat END
          WHERE told_with = ?1 AND receiver = ?2 AND channel = ?3 AND status = 'pending' AND id <> ?4",
    )?
    .execute(params![row.incident_id, row.receiver, row.channel, row.id, may_repeat])?;
    Ok(())
}

/// What had joined a message that does not go out waits for one of its own, unless another message about the same
/// incident shows it.
pub(super) fn part(tx: &Transaction<'_>, row: &Notification) -> Result<()> {
    tx.prepare_cached(
        "UPDATE notifications SET status = 'pending', told_with = NULL, why = NULL, held_by = NULL, sent_at = NULL
          WHERE told_with = ?1 AND receiver = ?2 AND status = 'joined'
            AND NOT EXISTS (SELECT 1 FROM notifications c
                             WHERE c.incident_id = ?1 AND c.receiver = ?2 AND c.status IN ('pending', 'sent'))",
    )?
    .execute(params![row.incident_id, row.receiver])?;
    Ok(())
}
