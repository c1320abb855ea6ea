//! How regularly each source speaks: the longest pause it has made, learned as it goes, in a few bytes.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A source counts as regular once it has been heard so long and so often.
const LEARNED_AFTER: SignedDuration = SignedDuration::from_mins(30);
const LEARNED_FROM: u32 = 20;
/// Pauses below this are none.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// Silent is who says nothing for three times their longest pause, and five minutes at least.
const TIMES: i32 = 3;
const AT_LEAST: SignedDuration = SignedDuration::from_mins(5);
/// Whose longest pause is longer than this is not regular.
const IRREGULAR: SignedDuration = SignedDuration::from_hours(4);
/// Sources that are listened to; a stranger who invents more of them is not.
const MOST: usize = 5_000;

/// What is known of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rhythm {
    first: Timestamp,
    last: Timestamp,
    /// Minutes in which it spoke.
    turns: u32,
    /// In seconds; shrinks slowly, so that one odd night is forgotten in the end.
    longest: f64,
    /// Whether its silence was reported.
    is_reported: bool,
    /// Whether nobody listened since it was last heard: that pause is none of its own.
    #[serde(skip)]
    was_unheard: bool,
}

/// Everybody's rhythm; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Hearing(Arc<Mutex<HashMap<String, (Rhythm, bool)>>>);

/// A source that has fallen silent, or speaks again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) source: String,
    pub(crate) silent_since: Timestamp,
    pub(crate) longest_pause: SignedDuration,
    pub(crate) is_silent: bool,
}

impl Rhythm {
    fn new(now: Timestamp) -> Self {
        Self { first: now, last: now, turns: 0, longest: 0.0, is_reported: false, was_unheard: false }
    }

    fn hear(&mut self, now: Timestamp) {
        let pause = now.duration_since(self.last);
        if pause >= SHORTEST_PAUSE {
            // The pause after which a reported silence ended is no part of the rhythm.
            if !self.is_reported && !std::mem::take(&mut self.was_unheard) {
                self.longest = (self.longest * 0.998).max(pause.as_secs_f64());
            }
        }
        if now.as_second().div_euclid(60) != self.last.as_second().div_euclid(60) {
            self.turns = self.turns.saturating_add(1);
        }
        self.last = self.last.max(now);
    }

    fn longest_pause(&self) -> SignedDuration {
        SignedDuration::from_secs(self.longest as i64).max(SHORTEST_PAUSE)
    }

    /// How long it may be silent, if it is regular.
    fn may_pause(&self) -> Option<SignedDuration> {
        let is_learned = self.turns >= LEARNED_FROM && self.last.duration_since(self.first) >= LEARNED_AFTER;
        let longest = self.longest_pause();
        (is_learned && longest <= IRREGULAR).then(|| (longest * TIMES).max(AT_LEAST))
    }
}

impl Hearing {
    /// A source was heard.
    pub(crate) fn hear(&self, source: &str, now: Timestamp) {
        let mut all = self.lock();
        let has_room = all.len() < MOST;
        match all.get_mut(source) {
            // The same second again is no news.
            Some((rhythm, _)) if now.duration_since(rhythm.last) < SignedDuration::from_secs(1) => {}
            Some((rhythm, is_changed)) => {
                rhythm.hear(now);
                *is_changed = true;
            }
            None if has_room && source != super::SOURCE => {
                all.insert(source.to_owned(), (Rhythm::new(now), true));
            }
            None => {}
        }
    }

    /// Takes in what was written down before a restart.
    pub(crate) fn restore(&self, rows: Vec<(String, String)>) {
        let mut all = self.lock();
        for (source, state) in rows {
            if let Ok(before) = serde_json::from_str::<Rhythm>(&state) {
                let heard_since = all.get(&source).map(|(rhythm, _)| rhythm.last);
                let mut rhythm = before;
                // The pause in which we did not listen says nothing about the source.
                rhythm.was_unheard = heard_since.is_none();
                rhythm.last = heard_since.unwrap_or(rhythm.last).max(rhythm.last);
                all.insert(source, (rhythm, true));
            }
        }
    }

    /// What is to be written down: source, when it was last heard, state.
    pub(crate) fn take_changed(&self) -> Vec<(String, Timestamp, String)> {
        let mut all = self.lock();
        let changed = all.iter_mut().filter(|(_, (_, is_changed))| *is_changed);
        changed
            .filter_map(|(source, (rhythm, is_changed))| {
                *is_changed = false;
                Some((source.clone(), rhythm.last, serde_json::to_string(rhythm).ok()?))
            })
            .collect()
    }

