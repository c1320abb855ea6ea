//! Where events wait while the database is away: on disk, in order, bounded.
//!
//! [`Overflow::take`] puts events into the spool and [`Overflow::drain_step`] hands them over, oldest first, once the
//! database answers again. As long as anything waits, what comes later waits behind it. The database keeps how far the
//! spool was read, in the same transaction as the events. [`Overflow::waiting`] says how much there is.

mod record;

use crate::crash;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent};
use foghorn_domain::severity::Severity;
use foghorn_spool::{Error, Options, Rank, Spool};
use foghorn_store::Store;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Records handed over in one transaction.
const AT_ONCE: usize = 2_000;
/// Bytes of them.
const BYTES_AT_ONCE: usize = 4 << 20;

/// The spool of a process.
#[derive(Clone)]
pub struct Overflow {
    spool: Spool,
    store: Store,
    /// When the oldest of what waits was received, as far as it has been looked at.
    oldest: Arc<Mutex<Option<Timestamp>>>,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Events.
    pub events: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// When the oldest of them was received; a few seconds before at most while they are being handed over.
    pub oldest: Option<Timestamp>,
}

impl Waiting {
    /// This and what waits elsewhere.
    pub fn with(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            bytes: self.bytes + other.bytes,
            oldest: [self.oldest, other.oldest].into_iter().flatten().min(),
        }
    }
}

/// Processes that may share a data directory.
const MOST_SPOOLS: u32 = 64;

impl Overflow {
    /// Opens the first spool of a data directory that no other process has, and with it those that processes have left
    /// which are gone: the first is for what comes, all of them are to be drained. The error is a sentence for people.
    pub(crate) fn open(data_dir: &Path, max_bytes: u64, store: &Store) -> Result<Vec<Self>, String> {
        let mut free = Vec::new();
        for number in 1..=MOST_SPOOLS {
            let directory = data_dir.join(format!("spool-{number}"));
            if !free.is_empty() && !directory.exists() {
                continue;
            }
            let random = getrandom::u64().map_err(|error| format!("no random numbers are to be had: {error}"))?;
            let options = Options { directory: directory.clone(), max_bytes, new_name: format!("{random:016x}") };
            match Spool::open(options) {
                Err(Error::InUse { .. }) => {}
                Err(error) => return Err(error.to_string()),
                Ok((spool, found)) => {
                    if found.records > 0 {
                        tracing::info!(events = found.records, "events wait in the spool for the database");
                    }
                    if found.damaged > 0 {
                        tracing::error!(directory = %directory.display(), "the spool is damaged: what cannot be read is kept there as .damaged");
                    }
                    free.push(Self { spool, store: store.clone(), oldest: Arc::default() });
                }
            }
        }
        match free.is_empty() {
            true => Err(format!("more than {MOST_SPOOLS} processes share {}", data_dir.display())),
            false => Ok(free),
        }
    }

    /// Whether anything waits.
    pub fn is_in_use(&self) -> bool {
        !self.spool.is_empty()
    }

    /// Takes events, all or none; when this returns they are on disk.
    pub(crate) async fn take(&self, events: &[NewEvent]) -> foghorn_store::Result<()> {
        let received = self.store.clock().now();
        let records =
            events.iter().map(|event| record::write(event, received)).collect::<foghorn_store::Result<Vec<_>>>()?;
        let ranks = events.iter().map(rank);
        let rank = ranks.max_by_key(|rank| *rank as u8).unwrap_or(Rank::Bulk);
        self.spool.append(rank, records).await.map_err(|error| match error {
            Error::Closed => foghorn_store::Error::Closed,
            error => foghorn_store::Error::Unreachable { host: "DATABASE_URL".to_owned(), detail: error.to_string() },
        })?;
        self.oldest().get_or_insert(received);
        Ok(())
    }

    /// How much waits.
    pub fn waiting(&self) -> Waiting {
        match self.spool.len() {
            0 => Waiting::default(),
            events => Waiting { events, bytes: self.spool.held_bytes(), oldest: *self.oldest() },
        }
    }

    /// Whether what is critical would find room.
    pub fn has_room(&self) -> bool {
        self.spool.has_room(Rank::Critical)
    }

    fn oldest(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.oldest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the oldest events over. Answers how many.
    pub(crate) async fn drain_step(&self) -> foghorn_store::Result<usize> {
        if self.spool.is_empty() {
            return Ok(0);
        }
        if self.store.is_away() {
            self.store.look_for_it().await?;
        }
        let records = self.spool.read(0, AT_ONCE, BYTES_AT_ONCE).await.map_err(unreadable)?;
        let Some(last) = records.last().map(|record| record.number) else { return Ok(0) };
        let mut events = Vec::with_capacity(records.len());
        let (mut first, mut newest) = (None, None);
        for record in &records {
            match record::read(&record.bytes) {
                Ok((event, received)) => {
                    first.get_or_insert(received);
                    newest = Some(received);
                    events.push((record.number, event));
                }
                // Only a later version writes what this one cannot read; it stays where it is.
                Err(error) => {
                    tracing::error!(%error, number = record.number, "an event in the spool cannot be read; start the version that wrote it");
                    return Err(error);
                }
            }
        }
        *self.oldest() = first;
        let count = events.len();
        // If this fails it is not known whether it was done. The store knows, and takes nothing twice.
        crash::point("spool before commit");
        self.store.append_spooled(self.spool.name().to_owned(), events).await?;
        crash::point("spool after commit");
        self.forget(last).await?;
        *self.oldest() = newest.filter(|_| !self.spool.is_empty());
        Ok(count)
    }

    pub(crate) async fn close(&self) {
        self.spool.close().await;
    }

    async fn forget(&self, upto: u64) -> foghorn_store::Result<()> {
        self.spool.forget(upto).await.map_err(unreadable)
    }
}

fn unreadable(error: Error) -> foghorn_store::Error {
    foghorn_store::Error::Database { doing: "reading the spool", detail: error.to_string() }
}

/// Who is refused last when the spool gets full.
fn rank(event: &NewEvent) -> Rank {
    match (event.severity, event.status) {
        (Some(Severity::Critical), _) => Rank::Critical,
        (_, Some(EventStatus::Firing | EventStatus::Resolved)) => Rank::Alert,
        _ => Rank::Bulk,
    }
}
