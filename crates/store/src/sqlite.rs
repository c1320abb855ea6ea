//! Opening a SQLite file: the directory's lock, the settings that make a commit durable, the schema.

use crate::{Error, PARTITIONS, Result, sql};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, TryLockError};
use std::path::Path;

/// Forward-only: the n-th entry brings a file from version n-1 to n.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/sqlite/0001_start.sql"),
    include_str!("../migrations/sqlite/0002_memory.sql"),
    include_str!("../migrations/sqlite/0003_outbox.sql"),
    include_str!("../migrations/sqlite/0004_incident_search.sql"),
    include_str!("../migrations/sqlite/0005_receivers.sql"),
    include_str!("../migrations/sqlite/0006_memory_changes.sql"),
    include_str!("../migrations/sqlite/0007_foreign_incidents.sql"),
    include_str!("../migrations/sqlite/0008_dead_letters.sql"),
    include_str!("../migrations/sqlite/0009_access_keys.sql"),
    include_str!("../migrations/sqlite/0010_analyses.sql"),
    include_str!("../migrations/sqlite/0011_lanes.sql"),
];

/// The schema version this program writes; it reads every earlier one.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// `FOGH` as SQLite's application id, so that a file of another program is told apart.
const APPLICATION_ID: i64 = 0x464f_4748;

pub(super) fn lock_directory(directory: &Path) -> Result<File> {
    let unusable = |error: std::io::Error| Error::Unusable { path: directory.to_owned(), detail: error.to_string() };
    make_directory(directory)?;
    let file =
        File::options().create(true).write(true).truncate(false).open(directory.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// Makes sure of the directory.
pub(super) fn make_directory(directory: &Path) -> Result<()> {
    let unusable = |error: std::io::Error| Error::Unusable { path: directory.to_owned(), detail: error.to_string() };
    make_private(directory).map_err(unusable)
}

/// Makes the directory, for this user alone: events are other people's logs. One that is there is left as it is.
fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens the file and brings its schema up to date. A commit is on disk when it returns, unless the file `is_thrown_away`.
pub(super) fn open_for_writing(path: &Path, is_thrown_away: bool) -> Result<sql::Connection> {
    let explain = |error| explain_open(path, &error);
    let mut connection = Connection::open(path).map_err(explain)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(explain)?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(explain)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(explain)?;
    if tables > 0 && application != APPLICATION_ID {
        let detail = "it holds tables of another program".to_owned();
        return Err(Error::Corrupt { path: path.to_owned(), detail });
    }
    let known = SCHEMA_VERSION;
    if version > known {
        return Err(Error::Newer { path: path.to_owned(), found: version, known });
    }
    if tables > 0 {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(explain)?;
        if verdict != "ok" {
            return Err(Error::Corrupt { path: path.to_owned(), detail: verdict });
        }
    }
    settings(&connection).map_err(explain)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA foreign_keys = OFF;",
        )
        .map_err(explain)?;
    if is_thrown_away {
        connection.execute_batch("PRAGMA synchronous = OFF;").map_err(explain)?;
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version as usize) {
        let transaction = connection.transaction().map_err(explain)?;
        transaction.execute_batch(migration).map_err(explain)?;
        if index == 0 {
            for partition in 0..PARTITIONS {
                transaction.execute("INSERT INTO partitions (id) VALUES (?1)", [partition]).map_err(explain)?;
            }
        }
        transaction.pragma_update(None, "user_version", index as i64 + 1).map_err(explain)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(explain)?;
        transaction.commit().map_err(explain)?;
    }
    Ok(connection.into())
}

pub(super) fn open_for_reading(path: &Path) -> Result<sql::Connection> {
    let explain = |error| explain_open(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(explain)?;
    settings(&connection).map_err(explain)?;
    Ok(connection.into())
}

fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")
}

fn explain_open(path: &Path, error: &rusqlite::Error) -> Error {
    let (path, detail) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Corrupt { path, detail },
        Some(ErrorCode::DiskFull) => Error::Full,
        _ => Error::Unusable { path, detail },
    }
}
