//! What waits to be told without the database, and what was told already. Decides and remembers; does nothing itself.

use super::critical::Critical;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::NewEvent;
use foghorn_domain::fingerprint::Fingerprint;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Criticals that one message names at most.
pub(super) const MOST_IN_ONE: usize = 30;
/// Criticals that wait for one receiver at most. What comes beyond is counted, and the count is told.
const MOST_WAITING: usize = 2_000;
/// Different criticals that are told apart in one absence.
const MOST_HEARD: usize = 20_000;
/// Alerts that are remembered to run.
const MOST_RUNNING: usize = 20_000;
/// Criticals stored of late that are remembered whole.
const MOST_RECENT: usize = 200;
/// Messages to one receiver that are taken back once it is over.
const MOST_RUNG: usize = 500;
/// Attempts that count, for one message.
const MOST_TRIES: u32 = 10;
/// What was stored so long ago has been told.
const TOLD_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// What was stored less than this ago may not have been told.
const UNTOLD_FOR: SignedDuration = SignedDuration::from_secs(10);

/// How long after an attempt the next one waits.
pub(super) fn backoff(tries: u32) -> SignedDuration {
    SignedDuration::from_millis((500 << tries.min(5)).min(15_000))
}

/// The memory of an absence.
#[derive(Default)]
pub(super) struct Desk {
    since: Option<Timestamp>,
    ended: Option<Timestamp>,
    /// In this absence.
    heard: HashSet<Fingerprint>,
    lanes: Vec<Lane>,
    running: Running,
    /// Stored last, the newest at the end.
    recent: VecDeque<Arc<Critical>>,
    /// That there is nobody to tell was said in this absence.
    has_said_so: bool,
}

/// What waits for one receiver, and what became of the rest.
struct Lane {
    receiver: String,
    began: Timestamp,
    waiting: VecDeque<Arc<Critical>>,
    not_before: Option<Timestamp>,
    tries: u32,
    may_repeat: bool,
    is_taken: bool,
    told: u64,
    given_up: u64,
    /// Found no room; all of them, and those of which no message has told.
    left_out: u64,
    left_out_untold: u64,
    rung: Vec<i64>,
}

/// What one message tells.
pub(super) struct Batch {
    pub(super) criticals: Vec<Arc<Critical>>,
    /// How many more there are that found no room.
    pub(super) left_out: u64,
    /// How many more wait for the next message.
    pub(super) more: usize,
    pub(super) away_since: Timestamp,
    pub(super) may_repeat: bool,
    pub(super) tries: u32,
}

/// What becomes of a message that was not taken.
pub(super) struct Refused {
    /// When it may be tried again; never, where there is none.
    pub(super) not_before: Option<Timestamp>,
    /// Whether the attempt counts.
    pub(super) counts: bool,
    /// Whether the next one may repeat it.
    pub(super) may_repeat: bool,
}

/// What came of an absence at one receiver.
pub(super) struct Account {
    pub(super) receiver: String,
    pub(super) told: u64,
    pub(super) given_up: u64,
    pub(super) left_out: u64,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    /// Messages that their receiver keeps open.
    pub(super) rung: Vec<i64>,
}

/// What became of a critical that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It will be told.
    Waits,
    /// It was heard before in this absence.
    Repeats,
    /// It runs since before the absence, and was told then.
    Runs,
    /// There is no room.
    LeftOut,
}

impl Heard {
    /// Its name in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "heard",
            Self::Repeats => "repeated",
            Self::Runs => "told_before",
            Self::LeftOut => "left_out",
        }
    }
}

impl Desk {
    /// An absence has been noticed. Answers whether it is a new one.
    pub(super) fn begin(&mut self, now: Timestamp) -> bool {
        if self.since.is_some() {
            return false;
        }
        (self.since, self.ended, self.has_said_so) = (Some(now), None, false);
        true
    }

    /// There is nobody to tell. Answers whether that is news.
    pub(super) fn finds_nobody(&mut self) -> bool {
        !std::mem::replace(&mut self.has_said_so, true)
    }

    /// It is over. Answers whether there was one. What waits is still told, unless it fails.
    pub(super) fn end(&mut self, now: Timestamp) -> bool {
        let Some(since) = self.since.take() else { return false };
        self.ended = Some(now);
        // What was told in an emergency opens an incident now, and counts as told since then.
        for fingerprint in self.heard.drain() {
            self.running.note(fingerprint, since);
        }
        true
    }

