//! Events that a Foghorn has heard, read from its store beside the server or without one.

use crate::config::{Database, Storage};
use anyhow::Context;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{Event, EventId, NewEvent};
use foghorn_pipeline::replay::Heard;
use foghorn_store::Store;
use foghorn_store::history;
use foghorn_store::silences::NewSilence;
use foghorn_store::sql::Connection;

/// Events read at once.
const PAGE: u32 = 2_000;

/// The past of a store.
pub(super) struct Stored {
    database: Connection,
    cursor: EventId,
    since: Timestamp,
    until: Timestamp,
}

impl Stored {
    pub(super) fn open(
        storage: &Storage,
        database: &Database,
        since: Timestamp,
        until: Timestamp,
    ) -> anyhow::Result<Self> {
        let data_dir = &storage.data_dir;
        let opened = blocking(|| Store::read_only(data_dir, database.address.as_ref()));
        let database = opened.with_context(|| match &database.address {
            Some(address) => format!("cannot read {}", address.shown()),
            None => format!("cannot read {}", data_dir.display()),
        })?;
        Ok(Self { database, cursor: 0, since, until })
    }

    /// The next events; none at the end. They arrived when they arrived, whatever their source says.
    pub(super) fn next(&mut self) -> anyhow::Result<Vec<Heard>> {
        let Self { database, cursor, since, until } = self;
        let events = blocking(move || {
            let events = history::events(database, *cursor, *since, *until, PAGE)?;
            *cursor = events.last().map_or(*cursor, |event| event.id);
            Ok(events)
        })?;
        Ok(events.into_iter().map(heard).collect())
    }

    /// Silences that held meanwhile.
    pub(super) fn silences(&mut self) -> anyhow::Result<Vec<NewSilence>> {
        let Self { database, since, until, .. } = self;
        Ok(blocking(move || history::silences(database, *since, *until))?)
    }
}

/// Runs what blocks away from the runtime, where nothing may.
fn blocking<T: Send>(work: impl FnOnce() -> foghorn_store::Result<T> + Send) -> foghorn_store::Result<T> {
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap_or(Err(foghorn_store::Error::Closed))
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
