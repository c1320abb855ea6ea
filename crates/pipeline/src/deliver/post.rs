//! Posting one message: intent first, the message, its outcome last. What was begun and not recorded is looked for
//! at the receiver, and sent again only where it is not found.

use super::lane::{LOOK_AHEAD, Turn, backoff};
use super::storm::{Storm, joining};
use super::thread::with_known;
use super::{Deliver, patience};
use crate::crash;
use crate::explain::{Told, reason_of};
use crate::receivers::{Delivered, Failure, Looked, Outgoing, Receiver, Retry};
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::incident::Incident;
use foghorn_domain::notification::Reason;
use foghorn_store::Result;
use foghorn_store::model::Notification;
use foghorn_store::outbox::{Landed, Lane, Refused};
use serde_json::Value;

/// A message that was begun is not at its receiver.
pub(super) struct NotFound {
    /// It may land yet: then the next one repeats it.
    may_repeat: bool,
}

impl Deliver {
    /// Looks for a message that was begun and not recorded. Where it is found it is recorded, with all that it
    /// carries, and nothing is left to do.
    pub(super) async fn find_begun(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        row: &Notification,
        incident: &Incident,
    ) -> Result<Option<NotFound>> {
        let mut delivered = match receiver.look(row, self.store.clock().now()).await {
            Looked::Found(found) => *found,
            Looked::NoNeed => return Ok(Some(NotFound { may_repeat: row.may_repeat })),
            // What is on its way may still land.
            Looked::NotThere => return Ok(Some(NotFound { may_repeat: true })),
            Looked::Unknown(failure) => {
                tracing::warn!(
                    receiver = lane.receiver,
                    code = failure.code,
                    "an earlier attempt could not be looked for; the message is sent again, marked"
                );
                return Ok(Some(NotFound { may_repeat: true }));
            }
        };
        let incident = as_told(incident);
        let others = self.store.carried_by(row).await?;
        let told = self.explainer.tell_for(&incident, &reason_of(row), row.team.as_deref(), row.may_repeat).await?;
        let storm = self.storm_with(row, &others, row.may_repeat).await?;
        delivered.slack = receiver.slack_row(&self.outgoing(row, &incident, &told, storm.as_ref()).await?);
        self.count(receiver, "sent", None);
        // What has changed since it began is not in it: the text of that moment is gone, and it has to be edited.
        let message = if row.dirty > 0 { Value::Null } else { serde_json::to_value(&told.message)? };
        delivered.provider = with_known(delivered.provider, receiver, &incident, &told);
        self.record(receiver, row, &incident, message, delivered, row.may_repeat, &others).await?;
        Ok(None)
    }

    /// Posts what was begun and is not to be found, with what it was to carry, as far as nobody silenced that since.
    pub(super) async fn post_again(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        row: &Notification,
        incident: Incident,
        not_found: NotFound,
    ) -> Result<Turn> {
        let others = self.hold_silenced(self.store.carried_by(row).await?).await?;
        self.post(lane, receiver, row, incident, others, not_found.may_repeat).await
    }

    /// Posts one message, which tells `others` too.
    pub(super) async fn post(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        row: &Notification,
        incident: Incident,
        others: Vec<Notification>,
        may_repeat: bool,
    ) -> Result<Turn> {
        crash::point("deliver before intent");
        if !self.store.begin_delivery(row, joining(&others, row.incident_id)).await? {
            return Ok(Turn::Done(0));
        }
        crash::point("deliver after intent");
        let incident = as_told(&incident);
        let storm = self.storm_with(row, &others, may_repeat).await?;
        let told = self.explainer.tell_for(&incident, &reason_of(row), row.team.as_deref(), may_repeat).await?;
        let outgoing = self.outgoing(row, &incident, &told, storm.as_ref()).await?;
        crash::point("deliver before send");
        match receiver.post(&outgoing).await {
            Ok(mut delivered) => {
                crash::point("deliver after send");
                delivered.provider = with_known(delivered.provider, receiver, &incident, &told);
                self.count(receiver, if may_repeat { "sent_again" } else { "sent" }, None);
                let message = serde_json::to_value(&told.message)?;
                self.record(receiver, row, &incident, message, delivered, may_repeat, &others).await?;
            }
            Err(failure) => self.refused(lane, receiver, row, failure).await?,
        }
        Ok(Turn::Done(1))
    }

    /// What a message says of the incidents that it carries beside its own.
    async fn storm_with(&self, row: &Notification, others: &[Notification], may_repeat: bool) -> Result<Option<Storm>> {
        if others.is_empty() {
            return Ok(None);
        }
        let all: Vec<Notification> = others.iter().chain([row]).cloned().collect();
        Ok(Some(self.storm_of(&all).await?.marked(may_repeat)))
    }

