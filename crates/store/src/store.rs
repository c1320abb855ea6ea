//! The handle to the store, and the engine under it: one SQLite file with one writer and several readers, or
//! Postgres, which other processes share.

use crate::postgres::{Address, Writers};
use crate::sql::{Connection, Transaction};
use crate::{Error, Result, room, sqlite, time, writer};
use foghorn_domain::clock::{Clock, Timestamp};
use foghorn_domain::lifecycle::Policy;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// The directory that holds `foghorn.db`, unless there is a `database`; made if it is not there.
    pub data_dir: PathBuf,
    /// Postgres instead of a file.
    pub database: Option<Address>,
    /// The clock that stamps events, silences and audit rows.
    pub clock: Clock,
    /// The periods that rule an incident's life.
    pub policy: Policy,
    /// Connections for reading.
    pub readers: usize,
    /// Whether the file is deleted after use and nobody is promised anything about it: commits do not wait for the
    /// disk, and whatever a power cut leaves is no longer a store. Counts for a file only.
    pub is_thrown_away: bool,
}

impl Options {
    /// The defaults, for a data directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database: None,
            clock: Clock::system(),
            policy: Policy::default(),
            readers: 4,
            is_thrown_away: false,
        }
    }
}

/// A handle to the store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    data_dir: PathBuf,
    clock: Clock,
    policy: Policy,
    engine: Engine,
    idle_readers: Mutex<Vec<Connection>>,
    reader_permits: Semaphore,
    /// By what name this process holds the lease on telling people, once it has asked for it.
    agent: std::sync::OnceLock<String>,
}

enum Engine {
    Sqlite {
        path: PathBuf,
        writer: writer::Writer,
        // Held for as long as the store is open, so that a second server is refused.
        _lock: std::fs::File,
    },
    Postgres {
        address: Box<Address>,
        writers: Box<Writers>,
    },
}

impl Store {
    /// Opens the store and brings its schema up to date.
    pub fn open(options: Options) -> Result<Self> {
        let engine = match &options.database {
            Some(address) => {
                // Processes on one machine may share it: the audit's key lies there.
                sqlite::make_directory(&options.data_dir)?;
                Engine::Postgres {
                    address: Box::new(address.clone()),
                    writers: Box::new(crate::postgres::open(address, &options)?),
                }
            }
            None => {
                let lock = sqlite::lock_directory(&options.data_dir)?;
                let path = options.data_dir.join("foghorn.db");
                let again: writer::Open = Box::new(|| Err(Error::Closed));
                let room = Arc::new(room::Room::new(options.data_dir.clone()));
                let connection = sqlite::open_for_writing(&path, options.is_thrown_away)?;
                let writer = writer::Writer::start(writer::Lane::Work, connection, again, room);
                Engine::Sqlite { path, writer, _lock: lock }
            }
        };
        let Options { data_dir, clock, policy, readers, .. } = options;
        Ok(Self(Arc::new(Inner {
            data_dir,
            clock,
            policy,
            engine,
            idle_readers: Mutex::default(),
            reader_permits: Semaphore::new(readers.max(1)),
            agent: std::sync::OnceLock::new(),
        })))
    }

    /// Reads a store that a server may be using: takes no lock and writes nothing. May block.
    pub fn read_only(data_dir: &Path, database: Option<&Address>) -> Result<Connection> {
        match database {
            Some(address) => Ok(address.connect()?.into()),
            None => sqlite::open_for_reading(&data_dir.join("foghorn.db")),
        }
    }

    /// A connection of one's own, for reading. May block.
    pub fn connection(&self) -> Result<Connection> {
        match &self.0.engine {
            Engine::Sqlite { path, .. } => sqlite::open_for_reading(path),
            Engine::Postgres { address, .. } => Ok(address.connect()?.into()),
        }
    }

    /// The database file; none on Postgres.
    pub fn path(&self) -> Option<&Path> {
        match &self.0.engine {
            Engine::Sqlite { path, .. } => Some(path),
            Engine::Postgres { .. } => None,
        }
    }

    /// Where the database is; none where the store is a file.
    pub(crate) fn address(&self) -> Option<&Address> {
        match &self.0.engine {
            Engine::Postgres { address, .. } => Some(address),
            Engine::Sqlite { .. } => None,
        }
    }

    /// Whether other processes may write the same store.
    pub fn is_shared(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres { .. })
    }

    /// Remembers by what name this process asks for the lease on telling people.
    pub(crate) fn set_agent(&self, holder: &str) {
        self.0.agent.get_or_init(|| holder.to_owned());
    }

    /// That name.
    pub(crate) fn agent(&self) -> Option<String> {
        self.0.agent.get().cloned()
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        if self.is_shared() { "postgres" } else { "sqlite" }
    }

    pub(crate) fn postgres(&self) -> Option<&Writers> {
        match &self.0.engine {
            Engine::Postgres { writers, .. } => Some(writers),
            Engine::Sqlite { .. } => None,
        }
    }

    fn writer(&self) -> &writer::Writer {
        match &self.0.engine {
            Engine::Sqlite { writer, .. } => writer,
            Engine::Postgres { writers, .. } => &writers.work,
        }
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
        if !self.writer().is_out_of_room() {
            return true;
        }
        let tried = self.write(|tx| {
            // No event has a blank source, so this is nobody's key.
            let sql = "INSERT INTO idempotency_keys VALUES ('', 'is there room', 0, ?1) ON CONFLICT DO NOTHING";
            tx.execute(sql, [time::write(Timestamp::UNIX_EPOCH)])?;
            tx.execute("DELETE FROM idempotency_keys WHERE source = ''", [])?;
            Ok(())
        });
        let _ = tried.await;
        !self.writer().is_out_of_room()
    }

    /// Finishes the writes already handed over, folds the log into the file and stops the writer.
    pub async fn close(&self) {
        if let Some(writers) = self.postgres() {
            writers.intake.close().await;
            writers.triage.close().await;
        }
        self.writer().close().await;
    }

    /// Runs `work` inside the writer's next transaction and returns once that is on disk.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.writer().run(work).await
    }

    /// Runs `work` on a read-only connection, on a thread that may block.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        if let Some(away) = self.postgres().and_then(|writers| writers.intake.away()) {
            return Err(away);
        }
        let _permit = self.0.reader_permits.acquire().await.map_err(|_| Error::Closed)?;
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let lent = inner.idle_readers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
            let connection = match lent.filter(|connection| !connection.has_ended()) {
                Some(connection) => connection,
                None => Self(Arc::clone(&inner)).connection()?,
            };
            let result = work(&connection);
            inner.idle_readers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(connection);
            result
        })
        .await
        .map_err(|panic| Error::Database { doing: "reading", detail: panic.to_string() })?
    }
}
