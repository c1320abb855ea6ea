//! Foghorn's own silence, and that of its sources.
//!
//! Every minute an event of our own goes the way of all others: through intake and triage into the outbox and to
//! a receiver of its own, which calls the outside heartbeat. Whatever of that stands still, the calls stop, and
//! whoever runs the heartbeat says so.
//!
//! A source that has spoken regularly ([`rhythm`]) and falls silent well beyond its longest pause is an alert
//! like any other, from `foghorn`, and ends when the source speaks again.

pub(crate) mod rhythm;

use crate::ingest::Ingest;
use crate::settings::Settings;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_domain::severity::Severity;
use foghorn_domain::words::span;
use foghorn_store::{Result, Store};
use rhythm::Hearing;
use serde_json::json;

/// What the watchman's events come from, and what it tells sources apart by.
pub(crate) const SOURCE: &str = "foghorn";
/// The type of the event that goes round.
pub(crate) const ROUND: &str = "watchman";
/// How often one goes round.
const EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How often what was heard is written down.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// The stage.
pub(crate) struct Watchman {
    store: Store,
    ingest: Ingest,
    hearing: Hearing,
    watches_sources: bool,
    /// Whether somebody outside waits for a sign of life.
    goes_round: bool,
    last_round: Option<Timestamp>,
    last_written: Option<Timestamp>,
    listening_since: Timestamp,
    has_read: bool,
}

impl Watchman {
    pub(crate) fn new(store: Store, ingest: Ingest, hearing: Hearing, settings: &Settings) -> Self {
        let listening_since = store.clock().now();
        Self {
            store,
            ingest,
            hearing,
            watches_sources: settings.watch_sources,
            goes_round: settings.heartbeat_url.is_some(),
            last_round: None,
            last_written: None,
            listening_since,
            has_read: false,
        }
    }

    /// Does what is due. Returns how many events it sent.
    pub(crate) async fn step(&mut self) -> Result<usize> {
        let now = self.store.clock().now();
        let mut sent = 0;
        if self.goes_round && self.last_round.is_none_or(|last| now.duration_since(last) >= EVERY) {
            self.ingest.accept(vec![NewEvent::new(SOURCE, ROUND, "the watchman goes round")]).await?;
            self.last_round = Some(now);
            sent += 1;
        }
        if self.watches_sources {
            sent += self.watch_sources(now).await?;
        }
        Ok(sent)
    }

    async fn watch_sources(&mut self, now: Timestamp) -> Result<usize> {
        if !self.has_read {
            self.hearing.restore(self.store.sources().await?);
            self.has_read = true;
        }
        if self.last_written.is_none_or(|last| now.duration_since(last) >= WRITTEN_EVERY) {
            let changed = self.hearing.take_changed();
            if !changed.is_empty() {
                self.store.save_sources(changed).await?;
            }
            self.last_written = Some(now);
        }
        let turns = self.hearing.turns(now, self.listening_since);
        let events: Vec<NewEvent> = turns.iter().map(|turn| event(turn, now)).collect();
        let count = events.len();
        self.ingest.accept(events).await?;
        for turn in &turns {
            self.hearing.said(turn);
        }
        Ok(count)
    }
}

fn event(turn: &rhythm::Turn, now: Timestamp) -> NewEvent {
    let rhythm::Turn { source, silent_since, longest_pause, is_silent } = turn;
    let payload = if *is_silent {
        format!(
            "Source {source} is silent: nothing for {}, and its longest pause was {}",
            span(now.duration_since(*silent_since)),
            span(*longest_pause)
        )
    } else {
        format!("Source {source} speaks again")
    };
    let mut event = NewEvent::new(SOURCE, "alert", payload);
    event.status = Some(if *is_silent { EventStatus::Firing } else { EventStatus::Resolved });
    event.dedup_key = Some(format!("silent-source:{source}"));
    event.episode = Some(silent_since.to_string());
    event.severity = Some(Severity::Warning);
    event.origin = Origin::Events;
    if let serde_json::Value::Object(metadata) =
        json!({ "service": source, "alertname": "SourceSilent", "silent_since": silent_since })
    {
        event.metadata = metadata;
    }
    event
}
