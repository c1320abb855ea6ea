//! Tellings: why somebody is told about an incident, and what became of it.

use crate::incident::IncidentId;
use crate::severity::Severity;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a person is told. Anything that is not one of these is an edit of an earlier message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The incident is new.
    Opened,
    /// It got worse.
    SeverityRaised,
    /// It had ended and is back.
    Reopened,
    /// A person resolved it and the source still says it fires.
    StillFiring,
    /// Nobody acknowledged it in time.
    Unacknowledged,
    /// A silence over it ended and it still fires.
    SilenceEnded,
    /// Somebody asked for more: evidence and what is like it, in the message's thread.
    DetailsRequested,
    /// Related incidents and later evidence, in the message's thread.
    MoreKnown,
}

impl Reason {
    /// Whether it stands in the thread of a message and is no message of its own.
    pub fn is_in_thread(self) -> bool {
        matches!(self, Self::DetailsRequested | Self::MoreKnown)
    }

    /// The name used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::SeverityRaised => "severity_raised",
            Self::Reopened => "reopened",
            Self::StillFiring => "still_firing",
            Self::Unacknowledged => "unacknowledged",
            Self::SilenceEnded => "silence_ended",
            Self::DetailsRequested => "details_requested",
            Self::MoreKnown => "more_known",
        }
    }

    /// The reverse of [`Reason::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Opened,
            Self::SeverityRaised,
            Self::Reopened,
            Self::StillFiring,
            Self::Unacknowledged,
            Self::SilenceEnded,
            Self::DetailsRequested,
            Self::MoreKnown,
        ]
        .into_iter()
        .find(|reason| reason.as_str() == word)
    }
}

/// One reason to tell, made unique: the same reason never yields a second telling, however often the
/// stage that noticed it runs. Its text is part of the outbox's unique key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReasonKey {
    /// Why.
    pub reason: Reason,
    /// Which occurrence: `1`, `2`, … for reopenings, the severity's name where it was raised.
    pub occurrence: String,
}

impl ReasonKey {
    /// The incident is new.
    pub fn opened() -> Self {
        Self { reason: Reason::Opened, occurrence: "1".to_owned() }
    }

    /// It reached a severity it had not had since it opened or reopened.
    pub fn severity_raised(to: Severity, reopened_count: u32) -> Self {
        Self { reason: Reason::SeverityRaised, occurrence: format!("{to}-{reopened_count}", to = to.as_str()) }
    }

    /// It came back for the `n`th time.
    pub fn reopened(n: u32) -> Self {
        Self { reason: Reason::Reopened, occurrence: n.to_string() }
    }

    /// What let a telling of the reason `silence_ended` go.
    pub fn let_go_by(&self) -> LetGoBy {
        let holder = self.occurrence.rsplit_once('#').map_or(&*self.occurrence, |(holder, _)| holder);
        match holder.split_once(':') {
            Some((LetGoBy::OUTGROWN, _)) => LetGoBy::Outgrown,
            Some(("inhibition", cause)) => LetGoBy::Cause(cause.parse().ok()),
            None if holder == "maintenance" => LetGoBy::Maintenance,
            _ => LetGoBy::Silence,
        }
    }

    /// The source still fires after the `n`th resolve by a person.
    pub fn still_firing(n: u32) -> Self {
        Self { reason: Reason::StillFiring, occurrence: n.to_string() }
    }
}

/// Why somebody is told now of what was held back before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LetGoBy {
    /// The silence over it has ended.
    #[default]
    Silence,
    /// The silence goes on, and it no longer fits what the incident has become.
    Outgrown,
    /// The maintenance is over.
    Maintenance,
    /// The incident that muted it has ended.
    Cause(Option<IncidentId>),
}

impl LetGoBy {
    /// How the occurrence of an outgrown silence begins: `outgrown:silence:7#1`.
    pub const OUTGROWN: &str = "outgrown";
}

impl fmt::Display for ReasonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.reason.as_str(), self.occurrence)
    }
}

/// What became of a telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationStatus {
    /// Waiting for its receiver.
    Pending,
    /// Delivered as a message of its own.
    Sent,
    /// Shown inside the message of a related incident.
    Joined,
    /// Not told, for a recorded reason.
    Held,
    /// Given up after bounded retries.
    Failed,
}

impl NotificationStatus {
    /// The name used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Joined => "joined",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}
