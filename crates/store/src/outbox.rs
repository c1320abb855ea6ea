//! Receivers beside the dashboard: what waits for them, what became of it, what is to be edited.
//!
//! A lane is one channel of one receiver; what is told there goes out one after the other. A delivery is
//! begun in the store ([`Store::begin_delivery`]) before anything leaves, and its outcome is recorded after;
//! whoever finds one begun and not recorded looks at the receiver before sending again.

mod carried;
mod record;
mod thread;

pub(super) use record::fan_out;
pub use thread::Thread;

use super::Store;
use super::notifications::{COLUMNS, DASHBOARD, notification};
use crate::model::Notification;
use crate::sql::params;
use crate::{Result, time};
use carried::{IS_CARRIED, part, release};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::{Incident, IncidentId, Status};
use foghorn_domain::notification::{Reason, ReasonKey};
use record::{record_landed, record_refused};
use serde_json::Value;

/// One channel of one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// The receiver's name.
    pub receiver: String,
    /// The Slack channel, the address, the service: where the receiver is told.
    pub channel: String,
}

/// A receiver that a route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// Where.
    pub lane: Lane,
    /// The way through the routing file, in words.
    pub route: String,
    /// The team that the route names.
    pub team: Option<String>,
    /// Whether an incident may be told there in another's message. Programs want each one.
    pub joins: bool,
}

/// A row that is told in another's message.
#[derive(Clone, Debug)]
pub struct Carried {
    /// The row.
    pub id: i64,
    /// Why, a sentence.
    pub why: String,
    /// What kept it from a message of its own: `storm`.
    pub held_by: String,
}

/// A delivery that succeeded.
#[derive(Clone, Debug)]
pub struct Landed {
    /// The outbox row.
    pub notification: Notification,
    /// The message as data, as the pages show it.
    pub message: Value,
    /// What the receiver calls it.
    pub provider: Value,
    /// The status of the incident that it shows.
    pub shown_status: String,
    /// How many events of the incident it shows.
    pub shown_count: u64,
    /// Whether it may repeat an earlier one.
    pub may_repeat: bool,
    /// Rows that this message stands for too; its own is not among them.
    pub digest: Vec<Carried>,
    /// `slack`, `email`, `pagerduty`, `webhook`: names the audit row.
    pub kind: &'static str,
    /// For Slack: what goes into the table of messages that others read.
    pub slack: Option<SlackRow>,
}

/// A row of `slack_messages`, beside what the incident itself says.
#[derive(Clone, Debug, Default)]
pub struct SlackRow {
    /// The blocks.
    pub blocks: Value,
    /// The lock-screen line.
    pub text: String,
    /// Similar incidents.
    pub similar: Value,
    /// The analysis.
    pub analysis: Value,
}

/// A delivery that did not succeed.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The outbox row.
    pub notification: Notification,
    /// `slack`, `email`, `pagerduty`, `webhook`: names the audit row.
    pub kind: &'static str,
    /// The receiver's own word for what is wrong, or ours: `channel_not_found`, `timeout`.
    pub code: String,
    /// The same for people.
    pub detail: String,
    /// When to try again; `None` gives up.
    pub retry_in: Option<SignedDuration>,
    /// Whether the message may have arrived all the same.
    pub may_have_landed: bool,
    /// Whether this counts towards the bound of attempts: waiting one's turn does not.
    pub counts: bool,
    /// Since when the receiver has answered nothing but that one should wait; `None` where it answered otherwise.
    pub asked_to_wait_since: Option<Timestamp>,
    /// Who is told instead where it is given up.
    pub fallback: Vec<Routed>,
}

/// Failed deliveries to an outside receiver after which a telling is given up: with doubling pauses, more
/// than three hours.
pub const MAX_ATTEMPTS: u32 = 30;

