//! Statements that a service makes steadily, and when one of them stays away while the service goes on speaking.
//!
//! Time is counted in turns: minutes in which the service has said anything. So a service that has stopped, a night in
//! which nobody listened and a source that is late miss nothing here; a silent service is another's business.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Templates of one service that are listened for.
const MOST: usize = 64;
/// A template is known once it has come in so many turns, over a day of them.
const LEARNED_TIMES: u32 = 100;
const LEARNED_TURNS: u64 = 24 * 60;
/// One that has stayed away for longer is not steady.
const IRREGULAR: f32 = 60.0;
/// Missed is what stays away for four times its longest pause, and half an hour at least.
const TIMES: f32 = 4.0;
const AT_LEAST: f32 = 30.0;
/// What is left of the longest pause with each turn in which the template comes: a night or a week-end is remembered until
/// the next one, an odd hour for some days.
const FORGETTING: f32 = 0.9998;
/// One that has not come for so many turns makes room for another, unless it was steady.
const STALE: u64 = 60;

/// The steady templates of one service. At most 64, whatever comes in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SteadyTemplates {
    /// The latest minute in which the service spoke, since 1970.
    minute: i64,
    /// How many such minutes there were.
    turns: u64,
    /// The turn in which somebody last asked who is missing.
    asked: u64,
    known: BTreeMap<String, Known>,
}

/// What is known of a template. Its times are turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    shown: String,
    first: u64,
    last: u64,
    times: u32,
    longest: f32,
    is_missed: bool,
}

/// A steady template that has stayed away.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// Its name.
    pub birth_key: String,
    /// What is shown of it.
    pub shown: String,
    /// Minutes in which the service spoke without it.
    pub silent_for: u64,
    /// The longest pause that it made before, in such minutes.
    pub longest: u64,
    /// Other steady templates that went with it.
    pub others: usize,
}

impl SteadyTemplates {
    /// Hears a line of a template; `shown` says how it is shown to people. Says whether that is worth keeping: further
    /// lines within a minute are not.
    pub fn hear(&mut self, birth_key: &str, at: Timestamp, shown: impl FnOnce() -> String) -> bool {
        let minute = at.as_second().div_euclid(60);
        let is_turn = self.turns == 0 || minute > self.minute;
        if is_turn {
            self.minute = minute;
            self.turns += 1;
        }
        let turn = self.turns;
        if let Some(known) = self.known.get_mut(birth_key) {
            if known.last == turn {
                return is_turn;
            }
            // Who has come back after a pause is not missed for the like.
            let pause = turn.saturating_sub(known.last) as f32;
            known.longest = (known.longest * FORGETTING).max(pause);
            known.last = turn;
            known.times = known.times.saturating_add(1);
            known.is_missed = false;
            return true;
        }
        if self.known.len() >= MOST {
            let stale =
                self.known.iter().filter(|(_, known)| turn.saturating_sub(known.last) > STALE && !known.is_steady());
            let Some(stale) = stale.min_by_key(|(_, known)| known.last).map(|(key, _)| key.clone()) else {
                return is_turn;
            };
            self.known.remove(&stale);
        }
        let known = Known { shown: shown(), first: turn, last: turn, times: 1, longest: 0.0, is_missed: false };
        self.known.insert(birth_key.to_owned(), known);
        true
    }

    /// Whether a steady template has newly stayed away too long. Those that are half way to it went with it: the steadiest
    /// of them all is named, the others are counted, and each is missed once until it comes again. Looks once a turn.
    pub fn missed(&mut self) -> Option<Missed> {
        if self.asked == self.turns {
            return None;
        }
        self.asked = self.turns;
        let turn = self.turns;
        if !self.known.values().any(|known| known.is_away(turn, 1.0)) {
            return None;
        }
        let away = self.known.iter().filter(|(_, known)| known.is_away(turn, 0.5));
        let gone: Vec<String> = away.map(|(key, _)| key.clone()).collect();
        let birth_key = gone.iter().max_by_key(|key| self.known.get(*key).map(|known| known.times))?.clone();
        for key in &gone {
            if let Some(known) = self.known.get_mut(key) {
                known.is_missed = true;
            }
        }
        let known = self.known.get(&birth_key)?;
        Some(Missed {
            shown: known.shown.clone(),
            silent_for: turn.saturating_sub(known.last),
            longest: known.longest.round() as u64,
            others: gone.len() - 1,
            birth_key,
        })
    }
}

