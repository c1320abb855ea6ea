//! How fast a lane may go: a few at once, then one a second, and not before a moment that the receiver named.

use foghorn_domain::clock::{SignedDuration, Timestamp};

/// Messages that may go out at once after a rest, as Slack allows for short bursts.
const BURST: f64 = 5.0;
/// What a post leaves for the next one: an edit goes out only when this much is over.
const KEPT_FOR_POSTS: f64 = 1.0;

/// A lane's allowance, a token bucket.
#[derive(Debug)]
pub(super) struct Pace {
    allowance: f64,
    counted_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { allowance: BURST, counted_at: None, not_before: None }
    }
}

impl Pace {
    /// Whether a post may go out now; else when.
    pub(super) fn post(&mut self, now: Timestamp, per_second: f64) -> Result<(), Timestamp> {
        self.one(now, per_second)
    }

    /// Whether an edit may go out now; else when.
    pub(super) fn edit(&mut self, now: Timestamp, per_second: f64) -> Result<(), Timestamp> {
        self.take(now, per_second, 1.0 + KEPT_FOR_POSTS)
    }

    /// Whether one more of anything may go out now; else when.
    pub(super) fn one(&mut self, now: Timestamp, per_second: f64) -> Result<(), Timestamp> {
        self.take(now, per_second, 1.0)
    }

    /// What was taken last did not go out.
    pub(super) fn give_back(&mut self) {
        self.allowance = (self.allowance + 1.0).min(BURST);
    }

    /// Nothing more goes out before a moment.
    pub(super) fn rest_until(&mut self, moment: Timestamp) {
        self.not_before = Some(self.not_before.map_or(moment, |known| known.max(moment)));
        self.allowance = self.allowance.min(1.0);
    }

    /// What went out before a restart counts.
    pub(super) fn had_sent(&mut self, messages: usize) {
        self.allowance = (self.allowance - messages as f64).max(0.0);
    }

    fn take(&mut self, now: Timestamp, per_second: f64, at_least: f64) -> Result<(), Timestamp> {
        if let Some(moment) = self.not_before {
            if now < moment {
                return Err(moment);
            }
            self.not_before = None;
        }
        if let Some(before) = self.counted_at {
            let passed = now.duration_since(before).as_secs_f64().max(0.0);
            self.allowance = (self.allowance + passed * per_second).min(BURST);
        }
        self.counted_at = Some(now);
        if self.allowance + 1e-6 < at_least {
            let missing = (at_least - self.allowance) / per_second;
            return Err(now + SignedDuration::from_millis((missing * 1000.0).ceil() as i64));
        }
        self.allowance -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn five_go_at_once_and_then_one_a_second() {
        let mut pace = Pace::default();
        let sent: Vec<i64> = (0..=4000).filter(|ms| pace.post(at(*ms), 1.0).is_ok()).collect();
        assert_eq!(sent.len(), 9, "{sent:?}");
        assert_eq!(sent[..5], [0, 1, 2, 3, 4]);
        assert!(sent[5..].windows(2).all(|pair| pair[1] - pair[0] >= 1000), "{sent:?}");
    }

    #[test]
    fn an_edit_waits_until_a_post_could_follow_it() {
        let mut pace = Pace::default();
        let edits = (0..10).filter(|ms| pace.edit(at(*ms), 1.0).is_ok()).count();
        assert_eq!(edits, 4);
        assert!(pace.post(at(20), 1.0).is_ok());
    }

    #[test]
    fn what_did_not_go_out_is_there_for_the_next() {
        let mut pace = Pace::default();
        (0..5).for_each(|_| pace.one(at(0), 1.0).unwrap());
        assert!(pace.one(at(0), 1.0).is_err());
        pace.give_back();
        assert!(pace.one(at(0), 1.0).is_ok());
    }

    #[test]
    fn what_the_receiver_asks_for_is_kept() {
        let mut pace = Pace::default();
        pace.rest_until(at(30_000));
        pace.rest_until(at(10_000));
        assert_eq!(pace.post(at(0), 1.0), Err(at(30_000)));
        assert!(pace.post(at(30_000), 1.0).is_ok());
        // No burst right after it.
        assert!(pace.post(at(30_001), 1.0).is_err());
    }

    #[test]
    fn what_was_sent_before_a_restart_counts() {
        let mut pace = Pace::default();
        pace.had_sent(5);
        assert_eq!(pace.post(at(0), 1.0), Err(at(1000)));
    }
}
