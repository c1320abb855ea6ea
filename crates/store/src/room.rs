//! Whether there is room on the disk, as the writes find out.
//!
//! A full disk shows itself in a write that fails, and small writes may go on for a while in what the log
//! already holds. So once one has failed, the disk counts as full until a write succeeds with enough free
//! space around it.

use crate::{Error, Result};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Free bytes from which on a disk that was full no longer is: more than the largest batch.
const ENOUGH: u64 = 16 * 1024 * 1024;

/// What the writes have found.
pub(crate) struct Room {
    disk: Disk,
    /// A job of the batch in hand had none.
    missed: AtomicBool,
    is_out: AtomicBool,
}

/// Whose disk it is.
enum Disk {
    /// Ours; a file or directory on it.
    Here(PathBuf),
    /// That of a database server, by its host: nobody here knows how much is free there.
    OfServer(String),
}

impl Room {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self::on(Disk::Here(path))
    }

    pub(crate) fn of_server(host: &str) -> Self {
        Self::on(Disk::OfServer(host.to_owned()))
    }

    fn on(disk: Disk) -> Self {
        Self { disk, missed: AtomicBool::new(false), is_out: AtomicBool::new(false) }
    }

    /// Whether the disk counts as full.
    pub(crate) fn is_out(&self) -> bool {
        self.is_out.load(Ordering::Relaxed)
    }

    /// Looks at what became of a job of the batch, and says whose disk is full where one is.
    pub(crate) fn after_job<T>(&self, result: Result<T>) -> Result<T> {
        if matches!(result, Err(Error::Full | Error::ServerFull { .. })) {
            self.missed.store(true, Ordering::Relaxed);
        }
        result.map_err(|error| self.name(error))
    }

    fn name(&self, error: Error) -> Error {
        match (&self.disk, error) {
            (Disk::OfServer(host), Error::Full) => Error::ServerFull { host: host.clone() },
            (_, error) => error,
        }
    }

    /// Looks at what became of the batch, and says so to those who wait for it.
    pub(crate) fn after_batch(&self, committed: Result<()>, has_written: bool) -> Result<()> {
        let missed = self.missed.swap(false, Ordering::Relaxed);
        let verdict = committed.map_err(|error| match error {
            // What is left of a transaction that ran out of room and was rolled back by itself.
            Error::Database { .. } if missed => self.name(Error::Full),
            error => self.name(error),
        });
        if missed || matches!(verdict, Err(Error::Full | Error::ServerFull { .. })) {
            self.is_out.store(true, Ordering::Relaxed);
        } else if verdict.is_ok() && has_written && self.is_out() && self.has_space() {
            self.is_out.store(false, Ordering::Relaxed);
        }
        verdict
    }

    fn has_space(&self) -> bool {
        // Where the system cannot say, the write that succeeded counts.
        let Disk::Here(path) = &self.disk else { return true };
        rustix::fs::statvfs(path).map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= ENOUGH)
    }
}
