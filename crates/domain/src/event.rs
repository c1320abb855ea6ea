//! Events: what sources send, as Foghorn keeps it.

use crate::clock::{SignedDuration, Timestamp};
use crate::severity::Severity;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The id that the store gives an event. Ids grow in the order in which events were accepted.
pub type EventId = i64;

/// Where an event's metadata say which access key it came with, by number and name: names may be given again, numbers
/// are not. Intake writes it, whatever a sender claims there. It is no part of what the source says.
pub const SENDER_FIELD: &str = "foghorn_sender";

/// What an alert says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventStatus {
    /// The condition holds.
    Firing,
    /// The condition has ended.
    Resolved,
    /// Somebody at the source has taken it (PagerDuty's `acknowledge`).
    Acknowledged,
    /// Neither: a note about the condition.
    Info,
}

impl EventStatus {
    /// The name used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Acknowledged => "acknowledged",
            Self::Info => "info",
        }
    }

    /// Reads the spellings that sources use; `None` for anything else.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "firing" | "alerting" | "triggered" | "trigger" | "open" | "active" | "problem" => Self::Firing,
            "resolved" | "resolve" | "ok" | "recovered" | "closed" | "close" => Self::Resolved,
            "acknowledged" | "acknowledge" | "ack" => Self::Acknowledged,
            "info" => Self::Info,
            _ => return None,
        })
    }
}

/// The door an event came through. It decides a few defaults, such as whether an error line is an
/// explicit report or one line of a raw log stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `POST /events`.
    Events,
    /// `POST /webhook/event`.
    Webhook,
    /// `POST /webhook/error-log`: an error somebody chose to report.
    ErrorLog,
    /// `POST /api/v2/alerts`, as Prometheus posts it.
    Alertmanager,
    /// Alertmanager's or Grafana's webhook.
    AlertmanagerWebhook,
    /// `POST /v2/enqueue`, PagerDuty Events API v2.
    PagerDuty,
    /// `POST /simulate/{scenario}` and `foghorn simulate`.
    Simulation,
    /// Foghorn itself, for instance when an alert's `endsAt` passes.
    Foghorn,
}

impl Origin {
    /// The name kept in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Webhook => "webhook",
            Self::ErrorLog => "error_log",
            Self::Alertmanager => "alertmanager",
            Self::AlertmanagerWebhook => "alertmanager_webhook",
            Self::PagerDuty => "pagerduty",
            Self::Simulation => "simulation",
            Self::Foghorn => "foghorn",
        }
    }

    /// The reverse of [`Origin::as_str`]; rows written by others count as [`Origin::Events`].
    pub fn parse(word: &str) -> Self {
        match word {
            "webhook" => Self::Webhook,
            "error_log" => Self::ErrorLog,
            "alertmanager" => Self::Alertmanager,
            "alertmanager_webhook" => Self::AlertmanagerWebhook,
            "pagerduty" => Self::PagerDuty,
            "simulation" => Self::Simulation,
            "foghorn" => Self::Foghorn,
            _ => Self::Events,
        }
    }
}

/// An event that has been parsed and not yet been stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who sent it: a service, a tool, a file. Never blank.
    pub source: String,
    /// `log`, `metric`, `http_request`, `error`, `alert`, `change`, … Never blank.
    pub event_type: String,
    /// The text itself. Never blank, and free of NUL.
    pub payload: String,
    /// Everything else that came with it, unknown fields included.
    pub metadata: Map<String, Value>,
    /// For things that begin and end.
    pub status: Option<EventStatus>,
    /// What the source calls this condition, the same while it lasts.
    pub dedup_key: Option<String>,
    /// Which occurrence of the condition this is (an alert's start or cycle).
    pub episode: Option<String>,
    /// A repeat of this key within 24 h is the same event and is not stored again.
    pub idempotency_key: Option<String>,
    /// When it happened, by the source's clock, if that clock is to be believed.
    pub event_timestamp: Option<Timestamp>,
    /// When a firing alert ends unless it is posted again.
    pub expires_at: Option<Timestamp>,
    /// What the source itself calls the severity.
    pub severity: Option<Severity>,
    /// The door it came through.
    pub origin: Origin,
    /// What intake had to change or disbelieve (`nul_replaced`, `implausible_timestamp`).
    pub notes: Vec<&'static str>,
}