    /// Who has fallen silent, and who speaks again. Time in which nobody listened does not count.
    pub(crate) fn turns(&self, now: Timestamp, listening_since: Timestamp) -> Vec<Turn> {
        let all = self.lock();
        let mut turns: Vec<Turn> = all
            .iter()
            .filter_map(|(source, (rhythm, _))| {
                // A silence that was reported ends when the source speaks, not when somebody listens again.
                let heard = if rhythm.is_reported { rhythm.last } else { rhythm.last.max(listening_since) };
                let silent_for = now.duration_since(heard);
                let is_silent = silent_for >= rhythm.may_pause()?;
                (is_silent != rhythm.is_reported).then(|| Turn {
                    source: source.clone(),
                    silent_since: rhythm.last,
                    longest_pause: rhythm.longest_pause(),
                    is_silent,
                })
            })
            .collect();
        turns.sort_by(|a, b| a.source.cmp(&b.source));
        turns
    }

    /// A turn was reported.
    pub(crate) fn said(&self, turn: &Turn) {
        if let Some((rhythm, is_changed)) = self.lock().get_mut(&turn.source) {
            rhythm.is_reported = turn.is_silent;
            *is_changed = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Rhythm, bool)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    /// Heard every `pause` seconds for so many seconds.
    fn heard(pause: i64, seconds: i64) -> Hearing {
        let hearing = Hearing::default();
        (0..=seconds).step_by(pause as usize).for_each(|second| hearing.hear("orders", at(second)));
        hearing
    }

    #[test]
    fn a_regular_source_is_silent_after_three_of_its_longest_pauses() {
        let hearing = heard(120, 3_600);
        assert!(hearing.turns(at(3_600 + 359), at(0)).is_empty());
        let turns = hearing.turns(at(3_600 + 360), at(0));
        assert_eq!((turns.len(), turns[0].is_silent, turns[0].silent_since), (1, true, at(3_600)));
        hearing.said(&turns[0]);
        assert!(hearing.turns(at(9_000), at(0)).is_empty(), "it is reported once");
        hearing.hear("orders", at(10_000));
        let turns = hearing.turns(at(10_000), at(0));
        assert!(!turns[0].is_silent);
        hearing.said(&turns[0]);
        // The silence itself did not become the rhythm.
        assert!(!hearing.turns(at(10_360), at(0)).is_empty());
    }

    #[test]
    fn a_source_that_never_pauses_is_silent_after_five_minutes() {
        for pause in [1, 15] {
            let hearing = heard(pause, 3_600);
            assert!(hearing.turns(at(3_600 + 299), at(0)).is_empty());
            assert_eq!(hearing.turns(at(3_600 + 300), at(0)).len(), 1);
        }
    }

    #[test]
    fn who_has_not_been_heard_long_or_often_is_not_missed() {
        assert!(heard(60, 1_000).turns(at(90_000), at(0)).is_empty());
        assert!(heard(600, 4_000).turns(at(90_000), at(0)).is_empty());
        assert!(heard(18_000, 900_000).turns(at(2_000_000), at(0)).is_empty());
    }

    #[test]
    fn time_in_which_nobody_listened_does_not_count() {
        let hearing = heard(60, 3_600);
        assert!(hearing.turns(at(50_000), at(49_900)).is_empty());
        assert_eq!(hearing.turns(at(50_200), at(49_900)).len(), 1);
    }

    #[test]
    fn what_is_written_down_is_taken_in_again() {
        let hearing = heard(60, 3_600);
        let rows: Vec<(String, String)> =
            hearing.take_changed().into_iter().map(|(source, _, state)| (source, state)).collect();
        assert!(hearing.take_changed().is_empty());
        let again = Hearing::default();
        again.restore(rows);
        assert_eq!(again.turns(at(3_600 + 300), at(0)).len(), 1);
    }

    #[test]
    fn a_stranger_cannot_invent_sources_without_end() {
        let hearing = Hearing::default();
        (0..MOST + 10).for_each(|number| hearing.hear(&format!("s{number}"), at(0)));
        assert_eq!(hearing.lock().len(), MOST);
    }
}
