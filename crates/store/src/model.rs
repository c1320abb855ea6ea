//! What goes into the store and what comes out of it, beside the domain's own types.

use crate::triage::Holding;
use foghorn_domain::analysis::Analysis;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{Event, EventId};
use foghorn_domain::finding::Finding;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::lifecycle::Signal;
use foghorn_domain::notification::{NotificationStatus, Reason};
use foghorn_domain::severity::Urgency;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What became of an event at intake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is stored under this id.
    Stored(EventId),
    /// Its idempotency key was seen within 24 h; this is the id it has.
    Duplicate(EventId),
    /// An unchanged re-post of a firing (or ended) alert, whose last event this is.
    Refreshed(EventId),
    /// It is on disk and waits for the store, which is away; it has no id yet.
    Spooled,
}

impl Appended {
    /// The id of the event that stands for what was sent; none while it waits for the store.
    pub fn event_id(self) -> Option<EventId> {
        match self {
            Self::Stored(id) | Self::Duplicate(id) | Self::Refreshed(id) => Some(id),
            Self::Spooled => None,
        }
    }
}

/// A stored event with what triage made of it.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// The event.
    pub event: Event,
    /// What was found in it.
    pub findings: Vec<Finding>,
    /// The incident it belongs to.
    pub incident_id: Option<IncidentId>,
    /// Why it belongs to none although something was found, in words.
    pub decision: Option<String>,
    /// Whether triage has been past it.
    pub is_triaged: bool,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; `None` at the end.
    pub next_cursor: Option<i64>,
    /// How many rows match in all.
    pub total: u64,
    /// Whether `total` stopped counting at 10,000.
    pub total_estimated: bool,
}

/// Which incidents to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    /// Any of these statuses; all when empty.
    pub statuses: Vec<String>,
    /// Exactly this severity.
    pub severity: Option<String>,
    /// Exactly this kind.
    pub kind: Option<String>,
    /// Exactly this service.
    pub service: Option<String>,
    /// Every word stands in summary, service, kind or labels.
    pub q: Option<String>,
    /// Opened at or after.
    pub since: Option<Timestamp>,
    /// Opened before.
    pub until: Option<Timestamp>,
}

/// Where a list starts and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// 1 to 200.
    pub limit: u32,
    /// The `next_cursor` of the page before.
    pub cursor: Option<i64>,
    /// Count every matching row, however many.
    pub exact_count: bool,
}

/// A telling, as its row says.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The outbox row.
    pub id: i64,
    /// The incident told about.
    pub incident_id: IncidentId,
    /// Who is told.
    pub receiver: String,
    /// Where.
    pub channel: String,
    /// Why.
    pub reason: Reason,
    /// Which occurrence of the reason.
    pub occurrence: String,
    /// Whom it disturbs.
    pub urgency: Urgency,
    /// What became of it.
    pub status: NotificationStatus,
    /// Why it was held or joined.
    pub why: Option<String>,
    /// The incident in whose message it is shown.
    pub told_with: Option<IncidentId>,
    /// The message as it stands.
    pub message: Option<Value>,
    /// How often the message was edited.
    pub edits: u32,
    /// Changes of its incident that the message does not show yet.
    pub dirty: i64,
    /// How often its delivery has failed.
    pub attempts: u32,
    /// Not tried again before; `None` where nothing is waited for.
    pub next_attempt_at: Option<Timestamp>,
    /// When the reason arose.
    pub created_at: Timestamp,
    /// When it was delivered.
    pub sent_at: Option<Timestamp>,
    /// The way through the routing file, in words.
    pub route: Option<String>,
    /// The team that the route names.
    pub team: Option<String>,
    /// What holds it back: `maintenance`, `silence:7`, `inhibition:12`, `interval`; or kept it from a message of its
    /// own: `storm`.
    pub held_by: Option<String>,
    /// Whether a delivery has begun whose outcome is not recorded.
    pub in_flight: bool,
    /// What the receiver calls the message; before there is one, what it has said of it.
    pub provider: Option<Value>,
    /// The status of the incident that the message shows.
    pub shown_status: Option<String>,
    /// Whether the message stands for many incidents.
    pub is_digest: bool,
    /// Whether the message may repeat an earlier one.
    pub may_repeat: bool,
}

impl Notification {
    /// Since when the receiver has answered nothing but that one should wait.
    pub fn asked_to_wait_since(&self) -> Option<Timestamp> {
        self.provider.as_ref()?.get(ASKED_TO_WAIT_SINCE)?.as_str()?.parse().ok()
    }
}

/// Where [`Notification::asked_to_wait_since`] stands in `provider`.
pub(crate) const ASKED_TO_WAIT_SINCE: &str = "asked_to_wait_since";

/// An entry of an incident's timeline.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// Who or what.
    pub who: String,
    /// What.
    pub action: String,
    /// With which values.
    pub details: Value,
}

