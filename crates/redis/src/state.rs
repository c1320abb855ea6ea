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
    /// Notes how a connection stands. Answers whether that is news: it failed and works, it worked and fails, or it
    /// fails for another reason.
    pub fn note(&self, link: &'static str, fault: Option<RedisFault>, now: Timestamp) -> bool {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = states.get(link).map(|state| &state.fault);
        let is_news = match (known, &fault) {
            (None, None) => false,
            (Some(Some(known)), Some(fault)) => std::mem::discriminant(known) != std::mem::discriminant(fault),
            (Some(None), None) => false,
            _ => true,
        };
        let since = states.get(link).filter(|_| !is_news).map_or(now, |state| state.since);
        states.insert(link, LinkState { fault, since });
        is_news
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
    fn news_is_only_what_changes() {
        let states = LinkStates::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let away = |why: &str| Some(RedisFault::Away(why.to_owned()));
        let noted: Vec<bool> = [None, away("a"), away("b"), Some(RedisFault::Full), None, None]
            .into_iter()
            .zip(1..)
            .map(|(fault, second)| states.note("queue", fault, at(second)))
            .collect();
        assert_eq!(noted, [false, true, false, true, true, false]);
        assert_eq!(states.all(), [("queue", LinkState { fault: None, since: at(5) })]);
    }

    #[test]
    fn pauses_grow_and_are_capped() {
        assert!(backoff(0) <= Duration::from_millis(250) && backoff(0) >= Duration::from_millis(125));
        assert!((0..100).all(|failures| backoff(failures) <= Duration::from_secs(30)));
        assert!(backoff(50) >= Duration::from_secs(15));
    }
}
