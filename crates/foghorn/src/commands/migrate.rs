//! `foghorn migrate`: the schema of the database, brought up to date or looked at.

use super::StoreArgs;
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_store::postgres::migrate::{self, Migrated};
use serde_json::json;
use std::process::ExitCode;

/// Brings the schema of the database that DATABASE_URL names up to date, one process at a time. A database of the
/// system that Foghorn took the place of is adopted: every row and number stays, and what it holds counts as history.
/// `foghorn serve` does the same when it starts.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  DATABASE_URL=postgresql://foghorn@db/foghorn foghorn migrate
  foghorn migrate --check")]
pub(crate) struct Args {
    /// Change nothing; exit with 1 if there is something to do
    #[arg(long)]
    check: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Migrates, or says what that would do.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = args.store.configuration()?;
    let address = config
        .database
        .address
        .as_ref()
        .context("DATABASE_URL names no database; a file's schema is brought up to date by `foghorn serve`")?;
    let outcome = if args.check { migrate::look(address)? } else { migrate::run(address)? };
    let Migrated { from, to, adopts } = outcome;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&json!({ "from": from, "to": to, "adopts": adopts, "database": address.shown() }))?;
    } else {
        screen.line(sentence(outcome, args.check, address.shown()))?;
    }
    Ok(if args.check && from < to { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn sentence(outcome: Migrated, is_check: bool, database: &str) -> String {
    let Migrated { from, to, adopts } = outcome;
    match (from == to, is_check) {
        (true, _) => format!("{database} has schema version {to}; there is nothing to do"),
        (false, true) if adopts => format!("{database} would be adopted: its rows stay, as history"),
        (false, true) => format!("{database} would go from schema version {from} to {to}"),
        (false, false) if adopts => format!("{database} is adopted, schema version {to}: its rows stay, as history"),
        (false, false) => format!("{database} went from schema version {from} to {to}"),
    }
}
