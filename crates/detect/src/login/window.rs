//! Five minutes of failed log-ins.

use super::{FailedLogin, Form};
use foghorn_domain::finding::{Evidence, Finding, Kind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a failed log-in counts, in seconds.
const WINDOW: i64 = 5 * 60;
/// Sources that are remembered; the one that has been quiet longest makes room.
const MAX_SOURCES: usize = 256;
/// Failed log-ins that are remembered of one source, the latest.
const MAX_TIMES: usize = 64;
/// Failed log-ins of one source that are too many.
const ONE_SOURCE: usize = 10;
/// How many sources still are few.
const FEW: usize = 10;
/// Failed log-ins of few sources that are too many.
const FEW_SOURCES: usize = 20;
/// Sources named in the evidence.
const NAMED: usize = 5;
/// Longest name of a source that is kept, in bytes.
const MAX_NAME: usize = 100;

/// The failed log-ins of the last five minutes, by source. One per service; at most 256 sources with 64
/// times each, whatever comes in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BruteForceWindow {
    /// Seconds since 1970 and form of each failed log-in, in order of arrival.
    sources: BTreeMap<String, Vec<(i64, Form)>>,
    /// The latest time seen, seconds since 1970.
    latest: i64,
}

impl BruteForceWindow {
    /// Takes in a failed log-in and says whether there are too many: 10 of one source, or 20 of the ten busiest
    /// sources, within five minutes. Says so again for every further one while that lasts. The score
    /// grows with the count, from 0.6 towards 1.
    pub fn observe(&mut self, at: Timestamp, failed: &FailedLogin<'_>) -> Option<Finding> {
        let second = at.as_second();
        self.latest = self.latest.max(second);
        self.forget();
        if second <= self.latest - WINDOW {
            return None;
        }
        let source = name(failed);
        if !self.sources.contains_key(&source) && self.sources.len() >= MAX_SOURCES {
            self.make_room();
        }
        let times = self.sources.entry(source.clone()).or_default();
        if times.len() >= MAX_TIMES {
            times.remove(0);
        }
        times.push((second, failed.form));
        let count = attempts(times);
        if count >= ONE_SOURCE {
            let text = format!("{} failed log-ins from {source} within 5 minutes", amount(count, times.len()));
            return Some(finding("brute_force.one_source", &text, count, ONE_SOURCE));
        }
        self.few_sources()
    }

    fn few_sources(&self) -> Option<Finding> {
        let mut counts: Vec<(usize, &str)> =
            self.sources.iter().map(|(source, times)| (attempts(times), source.as_str())).collect();
        counts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        counts.truncate(FEW);
        let total: usize = counts.iter().map(|(count, _)| count).sum();
        if total < FEW_SOURCES {
            return None;
        }
        let named: Vec<String> =
            counts.iter().take(NAMED).map(|(count, source)| format!("{source} ({count})")).collect();
        let others = if counts.len() > NAMED { ", …" } else { "" };
        let text = format!(
            "{total} failed log-ins from {} sources within 5 minutes: {}{others}",
            counts.len(),
            named.join(", ")
        );
        Some(finding("brute_force.few_sources", &text, total, FEW_SOURCES))
    }

    fn forget(&mut self) {
        let oldest = self.latest - WINDOW;
        for times in self.sources.values_mut() {
            times.retain(|(second, _)| *second > oldest);
        }
        self.sources.retain(|_, times| !times.is_empty());
    }

    fn make_room(&mut self) {
        let last = |times: &[(i64, Form)]| times.iter().map(|(second, _)| *second).max();
        let quietest =
            self.sources.iter().min_by_key(|(_, times)| (last(times), times.len())).map(|(name, _)| name.clone());
        if let Some(source) = quietest {
            self.sources.remove(&source);
        }
    }
}

/// Lines about one attempt come in several forms; the commonest form counts the attempts.
fn attempts(times: &[(i64, Form)]) -> usize {
    let of = |form| times.iter().filter(|(_, other)| *other == form).count();
    [Form::Refused, Form::Pam, Form::UnknownUser, Form::Closed].into_iter().map(of).max().unwrap_or(0)
}

fn amount(count: usize, remembered: usize) -> String {
    if remembered >= MAX_TIMES { format!("at least {count}") } else { count.to_string() }
}

