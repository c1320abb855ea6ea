//! Wrong tokens at the log-in page: five a second from one address, then no more is looked at for the rest
//! of that second. Counted by address, so that whoever guesses keeps nobody else out. What programs present
//! as `Authorization` is always looked at: an alert must not be lost because somebody beside it guesses.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tokens that are looked at in one window.
const MOST: u32 = 5;
/// The window.
const WINDOW: Duration = Duration::from_secs(1);
/// Addresses that are told apart; beyond it they share one count.
const MOST_ADDRESSES: usize = 4096;

/// Who failed, since when, and how often.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl Attempts {
    /// Whether an attempt from this address is looked at. Without an address all share one count.
    pub(crate) fn may_try(&self, from: Option<IpAddr>, now: Instant) -> bool {
        let failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = [network(from), EVERYBODY].into_iter().filter_map(|address| failed.get(&address));
        known.into_iter().all(|(since, count)| is_over(*since, now) || *count < MOST)
    }

    /// Remembers a wrong token.
    pub(crate) fn failed(&self, from: Option<IpAddr>, now: Instant) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = network(from);
        if failed.len() >= MOST_ADDRESSES && !failed.contains_key(&address) {
            failed.retain(|_, (since, _)| !is_over(*since, now));
            if failed.len() >= MOST_ADDRESSES {
                address = EVERYBODY;
            }
        }
        let entry = failed.entry(address).or_insert((now, 0));
        if is_over(entry.0, now) {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

/// Stands for all who cannot be told apart.
const EVERYBODY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

fn is_over(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) >= WINDOW
}

/// Whoever has one IPv6 address usually has all of its /64.
fn network(from: Option<IpAddr>) -> IpAddr {
    match from.map(|address| address.to_canonical()) {
        None => EVERYBODY,
        Some(IpAddr::V4(address)) => IpAddr::V4(address),
        Some(IpAddr::V6(address)) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_tokens_a_second_are_looked_at_for_each_address() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let [guesser, neighbour, other] = ["2001:db8::1", "2001:db8::2", "192.0.2.7"].map(|text| text.parse().ok());
        for _ in 0..MOST {
            assert!(attempts.may_try(guesser, start));
            attempts.failed(guesser, start);
        }
        assert!(!attempts.may_try(guesser, start) && !attempts.may_try(neighbour, start));
        assert!(attempts.may_try(other, start) && attempts.may_try(None, start));
        assert!(attempts.may_try(guesser, start + WINDOW));
    }

    #[test]
    fn a_flood_of_addresses_is_counted_as_one_and_takes_bounded_memory() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let address = |number: usize| Some(IpAddr::V4(u32::try_from(number).unwrap().into()));
        for number in 0..MOST_ADDRESSES + MOST as usize {
            attempts.failed(address(number), start);
        }
        assert!(attempts.0.lock().unwrap().len() <= MOST_ADDRESSES + 1);
        assert!(!attempts.may_try(address(1_000_000), start));
        attempts.failed(address(2_000_000), start + WINDOW);
        assert_eq!(attempts.0.lock().unwrap().len(), 1);
    }
}
