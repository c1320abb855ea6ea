//! Replies in the thread of a message: which of them wait, what the thread has said, and when the next may come.

use super::super::Store;
use crate::model::Notification;
use crate::sql::params;
use crate::{Result, time};
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::notification::Reason;
use serde_json::{Value, json};

/// Where the thread of a message stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thread {
    /// What the message, or the last reply that went out, said was known; `None` where that was not recorded.
    pub known: Option<Value>,
    /// Nothing more is to be queued: a reply waits, one was given up, or a newer message has the say.
    pub is_closed: bool,
}

impl Store {
    /// Where the thread stands below a message, or below that of one of its replies.
    pub async fn thread(&self, row: &Notification) -> Result<Thread> {
        let (incident, receiver, channel) = (row.incident_id, row.receiver.clone(), row.channel.clone());
        let message = message_of(row);
        self.read(move |db| {
            let sql = "SELECT
                 (SELECT provider FROM notifications WHERE incident_id = ?1 AND receiver = ?2 AND status = 'sent'
                     AND (id = ?4 OR (reason = ?5 AND occurrence LIKE ?6)) ORDER BY id DESC LIMIT 1),
                 EXISTS (SELECT 1 FROM notifications WHERE incident_id = ?1 AND receiver = ?2
                     AND reason = ?5 AND occurrence LIKE ?6 AND status IN ('pending', 'failed')),
                 EXISTS (SELECT 1 FROM notifications WHERE incident_id = ?1 AND receiver = ?2 AND channel = ?3
                     AND status = 'sent' AND id > ?4 AND reason NOT IN (?5, ?7))";
            let (more_known, asked_for) = (Reason::MoreKnown.as_str(), Reason::DetailsRequested.as_str());
            let arguments =
                params![incident, receiver, channel, message, more_known, format!("{message}-%"), asked_for];
            Ok(db.prepare_cached(sql)?.query_row(arguments, |row| {
                let provider: Option<String> = row.get(0)?;
                let provider: Option<Value> = provider.and_then(|text| serde_json::from_str(&text).ok());
                let known = provider.and_then(|provider| provider.get("known").cloned());
                Ok(Thread { known, is_closed: row.get::<bool>(1)? || row.get::<bool>(2)? })
            })?)
        })
        .await
    }

    /// Queues a reply in the thread of a message, at least `apart` from the message and from the reply before.
    /// One that waits already takes up what is new, so there is never a second.
    pub async fn queue_reply(&self, message: &Notification, apart: SignedDuration) -> Result<()> {
        let Some(ts) = message.provider.as_ref().and_then(|provider| provider.get("ts")).cloned() else {
            return Ok(());
        };
        let (clock, id) = (self.clock().clone(), message.id);
        self.write(move |tx| {
            let now = clock.now();
            let more_known = Reason::MoreKnown.as_str();
            let last = "SELECT count(r.id), max(coalesce(r.sent_at, r.created_at)), max(m.sent_at)
                          FROM notifications m LEFT JOIN notifications r ON r.incident_id = m.incident_id
                           AND r.receiver = m.receiver AND r.reason = ?2 AND r.occurrence LIKE ?3
                         WHERE m.id = ?1";
            let (count, replied, sent) =
                tx.prepare_cached(last)?.query_row(params![id, more_known, format!("{id}-%")], |row| {
                    let moment = |index| super::super::rows::moment(row, index);
                    Ok((row.get::<i64>(0)?, moment(1)?, moment(2)?))
                })?;
            let from = replied.max(sent).map_or(now, |last| last + apart);
            tx.prepare_cached(
                "INSERT INTO notifications
                     (incident_id, receiver, channel, reason, occurrence, urgency, status, route, team, provider,
                      next_attempt_at, created_at)
                 SELECT incident_id, receiver, channel, ?2, ?3, urgency, 'pending', route, team, ?4, ?5, ?6
                   FROM notifications WHERE id = ?1 AND status = 'sent'
                 ON CONFLICT (incident_id, receiver, reason, occurrence) DO NOTHING",
            )?
            .execute(params![
                id,
                more_known,
                format!("{id}-{}", count + 1),
                json!({ "thread_ts": ts }).to_string(),
                time::write(from),
                time::write(now),
            ])?;
            Ok(())
        })
        .await
    }
}

/// The row of the message below which a row stands; its own where it is the message.
fn message_of(row: &Notification) -> i64 {
    let above = row.occurrence.split('-').next().filter(|_| row.reason == Reason::MoreKnown);
    above.and_then(|id| id.parse().ok()).unwrap_or(row.id)
}
