//! The store and its audit chain, read beside whoever writes them.

use super::outcome::{Outcome, fail, ok, warn};
use crate::commands::audit::{VerifyArgs, verdict};
use crate::config::Config;
use foghorn_domain::words::with_thousands;
use foghorn_store::Store;
use foghorn_store::postgres::Address;
use foghorn_store::postgres::migrate::{self, Migrated};
use std::path::Path;

const STORE: &str = "store";
const AUDIT: &str = "audit log";

/// One line on the database, one on the chain; the second only where the first is well.
pub(super) fn checks(config: &Config) -> Vec<Outcome> {
    if let Some(address) = &config.database.address {
        let store = on_server(address);
        return if store.is_failure() { vec![store] } else { vec![store, audit(config)] };
    }
    let directory = &config.storage.data_dir;
    if !directory.join("foghorn.db").exists() {
        return vec![ok(STORE, "there is none yet; the first start makes it")];
    }
    let store = store(directory);
    if store.is_failure() { vec![store] } else { vec![store, audit(config)] }
}

fn on_server(address: &Address) -> Outcome {
    match migrate::look(address) {
        Err(error) => fail(STORE, error.to_string()),
        Ok(Migrated { from, to, .. }) if from < to => {
            let at = address.shown();
            ok(STORE, format!("{at} has schema version {from}; the first start, or `foghorn migrate`, makes it {to}"))
        }
        Ok(Migrated { to, .. }) => ok(STORE, format!("{} answers, schema version {to}", address.shown())),
    }
}

fn store(directory: &Path) -> Outcome {
    let database = match Store::read_only(directory, None) {
        Ok(database) => database,
        Err(error) => return fail(STORE, error.to_string()),
    };
    let file = directory.join("foghorn.db");
    let damaged =
        |detail: String| fail(STORE, foghorn_store::Error::Corrupt { path: file.clone(), detail }.to_string());
    let verdict: foghorn_store::sql::Result<String> = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match verdict {
        Err(error) => return damaged(error.to_string()),
        Ok(verdict) if verdict != "ok" => return damaged(verdict),
        Ok(_) => {}
    }
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<u64>(0));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use foghorn_store::Options;
    use serde_json::json;

    fn outcomes(data_dir: &Path) -> String {
        let flags = vec![("store.data_dir".to_owned(), data_dir.display().to_string())];
        let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap();
        format!("{:?}", checks(&config))
    }

    #[tokio::test]
    async fn a_whole_store_is_well_and_what_is_wrong_with_another_is_said() {
        let directory = tempfile::tempdir().unwrap();
        assert!(outcomes(directory.path()).contains("the first start makes it"));

        let store = Store::open(Options::new(directory.path())).unwrap();
        for row in 1..=3 {
            store.record(None, "ana".to_owned(), "tested", json!({ "row": row })).await.unwrap();
        }
        let well = outcomes(directory.path());
        assert!(well.contains("whole, schema version") && well.contains("3 rows, no published head"), "{well}");
        store.close().await;

        let database = rusqlite::Connection::open(directory.path().join("foghorn.db")).unwrap();
        database.execute("UPDATE audit_logs SET who = 'eve' WHERE id = 2", []).unwrap();
        drop(database);
        let changed = outcomes(directory.path());
        assert!(changed.contains("row 2 was changed after it was sealed"), "{changed}");

        std::fs::write(directory.path().join("foghorn.db"), "no database at all, and long enough to be looked at")
            .unwrap();
        let damaged = outcomes(directory.path());
        assert!(damaged.contains("is damaged or not a foghorn database") && !damaged.contains(AUDIT), "{damaged}");
    }
}
