//! How bad, and whom to disturb, each with its reason in words.

use super::service::ServiceMemory;
use crate::settings::Settings;
use foghorn_detect::Subject;
use foghorn_detect::level;
use foghorn_detect::metric;
use foghorn_domain::event::{Event, Origin};
use foghorn_domain::finding::{Finding, Kind};
use foghorn_domain::severity::{Severity, Urgency};

/// How bad the event is: what the source says, else what the finding implies. An attack that calls itself
/// `info` is still an attack, so there the worse of the two counts.
pub(super) fn severity(event: &Event, finding: &Finding) -> (Severity, String) {
    let (implied, why) = implied(finding);
    let stated = stated(event);
    match stated {
        Some((severity, reason)) if finding.kind == Kind::Alert => (severity, reason),
        Some((severity, reason)) if severity > implied => (severity, reason),
        _ => (implied, why),
    }
}

/// The severity that the source states itself, with where it says so.
pub(super) fn stated(event: &Event) -> Option<(Severity, String)> {
    if let Some(severity) = event.severity {
        return Some((severity, format!("the source calls it {}", severity.as_str())));
    }
    level::severity_of(&Subject { event_type: &event.event_type, payload: &event.payload, metadata: &event.metadata })
}

fn implied(finding: &Finding) -> (Severity, String) {
    let severity = match finding.kind {
        Kind::Sqli | Kind::Rce | Kind::Ssrf | Kind::Xxe | Kind::Ssti if finding.score >= 0.8 => Severity::Error,
        Kind::DbTimeout | Kind::DbIssue | Kind::Error => Severity::Error,
        _ => Severity::Warning,
    };
    (severity, format!("{} with score {:.2} counts as {}", finding.kind, finding.score, severity.as_str()))
}

/// New error lines of one service that are told within an hour. A crash dumps dozens that nobody has seen before;
/// whoever was told of five looks at the service anyway.
pub(super) const NEW_LINES_AN_HOUR: usize = 5;

/// Whom to disturb.
pub(super) fn urgency(
    event: &Event,
    finding: &Finding,
    severity: Severity,
    line: Option<&LineContext>,
    memory: &mut ServiceMemory,
    settings: &Settings,
) -> (Urgency, String) {
    if finding.kind == Kind::Alert || event.status.is_some() {
        return match severity {
            Severity::Critical => (Urgency::Page, "an alert that calls itself critical pages".to_owned()),
            _ => (Urgency::Notify, format!("an alert of severity {} notifies", severity.as_str())),
        };
    }
    if finding.kind == Kind::Anomaly && finding.score < metric::CLEAR {
        let why = format!(
            "an anomaly that scored {:.2} is recorded; from {:.2} on it would notify",
            finding.score,
            metric::CLEAR
        );
        return (Urgency::Record, why);
    }
    if finding.kind != Kind::Error {
        let why = format!(
            "{} scored {:.2}, at or above MIN_DETECTION_SCORE {:.2}",
            finding.kind, finding.score, settings.min_detection_score
        );
        return (Urgency::Notify, why);
    }
    if is_explicit_report(event) {
        return (Urgency::Notify, "an explicit error report notifies".to_owned());
    }
    if let Some(line) = line {
        let watched_for = event.created_at.duration_since(memory.first_seen());
        if line.is_new && watched_for >= settings.learn {
            if !memory.admits_novelty(event.created_at) {
                let why = format!(
                    "an error line never seen in this service, which has shown {NEW_LINES_AN_HOUR} others within an hour"
                );
                return (Urgency::Record, why);
            }
            let why = format!("an error line never seen in this service, watched for {} h", watched_for.as_hours());
            return (Urgency::Notify, why);
        }
        if let Some(burst) = memory.rate(&line.birth_key, event.created_at).observe(event.created_at) {
            let why =
                format!("the error line bursts: {} in this minute, about {:.1} expected", burst.count, burst.expected);
            return (Urgency::Notify, why);
        }
    }
    (
        Urgency::Record,
        "one error line of a raw log stream, neither new after its learning period nor bursting".to_owned(),
    )
}

/// What the templates say about a log line.
pub(super) struct LineContext {
    /// The name of its template.
    pub(super) birth_key: String,
    /// Whether it is the template's first line.
    pub(super) is_new: bool,
}

fn is_explicit_report(event: &Event) -> bool {
    matches!(event.origin, Origin::ErrorLog | Origin::Simulation)
        || matches!(event.event_type.as_str(), "error" | "exception" | "error_log" | "error-log" | "crash")
}
