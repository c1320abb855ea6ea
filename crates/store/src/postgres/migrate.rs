//! The schema on Postgres: forward only, one process at a time, one transaction for each step. The first step
//! also adopts a database of the reference.

use super::{Address, places};
use crate::sql::{self, Session};
use crate::{Error, Result};
use tokio_postgres::error::SqlState;

/// Forward-only: the n-th entry brings a database from version n-1 to n.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_start.sql"),
    include_str!("../../migrations/postgres/0002_dead_letters.sql"),
    include_str!("../../migrations/postgres/0003_access_keys.sql"),
    include_str!("../../migrations/postgres/0004_analyses.sql"),
    include_str!("../../migrations/postgres/0005_agent_lease.sql"),
    include_str!("../../migrations/postgres/0006_spools.sql"),
    include_str!("../../migrations/postgres/0007_lanes.sql"),
    include_str!("../../migrations/postgres/0008_processes.sql"),
];

/// The schema version this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// The oldest server that has what the schema asks for.
const OLDEST_SERVER: i32 = 150_000;

/// Tables of Foghorn's own, by whose names it would be confused with another program.
const OWN_TABLES: &[&str] = &[
    "access_keys",
    "alert_states",
    "analyses",
    "announcement_cursors",
    "audit_tip",
    "dead_letters",
    "event_findings",
    "foghorn_processes",
    "idempotency_keys",
    "incident_notes",
    "leases",
    "log_templates",
    "memory_changes",
    "notifications",
    "partitions",
    "service_states",
    "silences",
    "slack_requests",
    "sources",
    "spools",
    "triage_workers",
];

/// From which schema version to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Before; 0 where Foghorn had never been.
    pub from: i64,
    /// After.
    pub to: i64,
    /// Whether tables of the reference were there and have been, or would be, adopted.
    pub adopts: bool,
}

/// Brings the schema up to date. May block; waits for another process that does the same.
pub fn run(address: &Address) -> Result<Migrated> {
    let session = address.connect_to_wait()?;
    let on = On { session: &session, host: address.shown() };
    on.refuse_unfit_server()?;
    let before = on.look()?;
    if before.from == SCHEMA_VERSION && !on.has_places_ahead()? {
        return Ok(before);
    }
    on.batch("SET statement_timeout = 0; SET lock_timeout = '5min'; SELECT pg_advisory_lock(1179600712, 3)")?;
    // Another process may have been faster.
    let before = on.look()?;
    for version in before.from..SCHEMA_VERSION {
        if version == 0 {
            on.make_extension()?;
            on.refuse_foreign_tables()?;
            on.batch("CREATE TABLE IF NOT EXISTS foghorn_schema (version bigint PRIMARY KEY, applied_at timestamptz DEFAULT now())")?;
        }
        let step = MIGRATIONS.get(usize::try_from(version).unwrap_or(usize::MAX)).copied().unwrap_or_default();
        on.batch(&format!("BEGIN; {step}; INSERT INTO foghorn_schema VALUES ({}); COMMIT", version + 1))?;
    }
    if on.has_places_ahead()? {
        tracing::warn!(host = on.host, "this database comes from another server; its event log is put in order");
        on.batch(&format!("BEGIN; {}; COMMIT", places::MOVE_BACK))?;
    }
    Ok(Migrated { to: SCHEMA_VERSION, ..before })
}

/// What [`run`] would do. May block.
pub fn look(address: &Address) -> Result<Migrated> {
    let session = address.connect()?;
    let on = On { session: &session, host: address.shown() };
    on.refuse_unfit_server()?;
    on.look()
}

struct On<'a> {
    session: &'a Session,
    host: &'a str,
}

