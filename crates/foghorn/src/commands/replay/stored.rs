//! Events that a Foghorn has heard, read from its data directory beside the server or without one.

use anyhow::Context;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{Event, EventId, NewEvent};
use foghorn_pipeline::replay::Heard;
use foghorn_store::Store;
use foghorn_store::sqlite::history;
use foghorn_store::sqlite::silences::NewSilence;
use std::path::Path;

/// Events read at once.
const PAGE: u32 = 2_000;

/// The past of a data directory.
pub(super) struct Stored {
    database: rusqlite::Connection,
    cursor: EventId,
    since: Timestamp,
    until: Timestamp,
}

impl Stored {
    pub(super) fn open(data_dir: &Path, since: Timestamp, until: Timestamp) -> anyhow::Result<Self> {
        let database = Store::read_only(data_dir).with_context(|| format!("cannot read {}", data_dir.display()))?;
        Ok(Self { database, cursor: 0, since, until })
    }

    /// The next events; none at the end. They arrived when they arrived, whatever their source says.
    pub(super) fn next(&mut self) -> anyhow::Result<Vec<Heard>> {
        let events = history::events(&self.database, self.cursor, self.since, self.until, PAGE)?;
        self.cursor = events.last().map_or(self.cursor, |event| event.id);
        Ok(events.into_iter().map(heard).collect())
    }

    /// Silences that held meanwhile.
    pub(super) fn silences(&self) -> anyhow::Result<Vec<NewSilence>> {
        Ok(history::silences(&self.database, self.since, self.until)?)
    }
}

fn heard(event: Event) -> Heard {
    let new = NewEvent {
        metadata: event.metadata,
        status: event.status,
        dedup_key: event.dedup_key,
        episode: event.episode,
        event_timestamp: event.event_timestamp,
        severity: event.severity,
        origin: event.origin,
        ..NewEvent::new(event.source, event.event_type, event.payload)
    };
    Heard { at: event.created_at, event: new }
}
