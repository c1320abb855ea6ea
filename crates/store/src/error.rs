//! What can go wrong with a store, and whether it is worth trying again.

use crate::sql;
use std::path::PathBuf;
use tokio_postgres::error::SqlState;

/// The result of every call to the store.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The disk, or the room the store may take on it, is full.
    #[error("the disk that holds the data directory is full; free space there, nothing that was accepted is lost")]
    Full,
    /// The disk under the database server is full.
    #[error(
        "the disk under the database at {host} is full; free space there (events, by a shorter store.max_age; write-ahead \
         log that a replication slot holds back), nothing that was accepted is lost"
    )]
    ServerFull {
        /// Host, port and database.
        host: String,
    },
    /// Another server holds the data directory.
    #[error(
        "the data directory {path} is in use by another foghorn server; stop it, or set FOGHORN_DATA_DIR to another directory"
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The file was written by a later version.
    #[error(
        "{path} has schema version {found} and this foghorn knows versions up to {known}; start the newer foghorn, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The latest this program knows.
        known: i64,
    },
    /// The file is damaged or is no database.
    #[error(
        "{path} is damaged or not a foghorn database ({detail}); move it away and restore a backup (`foghorn backup` makes one), or start with an empty data directory"
    )]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The directory or file cannot be read or written.
    #[error("cannot use {path}: {detail}; check that it exists and that this user may write there")]
    Unusable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        detail: String,
    },
    /// `DATABASE_URL` is no address.
    #[error("DATABASE_URL cannot be used: {detail}; it has the form postgresql://user:password@host:5432/database")]
    Address {
        /// What is wrong with it.
        detail: String,
    },
    /// The server does not answer, or not now.
    #[error(
        "the database at {host} cannot be reached ({detail}); check that it runs, that DATABASE_URL names it, and that \
         nothing stands between"
    )]
    Unreachable {
        /// Host, port and database.
        host: String,
        /// What the system or the server says.
        detail: String,
    },
    /// The server answers and will not have us, or lacks what we need.
    #[error("the database at {host} refuses: {detail}; {remedy}")]
    Refused {
        /// Host, port and database.
        host: String,
        /// What the server says.
        detail: String,
        /// What to do.
        remedy: String,
    },
    /// A later version has been at the database.
    #[error(
        "the database at {host} has schema version {found} and this foghorn knows versions up to {known}; start the \
         newer foghorn, or restore a backup made before the upgrade"
    )]
    NewerDatabase {
        /// Host, port and database.
        host: String,
        /// Its schema version.
        found: i64,
        /// The latest this program knows.
        known: i64,
    },
    /// The row is not there.
    #[error("there is no {what} {id}")]
    NotFound {
        /// `incident`, `event`, …
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The state rules refuse it; the reason is for people.
    #[error("{0}")]
    Conflict(String),
    /// The store is stopping and takes no more work.
    #[error("the store is shutting down")]
    Closed,
    /// Another holder has taken the partition.
    #[error("partition {0} is held by another worker")]
    Fenced(u16),
    /// Anything else that SQLite reports.
    #[error("{doing}: {detail}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        detail: String,
    },
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything in the request.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Full
                | Self::ServerFull { .. }
                | Self::Closed
                | Self::Fenced(_)
                | Self::Database { .. }
                | Self::Unreachable { .. }
        )
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Database { doing: "using the database", detail: error.to_string() },
        }
    }
}

impl From<sql::Error> for Error {
    fn from(error: sql::Error) -> Self {
        match error {
            sql::Error::Sqlite(error) => error.into(),
            sql::Error::Postgres(error) if error.code() == Some(&SqlState::DISK_FULL) => Self::Full,
            error => Self::Database { doing: "using the database", detail: error.to_string() },
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Database { doing: "reading a stored JSON value", detail: error.to_string() }
    }
}
