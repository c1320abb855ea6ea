//! The outbox: a row for each incident, receiver and reason, from the moment the reason arises until the
//! message has been delivered and for as long as it is edited.

use super::outbox::{self, Routed};
use super::{Store, audit, rows};
use crate::model::{Explanation, Notification};
use crate::sql::{Row, Transaction, params};
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::{Incident, IncidentId, Status};
use foghorn_domain::notification::{NotificationStatus, Reason, ReasonKey};
use foghorn_domain::severity::Urgency;
use serde_json::{Value, json};

/// The one receiver of the embedded default: the dashboard, which shows messages as they would look.
pub const DASHBOARD: &str = "dashboard";

/// Failed deliveries after which a telling is given up.
const MAX_ATTEMPTS: u32 = 8;

/// A telling, made ready.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its outbox row.
    pub notification: Notification,
    /// The incident as the message shows it.
    pub incident: Incident,
    /// The message.
    pub message: Value,
    /// The analysis in it.
    pub explanation: Explanation,
    /// As what it goes out.
    pub delivery: Delivery,
    /// Which receivers beside the dashboard are told, too.
    pub routed: Vec<Routed>,
}

/// What became of a telling, to be recorded.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// It is a message of its own.
    Sent,
    /// It is shown in the message of this incident, for this reason.
    Joined(IncidentId, String),
    /// Nobody is told, for this reason; what holds it back is named (`silence:7`).
    Held(String, String),
}

/// An incident that was told on its own not long ago, which a related one may join.
#[derive(Clone, Debug)]
pub struct Told {
    /// The incident.
    pub incident: Incident,
    /// When it was told.
    pub sent_at: Timestamp,
}

impl Store {
    /// Reasons that wait to be routed and shown in the dashboard: pages first, then the oldest.
    pub async fn pending_notifications(&self, limit: u32) -> Result<Vec<Notification>> {
        let now = time::write(self.clock().now());
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM notifications
                  WHERE status = 'pending' AND receiver = ?3 AND (next_attempt_at IS NULL OR next_attempt_at <= ?1)
                  ORDER BY urgency = 'page' DESC, id LIMIT ?2"
            );
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_map(params![now, limit, DASHBOARD], notification)?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// The dashboard's messages whose incident has changed since, oldest first.
    pub async fn dirty_notifications(&self, limit: u32) -> Result<Vec<Notification>> {
        self.list("dirty > 0 AND status = 'sent' AND receiver = 'dashboard' ORDER BY id LIMIT ?1", limit.into()).await
    }

    /// The tellings of an incident, oldest first.
    pub async fn notifications_of(&self, incident_id: IncidentId) -> Result<Vec<Notification>> {
        self.list("incident_id = ?1 ORDER BY id", incident_id).await
    }

    /// The newest messages, newest first.
    pub async fn latest_messages(&self, limit: u32) -> Result<Vec<Notification>> {
        self.list("status = 'sent' AND receiver = 'dashboard' ORDER BY id DESC LIMIT ?1", limit.into()).await
    }