impl Store {
    /// Lanes in which something is to be told or edited now, and when the next one will be.
    pub async fn lanes(&self) -> Result<Vec<Lane>> {
        let now = time::write(self.clock().now());
        self.read(move |db| {
            let sql = format!(
                "SELECT receiver, channel FROM notifications n
                  WHERE status = 'pending' AND receiver <> ?2 AND (next_attempt_at IS NULL OR next_attempt_at <= ?1)
                    AND NOT {IS_CARRIED}
                 UNION
                 SELECT receiver, channel FROM notifications WHERE dirty > 0 AND status = 'sent' AND receiver <> ?2
                  AND (next_attempt_at IS NULL OR next_attempt_at <= ?1)"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let lanes = statement
                .query_map(params![now, DASHBOARD], |row| Ok(Lane { receiver: row.get(0)?, channel: row.get(1)? }))?;
            Ok(lanes.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// What waits in a lane and may be told now: pages first, then what was begun, then the oldest, and last the
    /// replies in threads. What a begun message carries waits for that message.
    pub async fn waiting_in(&self, lane: Lane, limit: u32) -> Result<Vec<Notification>> {
        let now = time::write(self.clock().now());
        self.rows_of(lane, now, limit, |columns| {
            format!(
                "SELECT {columns} FROM notifications n
                  WHERE status = 'pending' AND receiver = ?1 AND channel = ?2
                    AND (next_attempt_at IS NULL OR next_attempt_at <= ?3) AND NOT {IS_CARRIED}
                  ORDER BY reason = 'more_known', urgency = 'page' DESC, in_flight DESC, id LIMIT ?4"
            )
        })
        .await
    }

    /// The message of a lane that does not show the newest state and has waited longest. One that shows the right
    /// status and only lacks a grown count waits at least `counts_every` between two edits.
    pub async fn outdated_in(&self, lane: Lane, counts_every: SignedDuration) -> Result<Option<Notification>> {
        let now = self.clock().now();
        let (now, long_ago) = (time::write(now), time::write(now - counts_every));
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM notifications n
                  WHERE dirty > 0 AND status = 'sent' AND receiver = ?1 AND channel = ?2
                    AND (next_attempt_at IS NULL OR next_attempt_at <= ?3)
                    AND (coalesce(edited_at, sent_at) <= ?4
                         OR shown_status IS DISTINCT FROM (SELECT status FROM incidents i WHERE i.id = n.incident_id))
                  ORDER BY coalesce(edited_at, sent_at), id LIMIT 1"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(params![lane.receiver, lane.channel, now, long_ago], notification)?.next();
            Ok(found.transpose()?)
        })
        .await
    }

    /// When messages went out into a lane since a moment, oldest first.
    pub async fn sent_since(&self, lane: Lane, since: Timestamp) -> Result<Vec<Timestamp>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT sent_at FROM notifications
                  WHERE status = 'sent' AND receiver = ?1 AND channel = ?2 AND sent_at >= ?3 ORDER BY sent_at LIMIT 1000",
            )?;
            let moments = statement
                .query_map(params![lane.receiver, lane.channel, time::write(since)], |row| super::rows::moment(row, 0))?;
            Ok(moments.collect::<crate::sql::Result<Vec<_>>>()?.into_iter().flatten().collect())
        })
        .await
    }

    /// The newest digest of a lane that was sent since a moment.
    pub async fn digest_since(&self, lane: Lane, since: Timestamp) -> Result<Option<Notification>> {
        let since = time::write(since);
        let found = self
            .rows_of(lane, since, 1, |columns| {
                format!(
                    "SELECT {columns} FROM notifications
                      WHERE status = 'sent' AND is_digest AND receiver = ?1 AND channel = ?2 AND sent_at >= ?3
                      ORDER BY id DESC LIMIT ?4"
                )
            })
            .await?;
        Ok(found.into_iter().next())
    }

    /// The incidents that a digest stands for beside its own, with the urgency each was told with.
    pub async fn in_digest(&self, digest: &Notification) -> Result<Vec<IncidentId>> {
        let (receiver, channel, incident) = (digest.receiver.clone(), digest.channel.clone(), digest.incident_id);
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT incident_id FROM notifications
                  WHERE status = 'joined' AND told_with = ?3 AND receiver = ?1 AND channel = ?2 LIMIT 5000",
            )?;
            let found = statement.query_map(params![receiver, channel, incident], |row| row.get(0))?;
            Ok(found.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// The first message about a telling's incident that went out into its lane, if there was one.
    pub async fn first_told(&self, row: &Notification) -> Result<Option<i64>> {
        let (incident, receiver, channel) = (row.incident_id, row.receiver.clone(), row.channel.clone());
        self.read(move |db| {
            let sql = "SELECT min(id) FROM notifications
                        WHERE incident_id = ?1 AND receiver = ?2 AND channel = ?3 AND status = 'sent'";
            Ok(db.prepare_cached(sql)?.query_row(params![incident, receiver, channel], |row| row.get(0))?)
        })
        .await
    }

    /// Whether no later message about a telling's incident went out into its lane.
    pub async fn is_last_told(&self, row: &Notification) -> Result<bool> {
        let (id, incident, receiver, channel) = (row.id, row.incident_id, row.receiver.clone(), row.channel.clone());
        self.read(move |db| {
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM notifications WHERE incident_id = ?1 AND receiver = ?2
                        AND channel = ?3 AND status = 'sent' AND id > ?4
                        AND reason NOT IN ('more_known', 'details_requested'))";
            Ok(db.prepare_cached(sql)?.query_row(params![incident, receiver, channel, id], |row| row.get(0))?)
        })
        .await
    }

    /// Has somebody's wish to know more answered in the threads of an incident's messages (in the one with the
    /// time `ts`, where that is known). `wish` makes it the same wish when it comes again.
    pub async fn ask_for_details(&self, incident_id: IncidentId, ts: Option<String>, wish: String) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            tx.prepare_cached(
                "INSERT INTO notifications
                     (incident_id, receiver, channel, reason, occurrence, urgency, status, route, team, provider, created_at)
                 SELECT incident_id, receiver, channel, ?2, ?3, urgency, 'pending', route, team,
                        json_object('thread_ts', provider::jsonb ->> 'ts')::text, ?4
                   FROM notifications
                  WHERE incident_id = ?1 AND status = 'sent' AND reason NOT IN (?2, 'more_known')
                    AND provider::jsonb ->> 'ts' IS NOT NULL
                    AND (?5::text IS NULL OR provider::jsonb ->> 'ts' = ?5)
                  ORDER BY id DESC LIMIT 1
                 ON CONFLICT (incident_id, receiver, reason, occurrence) DO NOTHING",
            )?
            .execute(params![incident_id, Reason::DetailsRequested.as_str(), wish, time::write(clock.now()), ts])?;
            Ok(())
        })
        .await
    }

    /// Incidents that were told and that nobody has answered, with the moment of the telling that counts: of the
    /// opening, or of the last coming back. Who takes a message takes the incidents that are told in it, as long as
    /// the one it is about goes on. They come without their evidence, which nobody asks for here.
    pub async fn told_and_unanswered(&self) -> Result<Vec<(Incident, Timestamp)>> {
        self.read(|db| {
            let columns = super::rows::INCIDENT_COLUMNS
                .split(", ")
                .map(|name| if name.trim() == "evidence" { "'[]'".to_owned() } else { format!("i.{}", name.trim()) });
            let sql = format!(
                "SELECT {}, max(n.sent_at) FROM incidents i JOIN notifications n ON n.incident_id = i.id
                  WHERE i.status = 'notified' AND n.receiver = '{DASHBOARD}' AND n.status IN ('sent', 'joined')
                    AND n.reason IN ('opened', 'reopened', 'still_firing', 'silence_ended')
                    AND NOT (n.status = 'joined' AND EXISTS (SELECT 1 FROM incidents c
                        WHERE c.id = n.told_with AND c.status NOT IN ('resolved', 'false_positive')))
                  GROUP BY i.id ORDER BY i.id DESC LIMIT 5000",
                columns.collect::<Vec<_>>().join(", ")
            );
            let mut statement = db.prepare_cached(&sql)?;
            let told = statement.query_map([], |row| {
                Ok((super::rows::incident(row)?, super::rows::moment(row, 23)?.unwrap_or(Timestamp::UNIX_EPOCH)))
            })?;
            Ok(told.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Writes the outbox rows of reasons, those that are not there yet. Returns how many.
    pub async fn queue_reasons(&self, reasons: Vec<(IncidentId, ReasonKey)>) -> Result<usize> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let mut queued = 0;
            for (id, key) in &reasons {
                let incident = super::incidents::by_id(tx, *id)?;
                if incident.status == Status::Notified {
                    queued += usize::from(super::notifications::queue(tx, &incident, key, None, clock.now())?);
                }
            }
            Ok(queued)
        })
        .await
    }

    /// These incidents, those that there are.
    pub async fn incidents_by_id(&self, ids: Vec<IncidentId>) -> Result<Vec<Incident>> {
        self.read(move |db| {
            let sql = format!("SELECT {} FROM incidents WHERE id = ?1", super::rows::INCIDENT_COLUMNS);
            let mut statement = db.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.extend(statement.query_map([id], super::rows::incident)?.next().transpose()?);
            }
            Ok(found)
        })
        .await
    }

    /// One telling.
    pub async fn notification(&self, id: i64) -> Result<Option<Notification>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM notifications WHERE id = ?1"))?;
            Ok(statement.query_map([id], notification)?.next().transpose()?)
        })
        .await
    }

    /// Records a delivery, with its audit row and, for Slack, the row that other programs read.
    pub async fn record_landed(&self, landed: Landed) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| record_landed(tx, &landed, clock.now())).await
    }

    /// Records a delivery that did not succeed: it is tried again, or given up and told elsewhere.
    pub async fn record_refused(&self, refused: Refused) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| record_refused(tx, &refused, clock.now())).await
    }

    /// Tells later, for a reason that is shown until then.
    pub async fn wait_until(&self, id: i64, moment: Timestamp, why: String, held_by: String) -> Result<()> {
        self.write(move |tx| {
            let sql = "UPDATE notifications SET next_attempt_at = ?2, why = ?3, held_by = ?4
                        WHERE id = ?1 AND status = 'pending'";
            tx.prepare_cached(sql)?.execute(params![id, time::write(moment), why, held_by])?;
            Ok(())
        })
        .await
    }

    /// When a lane was last told about a service in an environment.
    pub async fn last_told(&self, lane: Lane, service: String, environment: String) -> Result<Option<Timestamp>> {
        // What lies further back spares nobody any more.
        let since = time::write(self.clock().now() - SignedDuration::from_hours(24 * 7));
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT max(n.sent_at) FROM notifications n JOIN incidents i ON i.id = n.incident_id
                  WHERE n.status = 'sent' AND n.receiver = ?1 AND n.channel = ?2 AND i.service = ?3 AND i.environment = ?4
                    AND n.sent_at >= ?5 AND n.reason <> 'more_known'",
            )?;
            Ok(statement.query_row(params![lane.receiver, lane.channel, service, environment, since], |row| {
                super::rows::moment(row, 0)
            })?)
        })
        .await
    }

    /// Does not tell, for a reason that is shown. What its message was to carry, or what had joined it, is told on
    /// its own, marked where that message may have arrived.
    pub async fn hold(&self, row: &Notification, why: String, held_by: Option<String>) -> Result<()> {
        let row = row.clone();
        self.write(move |tx| {
            let held = tx
                .prepare_cached(
                    "UPDATE notifications SET status = 'held', why = ?2, held_by = ?3, told_with = NULL
                      WHERE id = ?1 AND status = 'pending'",
                )?
                .execute(params![row.id, why, held_by])?;
            if held > 0 {
                release(tx, &row, row.in_flight)?;
                part(tx, &row)?;
            }
            Ok(())
        })
        .await
    }

    /// Records that a message shows `seen` of its incident's changes, and which status. `edited` is its new text.
    pub async fn record_edit(&self, id: i64, seen: i64, shown_status: String, edited: Option<Value>) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            tx.prepare_cached(
                "UPDATE notifications SET dirty = CASE WHEN dirty > ?2 THEN dirty - ?2 ELSE 0 END, shown_status = ?3,
                        edits = edits + CASE WHEN ?4::text IS NULL THEN 0 ELSE 1 END,
                        message = coalesce(?4, message), edited_at = ?5, attempts = 0, next_attempt_at = NULL
                  WHERE id = ?1",
            )?
            .execute(params![
                id,
                seen,
                shown_status,
                edited.map(|message| message.to_string()),
                time::write(clock.now())
            ])?;
            Ok(())
        })
        .await
    }

    /// Puts an edit off; after some attempts the message stays as it is.
    pub async fn put_off_edit(&self, row: &Notification, retry_in: Option<SignedDuration>, counts: bool) -> Result<()> {
        let clock = self.clock().clone();
        let (id, attempts) = (row.id, row.attempts + u32::from(counts));
        self.write(move |tx| {
            let is_given_up = retry_in.is_none() || attempts >= MAX_ATTEMPTS;
            let next = retry_in.map(|pause| time::write(clock.now() + pause));
            tx.prepare_cached(
                "UPDATE notifications SET attempts = ?2, next_attempt_at = ?3, dirty = CASE WHEN ?4 THEN 0 ELSE dirty END
                  WHERE id = ?1",
            )?
            .execute(params![id, attempts, next, is_given_up])?;
            Ok(())
        })
        .await
    }

    async fn rows_of(
        &self,
        lane: Lane,
        moment: String,
        limit: u32,
        sql: impl Fn(&str) -> String + Send + 'static,
    ) -> Result<Vec<Notification>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(&sql(COLUMNS))?;
            let rows = statement.query_map(params![lane.receiver, lane.channel, moment, limit], notification)?;
            Ok(rows.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }
}
