//! What happens in one lane: hold back what is to be quiet, fold a storm, [`post`](super::post), and last
//! [`reply`](super::thread) in threads and [`edit`](super::edit).

use super::Deliver;
use super::pace::Pace;
use super::storm::joining;
use crate::metrics::Metrics;
use crate::quiet::word;
use crate::receivers::Receiver;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Incident;
use foghorn_domain::notification::Reason;
use foghorn_domain::severity::Urgency;
use foghorn_routing::{STORM_WINDOW, StormGauge, within_interval};
use foghorn_store::Result;
use foghorn_store::model::Notification;
use foghorn_store::outbox::Lane;
use foghorn_store::watch::WATCHMAN;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// For so long after a storm's message, further tellings of the storm join it.
const STORM_LASTS: SignedDuration = SignedDuration::from_mins(5);
/// So few that wait go out one by one, however many went before.
const AT_ONCE: usize = 5;
/// Tellings looked at together.
pub(super) const LOOK_AHEAD: u32 = 500;
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
        let mut begun = None;
        if first.in_flight {
            if let Err(moment) = self.pace(lane, receiver, true).await? {
                return Ok(Turn::Later(moment));
            }
            match self.find_begun(lane, receiver, first, &incident).await? {
                Some(not_found) => begun = Some(not_found),
                None => return Ok(Turn::Done(1)),
            }
        }
        if first.reason == Reason::MoreKnown {
            return match begun {
                Some(not_found) => self.post_again(lane, receiver, first, incident, not_found).await,
                None => self.reply(lane, receiver, first, incident).await,
            };
        }
        let was_asked_for = first.reason == Reason::DetailsRequested;
        if !was_asked_for && let Some(held) = self.quiet.verdict(&incident).await? {
            self.store.hold(first, held.why, Some(held.by)).await?;
            return Ok(Turn::Done(1));
        }
        if let Some(why) = receiver.no_longer_told(first, &incident) {
            self.store.hold(first, why.to_owned(), None).await?;
            return Ok(Turn::Done(1));
        }
        if !was_asked_for && let Some(held) = self.too_soon(lane, first, &incident).await? {
            self.store.wait_until(first.id, held.until, held.why, held.by).await?;
            return Ok(Turn::Done(1));
        }
        if let Some(not_found) = begun {
            return self.post_again(lane, receiver, first, incident, not_found).await;
        }
        let crowd = if was_asked_for || !receiver.folds_storms() { Vec::new() } else { crowd(first, waiting) };
        let is_storm = self.is_storm(lane, &crowd).await?;
        if is_storm {
            let held = crowd.len() - self.hold_silenced(crowd.clone()).await?.len();
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
            return self.post(lane, receiver, first, incident, Vec::new(), first.may_repeat).await;
        }
        let storm = self.storm_of(&crowd).await?;
        let carrier = crowd.iter().find(|row| Some(row.incident_id) == storm.worst()).unwrap_or(first);
        let incident = self.store.incident(carrier.incident_id).await?;
        let may_repeat = crowd.iter().any(|row| row.may_repeat);
        let others = crowd.iter().filter(|row| row.id != carrier.id).cloned().collect();
        self.post(lane, receiver, carrier, incident, others, may_repeat).await
    }

    /// Holds back what nobody is to be told of, so that it does not go out among many others. Answers the rest.
    pub(super) async fn hold_silenced(&self, crowd: Vec<Notification>) -> Result<Vec<Notification>> {
        let conditions = self.quiet.conditions().await?;
        let mut rest = Vec::with_capacity(crowd.len());
        for row in crowd {
            let incident = self.store.incident(row.incident_id).await?;
            match conditions.verdict(&incident) {
                Some(verdict) => self.store.hold(&row, verdict.why, Some(verdict.by)).await?,
                None => rest.push(row),
            }
        }
        Ok(rest)
    }

    /// Whether the route spares its receiver, which was told about the same service a moment ago. What is spared
    /// waits and goes out together afterwards.
    async fn too_soon(&self, lane: &Lane, row: &Notification, incident: &Incident) -> Result<Option<Spared>> {
        let now = self.store.clock().now();
        let Some(interval) = self.routes.group_interval(incident, &lane.receiver, now) else { return Ok(None) };
        let told_last =
            self.store.last_told(lane.clone(), incident.service.clone(), incident.environment.clone()).await?;
        let held = within_interval(row.urgency, Some(interval), told_last, now);
        Ok(held.and_then(|held| Some(Spared { until: held.until?, why: held.why, by: word(held.by) })))
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

    /// Takes a turn of the lane, or says when there will be one.
    pub(super) async fn pace(
        &self,
        lane: &Lane,
        receiver: &Receiver,
        is_post: bool,
    ) -> Result<std::result::Result<(), Timestamp>> {
        let now = self.store.clock().now();
        let place = pace_of(lane, receiver);
        if self.lane(lane, |state| !std::mem::replace(&mut state.is_primed, true)) {
            let sent = self.store.sent_since(lane.clone(), now - SignedDuration::from_secs(5)).await?.len();
            self.lane(&place, |state| state.pace.had_sent(sent));
        }
        let per_second = receiver.per_second();
        if is_post {
            return Ok(self.lane(&place, |state| state.pace.post(now, per_second)));
        }
        let counts_edits = receiver.counts_edits();
        if counts_edits && let Err(moment) = self.slack_edits().one(now, SLACK_EDITS_PER_SECOND) {
            return Ok(Err(moment));
        }
        let turn = self.lane(&place, |state| state.pace.edit(now, per_second));
        if counts_edits && turn.is_err() {
            self.slack_edits().give_back();
        }
        Ok(turn)
    }

    /// Nothing goes out before a moment.
    pub(super) fn rest(&self, lane: &Lane, receiver: &Receiver, until: Timestamp) {
        self.lane(&pace_of(lane, receiver), |state| state.pace.rest_until(until));
    }

    /// No edit goes out before a moment. Slack means all channels by it, and edits alone; others mean the lane.
    pub(super) fn rest_edits(&self, lane: &Lane, receiver: &Receiver, until: Timestamp) {
        match receiver.counts_edits() {
            true => self.slack_edits().rest_until(until),
            false => self.rest(lane, receiver, until),
        }
    }

    fn slack_edits(&self) -> MutexGuard<'_, Pace> {
        self.slack_edits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self, receiver: &Receiver, outcome: &'static str, error: Option<&str>) {
        self.metrics.delivered(receiver.kind(), outcome);
        self.outcomes.note(receiver.kind(), self.store.clock().now(), outcome, error);
    }
}

/// Not now, but then.
struct Spared {
    until: Timestamp,
    why: String,
    by: String,
}

/// What became of a turn.
pub(super) enum Turn {
    Done(usize),
    Later(Timestamp),
    Nothing,
}

/// Where the pace of a lane is kept: several receivers that lead to one channel share it.
pub(super) fn pace_of(lane: &Lane, receiver: &Receiver) -> Lane {
    match receiver.is_known_by_its_channel() {
        true => Lane { receiver: receiver.kind().to_owned(), channel: lane.channel.clone() },
        false => lane.clone(),
    }
}

/// The tellings that could go out as one: those that page nobody, were not begun, and were not asked for.
fn crowd(first: &Notification, waiting: &[Notification]) -> Vec<Notification> {
    let folds = |row: &&Notification| row.urgency != Urgency::Page && !row.in_flight && !row.reason.is_in_thread();
    if folds(&first) { waiting.iter().filter(folds).cloned().collect() } else { Vec::new() }
}

/// 2 s, 4 s, … up to ten minutes. Lanes are visited one message at a time, so that no two retries of one
/// receiver meet.
pub(super) fn backoff(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs(2_i64.pow(attempts.min(9) + 1)).min(SignedDuration::from_mins(10))
}
