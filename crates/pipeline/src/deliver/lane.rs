//! What happens in one lane: hold back what is to be quiet, fold a storm, post, and last reply in threads and edit.

use super::Deliver;
use super::pace::Pace;
use super::storm::{Storm, joining};
use super::thread::with_known;
use crate::explain::{Told, reason_of};
use crate::metrics::Metrics;
use crate::receivers::{Delivered, Failure, Looked, Outgoing, Receiver, Retry};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Incident;
use foghorn_domain::notification::Reason;
use foghorn_domain::severity::Urgency;
use foghorn_routing::{STORM_WINDOW, StormGauge, within_interval};
use foghorn_store::Result;
use foghorn_store::model::Notification;
use foghorn_store::sqlite::outbox::{Landed, Lane, Refused};
use foghorn_store::sqlite::watch::WATCHMAN;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// For so long after a storm's message, further tellings of the storm join it.
const STORM_LASTS: SignedDuration = SignedDuration::from_mins(5);
/// So few that wait go out one by one, however many went before.
const AT_ONCE: usize = 5;
/// Tellings looked at together.
const LOOK_AHEAD: u32 = 500;
/// A message that shows the right status, and only a count that has grown since, is edited this seldom.
const COUNTS_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// Slack takes about fifty edits a minute of a workspace (docs.slack.dev/apis/web-api/rate-limits, tier 3).
const SLACK_EDITS_PER_SECOND: f64 = 0.8;
/// A lane whose turn comes sooner than this is waited for; else its next visit finds it.
const WORTH_WAITING: SignedDuration = SignedDuration::from_millis(1_500);

impl Deliver {
    /// Does what there is to do, as fast as the lane may go. With `may_wait` it stays until its next turn where
    /// that is near.
    pub(super) async fn work_in(&self, lane: &Lane, may_wait: bool) -> Result<usize> {
        if lane.receiver == WATCHMAN {
            return self.end_round(lane).await;
        }
        let Some(receiver) = self.routes.receiver(&lane.receiver) else {
            return self.give_up_lane(lane).await;
        };
        let mut done = 0;
        loop {
            let waiting = self.store.waiting_in(lane.clone(), LOOK_AHEAD).await?;
            let turn = match waiting.first() {
                Some(first) => match self.tell_next(lane, &receiver, first, &waiting).await {
                    Err(error) if !error.is_temporary() => {
                        tracing::error!(%error, receiver = lane.receiver, incident.id = first.incident_id, "a telling could not be made ready and will be tried again");
                        self.store.postpone(first.clone(), error.to_string()).await?;
                        Turn::Done(1)
                    }
                    turn => turn?,
                },
                None => self.edit_next(lane, &receiver).await?,
            };
            match turn {
                Turn::Done(count) => done += count,
                Turn::Nothing => return Ok(done),
                Turn::Later(moment) => {
                    let pause = moment.duration_since(self.store.clock().now());
                    if !may_wait || pause > WORTH_WAITING {
                        return Ok(done);
                    }
                    tokio::time::sleep(Duration::try_from(pause).unwrap_or_default()).await;
                }
            }
        }
    }

    /// The watchman has come through: the outside hears of it.
    async fn end_round(&self, lane: &Lane) -> Result<usize> {
        let waiting = self.store.waiting_in(lane.clone(), 10).await?;
        let Some(last) = waiting.iter().map(|row| row.id).max() else { return Ok(0) };
        if let Some(heartbeat) = &self.heartbeat
            && let Err(why) = heartbeat.beat().await
        {
            tracing::warn!(why, "the outside heartbeat could not be reached; it is tried again");
            self.metrics.delivered("heartbeat", "put_off");
            let row = waiting.into_iter().next_back();
            if let Some(row) = row {
                self.store.postpone_round(row.id, SignedDuration::from_secs(10)).await?;
            }
            return Ok(0);
        }
        self.metrics.delivered("heartbeat", "sent");
        self.store.end_round(last).await?;
        Ok(1)
    }