    /// Incidents shown inside this one's message, with the reason for each.
    pub async fn joined_to(&self, incident_id: IncidentId) -> Result<Vec<(IncidentId, String)>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT incident_id, coalesce(why, '') FROM notifications
                  WHERE status = 'joined' AND receiver = 'dashboard' AND told_with = ?1 ORDER BY id LIMIT 50",
            )?;
            let joined = statement.query_map([incident_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(joined.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Incidents of an environment that began within `window` of a moment and were told on their own; without
    /// their evidence, which is long and which nobody asks for here.
    pub async fn told_near(&self, environment: String, at: Timestamp, window: SignedDuration) -> Result<Vec<Told>> {
        self.read(move |db| {
            let columns = rows::INCIDENT_COLUMNS
                .split(", ")
                .map(|name| if name.trim() == "evidence" { "'[]'".to_owned() } else { format!("i.{}", name.trim()) })
                .collect::<Vec<_>>()
                .join(", ");
            let sql = format!(
                "SELECT {columns}, n.sent_at FROM incidents i JOIN notifications n ON n.incident_id = i.id
                  WHERE i.created_at BETWEEN ?1 AND ?2 AND i.environment = ?3 AND n.status = 'sent'
                    AND n.reason = 'opened' AND n.receiver = ?4 AND i.status NOT IN ('resolved', 'false_positive')
                  ORDER BY n.id LIMIT 200"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let range = params![time::write(at - window), time::write(at + window), environment, DASHBOARD];
            let told = statement.query_map(range, |row| {
                Ok(Told { incident: rows::incident(row)?, sent_at: rows::moment(row, 23)?.unwrap_or(at) })
            })?;
            Ok(told.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Records that messages were delivered to the dashboard (which lives in this store, so that delivery and
    /// record are one commit): each message, its incident's status, analysis and audit row. Answers for each
    /// whether it went out; one whose incident has become worse since the message was built waits for the
    /// next step.
    pub async fn deliver(&self, prepared: Vec<Prepared>) -> Result<Vec<bool>> {
        let clock = self.clock().clone();
        self.write(move |tx| prepared.iter().map(|one| deliver(tx, one, clock.now())).collect()).await
    }

    /// Puts off a telling whose delivery failed; at the bound it is given up, with an audit row.
    pub async fn postpone(&self, notification: Notification, why: String) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let attempts = notification.attempts + 1;
            let is_last = attempts >= MAX_ATTEMPTS;
            let status = if is_last { NotificationStatus::Failed } else { NotificationStatus::Pending };
            let next = time::write(now + SignedDuration::from_secs(2_i64.pow(attempts.min(8))));
            tx.prepare_cached(
                "UPDATE notifications SET attempts = ?2, why = ?3, next_attempt_at = ?4, status = ?5
                  WHERE id = ?1 AND status = 'pending'",
            )?
            .execute(params![notification.id, attempts, why, next, status.as_str()])?;
            if is_last {
                let details =
                    json!({ "receiver": notification.receiver, "reason": notification.reason, "attempts": attempts });
                audit::append(tx, Some(notification.incident_id), "agent", "telling_failed", &details, now)?;
            }
            Ok(())
        })
        .await
    }

    /// Replaces the text of a delivered message, which shows `seen` of its incident's changes. It counts as an
    /// edit only where the text differs.
    pub async fn edit(&self, notification_id: i64, message: Value, seen: i64) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            tx.prepare_cached(
                "UPDATE notifications SET dirty = CASE WHEN dirty > ?4 THEN dirty - ?4 ELSE 0 END,
                        edits = edits + CASE WHEN message IS DISTINCT FROM ?2 THEN 1 ELSE 0 END,
                        edited_at = CASE WHEN message IS DISTINCT FROM ?2 THEN ?3 ELSE edited_at END, message = ?2
                  WHERE id = ?1",
            )?
            .execute(params![notification_id, message.to_string(), time::write(clock.now()), seen])?;
            Ok(())
        })
        .await
    }

    async fn list(&self, condition: &'static str, argument: i64) -> Result<Vec<Notification>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM notifications WHERE {condition}"))?;
            Ok(statement.query_map([argument], notification)?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }
}

/// Writes the outbox row of a reason; `false` if that reason has its row already. With `held_because` the
/// row records that, and why, nobody is told.
pub(super) fn queue(
    tx: &Transaction<'_>,
    incident: &Incident,
    key: &ReasonKey,
    held_because: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let status = if held_because.is_some() { NotificationStatus::Held } else { NotificationStatus::Pending };
    // A reason that was held (urgency record) is told after all once the urgency has risen.
    let written = tx
        .prepare_cached(
            "INSERT INTO notifications (incident_id, receiver, channel, reason, occurrence, urgency, status, why, created_at)
             VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (incident_id, receiver, reason, occurrence) DO UPDATE SET
                 status = excluded.status, why = excluded.why, urgency = excluded.urgency,
                 created_at = excluded.created_at
              WHERE notifications.status = 'held' AND excluded.status = 'pending' AND notifications.held_by IS NULL",
        )?
        .execute(params![
            incident.id,
            DASHBOARD,
            key.reason.as_str(),
            key.occurrence,
            incident.urgency.as_str(),
            status.as_str(),
            held_because,
            time::write(now),
        ])?;
    Ok(written > 0)
}

/// Has the messages in which an incident is shown rendered again.
pub(super) fn mark_dirty(tx: &Transaction<'_>, incident_id: IncidentId) -> Result<()> {
    tx.post(
        "UPDATE notifications SET dirty = dirty + 1
          WHERE (status = 'sent' OR (status = 'pending' AND in_flight))
            AND incident_id IN (SELECT ?1::bigint UNION
                 SELECT told_with FROM notifications WHERE incident_id = ?1 AND told_with IS NOT NULL)",
        [incident_id],
    )?;
    Ok(())
}

fn deliver(tx: &Transaction<'_>, prepared: &Prepared, now: Timestamp) -> Result<bool> {
    let Prepared { notification, incident, message, explanation, delivery, routed } = prepared;
    let (status, told_with, why) = match delivery {
        Delivery::Sent => (NotificationStatus::Sent, None, None),
        Delivery::Joined(with, why) => (NotificationStatus::Joined, Some(*with), Some(why.as_str())),
        Delivery::Held(why, held_by) => return hold(tx, prepared, why, held_by, now),
    };
    // Growth since the message was built is an edit; a higher severity is not: the message must say it.
    let written = tx
        .prepare_cached(
            "UPDATE notifications SET status = ?2, told_with = ?3, why = ?4, message = ?5, sent_at = ?6,
                    urgency = (SELECT urgency FROM incidents WHERE id = notifications.incident_id),
                    dirty = (SELECT CASE WHEN event_count <> ?8 THEN 1 ELSE 0 END
                               FROM incidents WHERE id = notifications.incident_id)
              WHERE id = ?1 AND status = 'pending'
                AND (SELECT severity FROM incidents WHERE id = notifications.incident_id) = ?7",
        )?
        .execute(params![
            notification.id,
            status.as_str(),
            told_with,
            why,
            message.to_string(),
            time::write(now),
            incident.severity.as_str(),
            incident.event_count,
        ])?;
    if written == 0 {
        return Ok(false);
    }
    tx.prepare_cached("UPDATE incidents SET analysis = ?2, updated_at = ?3 WHERE id = ?1")?.execute(params![
        notification.incident_id,
        serde_json::to_string(explanation)?,
        time::write(now)
    ])?;
    // Told is a state only of an incident nobody has touched: a late `notified` overwrites no person.
    tx.prepare_cached("UPDATE incidents SET status = ?2 WHERE id = ?1 AND status = 'open'")?
        .execute(params![notification.incident_id, Status::Notified.as_str()])?;
    let details = json!({
        "ai_summary": explanation.analysis.summary, "receiver": notification.receiver, "reason": notification.reason,
        "occurrence": notification.occurrence, "told_with": told_with,
    });
    audit::append(tx, Some(notification.incident_id), "agent", "notified", &details, now)?;
    outbox::fan_out(tx, notification, incident.urgency, routed, told_with.zip(why), now)?;
    if let Some(with) = told_with {
        mark_dirty(tx, with)?;
    }
    Ok(true)
}

/// The analysis is kept: whoever looks at the incident sees it although nobody was told.
fn hold(tx: &Transaction<'_>, prepared: &Prepared, why: &str, held_by: &str, now: Timestamp) -> Result<bool> {
    let Prepared { notification, explanation, .. } = prepared;
    tx.prepare_cached(
        "UPDATE notifications SET status = 'held', why = ?2, held_by = ?3 WHERE id = ?1 AND status = 'pending'",
    )?
    .execute(params![notification.id, why, held_by])?;
    tx.prepare_cached("UPDATE incidents SET analysis = ?2, updated_at = ?3 WHERE id = ?1")?.execute(params![
        notification.incident_id,
        serde_json::to_string(explanation)?,
        time::write(now)
    ])?;
    Ok(true)
}

pub(super) const COLUMNS: &str = "id, incident_id, receiver, channel, reason, occurrence, urgency, status, why, \
     told_with, message, edits, created_at, sent_at, dirty, attempts, route, held_by, in_flight, provider, \
     shown_status, is_digest, may_repeat, team, next_attempt_at";

pub(super) fn notification(row: &Row<'_>) -> crate::sql::Result<Notification> {
    let status: String = row.get(7)?;
    let all = [
        NotificationStatus::Pending,
        NotificationStatus::Sent,
        NotificationStatus::Joined,
        NotificationStatus::Held,
        NotificationStatus::Failed,
    ];
    Ok(Notification {
        id: row.get(0)?,
        incident_id: row.get(1)?,
        receiver: row.get(2)?,
        channel: row.get(3)?,
        reason: Reason::parse(&row.get::<String>(4)?).unwrap_or(Reason::Opened),
        occurrence: row.get(5)?,
        urgency: Urgency::parse(&row.get::<String>(6)?).unwrap_or(Urgency::Notify),
        status: all.into_iter().find(|known| known.as_str() == status).unwrap_or(NotificationStatus::Failed),
        why: row.get(8)?,
        told_with: row.get(9)?,
        message: row.get::<Option<String>>(10)?.and_then(|text| serde_json::from_str(&text).ok()),
        edits: row.get(11)?,
        created_at: rows::moment(row, 12)?.unwrap_or(Timestamp::UNIX_EPOCH),
        sent_at: rows::moment(row, 13)?,
        dirty: row.get(14)?,
        attempts: row.get(15)?,
        route: row.get(16)?,
        held_by: row.get(17)?,
        in_flight: row.get(18)?,
        provider: row.get::<Option<String>>(19)?.and_then(|text| serde_json::from_str(&text).ok()),
        shown_status: row.get(20)?,
        is_digest: row.get(21)?,
        may_repeat: row.get(22)?,
        team: row.get(23)?,
        next_attempt_at: rows::moment(row, 24)?,
    })
}
