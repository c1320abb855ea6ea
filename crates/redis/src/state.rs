//! What people are told of the connections.

use crate::RedisFault;
use foghorn_domain::clock::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How one connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkState {
    /// What is wrong with it; `None` while it works.
    pub fault: Option<RedisFault>,
    /// Since when.
    pub since: Timestamp,
}

/// How each connection stands, by what it is for; clones share it.
#[derive(Clone, Debug, Default)]
pub struct LinkStates(Arc<Mutex<BTreeMap<&'static str, LinkState>>>);

impl LinkStates {
    /// Notes how a connection stands. Answers whether that is news of all connections together: the first fails, a
    /// worse fault comes up, the last one works again.
    pub fn note(&self, link: &'static str, fault: Option<RedisFault>, now: Timestamp) -> bool {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let worst = |states: &BTreeMap<&'static str, LinkState>| {
            states.values().filter_map(|state| state.fault.as_ref().map(RedisFault::rank)).max()
        };
        let before = worst(&states);
        let known = states.get(link);
        let is_same =
            |known: &LinkState| known.fault.as_ref().map(RedisFault::rank) == fault.as_ref().map(RedisFault::rank);
        let since = known.filter(|known| is_same(known)).map_or(now, |known| known.since);
        states.insert(link, LinkState { fault, since });
        let after = worst(&states);
        // That one of several faults is gone is no news yet.
        after > before || (before.is_some() && after.is_none())
    }

    /// All of them.
    pub fn all(&self) -> Vec<(&'static str, LinkState)> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.iter().map(|(link, state)| (*link, state.clone())).collect()
    }
}

/// How long to wait before the next attempt: twice as long each time, half a minute at most, and up to half of it less
/// so that processes do not come back together.
pub fn backoff(failures: u32) -> Duration {
    let longest = Duration::from_millis(250 * 2_u64.pow(failures.min(7))).min(Duration::from_secs(30));
    let mut byte = [0_u8; 1];
    // Without chance they come back together, which Redis survives.
    let _ = getrandom::fill(&mut byte);
    longest.mul_f64(1.0 - f64::from(byte[0]) / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_the_first_that_fails_a_worse_fault_and_the_last_that_works_again() {
        let states = LinkStates::default();
        let away = |why: &str| Some(RedisFault::Away(why.to_owned()));
        let check = |link, fault, second, is_news| {
            assert_eq!(states.note(link, fault, Timestamp::from_second(second).unwrap()), is_news, "{second}");
        };
        check("queue", None, 1, false);
        check("queue", away("a"), 2, true);
        check("channel", away("b"), 3, false);
        check("queue", away("c"), 4, false);
        check("channel", Some(RedisFault::Full), 5, true);
        check("channel", None, 6, false);
        check("queue", None, 7, true);
        let since = |second| LinkState { fault: None, since: Timestamp::from_second(second).unwrap() };
        assert_eq!(states.all(), [("channel", since(6)), ("queue", since(7))]);
    }

    #[test]
    fn pauses_grow_and_are_capped() {
        assert!(backoff(0) <= Duration::from_millis(250) && backoff(0) >= Duration::from_millis(125));
        assert!((0..100).all(|failures| backoff(failures) <= Duration::from_secs(30)));
        assert!(backoff(50) >= Duration::from_secs(15));
    }
}