    pub(super) fn hear(&mut self, critical: Critical, receivers: &[String]) -> Heard {
        let since = *self.since.get_or_insert(critical.at);
        if self.running.was_told(&critical.fingerprint, since) {
            return Heard::Runs;
        }
        if self.heard.contains(&critical.fingerprint) {
            return Heard::Repeats;
        }
        let has_room = self.heard.len() < MOST_HEARD;
        if has_room {
            self.heard.insert(critical.fingerprint.clone());
        }
        let critical = Arc::new(critical);
        let mut heard = Heard::LeftOut;
        for receiver in receivers {
            let lane = self.lane(receiver, since);
            if has_room && lane.waiting.len() < MOST_WAITING {
                lane.waiting.push_back(Arc::clone(&critical));
                heard = Heard::Waits;
            } else {
                lane.left_out += 1;
                lane.left_out_untold += 1;
            }
        }
        heard
    }

    /// It is in the store: it runs, and is told in the ordinary way unless the database goes away right now.
    pub(super) fn remember(&mut self, critical: Critical) {
        if self.running.note(critical.fingerprint.clone(), critical.at) {
            if self.recent.len() >= MOST_RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(Arc::new(critical));
        }
    }

    /// It has ended, so its next beginning is news.
    pub(super) fn forget(&mut self, event: &NewEvent) {
        if let Some(key) = &event.dedup_key
            && !self.running.is_empty()
        {
            let fingerprint = Fingerprint::of_key(&event.source, key);
            self.running.forget(&fingerprint);
            self.recent.retain(|critical| critical.fingerprint != fingerprint);
        }
    }

    /// Whether something was stored so short a time ago that it may not have been told.
    pub(super) fn has_recent(&self, now: Timestamp) -> bool {
        self.recent.back().is_some_and(|critical| is_recent(critical, now))
    }

    /// Tells of that, too.
    pub(super) fn tell_recent(&mut self, now: Timestamp, receivers: &[String]) {
        for critical in std::mem::take(&mut self.recent) {
            if is_recent(&critical, now) {
                self.hear(Critical::clone(&critical), receivers);
            }
        }
    }

    /// The receivers that can be told something now.
    pub(super) fn due(&self, now: Timestamp) -> Vec<String> {
        self.lanes.iter().filter(|lane| lane.is_due(now)).map(|lane| lane.receiver.clone()).collect()
    }

    pub(super) fn has_to_tell(&self) -> bool {
        self.lanes.iter().any(|lane| lane.has_to_tell() || lane.is_taken)
    }

    /// What the next message to a receiver tells, if it may go out now. It is freed by [`Desk::leave`].
    pub(super) fn take(&mut self, receiver: &str, now: Timestamp) -> Option<Batch> {
        let lane = self.lanes.iter_mut().find(|lane| lane.receiver == receiver && lane.is_due(now))?;
        lane.is_taken = true;
        let criticals: Vec<_> = lane.waiting.drain(..lane.waiting.len().min(MOST_IN_ONE)).collect();
        Some(Batch {
            criticals,
            left_out: std::mem::take(&mut lane.left_out_untold),
            more: lane.waiting.len(),
            away_since: lane.began,
            may_repeat: lane.may_repeat,
            tries: lane.tries,
        })
    }

    pub(super) fn leave(&mut self, receiver: &str) {
        self.in_lane(receiver, |lane| lane.is_taken = false);
    }

    pub(super) fn told(&mut self, receiver: &str, batch: &Batch, not_before: Timestamp, rung: Option<i64>) {
        self.in_lane(receiver, |lane| {
            lane.told += batch.criticals.len() as u64;
            (lane.tries, lane.may_repeat, lane.not_before) = (0, false, Some(not_before));
            lane.rung.extend(rung.filter(|_| lane.rung.len() < MOST_RUNG));
        });
    }