/// What failed log-ins are counted by: the address, else the account, else nothing.
fn name(failed: &FailedLogin<'_>) -> String {
    let name = match (failed.source, failed.user) {
        (Some(source), _) => source.to_ascii_lowercase(),
        (None, Some(user)) => format!("an unknown address as {user}"),
        (None, None) => "an unknown address".to_owned(),
    };
    name[..name.floor_char_boundary(MAX_NAME)].to_owned()
}

fn finding(rule: &str, text: &str, count: usize, threshold: usize) -> Finding {
    let score = 1.0 - 0.4 * threshold as f32 / count as f32;
    Finding { kind: Kind::BruteForce, score, evidence: vec![Evidence::new(rule, text, "payload")] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn from(source: &str) -> FailedLogin<'_> {
        FailedLogin { source: Some(source), user: Some("root"), form: Form::Refused }
    }

    #[test]
    fn the_tenth_failure_of_one_source_within_five_minutes_is_brute_force_and_so_is_every_further_one() {
        let mut window = BruteForceWindow::default();
        for second in 0..9 {
            assert_eq!(window.observe(at(second * 30), &from("10.0.0.1")), None);
        }
        let first = window.observe(at(275), &from("10.0.0.1")).unwrap();
        assert_eq!((first.kind, first.evidence[0].rule.as_str()), (Kind::BruteForce, "brute_force.one_source"));
        assert_eq!(first.evidence[0].text, "10 failed log-ins from 10.0.0.1 within 5 minutes");
        let second = window.observe(at(276), &from("10.0.0.1")).unwrap();
        assert!(first.score < second.score && second.score <= 1.0);
        assert_eq!(window.observe(at(276 + 300), &from("10.0.0.1")), None);
    }

    #[test]
    fn slow_failures_are_no_brute_force() {
        let mut window = BruteForceWindow::default();
        assert!((0..100).all(|n| window.observe(at(n * 40), &from("10.0.0.1")).is_none()));
    }

    #[test]
    fn twenty_failures_of_ten_sources_are_brute_force() {
        let mut window = BruteForceWindow::default();
        let sources: Vec<String> = (0..10).map(|n| format!("10.0.0.{n}")).collect();
        let mut found: Vec<_> = (0..20).map(|n| window.observe(at(n), &from(&sources[n as usize % 10]))).collect();
        let last = found.pop().flatten().unwrap();
        assert!(found.iter().all(Option::is_none));
        assert_eq!(last.evidence[0].rule, "brute_force.few_sources");
        assert!(last.evidence[0].text.starts_with("20 failed log-ins from 10 sources within 5 minutes: 10.0.0.0 (2)"));
    }

    #[test]
    fn several_lines_about_one_attempt_count_once() {
        let mut window = BruteForceWindow::default();
        for n in 0..9 {
            for form in [Form::UnknownUser, Form::Pam, Form::Refused, Form::Closed] {
                assert_eq!(window.observe(at(n), &FailedLogin { form, ..from("10.0.0.1") }), None);
            }
        }
    }

    #[test]
    fn failures_without_an_address_are_counted_by_account() {
        let mut window = BruteForceWindow::default();
        let failed = FailedLogin { source: None, user: Some("sa"), form: Form::Refused };
        let found: Vec<_> = (0..10).filter_map(|n| window.observe(at(n), &failed)).collect();
        assert!(found[0].evidence[0].text.contains("from an unknown address as sa"));
    }

    #[test]
    fn memory_stays_bounded_and_a_stored_window_goes_on() {
        let mut window = BruteForceWindow::default();
        for n in 0..20_000 {
            let source = format!("{}.example.net", n % 1000);
            window.observe(at(n / 100), &from(&source));
        }
        for n in 0..1000 {
            window.observe(at(200), &from(if n % 2 == 0 { "10.0.0.1" } else { "10.0.0.2" }));
        }
        assert_eq!(window.sources.len(), MAX_SOURCES);
        assert!(window.sources.values().all(|times| times.len() <= MAX_TIMES));
        let stored = serde_json::to_string(&window).unwrap();
        assert_eq!(serde_json::from_str::<BruteForceWindow>(&stored).unwrap(), window);
    }
}
