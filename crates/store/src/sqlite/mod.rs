//! The embedded store: one SQLite file, one writer, several readers.

pub mod audit;
pub mod dashboard;
pub mod events;
pub mod incidents;
pub mod memory;
pub mod recollection;
pub mod memory_keeping;
pub mod notifications;
pub mod once;
pub mod outbox;
pub mod retention;
pub mod silences;
pub mod triage;
pub mod watch;
pub mod writer;

mod drafts;
mod open;
mod room;
mod rows;

pub use open::SCHEMA_VERSION;

use crate::sql::{Connection, Transaction};
use crate::{Error, Result};
use foghorn_domain::clock::Clock;
use foghorn_domain::lifecycle::Policy;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// The directory that holds `foghorn.db`; made if it is not there.
    pub data_dir: PathBuf,
    /// The clock that stamps events, silences and audit rows.
    pub clock: Clock,
    /// The periods that rule an incident's life.
    pub policy: Policy,
    /// Connections for reading.
    pub readers: usize,
}

impl Options {
    /// The defaults, for a data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), clock: Clock::system(), policy: Policy::default(), readers: 4 }
    }
}

/// A handle to the store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    data_dir: PathBuf,
    clock: Clock,
    policy: Policy,
    writer: writer::Writer,
    idle_readers: Mutex<Vec<Connection>>,
    reader_permits: Semaphore,
    // Held for as long as the store is open, so that a second server is refused.
    _lock: std::fs::File,
}

impl Store {
    /// Opens the store and brings its schema up to date.
    pub fn open(options: Options) -> Result<Self> {
        let Options { data_dir, clock, policy, readers } = options;
        let lock = open::lock_directory(&data_dir)?;
        let path = data_dir.join("foghorn.db");
        let connection = open::open_for_writing(&path)?;
        let idle = (0..readers.max(1)).map(|_| open::open_for_reading(&path)).collect::<Result<Vec<_>>>()?;
        let again: writer::Open = Box::new(|| Err(Error::Closed));
        let writer = writer::Writer::start(writer::Lane::Work, connection, again, room::Room::new(data_dir.clone()));
        Ok(Self(Arc::new(Inner {
            path,
            data_dir,
            clock,
            policy,
            writer,
            reader_permits: Semaphore::new(idle.len()),
            idle_readers: Mutex::new(idle),
            _lock: lock,
        })))
    }

    /// Reads a store that a server may be using: takes no lock and writes nothing.
    pub fn read_only(data_dir: &Path) -> Result<Connection> {
        open::open_for_reading(&data_dir.join("foghorn.db"))
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The directory that holds it.
    pub fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// The clock that stamps what is written.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The periods that rule an incident's life.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Whether writes find room on the disk. After one that did not, tries a small one, so that the answer
    /// turns once there is room even where nothing else is being written.
    pub async fn has_room(&self) -> bool {
        if !self.0.writer.is_out_of_room() {
            return true;
        }
        let tried = self.write(|tx| {
            // No event has a blank source, so this is nobody's key.
            tx.execute("INSERT OR REPLACE INTO idempotency_keys VALUES ('', 'is there room', 0, '')", [])?;
            tx.execute("DELETE FROM idempotency_keys WHERE source = ''", [])?;
            Ok(())
        });
        let _ = tried.await;
        !self.0.writer.is_out_of_room()
    }

    /// Finishes the writes already handed over, folds the log into the file and stops the writer.
    pub async fn close(&self) {
        self.0.writer.close().await;
    }

    /// Runs `work` inside the writer's next transaction and returns once that is on disk.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.0.writer.run(work).await
    }

    /// Runs `work` on a read-only connection, on a thread that may block.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let _permit = self.0.reader_permits.acquire().await.map_err(|_| Error::Closed)?;
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let lent = inner.idle_readers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
            let connection = match lent {
                Some(connection) => connection,
                None => open::open_for_reading(&inner.path)?,
            };
            let result = work(&connection);
            inner.idle_readers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(connection);
            result
        })
        .await
        .map_err(|panic| Error::Database { doing: "reading", detail: panic.to_string() })?
    }
}