    /// A message that was not taken waits again, in front of the others; it comes back where it is not to be tried again.
    pub(super) fn put_back(&mut self, receiver: &str, batch: Batch, refused: Refused) -> Result<(), Batch> {
        let is_over = self.since.is_none();
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.receiver == receiver) else { return Err(batch) };
        lane.tries += u32::from(refused.counts);
        // Once the database is back all of it is told in the ordinary way.
        if refused.not_before.is_none() || lane.tries >= MOST_TRIES || is_over {
            return Err(batch);
        }
        lane.not_before = refused.not_before;
        lane.may_repeat |= refused.may_repeat;
        lane.left_out_untold += batch.left_out;
        batch.criticals.into_iter().rev().for_each(|critical| lane.waiting.push_front(critical));
        Ok(())
    }

    pub(super) fn gave_up(&mut self, receiver: &str, batch: &Batch) {
        self.in_lane(receiver, |lane| {
            lane.given_up += batch.criticals.len() as u64;
            (lane.tries, lane.may_repeat) = (0, false);
        });
    }

    /// Whether something is to be written down, now or soon.
    pub(super) fn has_accounts(&self) -> bool {
        self.since.is_none() && !self.lanes.is_empty()
    }

    /// What came of an absence that is over, each receiver once, when nothing waits for it any more.
    pub(super) fn accounts(&mut self) -> Vec<Account> {
        let (None, Some(ended)) = (self.since, self.ended) else { return Vec::new() };
        let (open, settled) =
            std::mem::take(&mut self.lanes).into_iter().partition(|lane| lane.has_to_tell() || lane.is_taken);
        self.lanes = open;
        let account = |lane: Lane| Account {
            receiver: lane.receiver,
            told: lane.told,
            given_up: lane.given_up,
            left_out: lane.left_out,
            began: lane.began,
            ended,
            rung: lane.rung,
        };
        settled.into_iter().map(account).collect()
    }

    /// An account that could not be written down comes with the next ones.
    pub(super) fn keep(&mut self, account: Account) {
        let lane = self.lane(&account.receiver, account.began);
        lane.began = lane.began.min(account.began);
        lane.told += account.told;
        lane.given_up += account.given_up;
        lane.left_out += account.left_out;
    }

    fn in_lane(&mut self, receiver: &str, change: impl FnOnce(&mut Lane)) {
        if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.receiver == receiver) {
            change(lane);
        }
    }

    fn lane(&mut self, receiver: &str, began: Timestamp) -> &mut Lane {
        let known = self.lanes.iter().position(|lane| lane.receiver == receiver);
        let index = known.unwrap_or_else(|| {
            self.lanes.push(Lane::new(receiver.to_owned(), began));
            self.lanes.len() - 1
        });
        &mut self.lanes[index]
    }
}

impl Lane {
    fn new(receiver: String, began: Timestamp) -> Self {
        Self {
            receiver,
            began,
            waiting: VecDeque::new(),
            not_before: None,
            tries: 0,
            may_repeat: false,
            is_taken: false,
            told: 0,
            given_up: 0,
            left_out: 0,
            left_out_untold: 0,
            rung: Vec::new(),
        }
    }

    fn has_to_tell(&self) -> bool {
        !self.waiting.is_empty() || self.left_out_untold > 0
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.has_to_tell() && !self.is_taken && self.not_before.is_none_or(|moment| moment <= now)
    }
}

fn is_recent(critical: &Critical, now: Timestamp) -> bool {
    now.duration_since(critical.at) < UNTOLD_FOR
}

/// Criticals that the store has, with the moment at which each was first heard of. The oldest are forgotten first.
#[derive(Default)]
struct Running {
    since: HashMap<Fingerprint, Timestamp>,
    order: VecDeque<Fingerprint>,
}

impl Running {
    /// Answers whether it is new.
    fn note(&mut self, fingerprint: Fingerprint, at: Timestamp) -> bool {
        if self.since.contains_key(&fingerprint) {
            return false;
        }
        // What was forgotten by name still stands in the order.
        while self.order.len() >= MOST_RUNNING {
            if let Some(oldest) = self.order.pop_front() {
                self.since.remove(&oldest);
            }
        }
        self.order.push_back(fingerprint.clone());
        self.since.insert(fingerprint, at);
        true
    }

    fn forget(&mut self, fingerprint: &Fingerprint) {
        self.since.remove(fingerprint);
    }

    fn is_empty(&self) -> bool {
        self.since.is_empty()
    }

    /// Whether it was stored long enough before an absence to have been told.
    fn was_told(&self, fingerprint: &Fingerprint, absent_since: Timestamp) -> bool {
        self.since.get(fingerprint).is_some_and(|at| absent_since.duration_since(*at) >= TOLD_AFTER)
    }
}

#[cfg(test)]
mod tests;
