//! What a message is built from.

use crate::analyst::{Explained, SimilarIncident};
use crate::clock::Timestamp;
use crate::incident::{Action, Incident, IncidentId};
use crate::notification::{LetGoBy, Reason};

/// Everything that is known at the moment of telling.
#[derive(Clone, Copy, Debug)]
pub struct MessageInput<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// What it probably is.
    pub explained: &'a Explained,
    /// Similar incidents, the most alike first.
    pub similar: &'a [SimilarIncident],
    /// How many earlier incidents had the same fingerprint.
    pub seen_before: u64,
    /// The latest of them, as memory knows it.
    pub last_time: Option<&'a SimilarIncident>,
    /// Deploys, flags and configuration changes around its start, in any order.
    pub changes: &'a [Change],
    /// Incidents told together with it.
    pub related: &'a [RelatedIncident],
    /// Why it is told.
    pub reason: Reason,
    /// What had held it back, where that is why.
    pub let_go_by: LetGoBy,
    /// What a person last did to it.
    pub acted: Option<&'a Acted>,
    /// The team of its route.
    pub team: Option<&'a str>,
    /// Whether an earlier attempt at this very message may have arrived.
    pub possible_repeat: bool,
    /// Where the dashboard is reached, `https://foghorn.example.org`; no link without it.
    pub public_url: Option<&'a str>,
    /// The present moment.
    pub now: Timestamp,
}

impl<'a> MessageInput<'a> {
    /// An input with nothing but what every message has: a new incident, told for the first time.
    pub fn new(incident: &'a Incident, explained: &'a Explained, now: Timestamp) -> Self {
        Self {
            incident,
            explained,
            similar: &[],
            seen_before: 0,
            last_time: None,
            changes: &[],
            related: &[],
            reason: Reason::Opened,
            let_go_by: LetGoBy::Silence,
            acted: None,
            team: None,
            possible_repeat: false,
            public_url: None,
            now,
        }
    }
}

/// A deploy, flag or configuration change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was changed: `checkout v1.2.3`.
    pub what: String,
    /// When.
    pub at: Timestamp,
}

/// An incident told together with this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedIncident {
    /// Its id.
    pub incident_id: IncidentId,
    /// Its service.
    pub service: String,
    /// Its summary.
    pub summary: String,
    /// What the two share: `shares database pg-main`.
    pub reason: String,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// Who.
    pub who: String,
    /// What.
    pub what: Action,
    /// When.
    pub when: Timestamp,
}
