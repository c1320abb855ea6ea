//! Events in order of time, as far as a bounded window sees. A time far in the future, written by a clock that is
//! wrong, waits at the window's end and so does not push everybody else's clock ahead.

use super::reading::Item;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::NewEvent;
use foghorn_pipeline::replay::Heard;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Events that wait for an earlier one.
const WINDOW: usize = 4_096;
/// Between two events where no time is written anywhere.
const STEP: SignedDuration = SignedDuration::from_millis(1);

/// What drives the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Events with a time of their own, or of a line before them.
    pub(super) written: u64,
    /// Events before which nothing says a time.
    pub(super) made_up: u64,
}

/// See the module.
pub(super) struct Order {
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// The first events, as long as no time is known.
    untimed: Vec<NewEvent>,
    /// The moment of the last event that had none.
    counted: Option<Timestamp>,
    start: Timestamp,
    number: u64,
    times: Times,
}

struct Waiting {
    at: Timestamp,
    number: u64,
    event: NewEvent,
}

impl Order {
    /// Where no time is written anywhere, the first event is at `start`.
    pub(super) fn new(start: Timestamp) -> Self {
        let (waiting, untimed, times) = (BinaryHeap::new(), Vec::new(), Times::default());
        Self { waiting, untimed, counted: None, start, number: 0, times }
    }

    /// What drives the clock so far.
    pub(super) fn times(&self) -> Times {
        self.times
    }

    /// Takes an event in, and gives the earliest back where the window is full.
    pub(super) fn take(&mut self, at: Option<Timestamp>, event: NewEvent) -> Vec<Heard> {
        match at {
            None => self.untimed.push(event),
            Some(at) => {
                self.times.written += 1;
                // What stands before the first time that is written belongs to it.
                for first in std::mem::take(&mut self.untimed) {
                    self.times.made_up += 1;
                    self.push(at, first);
                }
                self.push(at, event);
            }
        }
        if self.untimed.len() > WINDOW {
            self.count_up();
        }
        let surplus = self.waiting.len().saturating_sub(WINDOW);
        (0..surplus).filter_map(|_| self.next()).collect()
    }

    /// The next of what is left, once the input has ended.
    pub(super) fn rest(&mut self) -> Option<Heard> {
        self.count_up();
        self.next()
    }

    fn next(&mut self) -> Option<Heard> {
        self.waiting.pop().map(|Reverse(Waiting { at, event, .. })| Heard { at, event })
    }

    fn count_up(&mut self) {
        for event in std::mem::take(&mut self.untimed) {
            let at = self.counted.map_or(self.start, |before| before + STEP);
            self.counted = Some(at);
            self.times.made_up += 1;
            self.push(at, event);
        }
    }

    fn push(&mut self, at: Timestamp, event: NewEvent) {
        self.number += 1;
        self.waiting.push(Reverse(Waiting { at, number: self.number, event }));
    }
}

/// Takes what was read; what is no event is handed to `unparsed`.
pub(super) fn events_of(order: &mut Order, item: Item, mut other: impl FnMut(Item)) -> Vec<Heard> {
    match item {
        Item::Event(at, event) => order.take(at, *event),
        item => {
            other(item);
            Vec::new()
        }
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(events: &[(Option<i64>, &str)]) -> (Vec<(i64, String)>, Times) {
        let mut order = Order::new(Timestamp::from_second(1_000).unwrap());
        let mut heard = Vec::new();
        for (at, payload) in events {
            let at = at.map(|second| Timestamp::from_second(second).unwrap());
            heard.extend(order.take(at, NewEvent::new("a", "log", *payload)));
        }
        while let Some(next) = order.rest() {
            heard.push(next);
        }
        (heard.into_iter().map(|heard| (heard.at.as_millisecond(), heard.event.payload)).collect(), order.times())
    }

    #[test]
    fn events_come_in_order_of_time_and_equal_times_in_order_of_the_input() {
        let (heard, times) = order(&[(None, "before"), (Some(5), "b"), (Some(3), "a"), (Some(5), "c")]);
        let expected = [(3_000, "a"), (5_000, "before"), (5_000, "b"), (5_000, "c")];
        assert_eq!(heard, expected.map(|(at, payload)| (at, payload.to_owned())));
        assert_eq!(times, Times { written: 3, made_up: 1 });
    }

    #[test]
    fn without_any_time_events_arrive_one_a_millisecond() {
        let (heard, times) = order(&[(None, "a"), (None, "b")]);
        assert_eq!(heard, [(1_000_000, "a".to_owned()), (1_000_001, "b".to_owned())]);
        assert_eq!(times, Times { written: 0, made_up: 2 });
        let many: Vec<(Option<i64>, &str)> = vec![(None, "x"); WINDOW + 10];
        assert_eq!(order(&many).0.len(), many.len());
    }

    #[test]
    fn one_wrong_clock_does_not_push_the_others_ahead() {
        let mut events = vec![(Some(1), "first"), (Some(9_999_999), "wrong")];
        events.extend((2..100).map(|second| (Some(second), "right")));
        let (heard, _) = order(&events);
        assert_eq!(heard.last().map(|(_, payload)| payload.as_str()), Some("wrong"));
    }
}
