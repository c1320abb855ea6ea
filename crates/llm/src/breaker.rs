//! Leaving a server alone that keeps failing: after five failures in a row it is not called for half a minute;
//! then one call may try, and what becomes of it decides.

use foghorn_domain::clock::{SignedDuration, Timestamp};

/// Failures in a row that open it.
pub(crate) const OPENS_AFTER: u32 = 5;
/// How long it stays open.
pub(crate) const STAYS_OPEN: SignedDuration = SignedDuration::from_secs(30);

/// The state of one server, as its calls left it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    opened_at: Option<Timestamp>,
    is_being_tried: bool,
}

impl Breaker {
    /// Whether a call may be made now. While it is half open, one at a time may.
    pub fn admit(&mut self, now: Timestamp) -> bool {
        match self.opened_at {
            None => true,
            Some(opened) if now.duration_since(opened) >= STAYS_OPEN && !self.is_being_tried => {
                self.is_being_tried = true;
                true
            }
            Some(_) => false,
        }
    }

    /// A call succeeded: all is well.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call failed.
    pub fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let was_tried = std::mem::take(&mut self.is_being_tried);
        if was_tried || (self.failures >= OPENS_AFTER && self.opened_at.is_none()) {
            self.opened_at = Some(now);
        }
    }

    /// A call came to an end that says nothing about the server.
    pub fn ended(&mut self) {
        self.is_being_tried = false;
    }

    /// Whether calls are refused for now.
    pub fn is_open(&self) -> bool {
        self.opened_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..OPENS_AFTER {
            assert!(breaker.admit(second(0)));
            breaker.failed(second(0));
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.failed(second(0));
        }
        breaker.succeeded();
        for _ in 0..4 {
            breaker.failed(second(0));
        }
        assert!(breaker.admit(second(0)) && !breaker.is_open());
        breaker.failed(second(0));
        assert!(!breaker.admit(second(29)) && breaker.is_open());
    }

    #[test]
    fn after_a_while_one_call_may_try_and_decides() {
        let mut breaker = opened();
        assert!(breaker.admit(second(30)));
        assert!(!breaker.admit(second(30)), "a second call must wait for the first");
        breaker.failed(second(40));
        assert!(!breaker.admit(second(69)));
        assert!(breaker.admit(second(70)));
        breaker.succeeded();
        assert!(breaker.admit(second(70)) && breaker.admit(second(70)) && !breaker.is_open());
    }

    #[test]
    fn a_call_that_says_nothing_about_the_server_leaves_it_to_the_next() {
        let mut breaker = opened();
        assert!(breaker.admit(second(30)));
        breaker.ended();
        assert!(breaker.is_open() && breaker.admit(second(31)));
    }

    #[test]
    fn calls_that_were_under_way_when_it_opened_do_not_keep_it_open() {
        let mut breaker = opened();
        breaker.failed(second(29));
        assert!(breaker.admit(second(30)));
    }
}
