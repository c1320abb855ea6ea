//! Intake: events into the event log, and a ring. What comes back `Ok` is on disk.

use crate::crash;
use crate::doorbell::Doorbell;
use crate::emergency::Emergency;
use crate::metrics::Metrics;
use crate::overflow::Overflow;
use crate::watchman::rhythm::Hearing;
use foghorn_domain::event::NewEvent;
use foghorn_store::model::Appended;
use foghorn_store::{Error, Result, Store};
use std::sync::Arc;

/// The way into the event log.
#[derive(Clone)]
pub struct Ingest {
    store: Store,
    metrics: Metrics,
    triage: Doorbell,
    hearing: Hearing,
    /// What there is for a database that is away; none beside a file, which never is.
    away: Option<Away>,
}

/// Where events wait while the database is away, and who tells of criticals then.
#[derive(Clone)]
pub(crate) struct Away {
    pub(crate) overflow: Overflow,
    pub(crate) emergency: Emergency,
}

impl Ingest {
    pub(crate) fn new(store: Store, metrics: Metrics, triage: Doorbell, hearing: Hearing, away: Option<Away>) -> Self {
        Self { store, metrics, triage, hearing, away }
    }

    /// Stores events and wakes triage. Answers stand in the order of the events.
    pub async fn accept(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.store.clock().now();
        let mut heard: Vec<String> = events.iter().map(|event| event.source.clone()).collect();
        heard.dedup();
        crash::point("intake before commit");
        let appended = match &self.away {
            Some(away) => self.append_or_spool(away, events).await?,
            None => self.store.append(events).await?,
        };
        crash::point("intake after commit");
        heard.iter().for_each(|source| self.hearing.hear(source, now));
        let (mut stored, mut duplicate, mut refreshed, mut spooled) = (0, 0, 0, 0);
        for outcome in &appended {
            match outcome {
                Appended::Stored(_) => stored += 1,
                Appended::Duplicate(_) => duplicate += 1,
                Appended::Refreshed(_) => refreshed += 1,
                Appended::Spooled => spooled += 1,
            }
        }
        Metrics::count(&self.metrics.events, "stored", stored);
        Metrics::count(&self.metrics.events, "duplicate", duplicate);
        Metrics::count(&self.metrics.events, "refreshed", refreshed);
        Metrics::count(&self.metrics.events, "spooled", spooled);
        if stored > 0 {
            self.triage.ring();
        }
        Ok(appended)
    }

    /// What comes while others wait in the spool waits behind them, so that the order stays.
    async fn append_or_spool(&self, away: &Away, events: Vec<NewEvent>) -> Result<Vec<Appended>> {
        let Away { overflow, emergency } = away;
        let events: Arc<[NewEvent]> = events.into();
        if !overflow.is_in_use() {
            match self.store.append(Arc::clone(&events)).await {
                Err(error @ Error::Unreachable { .. }) => {
                    tracing::warn!(%error, "the database is away; events wait in the spool");
                }
                stored => {
                    return stored.inspect(|appended| emergency.stored(&events, appended));
                }
            }
        }
        overflow.take(&events).await?;
        emergency.hear(&events);
        Ok(vec![Appended::Spooled; events.len()])
    }

    /// Counts events that were refused at the door.
    pub fn refused(&self, how_many: usize) {
        Metrics::count(&self.metrics.events, "refused", how_many as u64);
    }
}