impl Known {
    fn is_steady(&self) -> bool {
        self.times >= LEARNED_TIMES
            && self.last.saturating_sub(self.first) >= LEARNED_TURNS
            && self.longest <= IRREGULAR
    }

    /// Whether it is steady and has newly stayed away for such a share of the time after which it is missed.
    fn is_away(&self, turn: u64, share: f32) -> bool {
        let silent_for = turn.saturating_sub(self.last) as f32;
        !self.is_missed && self.is_steady() && silent_for >= share * (self.longest * TIMES).max(AT_LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that says one thing every minute, and others when they are due.
    fn live(
        heard: &mut SteadyTemplates,
        minutes: std::ops::Range<i64>,
        due: impl Fn(i64) -> bool,
    ) -> Vec<(i64, Missed)> {
        let mut missed = Vec::new();
        for minute in minutes {
            let at = Timestamp::from_second(1_700_000_040 + minute * 60).unwrap();
            heard.hear("always", at, || "tick".to_owned());
            if due(minute) {
                heard.hear("it", at, || "backup of <*> done".to_owned());
            }
            missed.extend(heard.missed().map(|found| (minute, found)));
        }
        missed
    }

    #[test]
    fn a_steady_template_that_stays_away_is_missed_once_until_it_comes_again() {
        let mut heard = SteadyTemplates::default();
        assert_eq!(live(&mut heard, 0..3_000, |minute| minute % 10 == 0), []);
        let missed = live(&mut heard, 3_000..4_000, |_| false);
        let expected = Missed {
            birth_key: "it".to_owned(),
            shown: "backup of <*> done".to_owned(),
            silent_for: 40,
            longest: 10,
            others: 0,
        };
        assert_eq!(missed, [(3_030, expected)]);
        assert_eq!(live(&mut heard, 4_000..4_100, |minute| minute % 10 == 0), []);
        assert_eq!(live(&mut heard, 4_100..5_000, |_| false), [], "it has shown that it may stay away");
    }

    #[test]
    fn a_service_that_has_stopped_and_nights_in_which_nobody_listens_are_not_missed() {
        let mut heard = SteadyTemplates::default();
        live(&mut heard, 0..3_000, |minute| minute % 10 == 0);
        assert_eq!(live(&mut heard, 9_000..9_020, |_| false), []);
        assert_eq!(live(&mut heard, 9_020..9_100, |minute| minute % 10 == 0), []);
    }

    #[test]
    fn what_is_young_or_rare_or_sleeps_at_night_is_not_missed() {
        for due in [
            |minute: i64| minute < 1_000 && minute % 10 == 0,
            |minute: i64| minute < 4_000 && minute % 70 == 0,
            |minute: i64| minute % 1_440 < 960,
        ] {
            assert_eq!(live(&mut SteadyTemplates::default(), 0..20_000, due), []);
        }
    }

    #[test]
    fn several_that_go_together_are_one_finding() {
        let mut heard = SteadyTemplates::default();
        let mut missed = Vec::new();
        for minute in 0..4_000 {
            let at = Timestamp::from_second(1_700_000_040 + minute * 60).unwrap();
            heard.hear("always", at, || "tick".to_owned());
            for (key, every) in [("a", 3), ("b", 1), ("c", 2)] {
                if minute < 3_000 && minute % every == 0 {
                    heard.hear(key, at, || key.to_owned());
                }
            }
            missed.extend(heard.missed());
        }
        let missed: Vec<_> = missed.iter().map(|found| (found.shown.as_str(), found.others)).collect();
        assert_eq!(missed, [("b", 2)], "the one that came most is named");
    }

    #[test]
    fn strangers_do_not_push_out_what_is_steady_and_a_stored_memory_goes_on() {
        let mut heard = SteadyTemplates::default();
        live(&mut heard, 0..3_000, |minute| minute % 10 == 0);
        for number in 0..10_000_i64 {
            let at = Timestamp::from_second(1_700_000_040 + (3_000 + number / 10) * 60).unwrap();
            heard.hear(&format!("{number}"), at, String::new);
        }
        assert!(heard.known.len() == MOST && heard.known.contains_key("it") && heard.known.contains_key("always"));
        let stored = serde_json::to_string(&heard).unwrap();
        let mut restored: SteadyTemplates = serde_json::from_str(&stored).unwrap();
        assert_eq!(restored, heard);
        assert_eq!(restored.missed(), heard.missed());
    }
}
