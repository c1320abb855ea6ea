//! What the database alone does here: what no server that stores events in it can beat.

use super::bodies::Bodies;
use foghorn_domain::event::{NewEvent, Origin};
use foghorn_sources::event::parse_event;

/// Rows a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// `SQLite` or `Postgres`.
    pub(super) engine: &'static str,
    /// One row a transaction, one client.
    pub(super) one: f64,
    /// What stands against single events. SQLite: as many rows a transaction as there are connections, the most that
    /// group commit can gather. Postgres: one row a transaction, 32 clients.
    pub(super) single: f64,
    /// What stands against batches. SQLite: as many rows a transaction as a batch has. Postgres: `COPY`.
    pub(super) batches: f64,
    /// `COPY` into a table with the event log's columns and indexes, where the engine has that.
    pub(super) log: Option<f64>,
}

impl Limits {
    /// What the second and the third figure are.
    pub(super) fn explained(&self) -> &'static str {
        match self.engine {
            "Postgres" => "one row a transaction by 32 clients, and COPY",
            _ => "as many rows a transaction as there are connections, and 100 rows a transaction",
        }
    }
}

/// The same events as the server gets, with their metadata as text.
pub(super) fn sample() -> anyhow::Result<Vec<(NewEvent, String)>> {
    let (bodies, mut body) = (Bodies::default(), String::new());
    let mut events = Vec::new();
    for _ in 0..1_000 {
        bodies.fill(1, &mut body);
        let event = parse_event(body.as_bytes(), Origin::Events, jiff::Timestamp::now(), &Default::default())?;
        let metadata = serde_json::to_string(&event.metadata)?;
        events.push((event, metadata));
    }
    Ok(events)
}
