//! `foghorn memory export`: everything that is remembered, to be kept or imported elsewhere.

use super::holder::{Holder, HolderArgs, IfMissing};
use anyhow::Context;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes everything that is remembered as JSON lines, newest first, in the form that `memory import` takes.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn memory export memory.jsonl")]
pub(super) struct Args {
    /// The file to write; - is standard output
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Also what is out of recall
    #[arg(long)]
    retired: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

/// Exports.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let holder = Holder::find(&args.holder, IfMissing::Refuse)?;
    if args.file.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout());
        holder.export(args.retired, &mut out).await?;
        out.flush()?;
    } else {
        let doing = || format!("writing {}", args.file.display());
        // Under another name first, so that a file with the right name is always a whole export.
        let directory = args.file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.map_or_else(|| PathBuf::from("."), PathBuf::from);
        let mut partial = tempfile::NamedTempFile::new_in(directory).with_context(doing)?;
        let mut out = BufWriter::new(&mut partial);
        holder.export(args.retired, &mut out).await?;
        out.flush().with_context(doing)?;
        drop(out);
        partial.as_file().sync_all().with_context(doing)?;
        partial.persist(&args.file).with_context(doing)?;
    }
    holder.close().await;
    Ok(ExitCode::SUCCESS)
}
