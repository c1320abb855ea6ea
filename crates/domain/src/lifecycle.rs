//! An incident's life: what a signal from outside, a person, or the passing of time does to it.
//!
//! [`receive`] takes what one event says (a [`Signal`]) and the latest incident of its fingerprint, and
//! returns that incident grown, ended or reopened, or a new one. [`sweep`] is what time alone does:
//! quiet ends, grace periods run out, flapping calms down. [`act`] is a person's hand. All three are pure;
//! whoever calls them stores the incident, writes one audit row per [`Change`] and one outbox row per
//! telling, in one transaction.

use crate::clock::{SignedDuration, Timestamp};
use crate::event::{EventId, EventStatus};
use crate::finding::{Finding, Kind};
use crate::fingerprint::Fingerprint;
use crate::incident::{
    Action, Correlation, EndedBy, Incident, IncidentEvidence, IncidentId, OpenedBecause, Status, Transition, transition,
};
use crate::notification::{Reason, ReasonKey};
use crate::severity::{Severity, Urgency};

/// The periods that decide over an incident's life.
#[derive(Clone, Debug)]
pub struct Policy {
    /// A repeat within this after the end reopens; a later one opens a new incident.
    pub reopen_window: SignedDuration,
    /// Silence of this length ends an incident born of logs or metrics.
    pub quiet_after: SignedDuration,
    /// A source that still fires this long after a person's resolve is told again.
    pub resolve_grace: SignedDuration,
    /// Changes within `flap_window` that make an incident flapping.
    pub flap_changes: usize,
    /// See `flap_changes`.
    pub flap_window: SignedDuration,
    /// Calm of this length ends flapping.
    pub flap_calm: SignedDuration,
    /// How long a false positive keeps its fingerprint untold.
    pub false_positive_mute: SignedDuration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            reopen_window: SignedDuration::from_hours(1),
            quiet_after: SignedDuration::from_mins(30),
            resolve_grace: SignedDuration::from_hours(1),
            flap_changes: 4,
            flap_window: SignedDuration::from_mins(30),
            flap_calm: SignedDuration::from_mins(30),
            false_positive_mute: SignedDuration::from_hours(7 * 24),
        }
    }
}

/// What one event says about the incident that its fingerprint names.
#[derive(Clone, Debug)]
pub struct Signal {
    /// The event.
    pub event_id: EventId,
    /// When the store accepted it.
    pub arrived_at: Timestamp,
    /// When it happened, see [`crate::event::Event::happened_at`].
    pub happened_at: Timestamp,
    /// Firing, resolved, acknowledged, a note; `None` for log lines and metrics.
    pub status: Option<EventStatus>,
    /// The alert's episode.
    pub episode: Option<String>,
    /// What it is a repeat of.
    pub fingerprint: Fingerprint,
    /// What the fingerprint was made of, in words.
    pub fingerprint_of: String,
    /// The triage partition.
    pub partition: u16,
    /// The service it is about.
    pub service: String,
    /// The environment it is from.
    pub environment: String,
    /// The strongest finding's kind.
    pub kind: Kind,
    /// The strongest finding's score.
    pub score: f32,
    /// The rule behind the strongest finding.
    pub rule: String,
    /// The threshold the score reached.
    pub threshold: f32,
    /// How bad, and why.
    pub severity: (Severity, String),
    /// Whom to disturb, and why.
    pub urgency: (Urgency, String),
    /// One redacted line.
    pub summary: String,
    /// Kinds of all findings, and labels from the source.
    pub labels: Vec<String>,
    /// Score of a metric anomaly, if this is one.
    pub anomaly_score: Option<f32>,
    /// Redacted evidence.
    pub evidence: Vec<IncidentEvidence>,
    /// What it shares with others.
    pub correlations: Vec<Correlation>,
    /// Whether the end will come from the source.
    pub ends_by_source: bool,
    /// All findings, redacted, to be stored with the event.
    pub findings: Vec<Finding>,
}

impl Signal {
    fn is_onset(&self) -> bool {
        matches!(self.status, None | Some(EventStatus::Firing))
    }
}

/// Something that happened to an incident and belongs in its timeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is new.
    Opened {
        /// The earlier incident with its fingerprint.
        previous: Option<IncidentId>,
    },
    /// It had ended and is back.
    Reopened {
        /// Who had ended it.
        was_ended_by: Option<EndedBy>,
    },
    /// It got worse.
    SeverityRaised {
        /// What it was.
        from: Severity,
        /// What it is.
        to: Severity,
    },
    /// It now concerns more people.
    UrgencyRaised {
        /// What it was.
        from: Urgency,
        /// What it is.
        to: Urgency,
    },
    /// It is over.
    Ended(EndedBy),
    /// Somebody took it at the source.
    AcknowledgedAtSource,
    /// A person resolved it and the source goes on.
    SourceStillFiring,
    /// The source, which had gone on after a person's resolve, has stopped.
    SourceStopped,
    /// It changes so often that its changes are no longer told.
    FlappingStarted,
    /// It has been calm.
    FlappingEnded,
    /// A person did something to it.
    Acted(Action),
}

