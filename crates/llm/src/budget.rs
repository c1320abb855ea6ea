//! What may be spent on a model: in tokens and in money, for one subject, in an hour and in a day.
//!
//! Room is reserved before a call for the most it may take, so that calls under way together cannot overrun it,
//! and settled to what it took. What is spent is kept by the minute; a minute is forgotten after a day.

use crate::question::Usage;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::fmt;

/// Subjects that are remembered; beyond it the half that is longest unheard of is forgotten.
const MAX_SUBJECTS: usize = 10_000;

/// What may be spent; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// On one subject, within a day.
    pub of_subject: Limit,
    /// In an hour.
    pub of_hour: Limit,
    /// In a day.
    pub of_day: Limit,
}

/// What may be spent within one period; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// Tokens, both ways.
    pub tokens: u64,
    /// Millionths of a dollar.
    pub micro_dollars: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            of_subject: Limit { tokens: 30_000, micro_dollars: 0 },
            of_hour: Limit { tokens: 400_000, micro_dollars: 0 },
            of_day: Limit { tokens: 2_000_000, micro_dollars: 0 },
        }
    }
}

/// Which budget is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// That of one subject.
    Subject,
    /// That of the hour.
    Hour,
    /// That of the day.
    Day,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "this incident",
            Self::Hour => "this hour",
            Self::Day => "this day",
        })
    }
}

/// What was spent, and what may still be.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    /// By the minute, oldest first.
    minutes: VecDeque<(i64, Spent)>,
    subjects: HashMap<i64, (i64, Spent)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    tokens: u64,
    micro_dollars: u64,
}

/// Room that a call may use.
#[derive(Debug)]
pub struct Reservation {
    minute: i64,
    subject: i64,
    most: Spent,
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * 60;

impl Budget {
    /// Nothing is spent yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, minutes: VecDeque::new(), subjects: HashMap::new() }
    }

    /// Reserves the most that a call may use.
    ///
    /// # Errors
    /// The narrowest budget that has no room for it.
    pub fn reserve(&mut self, now: Timestamp, subject: i64, most: Usage) -> Result<Reservation, Period> {
        let minute = minute(now);
        self.forget(minute);
        let most = Spent::of(most);
        let on_subject = self.subjects.get(&subject).map(|(_, spent)| *spent).unwrap_or_default();
        let fits = |spent: Spent, limit: Limit| {
            let within = |spent: u64, most: u64, limit: u64| limit == 0 || spent.saturating_add(most) <= limit;
            within(spent.tokens, most.tokens, limit.tokens)
                && within(spent.micro_dollars, most.micro_dollars, limit.micro_dollars)
        };
        if !fits(on_subject, self.limits.of_subject) {
            return Err(Period::Subject);
        }
        if !fits(self.since(minute - HOUR), self.limits.of_hour) {
            return Err(Period::Hour);
        }
        if !fits(self.since(minute - DAY), self.limits.of_day) {
            return Err(Period::Day);
        }
        self.add(minute, subject, most);
        Ok(Reservation { minute, subject, most })
    }

    /// Replaces what was reserved by what was used.
    pub fn settle(&mut self, reservation: Reservation, used: Usage) {
        let Reservation { minute, subject, most } = reservation;
        let used = Spent::of(used);
        let of_minute = self.minutes.iter_mut().rev().find(|(known, _)| *known == minute);
        let of_subject = self.subjects.get_mut(&subject).map(|(_, spent)| spent);
        for spent in of_minute.map(|(_, spent)| spent).into_iter().chain(of_subject) {
            spent.tokens = spent.tokens.saturating_sub(most.tokens).saturating_add(used.tokens);
            spent.micro_dollars =
                spent.micro_dollars.saturating_sub(most.micro_dollars).saturating_add(used.micro_dollars);
        }
    }

    /// Takes note of what was spent before a restart, oldest first.
    pub fn remember(&mut self, at: Timestamp, subject: i64, used: Usage) {
        self.add(minute(at), subject, Spent::of(used));
    }

