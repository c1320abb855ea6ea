//! What happens while nobody acknowledges: the next receivers, and the same ones again.
//!
//! Both are pure functions of times that the store keeps, so that a restart neither forgets a step nor takes
//! one twice: each due step has a key, and the outbox holds a key once. The key names the step's own time, so that
//! routes whose steps differ are told apart when [`receivers_due`] asks whom a key concerns.

use crate::route::Routed;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::notification::{Reason, ReasonKey};
use serde::{Deserialize, Serialize};

/// One step: who is told when nobody has acknowledged for so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Counted from the first telling.
    pub after: SignedDuration,
    /// Whom to tell then.
    pub receivers: Vec<String>,
}

/// What is known of one telling.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// When the first receiver was told that the incident opened, or reopened.
    pub at: Timestamp,
    /// Whether somebody has it, or it is over.
    pub is_answered: bool,
    /// How often the incident has reopened; every time begins anew.
    pub reopened_count: u32,
}

/// A step that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The outbox's key: `unacknowledged`, and `900s` for the step after 15 minutes; `900s-2` after the second
    /// reopening.
    pub key: ReasonKey,
    /// Since when.
    pub at: Timestamp,
    /// Whom to tell.
    pub receivers: Vec<String>,
}

/// All steps that are due by now, taken or not; their keys tell which were taken.
pub fn steps_due(told: &Told, steps: &[Step], now: Timestamp) -> Vec<Due> {
    if told.is_answered {
        return Vec::new();
    }
    let due = steps.iter().filter_map(|step| {
        let at = told.at.checked_add(step.after).ok().filter(|at| *at <= now)?;
        Some(Due { key: key(&period(step.after), told), at, receivers: step.receivers.clone() })
    });
    due.collect()
}

/// The latest repetition that is due, with its key (`repeat-3600s-3`). Those that were missed meanwhile are not made
/// up for: after an outage there is one message and not a dozen.
pub fn repeat_due(told: &Told, every: SignedDuration, now: Timestamp) -> Option<(ReasonKey, Timestamp)> {
    let (passed, seconds) = (now.duration_since(told.at).as_secs(), every.as_secs());
    if told.is_answered || seconds <= 0 || passed < seconds {
        return None;
    }
    let number = passed / seconds;
    let at = told.at.checked_add(SignedDuration::from_secs(number * seconds)).ok()?;
    Some((key(&format!("{REPEAT}-{}-{number}", period(every)), told), at))
}

/// Whom a route tells for a key of [`steps_due`] or [`repeat_due`]: nobody where the step or repetition is that of
/// another route.
pub fn receivers_due(key: &ReasonKey, routed: &Routed) -> Vec<String> {
    let mut words = key.occurrence.split('-');
    match words.next() {
        Some(REPEAT) => {
            let is_own = routed.repeat_interval.is_some_and(|every| words.next() == Some(&*period(every)));
            if is_own { vec![routed.receiver.clone()] } else { Vec::new() }
        }
        after => {
            let own = routed.escalation.iter().filter(|step| after == Some(&*period(step.after)));
            own.flat_map(|step| step.receivers.iter().cloned()).collect()
        }
    }
}

/// When to look again; `None` where nothing will ever be due.
pub fn next_due(told: &Told, steps: &[Step], every: Option<SignedDuration>, now: Timestamp) -> Option<Timestamp> {
    if told.is_answered {
        return None;
    }
    let steps = steps.iter().filter_map(|step| told.at.checked_add(step.after).ok());
    let repeat = every.filter(|every| every.as_secs() > 0).and_then(|every| {
        let number = (now.duration_since(told.at).as_secs() / every.as_secs()).max(0) + 1;
        told.at.checked_add(SignedDuration::from_secs(number.checked_mul(every.as_secs())?)).ok()
    });
    steps.chain(repeat).filter(|at| *at > now).min()
}

const REPEAT: &str = "repeat";

/// A length of time as keys name it.
fn period(length: SignedDuration) -> String {
    format!("{}s", length.as_secs())
}