impl NewEvent {
    /// An event with the three fields every event has, through the plain door.
    pub fn new(source: impl Into<String>, event_type: impl Into<String>, payload: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            event_type: event_type.into(),
            payload: payload.into(),
            metadata: Map::new(),
            status: None,
            dedup_key: None,
            episode: None,
            idempotency_key: None,
            event_timestamp: None,
            expires_at: None,
            severity: None,
            origin: Origin::Events,
            notes: Vec::new(),
        }
    }

    /// The service the event is about: `metadata.service`, else the source; at most 255 characters.
    pub fn service(&self) -> &str {
        name(text(&self.metadata, "service").unwrap_or(&self.source))
    }

    /// The environment the event is from: `metadata.environment` or `metadata.env`, else `default`; at most
    /// 255 characters.
    pub fn environment(&self) -> &str {
        name(text(&self.metadata, "environment").or_else(|| text(&self.metadata, "env")).unwrap_or("default"))
    }

    /// Whether this is a deploy, flag or configuration change: evidence, never an incident.
    pub fn is_change(&self) -> bool {
        self.event_type == "change"
    }

    /// Whether it is an alert by its status or by the door it came through, however severe.
    pub fn is_alert(&self) -> bool {
        let by_door = matches!(self.origin, Origin::Alertmanager | Origin::AlertmanagerWebhook | Origin::PagerDuty);
        by_door || self.status.is_some()
    }

    /// In which of the two lanes of triage it goes: alerts and what calls itself critical are never behind lines of
    /// logs.
    pub fn lane(&self) -> Lane {
        let is_urgent = self.is_alert() || self.severity == Some(Severity::Critical);
        if is_urgent { Lane::Urgent } else { Lane::Bulk }
    }
}

/// A stored event, as triage reads it from the event log.
#[derive(Clone, Debug)]
pub struct Event {
    /// The store's id.
    pub id: EventId,
    /// See [`NewEvent::source`].
    pub source: String,
    /// See [`NewEvent::event_type`].
    pub event_type: String,
    /// See [`NewEvent::payload`].
    pub payload: String,
    /// See [`NewEvent::metadata`].
    pub metadata: Map<String, Value>,
    /// See [`NewEvent::status`].
    pub status: Option<EventStatus>,
    /// See [`NewEvent::dedup_key`].
    pub dedup_key: Option<String>,
    /// See [`NewEvent::episode`].
    pub episode: Option<String>,
    /// See [`NewEvent::event_timestamp`].
    pub event_timestamp: Option<Timestamp>,
    /// See [`NewEvent::severity`].
    pub severity: Option<Severity>,
    /// See [`NewEvent::origin`].
    pub origin: Origin,
    /// The service it is about.
    pub service: String,
    /// The environment it is from.
    pub environment: String,
    /// The triage partition it belongs to.
    pub partition: u16,
    /// When the store accepted it. Windows, silences and quiet are measured on this clock.
    pub created_at: Timestamp,
}

impl Event {
    /// See [`NewEvent::is_change`].
    pub fn is_change(&self) -> bool {
        self.event_type == "change"
    }

    /// When it happened, for ordering and display: the source's clock, held back to at most five
    /// minutes after arrival.
    pub fn happened_at(&self) -> Timestamp {
        let latest = self.created_at + SignedDuration::from_mins(5);
        self.event_timestamp.map_or(self.created_at, |at| at.min(latest))
    }
}

/// The partition of an event within its lane: a hash of its key if it has one, so that an alert's end meets its
/// beginning; else of environment and service, so that one worker sees all of a service's lines.
pub fn partition_of(event: &NewEvent, partitions: u16) -> u16 {
    let within = match &event.dedup_key {
        Some(key) => partition_of_parts(&["key", &event.source, key], partitions),
        None => partition_of_service(event.environment(), event.service(), partitions),
    };
    event.lane().first_partition() + within
}

/// The partition of the lines of a service.
pub fn partition_of_service(environment: &str, service: &str, partitions: u16) -> u16 {
    partition_of_parts(&["service", environment, service], partitions)
}

fn partition_of_parts(parts: &[&str], partitions: u16) -> u16 {
    let mut hash = Fnv::new();
    hash.write(parts);
    (hash.finish() % u64::from(partitions.max(1))) as u16
}

/// Triage's partitions of each lane, in every store.
pub const PARTITIONS: u16 = 16;

/// The two lanes of triage. Each has partitions of its own, so that what waits in one holds up nobody in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Lines of logs, metrics, and all else.
    Bulk,
    /// Alerts and what calls itself critical.
    Urgent,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Bulk, Self::Urgent];

    /// Its first partition; the others follow.
    pub fn first_partition(self) -> u16 {
        match self {
            Self::Bulk => 0,
            Self::Urgent => PARTITIONS,
        }
    }
}

impl Event {
    /// The partition of the lines of its service.
    pub fn home_partition(&self) -> u16 {
        partition_of_service(&self.environment, &self.service, PARTITIONS)
    }
}

/// FNV-1a, 64 bit (Fowler, Noll, Vo): stable across versions and machines, which `std`'s hasher is not.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn write(&mut self, parts: &[&str]) {
        for part in parts {
            for byte in part.bytes().chain(std::iter::once(0xff)) {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// A name that partitions, fingerprints and pages use: what is longer than 255 characters is no name.
fn name(text: &str) -> &str {
    text.char_indices().nth(255).map_or(text, |(end, _)| &text[..end])
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str).map(str::trim).filter(|value| !value.is_empty())
}
