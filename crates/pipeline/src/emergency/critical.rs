//! What of an event is told without the database.

use foghorn_detect::{Subject, level};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent};
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::redaction::redact_cow;
use foghorn_domain::severity::Severity;
use foghorn_domain::text::{cut, outside_text};

/// Names of services and environments, in characters.
const MAX_NAME: usize = 40;
/// What is wrong, in characters.
const MAX_SUMMARY: usize = 140;
/// As much of a payload is looked at as its first line can depend on.
const LOOKED_AT: usize = 16 * 1024;

/// One thing that is critical. Every text in it is masked, one plain line, and short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Critical {
    /// By what its repeats are known.
    pub(super) fingerprint: Fingerprint,
    pub(super) service: String,
    pub(super) environment: String,
    pub(super) summary: String,
    /// When it came in.
    pub(super) at: Timestamp,
}

impl Critical {
    /// What an event says that is critical and goes on, if it does.
    pub(super) fn of(event: &NewEvent, now: Timestamp) -> Option<Self> {
        let is_onset = !ends(event) && event.status != Some(EventStatus::Acknowledged) && !event.is_change();
        if !is_onset || !is_critical(event) {
            return None;
        }
        let summary = summary(event);
        let fingerprint = match &event.dedup_key {
            Some(key) => Fingerprint::of_key(&event.source, key),
            // Numbers change from one repeat to the next.
            None => {
                let shape: String = summary.chars().map(|one| if one.is_ascii_digit() { '#' } else { one }).collect();
                Fingerprint::of_template(event.environment(), event.service(), &event.event_type, &shape)
            }
        };
        let name = |text: &str| cut(&outside_text(text), MAX_NAME);
        Some(Self {
            fingerprint,
            service: name(event.service()),
            environment: name(event.environment()),
            summary,
            at: now,
        })
    }

    /// `checkout · the pool is exhausted`, with the environment where it is not the usual one.
    pub(super) fn line(&self) -> String {
        match self.environment.as_str() {
            "default" | "" => format!("{} · {}", self.service, self.summary),
            environment => format!("{} ({environment}) · {}", self.service, self.summary),
        }
    }
}

/// Whether it says that something is over.
pub(super) fn ends(event: &NewEvent) -> bool {
    event.status == Some(EventStatus::Resolved)
}

/// Whether the source calls it critical in so many words.
pub(super) fn is_called_so(event: &NewEvent) -> bool {
    event.severity == Some(Severity::Critical)
}

/// An alert without a severity of its own is as severe as its text says.
fn is_critical(event: &NewEvent) -> bool {
    let is_alert = event.status == Some(EventStatus::Firing);
    is_called_so(event) || (is_alert && event.severity.is_none() && says_so(event))
}

fn says_so(event: &NewEvent) -> bool {
    let payload = &event.payload[..event.payload.floor_char_boundary(LOOKED_AT)];
    let subject = Subject { event_type: &event.event_type, payload, metadata: &event.metadata };
    level::severity_of(&subject).is_some_and(|(severity, _)| severity == Severity::Critical)
}

fn summary(event: &NewEvent) -> String {
    // A secret may go on in the next line, which the first one alone would not show.
    let masked = redact_cow(&event.payload[..event.payload.floor_char_boundary(LOOKED_AT)]);
    let first = masked.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match cut(&outside_text(first), MAX_SUMMARY) {
        empty if empty.is_empty() => "(nothing said)".to_owned(),
        summary => summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(status: Option<EventStatus>, severity: Option<Severity>, payload: &str) -> NewEvent {
        NewEvent { status, severity, ..NewEvent::new("uptime", "alert", payload) }
    }

    fn of(event: &NewEvent) -> Option<Critical> {
        Critical::of(event, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_is_critical_and_goes_on_is_told() {
        let check = |status, severity, payload, expected| {
            assert_eq!(of(&event(status, severity, payload)).is_some(), expected, "{status:?} {severity:?} {payload}");
        };
        let (critical, firing) = (Some(Severity::Critical), Some(EventStatus::Firing));
        check(firing, critical, "down", true);
        check(None, critical, "down", true);
        check(firing, None, "CRITICAL: the disk is gone", true);
        check(None, None, "CRITICAL: the disk is gone", false);
        check(firing, Some(Severity::Error), "CRITICAL: the disk is gone", false);
        check(firing, None, "slow", false);
        check(Some(EventStatus::Resolved), critical, "down", false);
        check(Some(EventStatus::Acknowledged), critical, "down", false);
        let change = NewEvent { event_type: "change".to_owned(), ..event(None, critical, "deployed") };
        assert_eq!(of(&change), None);
    }

    #[test]
    fn a_repeat_is_known_by_its_key_or_else_by_its_words() {
        let keyed = |source: &str, key: &str, payload| NewEvent {
            dedup_key: Some(key.to_owned()),
            source: source.to_owned(),
            ..event(None, Some(Severity::Critical), payload)
        };
        let same = |one: &NewEvent, other: &NewEvent| of(one).unwrap().fingerprint == of(other).unwrap().fingerprint;
        assert!(same(&keyed("a", "k", "down"), &keyed("a", "k", "down for 2 min")));
        assert!(!same(&keyed("a", "k", "down"), &keyed("b", "k", "down")));
        let plain = |payload| event(None, Some(Severity::Critical), payload);
        assert!(same(&plain("down for 17 s"), &plain("down for 31 s")));
        assert!(!same(&plain("down"), &plain("slow")));
    }

    #[test]
    fn what_is_said_holds_no_secret_and_no_second_line() {
        let told = of(&event(None, Some(Severity::Critical), "\n password=hunter2hunter2 \u{202e}gone\nmore")).unwrap();
        assert!(!told.summary.contains("hunter2") && !told.summary.contains('\u{202e}'), "{}", told.summary);
        assert!(told.summary.contains("gone") && !told.summary.contains("more"), "{}", told.summary);
        let long = of(&event(None, Some(Severity::Critical), &"x".repeat(1 << 20))).unwrap();
        assert_eq!(long.summary.chars().count(), MAX_SUMMARY);
        assert_eq!(of(&event(None, Some(Severity::Critical), " ")).unwrap().line(), "uptime · (nothing said)");
    }
}
