//! What one event means: nothing, findings that lead to nothing, or a signal about an incident.

use super::campaign::Attack;
use super::fold;
use super::numbers;
use super::service::ServiceMemory;
use super::silence;
use super::success;
use super::urgency::{self, LineContext};
use crate::settings::Settings;
use crate::watchman;
use foghorn_detect::{Detectors, Subject};
use foghorn_detect::{header, login};
use foghorn_domain::event::{Event, EventStatus, Origin};
use foghorn_domain::finding::{Evidence, Finding, Kind, strongest};
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::lifecycle::Signal;
use foghorn_domain::severity::Severity;
use foghorn_store::model::Unclaimed;
use std::borrow::Cow;
use std::sync::Arc;

/// Looks at events. Holds the compiled detectors, of which the user's own may be exchanged between two batches.
pub struct Judge {
    detectors: Detectors,
    /// Of the user's own rules.
    version: u64,
    settings: Arc<Settings>,
}

/// What an event is one of: the log template of its line, the series of its unusual number.
struct Symptom {
    line: Option<LineContext>,
    series: Option<String>,
}

/// Alerts with keys of their own that one service may newly raise within an hour, criticals apart.
const KEYS_PER_HOUR: usize = 1_000;

/// The name of what is folded together because there is too much of it.
const TOO_MANY: &str = "(too many to tell apart)";

/// What an event means.
#[derive(Debug)]
pub enum Judgement {
    /// Nothing was found.
    Nothing,
    /// Something was found that opens nothing, with the reason.
    Unclaimed(Unclaimed),
    /// It is the watchman's, on its round: it goes on into the outbox.
    Round,
    /// It says something about an incident.
    Signal(Box<Signal>),
}

impl Judge {
    /// Compiles the detectors.
    pub fn new(settings: Arc<Settings>) -> Self {
        let (rules, version) = settings.rules.versioned();
        Self { detectors: Detectors::with_rules(rules), version, settings }
    }

    /// Goes by the user's own rules that are in force now.
    pub(super) fn follow_rules(&mut self) {
        if let Some((rules, version)) = self.settings.rules.newer_than(self.version) {
            self.detectors.set_rules(rules);
            self.version = version;
        }
    }

    /// Judges one event with, and to the benefit of, what is remembered of its service. The same events in
    /// the same order give the same judgements, whatever process or restart lies between them.
    pub fn judge(&self, event: &Event, memory: &mut ServiceMemory) -> Judgement {
        if event.is_change() {
            return Judgement::Nothing;
        }
        if event.source == watchman::SOURCE && event.event_type == watchman::ROUND {
            return Judgement::Round;
        }
        if is_our_own_log(event) {
            let decision = "a log line of Foghorn itself opens nothing".to_owned();
            return Judgement::Unclaimed(Unclaimed { event_id: event.id, findings: Vec::new(), decision });
        }
        let is_line = is_log_line(event);
        let message =
            if is_line { header::parse(&event.payload).message } else { Cow::Borrowed(event.payload.as_str()) };
        let message = message.as_ref();
        let mut findings = self.findings(event, message, is_line, memory);
        let line = if is_line || (!findings.is_empty() && event.dedup_key.is_none()) {
            Some(learn_line(message, memory))
        } else {
            None
        };
        let unusual = numbers::unusual(event, message, line.as_ref(), memory);
        let missed = line.as_ref().filter(|_| is_line).and_then(|line| {
            let is_quiet = unusual.is_none() && findings.is_empty();
            silence::missed(event, message, line, is_quiet, memory)
        });
        let series = unusual.or(missed).map(|unusual| {
            findings.push(unusual.finding);
            unusual.name
        });
        let threshold = self.settings.min_detection_score;
        findings.sort_by(|a, b| b.score.total_cmp(&a.score));
        let above: Vec<Finding> = findings.iter().filter(|finding| finding.score >= threshold).cloned().collect();
        let Some(strongest) = strongest(&above).cloned() else {
            return match findings.first() {
                None => Judgement::Nothing,
                Some(best) => {
                    let decision = format!(
                        "the strongest finding, {} by {}, scored {:.2}, below MIN_DETECTION_SCORE {threshold:.2}",
                        best.kind,
                        best.evidence.first().map_or("?", |evidence| evidence.rule.as_str()),
                        best.score
                    );
                    Judgement::Unclaimed(Unclaimed {
                        event_id: event.id,
                        findings: fold::redacted(&findings),
                        decision,
                    })
                }
            };
        };
        let symptom = Symptom { line, series };
        Judgement::Signal(Box::new(self.signal(event, message, &above, &strongest, symptom, memory)))
    }

