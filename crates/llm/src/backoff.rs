//! How long to wait before a call is made again: twice as long each time, with jitter, and never past a cap.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);

/// Jitter from a seed.
#[derive(Debug)]
pub(crate) struct Backoff(AtomicU64);

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The wait before the `attempt`th repeat, counted from 1. What the server asked for is waited for in full,
    /// and a little longer, so that those who were told the same do not come back together.
    pub(crate) fn wait(&self, attempt: u32, asked_for: Option<Duration>) -> Duration {
        let grown = FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(LONGEST);
        let share = self.next();
        match asked_for {
            Some(asked) => asked + FIRST.mul_f64(share),
            None => grown.mul_f64(0.5 + share / 2.0),
        }
    }

    /// A number from 0 to 1 (SplitMix64, Steele, Lea and Flood 2014).
    fn next(&self) -> f64 {
        let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_cap_and_are_not_all_the_same() {
        let backoff = Backoff::new(7);
        let between = |attempt, least: u64, most: u64| {
            let wait = backoff.wait(attempt, None);
            assert!(wait >= Duration::from_millis(least) && wait <= Duration::from_millis(most), "{attempt}: {wait:?}");
        };
        between(1, 250, 500);
        between(3, 1_000, 2_000);
        between(60, 7_500, 15_000);
        let waits: std::collections::HashSet<Duration> = (0..20).map(|_| backoff.wait(1, None)).collect();
        assert!(waits.len() > 15);
    }

    #[test]
    fn what_the_server_asks_for_is_waited_for_in_full() {
        let wait = Backoff::new(7).wait(1, Some(Duration::from_secs(9)));
        assert!(wait >= Duration::from_secs(9) && wait <= Duration::from_millis(9_500));
    }
}