fn key(occurrence: &str, told: &Told) -> ReasonKey {
    let occurrence = match told.reopened_count {
        0 => occurrence.to_owned(),
        times => format!("{occurrence}-{times}"),
    };
    ReasonKey { reason: Reason::Unacknowledged, occurrence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn told(is_answered: bool, reopened_count: u32) -> Told {
        Told { at: at(0), is_answered, reopened_count }
    }

    fn steps() -> Vec<Step> {
        let step = |minutes, receiver: &str| Step {
            after: SignedDuration::from_mins(minutes),
            receivers: vec![receiver.to_owned()],
        };
        vec![step(15, "lead"), step(45, "boss")]
    }

    #[test]
    fn steps_fall_due_in_turn_and_keep_their_keys() {
        let check = |told: Told, minute, expected: &[&str]| {
            let due = steps_due(&told, &steps(), at(minute));
            let due: Vec<String> = due.iter().map(|due| format!("{} {}", due.key, due.receivers.join(","))).collect();
            assert_eq!(due, expected, "minute {minute}");
        };
        check(told(false, 0), 14, &[]);
        check(told(false, 0), 15, &["unacknowledged:900s lead"]);
        check(told(false, 0), 44, &["unacknowledged:900s lead"]);
        check(told(false, 0), 600, &["unacknowledged:900s lead", "unacknowledged:2700s boss"]);
        check(told(false, 2), 20, &["unacknowledged:900s-2 lead"]);
        check(told(true, 0), 600, &[]);
        check(told(false, 0), -600, &[]);
    }

    #[test]
    fn a_key_concerns_the_routes_that_have_its_step_and_no_others() {
        let routed = |minutes, every| Routed {
            receiver: "team".to_owned(),
            team: None,
            path: "route[0]".to_owned(),
            because: Vec::new(),
            group_interval: None,
            repeat_interval: Some(SignedDuration::from_mins(every)),
            escalation: vec![Step { after: SignedDuration::from_mins(minutes), receivers: vec!["lead".to_owned()] }],
        };
        let check = |occurrence: &str, routed: &Routed, expected: &[&str]| {
            let key = ReasonKey { reason: Reason::Unacknowledged, occurrence: occurrence.to_owned() };
            assert_eq!(receivers_due(&key, routed), expected, "{occurrence}");
        };
        check("900s", &routed(15, 60), &["lead"]);
        check("900s-2", &routed(15, 60), &["lead"]);
        check("900s", &routed(30, 60), &[]);
        check("repeat-3600s-3", &routed(15, 60), &["team"]);
        check("repeat-3600s-3-2", &routed(15, 60), &["team"]);
        check("repeat-3600s-3", &routed(15, 90), &[]);
        check("", &routed(15, 60), &[]);
    }

    #[test]
    fn a_repetition_is_due_once_however_many_were_missed() {
        let check = |told: Told, minute, expected: Option<(&str, i64)>| {
            let due = repeat_due(&told, SignedDuration::from_mins(60), at(minute));
            let due = due.map(|(key, at)| (key.to_string(), at));
            assert_eq!(due, expected.map(|(key, minute)| (key.to_owned(), at(minute))), "minute {minute}");
        };
        check(told(false, 0), 59, None);
        check(told(false, 0), 60, Some(("unacknowledged:repeat-3600s-1", 60)));
        check(told(false, 0), 119, Some(("unacknowledged:repeat-3600s-1", 60)));
        check(told(false, 1), 600, Some(("unacknowledged:repeat-3600s-10-1", 600)));
        check(told(true, 0), 600, None);
        assert_eq!(repeat_due(&told(false, 0), SignedDuration::ZERO, at(9)), None);
    }

    #[test]
    fn the_next_look_is_at_the_next_step_or_repetition() {
        let hour = Some(SignedDuration::from_mins(60));
        let check = |told: Told, every, minute, expected: Option<i64>| {
            assert_eq!(next_due(&told, &steps(), every, at(minute)), expected.map(at), "minute {minute}");
        };
        check(told(false, 0), None, 0, Some(15));
        check(told(false, 0), None, 15, Some(45));
        check(told(false, 0), None, 45, None);
        check(told(false, 0), hour, 45, Some(60));
        check(told(false, 0), hour, 60, Some(120));
        check(told(true, 0), hour, 0, None);
    }

    #[test]
    fn however_often_time_is_asked_each_step_has_one_key() {
        let mut keys = std::collections::HashSet::new();
        for minute in 0..500 {
            keys.extend(steps_due(&told(false, 0), &steps(), at(minute)).into_iter().map(|due| due.key));
            keys.extend(repeat_due(&told(false, 0), SignedDuration::from_mins(60), at(minute)).map(|due| due.0));
        }
        assert_eq!(keys.len(), 2 + 8);
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        let late = Told { at: Timestamp::MAX, is_answered: false, reopened_count: 0 };
        assert_eq!(steps_due(&late, &steps(), Timestamp::MAX), Vec::new());
        assert_eq!(next_due(&late, &steps(), Some(SignedDuration::from_mins(1)), Timestamp::MIN), None);
    }
}