    async fn tell_next(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        first: &Notification,
        waiting: &[Notification],
    ) -> Result<Turn> {
        let incident = self.store.incident(first.incident_id).await?;
        if first.reason == Reason::MoreKnown {
            return self.reply(lane, receiver, first, incident).await;
        }
        let was_asked_for = first.reason == Reason::DetailsRequested;
        if !was_asked_for && let Some(held) = self.quiet.verdict(&incident).await? {
            self.store.hold(first.id, held.why, Some(held.by)).await?;
            return Ok(Turn::Done(1));
        }
        if let Some(why) = receiver.no_longer_told(first, &incident) {
            self.store.hold(first.id, why.to_owned(), None).await?;
            return Ok(Turn::Done(1));
        }
        if !was_asked_for && let Some(held) = self.too_soon(lane, first, &incident).await? {
            self.store.wait_until(first.id, held.until, held.why).await?;
            return Ok(Turn::Done(1));
        }
        let crowd = if was_asked_for || !receiver.folds_storms() { Vec::new() } else { crowd(first, waiting) };
        let is_storm = self.is_storm(lane, &crowd).await?;
        if is_storm {
            let held = self.hold_silenced(&crowd).await?;
            if held > 0 {
                return Ok(Turn::Done(held));
            }
        }
        if is_storm && receiver.can_edit() {
            let since = self.store.clock().now() - STORM_LASTS;
            if let Some(storm) = self.store.digest_since(lane.clone(), since).await? {
                let rows = joining(&crowd, storm.incident_id);
                Metrics::count(&self.metrics.tellings, "joined_storm", rows.len() as u64);
                return Ok(Turn::Done(self.store.join_message(rows, storm.incident_id).await?));
            }
        }
        if let Err(moment) = self.pace(lane, receiver, true).await? {
            return Ok(Turn::Later(moment));
        }
        if !is_storm {
            return self.post(lane, receiver, first, incident, None).await;
        }
        let storm = self.storm_of(&crowd).await?;
        let carrier = crowd.iter().find(|row| Some(row.incident_id) == storm.worst()).unwrap_or(first);
        let incident = self.store.incident(carrier.incident_id).await?;
        let others: Vec<Notification> = crowd.iter().filter(|row| row.id != carrier.id).cloned().collect();
        self.post(lane, receiver, carrier, incident, Some((storm, others))).await
    }

    /// Holds back what nobody is to be told of, so that it does not go out among many others.
    async fn hold_silenced(&self, crowd: &[Notification]) -> Result<usize> {
        let conditions = self.quiet.conditions().await?;
        let mut held = 0;
        for row in crowd {
            let incident = self.store.incident(row.incident_id).await?;
            if let Some(verdict) = conditions.verdict(&incident) {
                self.store.hold(row.id, verdict.why, Some(verdict.by)).await?;
                held += 1;
            }
        }
        Ok(held)
    }

    /// Posts one message. What was begun before and not recorded is looked for first.
    pub(super) async fn post(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        row: &Notification,
        mut incident: Incident,
        storm: Option<(Storm, Vec<Notification>)>,
    ) -> Result<Turn> {
        if !self.store.begin_delivery(row.id).await? {
            return Ok(Turn::Done(0));
        }
        incident.status = incident.status.once_told();
        let (storm, others) = storm.map_or((None, Vec::new()), |(storm, others)| (Some(storm), others));
        let mut may_repeat = false;
        let mut delivered = None;
        if row.in_flight {
            match receiver.look(row).await {
                Looked::Found(found) => delivered = Some(*found),
                Looked::NoNeed => {}
                // What is on its way may still land: if it does, this one repeats it.
                Looked::NotThere => may_repeat = true,
                Looked::Unknown(failure) => {
                    tracing::warn!(
                        receiver = lane.receiver,
                        code = failure.code,
                        "an earlier attempt could not be looked for; the message is sent again, marked"
                    );
                    may_repeat = true;
                }
            }
        }
        let told = self.explainer.tell_for(&incident, &reason_of(row), row.team.as_deref(), may_repeat).await?;
        let outcome = match delivered {
            Some(found) => Ok(found),
            None => receiver.post(&self.outgoing(row, &incident, &told, storm.as_ref()).await?).await,
        };
        match outcome {
            Ok(delivered) => {
                self.count(receiver, if may_repeat { "sent_again" } else { "sent" }, None);
                self.record(receiver, row, &incident, &told, delivered, may_repeat, &others).await?;
            }
            Err(failure) => self.refused(lane, receiver, row, failure).await?,
        }
        Ok(Turn::Done(1))
    }

    #[expect(clippy::too_many_arguments, reason = "they are what is recorded, each once")]
    async fn record(
        &self,
        receiver: &Receiver,
        row: &Notification,
        incident: &Incident,
        told: &Told,
        delivered: Delivered,
        may_repeat: bool,
        others: &[Notification],
    ) -> Result<()> {
        let landed = Landed {
            notification: row.clone(),
            message: serde_json::to_value(&told.message)?,
            provider: with_known(delivered.provider, receiver, incident, told),
            shown_status: receiver.shown_after_post(incident.status).as_str().to_owned(),
            shown_count: incident.event_count,
            may_repeat,
            digest: joining(others, row.incident_id),
            kind: receiver.kind(),
            slack: delivered.slack,
        };
        self.store.record_landed(landed).await
    }

