//! Incidents, and the state rules that every hand (person, source, timer) goes through.

use crate::clock::Timestamp;
use crate::event::EventId;
use crate::finding::Kind;
use crate::fingerprint::Fingerprint;
use crate::severity::{Severity, Urgency};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The store's id of an incident.
pub type IncidentId = i64;

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Known, not yet told.
    Open,
    /// Told.
    Notified,
    /// Somebody has it.
    Acknowledged,
    /// Somebody asked for more.
    NeedsInfo,
    /// Over.
    Resolved,
    /// It was nothing.
    FalsePositive,
}

impl Status {
    /// Every status, in the order of an incident's life.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Notified, Self::Acknowledged, Self::NeedsInfo, Self::Resolved, Self::FalsePositive];

    /// The name used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Notified => "notified",
            Self::Acknowledged => "acknowledged",
            Self::NeedsInfo => "needs_info",
            Self::Resolved => "resolved",
            Self::FalsePositive => "false_positive",
        }
    }

    /// The reverse of [`Status::as_str`]; the older spelling `ack` reads as acknowledged.
    pub fn parse(word: &str) -> Option<Self> {
        if word == "ack" {
            return Some(Self::Acknowledged);
        }
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// What it becomes by being told: a late telling overwrites nothing that a person has set.
    pub fn once_told(self) -> Self {
        if self == Self::Open { Self::Notified } else { self }
    }

    /// Whether the incident still runs.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::FalsePositive)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a person can do to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// I have it.
    Ack,
    /// Tell me more.
    Info,
    /// It is over.
    Resolve,
    /// It was nothing.
    FalsePositive,
    /// It is not over after all.
    Reopen,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Ack, Self::Info, Self::Resolve, Self::FalsePositive, Self::Reopen];

    /// The name used in JSON, Slack and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Info => "info",
            Self::Resolve => "resolve",
            Self::FalsePositive => "false_positive",
            Self::Reopen => "reopen",
        }
    }

    /// The reverse of [`Action::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// The status it leads to.
    pub fn leads_to(self) -> Status {
        match self {
            Self::Ack => Status::Acknowledged,
            Self::Info => Status::NeedsInfo,
            Self::Resolve => Status::Resolved,
            Self::FalsePositive => Status::FalsePositive,
            Self::Reopen => Status::Notified,
        }
    }

    /// What happened, in the past tense, as audit rows and answers say it.
    pub fn past_tense(self) -> &'static str {
        match self {
            Self::Ack => "acknowledged",
            Self::Info => "needs_info",
            Self::Resolve => "resolved",
            Self::FalsePositive => "false_positive",
            Self::Reopen => "reopened",
        }
    }
}

/// What an action would do to an incident in a given status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It moves there.
    To(Status),
    /// It is there already: a success that changes nothing.
    Unchanged,
    /// It may not, for this reason.
    Refused(String),
}

/// The state rules: each of open, notified, acknowledged and needs_info may go to any of the last four
/// statuses; resolved and false_positive only reopen; the same action again changes nothing.
pub fn transition(from: Status, action: Action) -> Transition {
    if action == Action::Reopen {
        return if from.is_open() { Transition::Unchanged } else { Transition::To(Status::Notified) };
    }
    let to = action.leads_to();
    if from == to {
        Transition::Unchanged
    } else if from.is_open() {
        Transition::To(to)
    } else {
        Transition::Refused(format!("the incident is {from}; reopen it before you {}", verb(action)))
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Ack => "acknowledge it",
        Action::Info => "ask for more information",
        Action::Resolve => "resolve it",
        Action::FalsePositive => "mark it as a false positive",
        Action::Reopen => "reopen it",
    }
}

/// Who or what ended an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// A person's click, call or command.
    Person,
    /// The source said so.
    Source,
    /// Nothing was heard for `quiet_after`.
    Quiet,
}

impl EndedBy {
    /// The name used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Source => "source",
            Self::Quiet => "quiet",
        }
    }

    /// The reverse of [`EndedBy::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Person, Self::Source, Self::Quiet].into_iter().find(|by| by.as_str() == word)
    }
}

/// One reason for an incident, kept with it for as long as it lives. Texts are redacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentEvidence {
    /// The event it was seen in.
    pub event_id: EventId,
    /// When that happened.
    pub seen_at: Timestamp,
    /// Of which finding.
    pub kind: Kind,
    /// The detector's score, 0 to 1.
    #[serde(serialize_with = "crate::finding::three_digits")]
    pub score: f32,
    /// The rule that matched.
    pub rule: String,
    /// The text it matched.
    pub text: String,
    /// Where it stood in the event.
    pub at: String,
    /// The line it stood in, cut and redacted.
    pub line: String,
}

/// Something an incident has in common with others: a host, trace, database, deploy, upstream or symptom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Correlation {
    /// `host`, `trace`, `database`, `deploy`, `upstream` or `symptom`.
    pub attribute: String,
    /// Its value, lower case.
    pub value: String,
}