impl Change {
    /// The action's name in the audit log and the timeline.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Reopened { .. } => "reopened",
            Self::SeverityRaised { .. } => "severity_raised",
            Self::UrgencyRaised { .. } => "urgency_raised",
            Self::Ended(_) => "resolved",
            Self::AcknowledgedAtSource => "acknowledged",
            Self::SourceStillFiring => "source_still_firing",
            Self::SourceStopped => "source_stopped",
            Self::FlappingStarted => "flapping",
            Self::FlappingEnded => "flapping_ended",
            Self::Acted(action) => action.past_tense(),
        }
    }
}

/// What is to be done about an incident.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The incident as it now is; id 0 where it is new.
    pub incident: Incident,
    /// What happened, oldest first.
    pub changes: Vec<Change>,
    /// Reasons to tell people.
    pub tell: Vec<ReasonKey>,
    /// Why a change that people are usually told about is not told.
    pub untold: Vec<(ReasonKey, String)>,
}

/// Applies a signal to the latest incident of its fingerprint. `Err` gives the reason why the signal
/// belongs to no incident at all (a `resolved` for something that never opened).
pub fn receive(latest: Option<Incident>, signal: &Signal, policy: &Policy) -> Result<Outcome, String> {
    match latest {
        None if signal.is_onset() => Ok(open(signal, None)),
        None => Err(format!("{} with nothing open is dropped", status_word(signal))),
        Some(incident) if incident.status.is_open() => Ok(continue_open(incident, signal, policy)),
        Some(incident) => Ok(after_the_end(incident, signal, policy)),
    }
}

fn status_word(signal: &Signal) -> &'static str {
    signal.status.map_or("an event", EventStatus::as_str)
}

fn open(signal: &Signal, previous: Option<IncidentId>) -> Outcome {
    let incident = Incident {
        id: 0,
        event_id: Some(signal.event_id),
        status: Status::Open,
        kind: signal.kind,
        severity: signal.severity.0,
        urgency: signal.urgency.0,
        service: signal.service.clone(),
        environment: signal.environment.clone(),
        summary: signal.summary.clone(),
        fingerprint: signal.fingerprint.clone(),
        partition: signal.partition,
        labels: signal.labels.clone(),
        event_count: 1,
        first_seen: signal.arrived_at,
        last_seen: signal.arrived_at,
        anomaly_score: signal.anomaly_score,
        confidence: signal.score,
        evidence: signal.evidence.iter().take(Incident::MAX_EVIDENCE).cloned().collect(),
        correlations: signal.correlations.clone(),
        opened_because: Some(OpenedBecause {
            event_id: signal.event_id,
            rule: signal.rule.clone(),
            score: signal.score,
            threshold: signal.threshold,
            severity: signal.severity.1.clone(),
            urgency: signal.urgency.1.clone(),
            fingerprint_of: signal.fingerprint_of.clone(),
        }),
        ended_by: None,
        ended_at: None,
        previous_incident_id: previous,
        episode: signal.episode.clone(),
        ends_by_source: signal.ends_by_source,
        still_firing_since: None,
        reopened_count: 0,
        resolved_count: 0,
        changes: vec![signal.arrived_at],
        flapping_since: None,
    };
    let mut outcome =
        Outcome { incident, changes: vec![Change::Opened { previous }], tell: Vec::new(), untold: Vec::new() };
    tell_or_record(&mut outcome, ReasonKey::opened());
    outcome
}

fn continue_open(incident: Incident, signal: &Signal, policy: &Policy) -> Outcome {
    let mut outcome = grow(incident, signal);
    let incident = &mut outcome.incident;
    match signal.status {
        Some(EventStatus::Resolved) => {
            end(&mut outcome, EndedBy::Source, signal.arrived_at, policy);
        }
        Some(EventStatus::Acknowledged) => {
            if matches!(incident.status, Status::Open | Status::Notified) {
                incident.status = Status::Acknowledged;
                outcome.changes.push(Change::AcknowledgedAtSource);
            }
        }
        Some(EventStatus::Info) => {}
        Some(EventStatus::Firing) | None => {
            let (severity, urgency) = (signal.severity.0, signal.urgency.0);
            if urgency > incident.urgency {
                let from = std::mem::replace(&mut incident.urgency, urgency);
                outcome.changes.push(Change::UrgencyRaised { from, to: urgency });
                if from == Urgency::Record {
                    tell_or_record(&mut outcome, ReasonKey::opened());
                }
            }
            let incident = &mut outcome.incident;
            if severity > incident.severity {
                let from = std::mem::replace(&mut incident.severity, severity);
                outcome.changes.push(Change::SeverityRaised { from, to: severity });
                // While the last telling still waits to go out it will show the new severity itself.
                if incident.status != Status::Open {
                    let key = ReasonKey::severity_raised(severity, incident.reopened_count);
                    tell_or_record(&mut outcome, key);
                }
            }
        }
    }
    outcome
}