    fn findings(&self, event: &Event, message: &str, is_line: bool, memory: &mut ServiceMemory) -> Vec<Finding> {
        let subject = Subject { event_type: &event.event_type, payload: &event.payload, metadata: &event.metadata };
        let mut findings = self.detectors.examine(&subject);
        if is_alert(event) {
            // What an alert says was written by whoever made its rule; it is not a request.
            if event.origin != Origin::Events {
                findings.retain(|finding| !finding.kind.is_attack());
            }
            findings.push(Finding {
                kind: Kind::Alert,
                score: 1.0,
                evidence: vec![Evidence::new(format!("alert.{}", event.origin.as_str()), &event.payload, "payload")],
            });
        }
        if is_line
            && let Some(failed) = failed_login(event, message)
            && let Some(finding) = memory.logins().observe(event.created_at, &failed)
        {
            findings.push(finding);
        }
        for finding in findings.iter_mut().filter(|finding| finding.kind.is_attack()) {
            if let Some(evidence) = success::evidence(event, finding.kind) {
                finding.evidence.insert(finding.evidence.len().min(1), evidence);
            }
        }
        if !findings.iter().any(|finding| finding.kind.is_attack())
            && let Some((kind, host)) = memory.called_back(event.created_at, |host| success::calls(event, host))
        {
            findings.push(success::call_back(kind, host));
        }
        let is_report =
            event.origin == Origin::ErrorLog && event.severity.is_none_or(|stated| stated >= Severity::Error);
        if findings.is_empty() && is_report {
            findings.push(Finding {
                kind: Kind::Error,
                score: 0.6,
                evidence: vec![Evidence::new("error.reported", message, "payload")],
            });
        }
        findings
    }

    fn signal(
        &self,
        event: &Event,
        message: &str,
        findings: &[Finding],
        strongest: &Finding,
        Symptom { line, series }: Symptom,
        memory: &mut ServiceMemory,
    ) -> Signal {
        let named = match (&series, strongest.kind) {
            (Some(series), Kind::Anomaly) => Some(("series", series.as_str())),
            _ => line.as_ref().map(|line| ("log template", line.birth_key.as_str())),
        };
        let (fingerprint, fingerprint_of) = self.fingerprint(event, findings, strongest, named, memory);
        // What was folded has no one source that could end it.
        let is_folded = fingerprint_of.contains("too many");
        let mut severity = urgency::severity(event, strongest);
        let mut urgency = urgency::urgency(event, strongest, severity.0, line.as_ref(), memory, &self.settings);
        let mut labels = fold::labels(event, findings);
        if strongest.kind.is_attack()
            && let Some((raised_to, disturbs, why)) = success::raised(strongest)
        {
            (severity, urgency) = ((raised_to, why.clone()), (disturbs, why));
            labels.push(success::LABEL.to_owned());
        }
        let redacted = fold::redacted(findings);
        let symptom = line.as_ref().map(|line| line.birth_key.as_str());
        let strongest_redacted = redacted.iter().find(|finding| finding.kind == strongest.kind).unwrap_or(strongest);
        Signal {
            event_id: event.id,
            arrived_at: event.created_at,
            happened_at: event.happened_at(),
            status: event.status,
            episode: event.episode.clone(),
            fingerprint,
            fingerprint_of,
            partition: event.partition,
            service: fold::clean(&event.service, 255),
            environment: fold::clean(&event.environment, 255),
            kind: strongest.kind,
            score: strongest.score,
            rule: strongest.evidence.first().map(|evidence| evidence.rule.clone()).unwrap_or_default(),
            threshold: self.settings.min_detection_score,
            severity,
            urgency,
            summary: fold::summary(event, message, strongest_redacted),
            labels,
            anomaly_score: (strongest.kind == Kind::Anomaly).then_some(strongest.score),
            evidence: fold::evidence(event, &redacted, strongest.kind, self.settings.max_payload_length),
            correlations: fold::correlations(event, strongest.kind, symptom),
            ends_by_source: is_alert(event) && !is_folded,
            findings: redacted,
        }
    }

