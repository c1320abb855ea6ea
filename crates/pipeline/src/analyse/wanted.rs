//! Which answers are wanted: one entry for each key, however many incidents wait for it, and bounded.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::IncidentId;
use std::collections::{HashMap, HashSet, VecDeque};

/// Answers that are wanted at most; what comes on top does without.
const MAX_WANTED: usize = 1_000;
/// Incidents that wait for one answer at most; the others find it when they are rendered next.
const MAX_INCIDENTS: usize = 100;
/// After this long nobody waits any more.
pub(super) const TOO_LATE: SignedDuration = SignedDuration::from_mins(30);
/// How long a question that led to nothing is not asked again.
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(60);
/// Questions that rest at most.
const MAX_RESTING: usize = 4_000;

/// An answer that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) key: String,
    pub(crate) incidents: Vec<IncidentId>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// Whether it is asked for whatever is known.
    pub(crate) is_anew: bool,
    since: Timestamp,
    due: Timestamp,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    waiting: VecDeque<Job>,
    /// What is being asked.
    under_way: HashSet<String>,
    resting: HashMap<String, Timestamp>,
}

impl Wanted {
    /// Adds a wish. `false` where it is there already, rests, or finds no room.
    pub(crate) fn add(&mut self, incident_id: IncidentId, key: String, now: Timestamp) -> bool {
        if let Some(job) = self.waiting.iter_mut().find(|job| job.key == key) {
            if !job.incidents.contains(&incident_id) && job.incidents.len() < MAX_INCIDENTS {
                job.incidents.push(incident_id);
            }
            return false;
        }
        let rests = self.resting.get(&key).is_some_and(|until| *until > now);
        if rests || self.under_way.contains(&key) || self.waiting.len() >= MAX_WANTED {
            return false;
        }
        self.waiting.push_back(Job {
            key,
            incidents: vec![incident_id],
            attempts: 0,
            is_anew: false,
            since: now,
            due: now,
        });
        true
    }

    /// Adds a person's wish, before all others and in the place of the last where there is no room.
    pub(crate) fn add_anew(&mut self, incident_id: IncidentId, now: Timestamp) {
        let key = format!("anew/{incident_id}");
        if self.under_way.contains(&key) || self.waiting.iter().any(|job| job.key == key) {
            return;
        }
        if self.waiting.len() >= MAX_WANTED {
            self.waiting.pop_back();
        }
        let job = Job { key, incidents: vec![incident_id], attempts: 0, is_anew: true, since: now, due: now };
        self.waiting.push_front(job);
    }

    /// Adds what failed and may succeed later, unless it is too late for that.
    pub(crate) fn add_again(&mut self, job: &Job, due: Timestamp, now: Timestamp) {
        if now.duration_since(job.since) < TOO_LATE && self.waiting.len() < MAX_WANTED {
            self.waiting.push_back(Job { attempts: job.attempts + 1, due, ..job.clone() });
        }
    }

    /// A question that led to nothing is not asked again for a while.
    pub(crate) fn rest(&mut self, key: String, now: Timestamp) {
        if self.resting.len() >= MAX_RESTING {
            self.resting.retain(|_, until| *until > now);
        }
        if self.resting.len() < MAX_RESTING {
            self.resting.insert(key, now + RESTS_FOR);
        }
    }

    /// The first wish that is due; it is under way until [`Wanted::is_done`].
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<Job> {
        self.waiting.retain(|job| now.duration_since(job.since) < TOO_LATE);
        let position = self.waiting.iter().position(|job| job.due <= now && !self.under_way.contains(&job.key))?;
        let job = self.waiting.remove(position)?;
        self.under_way.insert(job.key.clone());
        Some(job)
    }

    /// A wish was dealt with.
    pub(crate) fn is_done(&mut self, key: &str) {
        self.under_way.remove(key);
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn one_key_is_asked_about_once_however_many_wait_for_it() {
        let mut wanted = Wanted::default();
        assert!(wanted.add(1, "k".to_owned(), minute(0)));
        assert!(!wanted.add(2, "k".to_owned(), minute(0)));
        let job = wanted.next(minute(0)).unwrap();
        assert_eq!(job.incidents, [1, 2]);
        assert!(!wanted.add(3, "k".to_owned(), minute(0)), "it is being asked");
        wanted.is_done("k");
        assert!(wanted.next(minute(0)).is_none());
    }

    #[test]
    fn what_failed_comes_back_when_it_is_due_and_not_for_ever() {
        let mut wanted = Wanted::default();
        wanted.add(1, "k".to_owned(), minute(0));
        let job = wanted.next(minute(0)).unwrap();
        wanted.add_again(&job, minute(5), minute(1));
        wanted.is_done("k");
        assert!(wanted.next(minute(4)).is_none());
        let again = wanted.next(minute(5)).unwrap();
        assert_eq!(again.attempts, 1);
        wanted.add_again(&again, minute(40), minute(31));
        wanted.is_done("k");
        assert_eq!(wanted.len(), 0);
    }

    #[test]
    fn a_question_that_led_to_nothing_rests() {
        let mut wanted = Wanted::default();
        wanted.rest("k".to_owned(), minute(0));
        assert!(!wanted.add(1, "k".to_owned(), minute(59)));
        assert!(wanted.add(1, "k".to_owned(), minute(61)));
    }

    #[test]
    fn wishes_without_end_do_not_fill_the_memory_and_a_persons_goes_first() {
        let mut wanted = Wanted::default();
        for id in 0..5_000 {
            wanted.add(id, id.to_string(), minute(0));
            wanted.rest(format!("r{id}"), minute(0));
        }
        assert_eq!((wanted.len(), wanted.resting.len()), (MAX_WANTED, MAX_RESTING));
        wanted.add_anew(7, minute(0));
        assert_eq!(wanted.len(), MAX_WANTED);
        assert!(wanted.next(minute(0)).unwrap().is_anew);
    }
}