fn after_the_end(incident: Incident, signal: &Signal, policy: &Policy) -> Outcome {
    let ended_at = incident.ended_at.unwrap_or(incident.last_seen);
    let since_end = signal.arrived_at.duration_since(ended_at);
    if !signal.is_onset() {
        let mut outcome = grow(incident, signal);
        if signal.status == Some(EventStatus::Resolved) && outcome.incident.still_firing_since.take().is_some() {
            outcome.changes.push(Change::SourceStopped);
        }
        return outcome;
    }
    if incident.status == Status::FalsePositive {
        if since_end < policy.false_positive_mute {
            return grow(incident, signal);
        }
        return open(signal, Some(incident.id));
    }
    if signal.happened_at < ended_at {
        return grow(incident, signal);
    }
    let same_episode = incident.ends_by_source && signal.episode.is_some() && signal.episode == incident.episode;
    if incident.ended_by == Some(EndedBy::Person) && same_episode {
        let mut outcome = grow(incident, signal);
        note_still_firing(&mut outcome, signal.arrived_at);
        if since_end >= policy.resolve_grace {
            tell_still_firing(&mut outcome, signal.arrived_at, policy);
        }
        return outcome;
    }
    if since_end <= policy.reopen_window {
        let mut outcome = grow(incident, signal);
        let (from, to) = (outcome.incident.severity, signal.severity.0);
        outcome.incident.severity = to;
        outcome.incident.urgency = signal.urgency.0.max(outcome.incident.urgency);
        reopen(&mut outcome, signal.arrived_at, policy, Status::Open);
        let reopened_count = outcome.incident.reopened_count;
        tell_or_record(&mut outcome, ReasonKey::reopened(reopened_count));
        if outcome.tell.is_empty() && outcome.incident.flapping_since.is_some() {
            // No telling is on its way that would make it `notified`.
            outcome.incident.status = Status::Notified;
            if to > from {
                outcome.changes.push(Change::SeverityRaised { from, to });
                tell_or_record(&mut outcome, ReasonKey::severity_raised(to, reopened_count));
            }
        }
        return outcome;
    }
    open(signal, Some(incident.id))
}

fn grow(mut incident: Incident, signal: &Signal) -> Outcome {
    incident.event_count += 1;
    incident.last_seen = incident.last_seen.max(signal.arrived_at);
    incident.confidence = incident.confidence.max(signal.score);
    if signal.anomaly_score > incident.anomaly_score {
        incident.anomaly_score = signal.anomaly_score;
    }
    if signal.episode.is_some() {
        incident.episode.clone_from(&signal.episode);
    }
    for label in &signal.labels {
        if incident.labels.len() < 32 && !incident.labels.contains(label) {
            incident.labels.push(label.clone());
        }
    }
    for correlation in &signal.correlations {
        if incident.correlations.len() < 24 && !incident.correlations.contains(correlation) {
            incident.correlations.push(correlation.clone());
        }
    }
    incident.keep_evidence(&signal.evidence);
    Outcome { incident, changes: Vec::new(), tell: Vec::new(), untold: Vec::new() }
}

fn tell_or_record(outcome: &mut Outcome, key: ReasonKey) {
    if outcome.incident.urgency == Urgency::Record {
        let why = outcome.incident.opened_because.as_ref().map_or("", |because| because.urgency.as_str());
        outcome.untold.push((key, format!("urgency is record: {why}")));
    } else if outcome.incident.flapping_since.is_some() && key.reason != Reason::SeverityRaised {
        outcome.untold.push((key, "flapping: its changes are shown in the message and not told again".to_owned()));
    } else {
        outcome.tell.push(key);
    }
}

fn note_change(outcome: &mut Outcome, at: Timestamp, policy: &Policy) {
    let incident = &mut outcome.incident;
    incident.changes.push(at);
    let surplus = incident.changes.len().saturating_sub(Incident::MAX_CHANGES);
    incident.changes.drain(..surplus);
    let recent = incident.changes.iter().filter(|change| at.duration_since(**change) <= policy.flap_window).count();
    if recent >= policy.flap_changes && incident.flapping_since.is_none() {
        incident.flapping_since = Some(at);
        outcome.changes.push(Change::FlappingStarted);
    }
}