impl On<'_> {
    fn look(&self) -> Result<Migrated> {
        let known = SCHEMA_VERSION;
        let has_schema: bool = self.one("SELECT to_regclass('foghorn_schema') IS NOT NULL")?;
        let found: i64 = if has_schema { self.one("SELECT coalesce(max(version), 0) FROM foghorn_schema")? } else { 0 };
        if found > known {
            return Err(Error::NewerDatabase { host: self.host.to_owned(), found, known });
        }
        let has_reference: bool = self.one(
            "SELECT to_regclass('raw_events') IS NOT NULL OR to_regclass('incidents') IS NOT NULL
                 OR to_regclass('memory_item') IS NOT NULL OR to_regclass('audit_logs') IS NOT NULL",
        )?;
        Ok(Migrated { from: found, to: known, adopts: found == 0 && has_reference })
    }

    fn has_places_ahead(&self) -> Result<bool> {
        places::are_ahead(self.session).map_err(|error| self.explain(&error))
    }

    fn refuse_unfit_server(&self) -> Result<()> {
        let version: i32 = self.one("SELECT current_setting('server_version_num')::int")?;
        if version < OLDEST_SERVER {
            let detail = format!("its server is version {}", version / 10_000);
            return Err(self.refused(detail, "Foghorn needs Postgres 15 or newer"));
        }
        let is_read_only: bool =
            self.one("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool")?;
        if is_read_only {
            return Err(self.refused("it is read-only".to_owned(), "name the primary in DATABASE_URL, not a replica"));
        }
        Ok(())
    }

    fn make_extension(&self) -> Result<()> {
        let has_it: bool = self.one("SELECT count(*) > 0 FROM pg_extension WHERE extname = 'vector'")?;
        if has_it {
            return Ok(());
        }
        self.session.execute_batch("CREATE EXTENSION IF NOT EXISTS vector").map_err(|error| {
            let remedy = match code(&error) {
                Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                    "have a superuser run CREATE EXTENSION vector in this database"
                }
                _ => "install pgvector on the server (Debian: postgresql-NN-pgvector), then start again",
            };
            self.refused(error.to_string(), remedy)
        })
    }

    fn refuse_foreign_tables(&self) -> Result<()> {
        let sql = "SELECT name FROM unnest(?1::text[]) AS own (name) WHERE to_regclass(name) IS NOT NULL ORDER BY name LIMIT 1";
        let rows = self.session.rows(sql, &[&OWN_TABLES]).map_err(|error| self.explain(&error))?;
        match rows.first().map(|row| row.get::<_, String>(0)) {
            None => Ok(()),
            Some(table) => Err(self.refused(
                format!("it holds a table {table} of another program"),
                "give Foghorn a database of its own, or a schema of its own (?options=-csearch_path%3Dfoghorn)",
            )),
        }
    }

    fn one<T: for<'r> tokio_postgres::types::FromSql<'r>>(&self, sql: &str) -> Result<T> {
        let asked = || Ok(self.session.rows(sql, &[])?.first().ok_or(sql::Error::NoRow)?.try_get(0)?);
        asked().map_err(|error| self.explain(&error))
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.session.execute_batch(sql).map_err(|error| self.explain(&error))
    }

    /// What a statement that failed means for whoever starts the program.
    fn explain(&self, error: &sql::Error) -> Error {
        let (host, detail) = (self.host.to_owned(), error.to_string());
        let Some(code) = code(error) else { return Error::Unreachable { host, detail } };
        match code.code() {
            "42501" => self.refused(detail, "grant this user CREATE on the schema, and make it owner of the tables"),
            "25006" => self.refused(detail, "name the primary in DATABASE_URL, not a replica"),
            "57014" => self.refused(detail, "raise database.statement_timeout, or see what keeps the server busy"),
            "55P03" => self.refused(detail, "end the session that holds the lock (pg_stat_activity), and start again"),
            "53100" => Error::ServerFull { host },
            // Out of memory or connections, shutting down or starting: it may be well again in a while.
            passing if passing.starts_with("53") || passing.starts_with("57P") => Error::Unreachable { host, detail },
            _ => self.refused(detail, "see the server's log for what it made of the statement"),
        }
    }

    fn refused(&self, detail: String, remedy: &str) -> Error {
        Error::Refused { host: self.host.to_owned(), detail, remedy: remedy.to_owned() }
    }
}

fn code(error: &sql::Error) -> Option<&SqlState> {
    match error {
        sql::Error::Postgres(error) => error.code(),
        _ => None,
    }
}
