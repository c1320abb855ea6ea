//! The processes that share a database: that each lives, and by what configuration it works, as digests by part. On
//! SQLite there is one, which need not say so to anybody.

use super::Store;
use crate::Result;
use crate::sql::params;
use std::collections::BTreeMap;

/// How long a process that says nothing counts as alive, in seconds.
pub const ALIVE_SECONDS: u32 = 30;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// A name that no other process has.
    pub id: String,
    /// Where it runs, for people.
    pub host: String,
    /// A digest of each part of what should be the same in all processes, by the part's name.
    pub configuration: BTreeMap<String, String>,
}

impl Store {
    /// Says that a process lives and how it is configured. Answers all that live, itself among them, by host.
    pub async fn say_alive(&self, process: Process) -> Result<Vec<Process>> {
        if !self.is_shared() {
            return Ok(vec![process]);
        }
        let configuration = serde_json::to_string(&process.configuration)?;
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO foghorn_processes (id, host, configuration, seen_at) VALUES (?1, ?2, ?3, clock_timestamp())
                 ON CONFLICT (id) DO UPDATE SET configuration = excluded.configuration, seen_at = excluded.seen_at",
                params![process.id, process.host, configuration],
            )?;
            tx.execute(
                "DELETE FROM foghorn_processes WHERE seen_at < clock_timestamp() - make_interval(secs => ?1::double precision)",
                params![f64::from(ALIVE_SECONDS)],
            )?;
            let mut statement = tx.prepare_cached("SELECT id, host, configuration FROM foghorn_processes ORDER BY host, id LIMIT 1000")?;
            let read = |row: &crate::sql::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<String>(2)?));
            let mut living = Vec::new();
            for row in statement.query_map([], read)? {
                let (id, host, text): (String, String, String) = row?;
                // What a process of another version says and cannot be read says nothing about this one.
                living.push(Process { id, host, configuration: serde_json::from_str(&text).unwrap_or_default() });
            }
            Ok(living)
        })
        .await
    }

    /// Says that a process stops.
    pub async fn say_goodbye(&self, id: String) -> Result<()> {
        if !self.is_shared() {
            return Ok(());
        }
        self.write(move |tx| Ok(tx.execute("DELETE FROM foghorn_processes WHERE id = ?1", [id]).map(drop)?)).await
    }
}