fn end(outcome: &mut Outcome, by: EndedBy, at: Timestamp, policy: &Policy) {
    let incident = &mut outcome.incident;
    incident.status = Status::Resolved;
    incident.ended_by = Some(by);
    incident.ended_at = Some(at);
    incident.still_firing_since = None;
    outcome.changes.push(Change::Ended(by));
    note_change(outcome, at, policy);
}

fn reopen(outcome: &mut Outcome, at: Timestamp, policy: &Policy, status: Status) {
    let incident = &mut outcome.incident;
    let was_ended_by = incident.ended_by.take();
    incident.ended_at = None;
    incident.still_firing_since = None;
    incident.status = status;
    incident.reopened_count += 1;
    outcome.changes.push(Change::Reopened { was_ended_by });
    note_change(outcome, at, policy);
}

fn note_still_firing(outcome: &mut Outcome, at: Timestamp) {
    if outcome.incident.still_firing_since.is_none() {
        outcome.incident.still_firing_since = Some(at);
        outcome.changes.push(Change::SourceStillFiring);
    }
}

fn tell_still_firing(outcome: &mut Outcome, at: Timestamp, policy: &Policy) {
    let key = ReasonKey::still_firing(outcome.incident.resolved_count);
    reopen(outcome, at, policy, Status::Open);
    tell_or_record(outcome, key);
}

/// What time alone does to an incident. `source_fires` says whether its alert is still firing by the
/// source's last word (`None` where there is no such alert). `listening_since` is when this Foghorn
/// began to listen: time in which nothing could have been heard is not quiet.
pub fn sweep(
    incident: Incident,
    source_fires: Option<bool>,
    listening_since: Timestamp,
    now: Timestamp,
    policy: &Policy,
) -> Option<Outcome> {
    let mut outcome = Outcome { incident, changes: Vec::new(), tell: Vec::new(), untold: Vec::new() };
    let incident = &outcome.incident;
    let quiet_since =
        incident.last_seen.max(listening_since).max(*incident.changes.last().unwrap_or(&incident.last_seen));
    let is_quiet = now.duration_since(quiet_since) >= policy.quiet_after;
    let last_change = incident.changes.last().copied().unwrap_or(incident.first_seen);
    if incident.flapping_since.is_some() && now.duration_since(last_change) >= policy.flap_calm {
        outcome.incident.flapping_since = None;
        outcome.changes.push(Change::FlappingEnded);
        if outcome.incident.status.is_open() && outcome.incident.reopened_count > 0 {
            // It has settled on firing, and its last return was held back.
            let key = ReasonKey::reopened(outcome.incident.reopened_count);
            tell_or_record(&mut outcome, key);
        }
    }
    let incident = &outcome.incident;
    if incident.status.is_open() && !incident.ends_by_source && is_quiet {
        end(&mut outcome, EndedBy::Quiet, now, policy);
    } else if incident.ended_by == Some(EndedBy::Person) && incident.status == Status::Resolved {
        match source_fires {
            Some(true) => {
                let since_end = now.duration_since(incident.ended_at.unwrap_or(now));
                note_still_firing(&mut outcome, now);
                if since_end >= policy.resolve_grace {
                    tell_still_firing(&mut outcome, now, policy);
                }
            }
            Some(false) if incident.still_firing_since.is_some() => {
                outcome.incident.still_firing_since = None;
                outcome.changes.push(Change::SourceStopped);
            }
            _ => {}
        }
    }
    (!outcome.changes.is_empty()).then_some(outcome)
}

/// A person's hand. `Err` is the reason for a refusal (HTTP 409); an outcome without changes is a success
/// that changed nothing.
pub fn act(incident: Incident, action: Action, now: Timestamp, policy: &Policy) -> Result<Outcome, String> {
    let mut outcome = Outcome { incident, changes: Vec::new(), tell: Vec::new(), untold: Vec::new() };
    match transition(outcome.incident.status, action) {
        Transition::Refused(why) => return Err(why),
        Transition::Unchanged => {}
        Transition::To(_) if action == Action::Reopen => {
            reopen(&mut outcome, now, policy, Status::Notified);
            outcome.changes.retain(|change| !matches!(change, Change::Reopened { .. }));
            outcome.changes.insert(0, Change::Acted(action));
            let key = ReasonKey::reopened(outcome.incident.reopened_count);
            tell_or_record(&mut outcome, key);
        }
        Transition::To(status) => {
            outcome.incident.status = status;
            outcome.changes.push(Change::Acted(action));
            if !status.is_open() {
                outcome.incident.ended_by = Some(EndedBy::Person);
                outcome.incident.ended_at = Some(now);
                outcome.incident.resolved_count += 1;
                note_change(&mut outcome, now, policy);
            }
        }
    }
    Ok(outcome)
}
