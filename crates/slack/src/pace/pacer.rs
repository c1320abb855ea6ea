//! All channels.

use super::allowance::{Allowance, Budget};
use super::lane::{Lane, Next, Rank, Work, after};
use foghorn_domain::severity::Urgency;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send this to this channel now.
    Send {
        /// The channel, as it was named when the work was added.
        channel: String,
        /// What.
        work: Work,
    },
    /// Nothing before this moment.
    WaitUntil(Timestamp),
    /// Nothing, until something is added or what is under way ends.
    Idle,
}

/// The lanes of a workspace, taking turns: a page of any channel first, then posts, then edits, and among equals the
/// channel after the one that was served last.
#[derive(Clone, Debug)]
pub struct Pacer {
    lanes: BTreeMap<String, Lane>,
    allowance: Allowance,
    edits: Budget,
    served: String,
}

impl Pacer {
    /// No channels yet. `allowance` is that of a channel, `edits` that of all edits together.
    pub fn new(allowance: Allowance, edits: Allowance) -> Self {
        Self { lanes: BTreeMap::new(), allowance, edits: Budget::new(edits), served: String::new() }
    }

    /// Adds the post of a notification.
    pub fn post(&mut self, channel: &str, notification: i64, urgency: Urgency) {
        self.lane(channel).post(notification, urgency);
    }

    /// Adds the edit of a message.
    pub fn edit(&mut self, channel: &str, message: i64) {
        self.lane(channel).edit(message);
    }

    /// It landed, or was given up.
    pub fn done(&mut self, channel: &str, work: Work) {
        self.lane(channel).done(work);
    }

    /// It is to be tried again after a wait, in which a post holds its channel, and an edit all edits of all channels,
    /// since these are counted together.
    pub fn again(&mut self, channel: &str, work: Work, now: Timestamp, wait: Duration) {
        self.lane(channel).again(work, now, wait);
        if let Work::Edit(_) = work {
            self.edits.exhaust(after(now, wait));
        }
    }

    /// Whose turn it is.
    pub fn next(&mut self, now: Timestamp) -> Turn {
        let mut earliest: Option<Timestamp> = None;
        let mut best: Option<(Rank, &String)> = None;
        let after = (Bound::Excluded(&self.served), Bound::Unbounded);
        let up_to = (Bound::Unbounded, Bound::Included(&self.served));
        for (channel, lane) in self.lanes.range::<String, _>(after).chain(self.lanes.range::<String, _>(up_to)) {
            let Some(rank) = lane.rank() else { continue };
            let edits = if rank == Rank::Edit { self.edits.free_at() } else { Timestamp::MIN };
            let free_at = lane.free_at().max(edits);
            match free_at > now {
                true => earliest = Some(earliest.map_or(free_at, |other| other.min(free_at))),
                false if best.is_none_or(|(other, _)| rank < other) => best = Some((rank, channel)),
                false => {}
            }
        }
        let Some((_, channel)) = best else { return self.nothing_now(earliest, now) };
        let channel = channel.clone();
        let work = match self.lane(&channel).next(now) {
            Next::Post(id) => Work::Post(id),
            Next::Edit(id) => {
                self.edits.spend(now);
                Work::Edit(id)
            }
            Next::WaitUntil(at) => return Turn::WaitUntil(at),
            Next::Idle => return Turn::Idle,
        };
        self.served.clone_from(&channel);
        Turn::Send { channel, work }
    }

    /// What waits in all lanes.
    pub fn waiting(&self) -> usize {
        self.lanes.values().map(Lane::waiting).sum()
    }

    /// Lanes at rest are forgotten: a channel that is never written to again takes no room.
    fn nothing_now(&mut self, earliest: Option<Timestamp>, now: Timestamp) -> Turn {
        self.lanes.retain(|_, lane| !lane.is_at_rest(now));
        earliest.map_or(Turn::Idle, Turn::WaitUntil)
    }

    fn lane(&mut self, channel: &str) -> &mut Lane {
        self.lanes.entry(channel.to_owned()).or_insert_with(|| Lane::new(self.allowance))
    }
}

impl Default for Pacer {
    fn default() -> Self {
        Self::new(Allowance::CHANNEL, Allowance::EDITS)
    }
}
