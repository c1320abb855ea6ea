//! How often a template comes, and when it comes far more often than it used to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A burst has more events in a minute than this.
const LEAST: f64 = 20.0;
/// A burst lies so many deviations above the mean.
const DEVIATIONS: f64 = 6.0;
/// Minutes of history before anything is called a burst.
const HISTORY: u32 = 10;
/// Weight of the latest minute once there is history: about the last twenty minutes count.
const WEIGHT: f64 = 0.05;
/// Empty minutes that are gone through one by one; after more of them the past is forgotten.
const MAX_GAP: i64 = 24 * 60;

/// Counts by the minute with an exponentially weighted mean and variance. One per template; a few
/// dozen bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RateWindow {
    /// The minute that is being counted, since 1970.
    minute: i64,
    /// Its events so far.
    count: u32,
    /// Minutes of history behind it, empty ones included; stops at [`HISTORY`] times 100.
    history: u32,
    mean: f64,
    variance: f64,
    /// Whether this minute's burst has been reported.
    is_reported: bool,
}

/// A minute with far more events than usual.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Events of this minute so far.
    pub count: u32,
    /// The usual number for a minute.
    pub expected: f64,
}

impl RateWindow {
    /// Counts an event. Reports a burst, once a minute, as soon as the minute's count exceeds both 20 and the mean
    /// by six deviations, after ten minutes of history. The deviation is taken to be at least the
    /// mean's square root, which is that of events arriving at random. Events older than the current minute are
    /// left out.
    pub fn observe(&mut self, at: Timestamp) -> Option<Burst> {
        let minute = at.as_second().div_euclid(60);
        if self.count == 0 && self.history == 0 {
            self.minute = minute;
        }
        if minute < self.minute {
            return None;
        }
        self.advance(minute);
        self.count = self.count.saturating_add(1);
        let is_burst = self.history >= HISTORY && !self.is_reported && f64::from(self.count) > self.threshold();
        self.is_reported |= is_burst;
        is_burst.then_some(Burst { count: self.count, expected: self.mean })
    }

    fn threshold(&self) -> f64 {
        let deviation = self.variance.sqrt().max(self.mean.sqrt());
        LEAST.max(self.mean + DEVIATIONS * deviation)
    }

    fn advance(&mut self, minute: i64) {
        if minute - self.minute > MAX_GAP {
            *self = Self { minute, history: HISTORY, ..Self::default() };
        }
        while self.minute < minute {
            // A burst pulls the mean no further than the threshold, so that one wild minute does not hide the next.
            let count = f64::from(self.count);
            self.learn(if self.history >= HISTORY { count.min(self.threshold()) } else { count });
            self.minute += 1;
            (self.count, self.is_reported) = (0, false);
        }
    }

    /// Exponentially weighted mean and variance (West, Communications of the ACM 22, 1979); over the first
    /// minutes all count alike.
    fn learn(&mut self, count: f64) {
        let weight = WEIGHT.max(1.0 / (f64::from(self.history) + 1.0));
        let difference = count - self.mean;
        self.mean += weight * difference;
        self.variance = (1.0 - weight) * (self.variance + weight * difference * difference);
        self.history = self.history.saturating_add(1).min(HISTORY * 100);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(window: &mut RateWindow, minute: i64, count: u32) -> Vec<Burst> {
        let at = Timestamp::from_second(1_700_000_040 + minute * 60).unwrap();
        (0..count).filter_map(|_| window.observe(at)).collect()
    }

    #[test]
    fn a_minute_far_above_the_past_is_one_burst() {
        let mut window = RateWindow::default();
        for minute in 0..12 {
            assert!(feed(&mut window, minute, 5 + minute as u32 % 3).is_empty());
        }
        let bursts = feed(&mut window, 12, 500);
        assert_eq!(bursts.len(), 1);
        assert_eq!(bursts[0].count, 21);
        assert!((5.0..7.0).contains(&bursts[0].expected));
        assert_eq!(feed(&mut window, 13, 500).len(), 1, "the next wild minute is one too");
    }

    #[test]
    fn nothing_is_a_burst_without_history_or_within_the_usual_spread() {
        let mut window = RateWindow::default();
        assert!(feed(&mut window, 0, 10_000).is_empty());
        let mut window = RateWindow::default();
        for minute in 0..60 {
            let count = if minute % 2 == 0 { 100 } else { 140 };
            assert!(feed(&mut window, minute, count).is_empty(), "minute {minute}");
        }
    }

    #[test]
    fn empty_minutes_are_history_and_old_events_are_left_out() {
        let mut window = RateWindow::default();
        feed(&mut window, 0, 1);
        assert_eq!(feed(&mut window, 30, 25).len(), 1);
        assert!(feed(&mut window, 29, 1000).is_empty());
        assert_eq!(feed(&mut window, 30 + 10 * MAX_GAP, 21).len(), 1);
    }

    #[test]
    fn a_stored_window_goes_on() {
        let mut window = RateWindow::default();
        for minute in 0..15 {
            feed(&mut window, minute, 7);
        }
        let mut restored: RateWindow = serde_json::from_str(&serde_json::to_string(&window).unwrap()).unwrap();
        assert_eq!(feed(&mut restored, 15, 90), feed(&mut window, 15, 90));
        assert!(size_of::<RateWindow>() <= 48);
    }
}
