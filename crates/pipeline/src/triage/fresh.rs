//! A source that invents fingerprints must not fill the list of incidents: a service opens so many new ones
//! an hour, and further ones fold into one. Repeats of what it has opened are never folded.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Fingerprints that are remembered as opened; the oldest make room.
const REMEMBERED: usize = 1_500;

/// See the module.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct FreshFingerprints {
    hour: i64,
    admitted: usize,
    /// Their last eight bytes, oldest first.
    known: VecDeque<u64>,
}

impl FreshFingerprints {
    /// Whether it was admitted before and is still remembered.
    pub(super) fn knows(&self, fingerprint: &Fingerprint) -> bool {
        self.known.contains(&short(fingerprint))
    }

    /// Admits a new one, unless `limit` have been admitted within this hour.
    pub(super) fn admit(&mut self, fingerprint: &Fingerprint, at: Timestamp, limit: usize) -> bool {
        let hour = at.as_second() / SignedDuration::from_hours(1).as_secs();
        if self.hour != hour {
            (self.hour, self.admitted) = (hour, 0);
        }
        if self.admitted >= limit {
            return false;
        }
        self.admitted += 1;
        self.known.push_back(short(fingerprint));
        if self.known.len() > REMEMBERED {
            self.known.pop_front();
        }
        true
    }
}

fn short(fingerprint: &Fingerprint) -> u64 {
    let text = fingerprint.as_str();
    text.get(text.len().saturating_sub(16)..).and_then(|tail| u64::from_str_radix(tail, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ones_are_limited_by_the_hour_and_known_ones_always_pass() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let fingerprint = |n: i64| Fingerprint::of_row(n);
        let mut fresh = FreshFingerprints::default();
        assert!((0..3).all(|n| fresh.admit(&fingerprint(n), at(0), 3)));
        assert!(!fresh.admit(&fingerprint(3), at(0), 3));
        assert!(fresh.knows(&fingerprint(1)) && !fresh.knows(&fingerprint(3)));
        assert!(fresh.admit(&fingerprint(3), at(1), 3));
        assert!(fresh.knows(&fingerprint(1)), "an hour later a repeat is still a repeat");
    }
}
