//! What SQLite alone does here: the server's settings and the shape of its event table, without indexes,
//! requests, parsing or triage. No server that stores events this way can be faster.

use super::intake::BATCH;
use super::limits::{Limits, sample};
use foghorn_domain::event::NewEvent;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::{Duration, Instant};

/// Measures each for so long.
pub(super) fn measure(directory: &Path, each: Duration, connections: usize) -> anyhow::Result<Limits> {
    let database = open(&directory.join("limit.db"))?;
    let events = sample()?;
    let limits = Limits {
        engine: "SQLite",
        one: rate(&database, &events, 1, each)?,
        single: rate(&database, &events, connections, each)?,
        batches: rate(&database, &events, BATCH, each)?,
        log: None,
    };
    drop(database);
    // What follows should find the disk as this did.
    std::fs::remove_file(directory.join("limit.db"))?;
    Ok(limits)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16384;
         CREATE TABLE raw_events (
             id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, type TEXT NOT NULL, payload TEXT NOT NULL,
             metadata TEXT NOT NULL, created_at TEXT NOT NULL, status TEXT, dedup_key TEXT, episode TEXT,
             event_timestamp TEXT, severity TEXT, origin TEXT, service TEXT, environment TEXT, partition INTEGER,
             notes TEXT
         );",
    )?;
    Ok(database)
}

fn rate(
    database: &Connection,
    events: &[(NewEvent, String)],
    together: usize,
    each: Duration,
) -> rusqlite::Result<f64> {
    let started = Instant::now();
    let mut rows = 0;
    let mut next = events.iter().cycle();
    while started.elapsed() < each {
        database.execute_batch("BEGIN IMMEDIATE")?;
        for (event, metadata) in next.by_ref().take(together) {
            database
                .prepare_cached(
                    "INSERT INTO raw_events (source, type, payload, metadata, created_at, severity, origin, service,
                                             environment, partition)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    event.source,
                    event.event_type,
                    event.payload,
                    metadata,
                    "2026-01-02T03:04:05.000000Z",
                    event.severity.map(foghorn_domain::severity::Severity::as_str),
                    event.origin.as_str(),
                    event.service(),
                    event.environment(),
                    7,
                ])?;
            rows += 1;
        }
        database.execute_batch("COMMIT")?;
    }
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}
