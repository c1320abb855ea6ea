//! The thread below a message: one reply says what has become known since, however much that is.
//!
//! Where a message is brought up to date, [`Deliver::follow_up`] asks whether what is new belongs in its thread, and
//! queues a reply. [`Deliver::reply`] sends it when its time has come, with all that is new by then. What the message
//! and its replies have said stands with their rows, so that a restart repeats nothing and forgets nothing.

use super::Deliver;
use super::lane::{Turn, pace_of};
use crate::explain::{Told, reason_of};
use crate::receivers::Receiver;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::incident::Incident;
use foghorn_domain::message::{Known, News};
use foghorn_store::Result;
use foghorn_store::model::Notification;
use foghorn_store::outbox::Lane;
use serde_json::Value;

/// The least time between a message and a reply in its thread, and between two replies.
const APART: SignedDuration = SignedDuration::from_secs(30);

impl Deliver {
    /// Queues a reply where something new is known of an incident that still goes on and that nobody is to be spared.
    pub(super) async fn follow_up(
        &self,
        receiver: &Receiver,
        row: &Notification,
        incident: &Incident,
        told: &Told,
    ) -> Result<()> {
        // What is new in a storm is shown in its own counts.
        if !receiver.has_threads() || row.is_digest || !incident.status.is_open() {
            return Ok(());
        }
        let thread = self.store.thread(row).await?;
        if thread.is_closed || since(thread.known, incident, told).is_none() {
            return Ok(());
        }
        if self.quiet.verdict(incident).await?.is_none() {
            self.store.queue_reply(row, APART).await?;
        }
        Ok(())
    }

    /// What the thread of a reply has not said yet.
    pub(super) async fn news(&self, row: &Notification, incident: &Incident, told: &Told) -> Result<Option<News>> {
        Ok(since(self.store.thread(row).await?.known, incident, told))
    }

    /// Sends a reply. It is no telling, so it waits for nobody and nobody waits for it: what has become quiet or is over
    /// by now is left to the message.
    pub(super) async fn reply(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        row: &Notification,
        incident: Incident,
    ) -> Result<Turn> {
        if let Some(why) = self.why_not(row, &incident).await? {
            self.store.hold(row, why, None).await?;
            return Ok(Turn::Done(1));
        }
        let (now, per_second) = (self.store.clock().now(), receiver.per_second());
        // Like an edit it leaves room for a post.
        if let Err(moment) = self.lane(&pace_of(lane, receiver), |state| state.pace.edit(now, per_second)) {
            return Ok(Turn::Later(moment));
        }
        self.post(lane, receiver, row, incident, Vec::new(), row.may_repeat).await
    }

    async fn why_not(&self, row: &Notification, incident: &Incident) -> Result<Option<String>> {
        if !incident.status.is_open() {
            return Ok(Some("it was over before the thread could say so".to_owned()));
        }
        // An incident that was told again goes on below its last message.
        if !self.store.is_last_told(row).await? {
            return Ok(Some("it was told again before the thread could say so".to_owned()));
        }
        if let Some(held) = self.quiet.verdict(incident).await? {
            return Ok(Some(held.why));
        }
        let told = self.explainer.tell_for(incident, &reason_of(row), row.team.as_deref(), false).await?;
        let is_news = self.news(row, incident, &told).await?.is_some();
        Ok((!is_news).then(|| "the thread has said it already".to_owned()))
    }
}

/// What is new since what was recorded. Where nothing was recorded nothing counts as new.
fn since(known: Option<Value>, incident: &Incident, told: &Told) -> Option<News> {
    let known: Known = serde_json::from_value(known?).ok()?;
    News::since(&known, incident, &told.related)
}

/// What a receiver calls a message, and what that message says is known, for the thread below it.
pub(super) fn with_known(mut provider: Value, receiver: &Receiver, incident: &Incident, told: &Told) -> Value {
    let known = serde_json::to_value(Known::of(incident, told.related.len()));
    if let (true, Value::Object(fields), Ok(known)) = (receiver.has_threads(), &mut provider, known) {
        fields.insert("known".to_owned(), known);
    }
    provider
}
