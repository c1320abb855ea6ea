//! What a source says about one alert, held against what it said last: an unchanged re-post is no new event.

use crate::time;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent, SENDER_FIELD};
use foghorn_domain::fingerprint::Fingerprint;
use sha2::{Digest, Sha256};

/// What a source says about one alert.
pub(crate) struct AlertState<'a> {
    pub(crate) event: &'a NewEvent,
    pub(crate) dedup_key: &'a str,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) status: EventStatus,
    pub(crate) content: String,
    pub(crate) now: String,
    pub(crate) expires_at: Option<String>,
}

/// What it said last, in the event `I`.
#[derive(Clone, Debug)]
pub(crate) struct Known<I> {
    pub(crate) status: String,
    pub(crate) episode: String,
    pub(crate) content: String,
    pub(crate) event_id: I,
}

/// What is new in it.
pub(crate) enum Refresh<I> {
    /// Nothing; the event that said it first.
    Nothing(I),
    /// Nothing but that it is still so; the event that said it first.
    StillSo(I),
    /// Something, in this episode.
    Changed { episode: String },
}

impl<'a> AlertState<'a> {
    /// What an event says about an alert, if it does.
    pub(crate) fn of(event: &'a NewEvent, now: Timestamp) -> Option<Self> {
        let (Some(dedup_key), Some(status @ (EventStatus::Firing | EventStatus::Resolved))) =
            (&event.dedup_key, event.status)
        else {
            return None;
        };
        Some(Self {
            event,
            dedup_key,
            fingerprint: Fingerprint::of_key(&event.source, dedup_key),
            status,
            content: content_hash(event),
            now: time::write(now),
            expires_at: event.expires_at.map(time::write),
        })
    }

    pub(crate) fn against<I: Copy>(&self, known: Option<&Known<I>>) -> Refresh<I> {
        let Some(Known { status, episode, content, event_id }) = known else {
            return Refresh::Changed { episode: self.event.episode.clone().unwrap_or_else(|| self.now.clone()) };
        };
        let is_running = status == EventStatus::Firing.as_str();
        let same_status = status == self.status.as_str();
        // Two Prometheus servers watch the same thing and began at different moments; one that restarts begins
        // anew. While the alert runs, that is one episode, the first one heard of, as Alertmanager has it.
        let runs_on = is_running && self.status == EventStatus::Firing;
        let stated = self.event.episode.as_deref();
        let same_episode = runs_on || stated.is_none_or(|stated| stated == episode);
        let is_end = self.status == EventStatus::Resolved;
        let ends_an_earlier_one = is_end && is_running && stated.is_some_and(|stated| is_before(stated, episode));
        if ends_an_earlier_one || (is_end && same_status && same_episode) {
            return Refresh::Nothing(*event_id);
        }
        if same_status && same_episode && *content == self.content {
            return Refresh::StillSo(*event_id);
        }
        if runs_on {
            return Refresh::Changed { episode: episode.clone() };
        }
        let stated = self.event.episode.clone();
        let episode = match (stated, is_running || is_end) {
            (Some(stated), _) => stated,
            (None, true) => episode.clone(),
            (None, false) => self.now.clone(),
        };
        Refresh::Changed { episode }
    }
}

/// Whether one episode began before another, where both are named by their beginning.
fn is_before(stated: &str, known: &str) -> bool {
    match (stated.parse::<Timestamp>(), known.parse::<Timestamp>()) {
        (Ok(stated), Ok(known)) => stated < known,
        _ => false,
    }
}

/// What makes a re-post a change: text, severity, labels and annotations, but no times, and not whose key it came
/// with: two of a pair may post the same alert.
fn content_hash(event: &NewEvent) -> String {
    let mut hash = Sha256::new();
    let severity = event.severity.map_or("", foghorn_domain::severity::Severity::as_str);
    for part in [event.event_type.as_str(), event.payload.as_str(), severity] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    for (key, value) in &event.metadata {
        let is_time = matches!(key.as_str(), "startsAt" | "endsAt" | "timestamp" | "original_event_timestamp");
        if !is_time && key != SENDER_FIELD {
            hash.update(key.as_bytes());
            hash.update([0]);
            hash.update(value.to_string().as_bytes());
            hash.update([0]);
        }
    }
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
