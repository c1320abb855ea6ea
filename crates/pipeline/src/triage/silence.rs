//! A log template that a service has written steadily and no longer writes: a job that does not run, a check that nobody
//! makes. It is recorded and tells nobody: a new version of a program leaves lines out, too.

use super::numbers::Unusual;
use super::service::ServiceMemory;
use super::urgency::LineContext;
use foghorn_detect::steady::Missed;
use foghorn_detect::template::masked;
use foghorn_domain::event::Event;
use foghorn_domain::finding::{Evidence, Finding, Kind};
use foghorn_domain::text::cut;
use foghorn_domain::words::counted;

/// Above the product's threshold, and below the score from which an anomaly is told.
const SCORE: f32 = 0.6;

/// Hears a log line, and says what is missing beside it. Where the line has its own trouble (`is_quiet` is false) the
/// question waits for the next one.
pub(super) fn missed(
    event: &Event,
    message: &str,
    line: &LineContext,
    is_quiet: bool,
    memory: &mut ServiceMemory,
) -> Option<Unusual> {
    memory.hear_template(&line.birth_key, event.created_at, || cut(&masked(message), 100));
    let missed = if is_quiet { memory.missed_template() } else { None };
    missed.map(|missed| Unusual {
        name: format!("silence of log template {}", missed.birth_key),
        finding: finding(&missed),
    })
}

fn finding(missed: &Missed) -> Finding {
    let Missed { shown, silent_for, longest, others, .. } = missed;
    let others = match others {
        0 => String::new(),
        others => format!("; {} went with it", counted(*others as u64, "other steady line")),
    };
    let text = format!(
        "“{shown}” has not come for {} of this service's log; it never stayed away for more than {longest}{others}",
        counted(*silent_for, "minute")
    );
    Finding {
        kind: Kind::Anomaly,
        score: SCORE,
        evidence: vec![Evidence::new("anomaly.template_silent", &text, "payload")],
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Judge, Judgement};
    use super::*;
    use crate::settings::Settings;
    use foghorn_domain::clock::{SignedDuration, Timestamp};
    use foghorn_domain::event::Origin;
    use foghorn_domain::severity::Urgency;
    use std::path::Path;
    use std::sync::Arc;

    fn line(minute: i64, payload: String) -> Event {
        Event {
            id: minute + 1,
            source: "jobs".to_owned(),
            event_type: "log".to_owned(),
            payload,
            metadata: serde_json::Map::new(),
            status: None,
            dedup_key: None,
            episode: None,
            event_timestamp: None,
            severity: None,
            origin: Origin::Events,
            service: "jobs".to_owned(),
            environment: "default".to_owned(),
            partition: 0,
            created_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute),
        }
    }

    /// The memory as the store would give it back.
    fn restarted(
        memory: &mut ServiceMemory,
        kept: &mut Vec<(String, String)>,
        rows: &mut Vec<String>,
    ) -> ServiceMemory {
        let (templates, parts) = memory.take_changes("scope").unwrap();
        rows.extend(templates.into_iter().map(|row| row.cluster));
        for row in parts {
            kept.retain(|(part, _)| part != row.part);
            kept.push((row.part.to_owned(), row.state));
        }
        ServiceMemory::restore(0, Timestamp::UNIX_EPOCH, kept, rows.iter().cloned()).unwrap()
    }

    #[test]
    fn a_job_that_no_longer_runs_is_recorded_once_and_told_to_nobody_across_restarts() {
        let judge = Judge::new(Arc::new(Settings::new(Path::new("."))));
        let mut memory = ServiceMemory::new(0, Timestamp::UNIX_EPOCH);
        let (mut kept, mut rows, mut found) = (Vec::new(), Vec::new(), Vec::new());
        for minute in 0..2_500 {
            let mut lines = vec![format!("INFO served {} requests", 400 + minute % 7)];
            lines
                .extend((minute < 2_000 && minute % 10 == 0).then(|| format!("INFO backup of {minute} files is done")));
            for payload in lines {
                match judge.judge(&line(minute, payload), &mut memory) {
                    Judgement::Nothing => {}
                    Judgement::Signal(signal) => found.push((minute, *signal)),
                    other => panic!("minute {minute}: {other:?}"),
                }
            }
            if minute % 300 == 299 {
                memory = restarted(&mut memory, &mut kept, &mut rows);
            }
        }
        assert_eq!(found.len(), 1, "{found:?}");
        let (minute, signal) = &found[0];
        assert_eq!((*minute, signal.kind, signal.urgency.0), (2_030, Kind::Anomaly, Urgency::Record));
        let expected = "“backup of <*> files is done” has not come for 40 minutes of this service's log";
        assert!(signal.summary.starts_with(expected), "{}", signal.summary);
        assert!(signal.fingerprint_of.contains("series silence of log template"), "{}", signal.fingerprint_of);
    }
}