    fn add(&mut self, minute: i64, subject: i64, spent: Spent) {
        match self.minutes.back_mut() {
            Some((last, sum)) if *last >= minute => sum.add(spent),
            _ => self.minutes.push_back((minute, spent)),
        }
        if self.subjects.len() >= MAX_SUBJECTS && !self.subjects.contains_key(&subject) {
            let mut heard: Vec<i64> = self.subjects.values().map(|(heard, _)| *heard).collect();
            let (_, middle, _) = heard.select_nth_unstable(MAX_SUBJECTS / 2);
            let middle = *middle;
            self.subjects.retain(|_, (heard, _)| *heard > middle);
        }
        let (heard, sum) = self.subjects.entry(subject).or_default();
        *heard = minute;
        sum.add(spent);
    }

    fn since(&self, minute: i64) -> Spent {
        let mut sum = Spent::default();
        self.minutes.iter().rev().take_while(|(at, _)| *at > minute).for_each(|(_, spent)| sum.add(*spent));
        sum
    }

    fn forget(&mut self, now: i64) {
        while self.minutes.front().is_some_and(|(minute, _)| *minute <= now - DAY) {
            self.minutes.pop_front();
            self.subjects.retain(|_, (heard, _)| *heard > now - DAY);
        }
    }
}

impl Spent {
    fn of(usage: Usage) -> Self {
        Self { tokens: usage.tokens(), micro_dollars: usage.micro_dollars }
    }

    fn add(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.micro_dollars = self.micro_dollars.saturating_add(other.micro_dollars);
    }
}

fn minute(at: Timestamp) -> i64 {
    at.duration_since(Timestamp::UNIX_EPOCH).as_mins()
}

/// How long what was spent counts.
pub const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn tokens(tokens: u64) -> Usage {
        Usage { input_tokens: tokens, output_tokens: 0, micro_dollars: tokens * 10 }
    }

    fn limits(of_subject: u64, of_hour: u64, of_day: u64) -> Limits {
        let limit = |tokens| Limit { tokens, micro_dollars: 0 };
        Limits { of_subject: limit(of_subject), of_hour: limit(of_hour), of_day: limit(of_day) }
    }

    #[test]
    fn each_budget_refuses_what_would_overrun_it() {
        let mut budget = Budget::new(limits(100, 150, 200));
        budget.reserve(at(0), 1, tokens(80)).unwrap();
        assert_eq!(budget.reserve(at(0), 1, tokens(21)).unwrap_err(), Period::Subject);
        budget.reserve(at(1), 2, tokens(70)).unwrap();
        assert_eq!(budget.reserve(at(1), 3, tokens(1)).unwrap_err(), Period::Hour);
        budget.reserve(at(90), 3, tokens(50)).unwrap();
        assert_eq!(budget.reserve(at(180), 4, tokens(1)).unwrap_err(), Period::Day);
        budget.reserve(at(24 * 60 + 2), 1, tokens(100)).unwrap();
    }

    #[test]
    fn money_counts_as_well_as_tokens() {
        let mut limits = limits(0, 0, 0);
        limits.of_day.micro_dollars = 1_000;
        let mut budget = Budget::new(limits);
        budget.reserve(at(0), 1, tokens(100)).unwrap();
        assert_eq!(budget.reserve(at(5), 2, tokens(1)).unwrap_err(), Period::Day);
    }

    #[test]
    fn what_was_reserved_and_not_used_is_free_again() {
        let mut budget = Budget::new(limits(0, 100, 0));
        let reservation = budget.reserve(at(0), 1, tokens(100)).unwrap();
        assert!(budget.reserve(at(0), 2, tokens(1)).is_err());
        budget.settle(reservation, tokens(40));
        budget.reserve(at(0), 2, tokens(60)).unwrap();
    }

    #[test]
    fn what_was_spent_before_a_restart_counts() {
        let mut budget = Budget::new(limits(0, 0, 100));
        budget.remember(at(0), 1, tokens(99));
        assert!(budget.reserve(at(5), 2, tokens(2)).is_err());
    }

    #[test]
    fn subjects_without_end_do_not_fill_the_memory() {
        let mut budget = Budget::new(Limits::default());
        for subject in 0..20_000 {
            budget.remember(at(subject), subject, tokens(1));
        }
        assert!(budget.subjects.len() <= MAX_SUBJECTS);
    }
}