    #[expect(clippy::too_many_arguments, reason = "they are what is recorded, each once")]
    async fn record(
        &self,
        receiver: &Receiver,
        row: &Notification,
        incident: &Incident,
        message: Value,
        delivered: Delivered,
        may_repeat: bool,
        others: &[Notification],
    ) -> Result<()> {
        let landed = Landed {
            notification: row.clone(),
            message,
            provider: delivered.provider,
            shown_status: receiver.shown_after_post(incident.status).as_str().to_owned(),
            shown_count: incident.event_count,
            may_repeat,
            digest: joining(others, row.incident_id),
            kind: receiver.kind(),
            slack: delivered.slack,
        };
        self.store.record_landed(landed).await?;
        crash::point("deliver after record");
        Ok(())
    }

    async fn refused(&self, lane: &Lane, receiver: &Receiver, row: &Notification, failure: Failure) -> Result<()> {
        let now = self.store.clock().now();
        let fallback = self.routes.fallback();
        let mut since = None;
        let (mut retry_in, counts) = match failure.retry {
            Retry::After(pause) => {
                self.rest(lane, receiver, now + pause);
                since = Some(row.asked_to_wait_since().unwrap_or(now));
                (Some(pause), false)
            }
            Retry::Backoff => (Some(backoff(row.attempts)), true),
            Retry::Never => (None, true),
        };
        // What takes longer than it may is told elsewhere.
        let tired = match (retry_in, since) {
            (Some(pause), Some(since)) if patience::is_over(row, since, now + pause, &fallback) => {
                retry_in = None;
                Some((since, now + pause))
            }
            _ => None,
        };
        tracing::warn!(
            receiver = lane.receiver,
            incident.id = row.incident_id,
            code = failure.code,
            detail = failure.detail,
            "a telling was not delivered"
        );
        let refused = Refused {
            notification: row.clone(),
            kind: receiver.kind(),
            detail: match tired {
                Some(_) => format!("{}; this has lasted too long, and it is told elsewhere", failure.detail),
                None => failure.detail,
            },
            code: failure.code,
            retry_in,
            // That this attempt did not land says nothing about an earlier one.
            may_have_landed: failure.may_have_landed || row.in_flight,
            counts,
            asked_to_wait_since: since,
            fallback,
        };
        self.record_refused(receiver, refused.clone()).await?;
        let Some((since, next)) = tired else { return Ok(()) };
        // The others of the lane waited behind this one; each would find out for itself, one after the other.
        for other in self.store.waiting_in(lane.clone(), LOOK_AHEAD).await? {
            let since = other.asked_to_wait_since().unwrap_or(other.created_at.max(since));
            if !other.in_flight && patience::is_over(&other, since, next, &refused.fallback) {
                let refused = Refused { notification: other, may_have_landed: false, ..refused.clone() };
                self.record_refused(receiver, refused).await?;
            }
        }
        Ok(())
    }

    async fn record_refused(&self, receiver: &Receiver, refused: Refused) -> Result<()> {
        let outcome = if refused.retry_in.is_some() { "put_off" } else { "given_up" };
        self.count(receiver, outcome, Some(&refused.code));
        self.store.record_refused(refused).await
    }

    pub(super) async fn outgoing<'a>(
        &self,
        row: &'a Notification,
        incident: &'a Incident,
        told: &'a Told,
        storm: Option<&'a Storm>,
    ) -> Result<Outgoing<'a>> {
        let first_notification = self.store.first_told(row).await?;
        let news = match row.reason {
            Reason::MoreKnown => Some(self.news(row, incident, told).await?.unwrap_or_default()),
            _ => None,
        };
        let now = self.store.clock().now();
        Ok(Outgoing { row, incident, told, storm, emergency: None, news, first_notification, now })
    }

    /// A route may name a receiver that the file no longer has: what waits for it goes to the fallback.
    pub(super) async fn give_up_lane(&self, lane: &Lane) -> Result<usize> {
        let waiting = self.store.waiting_in(lane.clone(), LOOK_AHEAD).await?;
        let count = waiting.len();
        for row in waiting {
            let refused = Refused {
                notification: row,
                kind: "receiver",
                code: "unknown_receiver".to_owned(),
                detail: format!("no receiver is called {}", lane.receiver),
                retry_in: None,
                may_have_landed: false,
                counts: true,
                asked_to_wait_since: None,
                fallback: self.routes.fallback(),
            };
            self.store.record_refused(refused).await?;
        }
        while let Some(row) = self.store.outdated_in(lane.clone(), SignedDuration::ZERO).await? {
            self.store.put_off_edit(&row, None, true).await?;
        }
        Ok(count)
    }
}

fn as_told(incident: &Incident) -> Incident {
    Incident { status: incident.status.once_told(), ..incident.clone() }
}