    fn fingerprint(
        &self,
        event: &Event,
        findings: &[Finding],
        strongest: &Finding,
        named: Option<(&str, &str)>,
        memory: &mut ServiceMemory,
    ) -> (Fingerprint, String) {
        if let Some(key) = &event.dedup_key {
            let fingerprint = Fingerprint::of_key(&event.source, key);
            let is_critical = urgency::severity(event, strongest).0 == Severity::Critical;
            let is_onset = !matches!(event.status, Some(EventStatus::Resolved | EventStatus::Acknowledged));
            if is_critical || !is_onset || memory.admits(&fingerprint, event.created_at, KEYS_PER_HOUR) {
                return (fingerprint, "the source's own key".to_owned());
            }
            let folded = Fingerprint::of_template(&event.environment, &event.service, "alert", TOO_MANY);
            return (
                folded,
                "environment, service; the source raised too many different alerts in this hour".to_owned(),
            );
        }
        let (environment, service, kind) = (event.environment.as_str(), event.service.as_str(), strongest.kind);
        if kind == Kind::BruteForce {
            let fingerprint = Fingerprint::of_template(environment, service, kind.as_str(), "log-ins");
            return (fingerprint, "environment, service, kind".to_owned());
        }
        if kind.is_attack() {
            let client = fold::client(event);
            let callbacks = success::hosts_named(findings, client);
            let attack = Attack { kind, client, path: fold::path(event), callbacks: &callbacks };
            let fingerprint = memory.campaigns().file(environment, service, attack, event.created_at);
            return (fingerprint, "environment, service, the campaign's first kind".to_owned());
        }
        let (what, template) = named.unwrap_or(("log template", ""));
        let kind = if is_alert(event) { "alert" } else { kind.as_str() };
        let fingerprint = Fingerprint::of_template(environment, service, kind, template);
        if memory.admits(&fingerprint, event.created_at, self.settings.new_fingerprints_per_hour) {
            return (fingerprint, format!("environment, service, kind, {what} {}", fold::clean(template, 200)));
        }
        let folded = Fingerprint::of_template(environment, service, kind, TOO_MANY);
        (folded, "environment, service, kind; the service made too many new fingerprints in this hour".to_owned())
    }
}

/// A failed log-in, from the address that the line names, else from the client that the event names: in an
/// access log it stands before the message.
fn failed_login<'a>(event: &'a Event, message: &'a str) -> Option<login::FailedLogin<'a>> {
    let failed = login::failed_login(message)?;
    Some(login::FailedLogin { source: failed.source.or_else(|| fold::client(event)), ..failed })
}

fn learn_line(message: &str, memory: &mut ServiceMemory) -> LineContext {
    let learned = memory.miner.learn(message);
    if learned.is_new || learned.changed {
        memory.learned();
    }
    LineContext { birth_key: learned.birth_key.to_string(), is_new: learned.is_new }
}

fn is_alert(event: &Event) -> bool {
    matches!(event.status, Some(EventStatus::Firing | EventStatus::Resolved | EventStatus::Acknowledged))
}

/// Whether the payload is a line of a log, and not a request, a number or somebody's alert.
fn is_log_line(event: &Event) -> bool {
    event.status.is_none()
        && !matches!(event.event_type.as_str(), "http_request" | "http" | "metric" | "alert" | "trace")
}

/// Foghorn's log lines, shipped back to it, would feed on themselves. Only lines of a log count, of a service
/// that is called so, and only those that look like ours: an alert about Foghorn is an alert.
fn is_our_own_log(event: &Event) -> bool {
    let is_ours = event.service == "foghorn" || event.source == "foghorn";
    is_ours && is_log_line(event) && (event.payload.contains(" foghorn::") || event.payload.contains(" foghorn_"))
}
