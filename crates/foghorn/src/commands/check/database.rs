//! The store and its audit chain, read beside whoever writes them.

use super::outcome::{Outcome, fail, ok, warn};
use crate::commands::audit::{VerifyArgs, verdict};
use crate::config::Config;
use foghorn_domain::words::with_thousands;
use foghorn_store::Store;
use std::path::Path;

const STORE: &str = "store";
const AUDIT: &str = "audit log";

/// One line on the database, one on the chain; the second only where the first is well.
pub(super) fn checks(config: &Config) -> Vec<Outcome> {
    let directory = &config.storage.data_dir;
    if !directory.join("foghorn.db").exists() {
        return vec![ok(STORE, "there is none yet; the first start makes it")];
    }
    let store = store(directory);
    if store.is_failure() { vec![store] } else { vec![store, audit(config)] }
}

fn store(directory: &Path) -> Outcome {
    let database = match Store::read_only(directory) {
        Ok(database) => database,
        Err(error) => return fail(STORE, error.to_string()),
    };
    let file = directory.join("foghorn.db");
    let damaged =
        |detail: String| fail(STORE, foghorn_store::Error::Corrupt { path: file.clone(), detail }.to_string());
    let verdict: rusqlite::Result<String> = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match verdict {
        Err(error) => return damaged(error.to_string()),
        Ok(verdict) if verdict != "ok" => return damaged(verdict),
        Ok(_) => {}
    }
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, u64>(0));
    let version = number("PRAGMA user_version");
    let (events, incidents) = (number("SELECT count(*) FROM raw_events"), number("SELECT count(*) FROM incidents"));
    match (version, events, incidents) {
        (Ok(version), Ok(events), Ok(incidents)) => {
            let (events, incidents) = (with_thousands(events), with_thousands(incidents));
            ok(STORE, format!("whole, schema version {version}, {events} events, {incidents} incidents"))
        }
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => damaged(error.to_string()),
    }
}

fn audit(config: &Config) -> Outcome {
    let verdict = match verdict(config, &VerifyArgs::default()) {
        Ok(verdict) => verdict,
        Err(error) => return fail(AUDIT, format!("{error:#}")),
    };
    match verdict.problems().first() {
        Some(problem) => fail(AUDIT, format!("{problem}; `foghorn audit verify` says more")),
        None if verdict.heads() == 0 => warn(AUDIT, verdict.summary()),
        None => ok(AUDIT, verdict.summary()),
    }
}
