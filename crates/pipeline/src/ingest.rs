//! Intake: events into the event log, and a ring. What comes back `Ok` is on disk.

use crate::doorbell::Doorbell;
use crate::metrics::Metrics;
use crate::watchman::rhythm::Hearing;
use foghorn_domain::event::NewEvent;
use foghorn_store::model::Appended;
use foghorn_store::{Result, Store};

/// The way into the event log.
#[derive(Clone)]
pub struct Ingest {
    store: Store,
    metrics: Metrics,
    triage: Doorbell,
    hearing: Hearing,
}

impl Ingest {
    pub(crate) fn new(store: Store, metrics: Metrics, triage: Doorbell, hearing: Hearing) -> Self {
        Self { store, metrics, triage, hearing }
    }

    /// Stores events and wakes triage. Answers stand in the order of the events.
    pub async fn accept(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.store.clock().now();
        let mut heard: Vec<String> = events.iter().map(|event| event.source.clone()).collect();
        heard.dedup();
        let appended = self.store.append(events).await?;
        heard.iter().for_each(|source| self.hearing.hear(source, now));
        let (mut stored, mut duplicate, mut refreshed) = (0, 0, 0);
        for outcome in &appended {
            match outcome {
                Appended::Stored(_) => stored += 1,
                Appended::Duplicate(_) => duplicate += 1,
                Appended::Refreshed(_) => refreshed += 1,
            }
        }
        Metrics::count(&self.metrics.events, "stored", stored);
        Metrics::count(&self.metrics.events, "duplicate", duplicate);
        Metrics::count(&self.metrics.events, "refreshed", refreshed);
        if stored > 0 {
            self.triage.ring();
        }
        Ok(appended)
    }

    /// Counts events that were refused at the door.
    pub fn refused(&self, how_many: usize) {
        Metrics::count(&self.metrics.events, "refused", how_many as u64);
    }
}
