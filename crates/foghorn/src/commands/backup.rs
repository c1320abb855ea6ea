//! `foghorn backup`: the store, as of one moment, in one file.

use super::StoreArgs;
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_store::Store;
use foghorn_store::retention;
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
    if let Some(address) = &config.database.address {
        anyhow::bail!(
            "the store is the database at {shown}, which its server's own tools back up: pg_dump --format=custom --file={file} \
             {tools}; pg_restore puts that into an empty database (docs/operate.md). Keep {key} with it",
            shown = address.shown(),
            file = args.file.display(),
            tools = address.for_tools(),
            key = config.audit.key_file.clone().unwrap_or(config.storage.data_dir.join("audit.key")).display(),
        );
    }
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
    let database = Store::read_only(data_dir, None)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::event::NewEvent;
    use foghorn_store::Options;

    #[tokio::test]
    async fn a_backup_holds_everything_and_overwrites_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().join("data");
        let store = Store::open(Options::new(&data_dir)).unwrap();
        store.append(vec![NewEvent::new("a", "log", "one"), NewEvent::new("a", "log", "two")]).await.unwrap();
        let restored = directory.path().join("restored");
        std::fs::create_dir(&restored).unwrap();
        let file = restored.join("foghorn.db");
        std::fs::write(restored.join("foghorn.db.partial"), "left behind by a crash").unwrap();

        // Beside the open store, as beside a server.
        assert!(copy(&data_dir, &file).unwrap() > 0);
        assert!(copy(&data_dir, &file).unwrap_err().to_string().contains("never overwrites"));
        store.close().await;
        assert_eq!(std::fs::read_dir(&restored).unwrap().count(), 1);
        assert_eq!(Store::open(Options::new(&restored)).unwrap().newest_event().await.unwrap(), 2);
        assert!(copy(&directory.path().join("none"), &directory.path().join("other")).is_err());
    }
}
