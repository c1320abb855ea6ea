//! `foghorn backup`: the store, as of one moment, in one file.

use super::StoreArgs;
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_store::Store;
use foghorn_store::sqlite::retention;
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Copies the store, as of one moment, into a file that must not exist yet. Works beside a running server and
/// without one. To restore it, put the file as foghorn.db into an empty data directory.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn backup foghorn-$(date +%F).db")]
pub(crate) struct Args {
    /// The file to make
    file: PathBuf,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Makes the copy.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = args.store.configuration()?;
    let bytes = copy(&config.storage.data_dir, &args.file)?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&json!({ "file": args.file, "bytes": bytes }))?;
    } else {
        screen.line(format!("{} holds the store as of now, {bytes} bytes", args.file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies under another name first, so that a file with the right name is always a whole backup.
fn copy(data_dir: &Path, file: &Path) -> anyhow::Result<u64> {
    anyhow::ensure!(!file.exists(), "{} exists already; a backup never overwrites a file", file.display());
    let database = Store::read_only(data_dir)?;
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // What an interrupted backup has left behind.
    let _ = std::fs::remove_file(&partial);
    let copied = retention::backup(&database, &partial);
    if copied.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    copied?;
    let doing = || format!("writing {}", file.display());
    let bytes = File::open(&partial).and_then(|copy| copy.sync_all().and(copy.metadata())).with_context(doing)?.len();
    std::fs::rename(&partial, file).with_context(doing)?;
    Ok(bytes)
}
