//! Bringing a message that is out up to date.

use super::Deliver;
use super::lane::{Turn, backoff};
use crate::crash;
use crate::explain::reason_of;
use crate::receivers::{Receiver, Retry};
use foghorn_domain::clock::SignedDuration;
use foghorn_store::Result;
use foghorn_store::model::Notification;
use foghorn_store::outbox::Lane;

/// A message that shows the right status, and only a count that has grown since, is edited this seldom.
const COUNTS_EVERY: SignedDuration = SignedDuration::from_secs(10);

impl Deliver {
    /// Brings the message that waits longest up to date.
    pub(super) async fn edit_next(&self, lane: &Lane, receiver: &Receiver) -> Result<Turn> {
        let Some(row) = self.store.outdated_in(lane.clone(), COUNTS_EVERY).await? else { return Ok(Turn::Nothing) };
        match self.edit(lane, receiver, &row).await {
            Err(error) if !error.is_temporary() => {
                tracing::error!(%error, receiver = lane.receiver, incident.id = row.incident_id, "a message could not be brought up to date and will be tried again");
                self.store.put_off_edit(&row, Some(backoff(row.attempts)), true).await?;
                Ok(Turn::Done(1))
            }
            turn => turn,
        }
    }

    async fn edit(&self, lane: &Lane, receiver: &Receiver, row: &Notification) -> Result<Turn> {
        let incident = self.store.incident(row.incident_id).await?;
        let status = incident.status.as_str().to_owned();
        let was_said_elsewhere = receiver.says_changes() && !self.store.is_last_told(row).await?;
        if was_said_elsewhere || !receiver.shows(row, &incident) {
            self.store.record_edit(row.id, row.dirty, status, None).await?;
            return Ok(Turn::Done(1));
        }
        let told = self.explainer.tell_for(&incident, &reason_of(row), row.team.as_deref(), row.may_repeat).await?;
        self.follow_up(receiver, row, &incident, &told).await?;
        let message = serde_json::to_value(&told.message)?;
        if !row.is_digest && row.message.as_ref() == Some(&message) {
            self.store.record_edit(row.id, row.dirty, status, None).await?;
            return Ok(Turn::Done(1));
        }
        if let Err(moment) = self.pace(lane, receiver, false).await? {
            return Ok(Turn::Later(moment));
        }
        let storm = match row.is_digest {
            true => Some(self.storm_from(row).await?),
            false => None,
        };
        let outgoing = self.outgoing(row, &incident, &told, storm.as_ref()).await?;
        crash::point("edit before send");
        match receiver.edit(&outgoing).await {
            Ok(()) => {
                crash::point("edit after send");
                self.count(receiver, "edited", None);
                self.store.record_edit(row.id, row.dirty, status, Some(message)).await?;
                crash::point("edit after record");
            }
            Err(failure) => {
                let now = self.store.clock().now();
                let (retry_in, counts) = match failure.retry {
                    Retry::After(pause) => {
                        self.rest_edits(lane, receiver, now + pause);
                        (Some(pause), false)
                    }
                    Retry::Backoff => (Some(backoff(row.attempts)), true),
                    Retry::Never => (None, true),
                };
                self.count(
                    receiver,
                    if retry_in.is_some() { "edit_put_off" } else { "edit_given_up" },
                    Some(&failure.code),
                );
                tracing::warn!(
                    receiver = lane.receiver,
                    incident.id = row.incident_id,
                    code = failure.code,
                    "a message could not be edited"
                );
                self.store.put_off_edit(row, retry_in, counts).await?;
            }
        }
        Ok(Turn::Done(1))
    }
}