/// A written fix, remembered.
#[derive(Clone, Debug)]
pub struct MemoryItem {
    /// Its id, unique in the memory.
    pub id: String,
    /// What had been wrong.
    pub summary: String,
    /// Labels of the incident.
    pub labels: Vec<String>,
    /// Its service.
    pub service: String,
    /// Its kind.
    pub incident_type: String,
    /// What fixed it.
    pub solution: Option<String>,
    /// The incident it was learned from.
    pub incident_id: Option<IncidentId>,
    /// That incident's fingerprint.
    pub fingerprint: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Whether a person stands behind it.
    pub confirmed: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// `incident`, `import`, `external` (written by another program) or `draft`.
    pub origin: String,
    /// When it was taken out of recall.
    pub retired_at: Option<Timestamp>,
    /// What happened after the fix, in words: `quiet after 6 min`, `reopened after 20 min`.
    pub outcome: Option<String>,
    /// How often somebody said that it helped.
    pub helped: u32,
    /// How often somebody said that it did not.
    pub not_helped: u32,
}

/// What came before an incident: the same trouble, and changes near it.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// How many earlier incidents had the fingerprint.
    pub seen_before: u64,
    /// When the latest of them was last seen.
    pub last_seen: Option<Timestamp>,
    /// Fixes written for them: confirmed ones that held first, then the newest.
    pub fixes: Vec<MemoryItem>,
    /// Changes in the hour before it opened, newest first, as (when, service, text).
    pub changes: Vec<(Timestamp, String, String)>,
}

/// An analysis with what it rests on, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Summary, causes, fixes.
    #[serde(flatten)]
    pub analysis: Analysis,
    /// Why it is believed as much as it is, a sentence each.
    #[serde(default)]
    pub confidence_because: Vec<String>,
    /// First things to look at, and names of runbooks.
    #[serde(default)]
    pub docs: Vec<String>,
}

/// An incident with everything about it.
#[derive(Clone, Debug)]
pub struct IncidentDetail {
    /// The incident.
    pub incident: Incident,
    /// Its explanation, once there is one.
    pub analysis: Option<Explanation>,
    /// Its tellings.
    pub notifications: Vec<Notification>,
    /// Its timeline, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// A fix that Foghorn drafted for it and nobody has confirmed or discarded yet.
    pub draft: Option<MemoryItem>,
}

/// A cluster of log lines to be written with a batch.
#[derive(Clone, Debug)]
pub struct TemplateRow {
    /// Environment and service, as [`scope`] writes them.
    pub scope: String,
    /// The cluster's name for ever.
    pub birth_key: String,
    /// The miner's own row, as JSON.
    pub cluster: String,
}

/// What triage remembers of a service, to be written with a batch.
#[derive(Clone, Debug)]
pub struct ServiceStateRow {
    /// Environment and service, as [`scope`] writes them.
    pub scope: String,
    /// Which part of it.
    pub part: &'static str,
    /// The service's partition.
    pub partition: u16,
    /// The state, as JSON.
    pub state: String,
}

/// Environment and service as one key.
pub fn scope(environment: &str, service: &str) -> String {
    format!("{environment}\u{1f}{service}")
}

/// An event in which something was found that opened or fed nothing.
#[derive(Clone, Debug)]
pub struct Unclaimed {
    /// The event.
    pub event_id: EventId,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Why it led to nothing.
    pub decision: String,
}

/// Everything that triage commits for one batch.
#[derive(Clone, Debug, Default)]
pub struct TriageBatch {
    /// The partitions as they were held when the batch was read, to notice another holder.
    pub from: Holding,
    /// The same after the batch.
    pub to: Holding,
    /// What the events say, in the order in which they were accepted.
    pub signals: Vec<Signal>,
    /// Findings that led to nothing.
    pub unclaimed: Vec<Unclaimed>,
    /// New and generalised log templates.
    pub templates: Vec<TemplateRow>,
    /// States that changed.
    pub states: Vec<ServiceStateRow>,
    /// The watchman's last event in the batch: it goes on into the outbox.
    pub round: Option<EventId>,
}

/// What a commit of triage led to.
#[derive(Clone, Debug, Default)]
pub struct TriageOutcome {
    /// Incidents that opened, with the arrival time of the event that opened them.
    pub opened: Vec<(IncidentId, Timestamp)>,
    /// Outbox rows written.
    pub tellings: usize,
}

/// How much there is of everything.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Events in the store, by their numbers: one that a database refused has used up its own.
    pub events: u64,
    /// Events accepted and not yet triaged.
    pub untriaged: u64,
    /// Incidents by status.
    pub incidents: Vec<(String, u64)>,
    /// Tellings waiting.
    pub pending_notifications: u64,
    /// Bytes of the database file and its log.
    pub bytes: u64,
}