/// Why an incident opened, with every value that took part in the decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenedBecause {
    /// The event that opened it.
    pub event_id: EventId,
    /// The rule that matched.
    pub rule: String,
    /// The finding's score.
    #[serde(serialize_with = "crate::finding::three_digits")]
    pub score: f32,
    /// The threshold it reached (`MIN_DETECTION_SCORE`).
    #[serde(serialize_with = "crate::finding::three_digits")]
    pub threshold: f32,
    /// Why it has the severity it has.
    pub severity: String,
    /// Why it has the urgency it has.
    pub urgency: String,
    /// What the fingerprint was made of.
    pub fingerprint_of: String,
}

/// An incident, as both the pure rules and the store see it.
#[derive(Clone, Debug)]
pub struct Incident {
    /// 0 until the store has given it one.
    pub id: IncidentId,
    /// The event that opened it; `None` in rows written by others.
    pub event_id: Option<EventId>,
    /// Where it stands.
    pub status: Status,
    /// What kind of trouble.
    pub kind: Kind,
    /// How bad, at its worst since it opened.
    pub severity: Severity,
    /// Whom to disturb.
    pub urgency: Urgency,
    /// The service it is about.
    pub service: String,
    /// The environment it is in.
    pub environment: String,
    /// One redacted line that says what is wrong.
    pub summary: String,
    /// What makes an event a repeat of it.
    pub fingerprint: Fingerprint,
    /// The triage partition that feeds it.
    pub partition: u16,
    /// Kinds of its other findings, and labels from the source.
    pub labels: Vec<String>,
    /// Events that belong to it.
    pub event_count: u64,
    /// When its first event arrived.
    pub first_seen: Timestamp,
    /// When its latest event arrived.
    pub last_seen: Timestamp,
    /// Score of the metric anomaly that opened it, if one did.
    pub anomaly_score: Option<f32>,
    /// How sure we are that it is real, 0 to 1.
    pub confidence: f32,
    /// Up to [`Incident::MAX_EVIDENCE`] entries, the first ones; one of a rule that is new takes the place of a repeat.
    pub evidence: Vec<IncidentEvidence>,
    /// What it shares with others.
    pub correlations: Vec<Correlation>,
    /// Why it opened; `None` in rows written by others.
    pub opened_because: Option<OpenedBecause>,
    /// Who ended it, while it is ended.
    pub ended_by: Option<EndedBy>,
    /// When it ended, while it is ended.
    pub ended_at: Option<Timestamp>,
    /// The earlier incident with the same fingerprint.
    pub previous_incident_id: Option<IncidentId>,
    /// The alert episode of its latest event.
    pub episode: Option<String>,
    /// Whether the end comes from the source (alerts) and not from quiet (logs, metrics).
    pub ends_by_source: bool,
    /// Since when the source has gone on firing after a person's resolve.
    pub still_firing_since: Option<Timestamp>,
    /// How often it has come back.
    pub reopened_count: u32,
    /// How often a person has resolved it.
    pub resolved_count: u32,
    /// When it last opened, ended or came back; at most [`Incident::MAX_CHANGES`], the latest.
    pub changes: Vec<Timestamp>,
    /// Since when it flaps.
    pub flapping_since: Option<Timestamp>,
}

impl Incident {
    /// Evidence entries kept with an incident.
    pub const MAX_EVIDENCE: usize = 20;
    /// State changes remembered to see flapping.
    pub const MAX_CHANGES: usize = 8;

    /// Takes up evidence as long as there is room. After that only another rule is worth the place of a repeat.
    pub fn keep_evidence(&mut self, evidence: &[IncidentEvidence]) {
        let kept = &mut self.evidence;
        for one in evidence {
            if kept.len() < Self::MAX_EVIDENCE {
                kept.push(one.clone());
                continue;
            }
            if kept.iter().any(|known| known.rule == one.rule) {
                continue;
            }
            let is_repeat = |place: &usize| kept[..*place].iter().any(|earlier| earlier.rule == kept[*place].rule);
            let Some(repeat) = (1..kept.len()).rev().find(is_repeat) else { return };
            kept.remove(repeat);
            kept.push(one.clone());
        }
    }

    /// The first line people read: severity, service, symptom.
    pub fn headline(&self) -> String {
        format!("{} · {} · {}", self.severity.as_str().to_uppercase(), self.service, self.summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_status_and_action_follows_the_rules() {
        for from in Status::ALL {
            for action in Action::ALL {
                let got = transition(from, action);
                let expected = match (from.is_open(), action) {
                    (true, Action::Reopen) => Transition::Unchanged,
                    (false, Action::Reopen) => Transition::To(Status::Notified),
                    (_, action) if action.leads_to() == from => Transition::Unchanged,
                    (true, action) => Transition::To(action.leads_to()),
                    (false, _) => {
                        assert!(matches!(&got, Transition::Refused(why) if why.contains(from.as_str())));
                        continue;
                    }
                };
                assert_eq!(got, expected, "{from} {}", action.as_str());
            }
        }
    }

    #[test]
    fn the_older_spelling_of_acknowledged_is_read() {
        assert_eq!(Status::parse("ack"), Some(Status::Acknowledged));
        assert_eq!(Status::parse("closed"), None);
    }
}
