//! `foghorn audit verify`: is the chain whole?

use super::heads::{self, Heads};
use crate::commands::StoreArgs;
use crate::config::Config;
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::audit::{Anchor, Report};
use foghorn_domain::words::{counted, with_thousands};
use foghorn_store::Store;
use foghorn_store::audit;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Checks that no row of the audit log was changed, removed, reordered or cut off, and names the row where one
/// was. Heads that a server published outside the database say how long the chain must be and what it must
/// hold; without --head the configured file counts where it exists. Ends with status 1 where the chain is not
/// whole. Reads the store itself, so that it works beside a running server and without one.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = "Examples:
  foghorn audit verify
  foghorn audit verify --head /mnt/other-machine/audit-heads.jsonl --public-key 3b6a…")]
pub(crate) struct Args {
    /// File of published heads
    #[arg(long, value_name = "FILE")]
    pub(super) head: Option<PathBuf>,
    /// Public key of the server that signed them, 64 hexadecimal digits [default: from the configured key file]
    #[arg(long, value_name = "HEX")]
    pub(super) public_key: Option<String>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// What verification found.
#[derive(Debug)]
pub(crate) struct Verdict {
    report: Report,
    heads: Heads,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub(crate) fn is_whole(&self) -> bool {
        self.report.problem_count == 0 && self.heads.problems.is_empty()
    }

    /// Heads it was held against.
    pub(crate) fn heads(&self) -> usize {
        self.heads.signed.len()
    }

    /// What is wrong, a sentence each that names the row.
    pub(crate) fn problems(&self) -> Vec<String> {
        let in_rows = self.report.problems.iter().map(ToString::to_string);
        self.heads.problems.iter().cloned().chain(in_rows).collect()
    }

    /// What was looked at, in words.
    pub(crate) fn summary(&self) -> String {
        let heads = match self.heads() {
            0 => "no published head to hold it against".to_owned(),
            heads => format!("held against {}", counted(heads as u64, "published head")),
        };
        format!("{}, {heads}", counted(self.report.sealed, "row"))
    }
}

/// Verifies and says what was found.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = args.store.configuration()?;
    let verdict = verdict(&config, args)?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&as_json(&verdict))?
    } else {
        write(&mut screen, &verdict)?
    }
    Ok(if verdict.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the whole log once.
pub(crate) fn verdict(config: &Config, args: &Args) -> anyhow::Result<Verdict> {
    // Heads first: one that is published while the rows are read names a row that is not among them.
    let heads = heads::read(config, args)?;
    let database = Store::read_only(&config.storage.data_dir, config.database.address.as_ref())?;
    let report = audit::verify(&database, heads.signed.iter().map(Anchor::from))?;
    Ok(Verdict { report, heads })
}

fn write<W: std::io::Write>(screen: &mut Screen<W>, verdict: &Verdict) -> std::io::Result<()> {
    for problem in verdict.problems() {
        screen.line(screen.painted(Colour::Red, &harmless(&problem)))?;
    }
    let unshown = verdict.report.problem_count.saturating_sub(verdict.report.problems.len() as u64);
    if unshown > 0 {
        screen.line(format!("and {} more", counted(unshown, "problem")))?;
    }
    for note in &verdict.heads.notes {
        screen.line(screen.painted(Colour::Yellow, &harmless(note)))?;
    }
    if verdict.report.waiting > 0 {
        let rows = with_thousands(verdict.report.waiting);
        screen.line(format!("{rows} rows at the end come from other programs; the next entry seals them"))?;
    }
    let whole = if verdict.is_whole() { "the audit log is whole" } else { "the audit log is NOT whole" };
    screen.line(format!("{whole}: {}", verdict.summary()))
}

fn as_json(verdict: &Verdict) -> serde_json::Value {
    let Report { rows, sealed, waiting, last_id, last_hash, problems, .. } = &verdict.report;
    json!({
        "whole": verdict.is_whole(),
        "rows": rows,
        "sealed": sealed,
        "waiting": waiting,
        "last_id": last_id,
        "last_hash": last_hash,
        "heads": verdict.heads(),
        "rows_at_fault": problems.iter().map(foghorn_domain::audit::Problem::row).collect::<Vec<_>>(),
        "problems": verdict.problems(),
        "notes": verdict.heads.notes,
    })
}