    async fn refused(&self, lane: &Lane, receiver: &Receiver, row: &Notification, failure: Failure) -> Result<()> {
        let now = self.store.clock().now();
        let (retry_in, counts) = match failure.retry {
            Retry::After(pause) => {
                self.lane(lane, |state| state.pace.rest_until(now + pause));
                (Some(pause), false)
            }
            Retry::Backoff => (Some(backoff(row.attempts)), true),
            Retry::Never => (None, true),
        };
        self.count(receiver, if retry_in.is_some() { "put_off" } else { "given_up" }, Some(&failure.code));
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
            code: failure.code,
            detail: failure.detail,
            retry_in,
            // That this attempt did not land says nothing about an earlier one.
            may_have_landed: failure.may_have_landed || row.in_flight,
            counts,
            fallback: self.routes.fallback(),
        };
        self.store.record_refused(refused).await
    }

    /// Brings the message that waits longest up to date.
    async fn edit_next(&self, lane: &Lane, receiver: &Receiver) -> Result<Turn> {
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
        match receiver.edit(&self.outgoing(row, &incident, &told, storm.as_ref()).await?).await {
            Ok(()) => {
                self.count(receiver, "edited", None);
                self.store.record_edit(row.id, row.dirty, status, Some(message)).await?;
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

    async fn outgoing<'a>(
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
        Ok(Outgoing { row, incident, told, storm, news, first_notification, now: self.store.clock().now() })
    }

    /// Whether the route spares its receiver, which was told about the same service a moment ago. What is spared
    /// waits and goes out together afterwards.
    async fn too_soon(&self, lane: &Lane, row: &Notification, incident: &Incident) -> Result<Option<Spared>> {
        let now = self.store.clock().now();
        let Some(interval) = self.routes.group_interval(incident, &lane.receiver, now) else { return Ok(None) };
        let told_last =
            self.store.last_told(lane.clone(), incident.service.clone(), incident.environment.clone()).await?;
        let held = within_interval(row.urgency, Some(interval), told_last, now);
        Ok(held.and_then(|held| Some(Spared { until: held.until?, why: held.why })))
    }

    /// Whether what waits is more than the lane takes one by one: with what went out within the last minute more
    /// than its receiver's bound, and more than can follow at once.
    async fn is_storm(&self, lane: &Lane, crowd: &[Notification]) -> Result<bool> {
        let Some(first) = crowd.first() else { return Ok(false) };
        let now = self.store.clock().now();
        let posts = self.store.sent_since(lane.clone(), now - STORM_WINDOW).await?;
        let gauge = StormGauge { above: self.routes.storm_above(&lane.receiver) };
        Ok(crowd.len() > AT_ONCE
            && gauge.delivery(first.urgency, &posts, crowd.len(), now) == foghorn_routing::Delivery::Storm)
    }

    /// A route may name a receiver that the file no longer has: what waits for it goes to the fallback.
    async fn give_up_lane(&self, lane: &Lane) -> Result<usize> {
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
                fallback: self.routes.fallback(),
            };
            self.store.record_refused(refused).await?;
        }
        while let Some(row) = self.store.outdated_in(lane.clone(), SignedDuration::ZERO).await? {
            self.store.put_off_edit(&row, None, true).await?;
        }
        Ok(count)
    }

    /// Takes a turn of the lane, or says when there will be one.
    async fn pace(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        is_post: bool,
    ) -> Result<std::result::Result<(), Timestamp>> {
        let now = self.store.clock().now();
        if self.lane(lane, |state| !std::mem::replace(&mut state.is_primed, true)) {
            let sent = self.store.sent_since(lane.clone(), now - SignedDuration::from_secs(5)).await?.len();
            self.lane(lane, |state| state.pace.had_sent(sent));
        }
        let per_second = receiver.per_second();
        if is_post {
            return Ok(self.lane(lane, |state| state.pace.post(now, per_second)));
        }
        let counts_edits = receiver.counts_edits();
        if counts_edits && let Err(moment) = self.slack_edits().one(now, SLACK_EDITS_PER_SECOND) {
            return Ok(Err(moment));
        }
        let turn = self.lane(lane, |state| state.pace.edit(now, per_second));
        if counts_edits && turn.is_err() {
            self.slack_edits().give_back();
        }
        Ok(turn)
    }

    /// No edit goes out before a moment. Slack means all channels by it, and edits alone; others mean the lane.
    fn rest_edits(&self, lane: &Lane, receiver: &Receiver, until: Timestamp) {
        match receiver.counts_edits() {
            true => self.slack_edits().rest_until(until),
            false => self.lane(lane, |state| state.pace.rest_until(until)),
        }
    }

    fn slack_edits(&self) -> MutexGuard<'_, Pace> {
        self.slack_edits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, receiver: &Receiver, outcome: &'static str, error: Option<&str>) {
        self.metrics.delivered(receiver.kind(), outcome);
        self.outcomes.note(receiver.kind(), self.store.clock().now(), outcome, error);
    }
}

/// Not now, but then.
struct Spared {
    until: Timestamp,
    why: String,
}

/// What became of a turn.
pub(super) enum Turn {
    Done(usize),
    Later(Timestamp),
    Nothing,
}

/// The tellings that could go out as one: those that page nobody, were not begun, and were not asked for.
fn crowd(first: &Notification, waiting: &[Notification]) -> Vec<Notification> {
    let folds = |row: &&Notification| row.urgency != Urgency::Page && !row.in_flight && !row.reason.is_in_thread();
    if folds(&first) { waiting.iter().filter(folds).cloned().collect() } else { Vec::new() }
}

/// 2 s, 4 s, … up to ten minutes. Lanes are visited one message at a time, so that no two retries of one
/// receiver meet.
fn backoff(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs(2_i64.pow(attempts.min(9) + 1)).min(SignedDuration::from_mins(10))
}
