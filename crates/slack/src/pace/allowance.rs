//! How much may be sent: so often on the average, so many at once.

use jiff::{SignedDuration, Timestamp};

/// A rate with a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// One each.
    pub every: SignedDuration,
    /// So many at once after a rest; at least one.
    pub burst: u32,
}

impl Allowance {
    /// What Slack takes for a channel.
    pub const CHANNEL: Self = Self { every: SignedDuration::from_secs(1), burst: 5 };
    /// What Slack takes of edits in a workspace: fifty a minute.
    pub const EDITS: Self = Self { every: SignedDuration::from_millis(1_200), burst: 10 };

    /// How far a burst runs ahead of the rate.
    fn ahead(&self) -> SignedDuration {
        let more = i32::try_from(self.burst.saturating_sub(1)).unwrap_or(i32::MAX);
        self.every.checked_mul(more).unwrap_or(SignedDuration::MAX)
    }
}

/// What is left of an allowance, as the one moment at which it would be whole again (the generic cell rate
/// algorithm, ITU-T I.371).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    allowance: Allowance,
    whole_at: Timestamp,
}

impl Budget {
    /// A whole one.
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, whole_at: Timestamp::MIN }
    }

    /// When the next may be sent. In the past, or now, when it may be sent at once.
    pub fn free_at(&self) -> Timestamp {
        self.whole_at.checked_sub(self.allowance.ahead()).unwrap_or(Timestamp::MIN)
    }

    /// Takes one out.
    pub fn spend(&mut self, now: Timestamp) {
        self.whole_at = later(self.whole_at.max(now), self.allowance.every);
    }

    /// Nothing until `until`, and no burst then: whoever counts on the other side has counted more than we did.
    pub fn exhaust(&mut self, until: Timestamp) {
        self.whole_at = self.whole_at.max(later(until, self.allowance.ahead()));
    }

    /// Whether nothing of it is used.
    pub fn is_whole(&self, now: Timestamp) -> bool {
        self.whole_at <= now
    }
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
