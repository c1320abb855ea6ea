//! `foghorn bench intake`: the whole way from a request to a stored event to an incident.

use super::bodies::Bodies;
use super::child::Child;
use super::load::{self, Load, Manner};
use super::report::{self, Figures, Phase};
use super::{latency, sqlite};
use crate::cli::one_thread;
use crate::terminal::Screen;
use foghorn_store::Store;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Starts a server of its own with an empty data directory, sends it as much as it takes (first one event a
/// request, then batches of 100) while triage runs, waits until triage has caught up, and counts what is
/// stored. Beside it stands what SQLite alone does on the same disk with the same settings. Commits wait for
/// the disk throughout.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn bench intake --seconds 10 --json")]
pub(crate) struct Args {
    /// Seconds for each phase
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Connections that send one event a request
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
    /// Connections that send batches of 100
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    batch_connections: u32,
    /// Directory on the disk to measure; a directory is made in it and removed afterwards
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Events in a batch.
pub(super) const BATCH: usize = 100;

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // The load generator shares the machine with the server: one thread leaves it the rest.
    let figures = one_thread(measure(args))?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&report::json(&figures))?
    } else {
        report::write(&mut screen, &figures)?
    }
    let is_complete = figures.stored == figures.accepted();
    Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &Args) -> anyhow::Result<Figures> {
    let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
    let seconds = Duration::from_secs(args.seconds.into());
    let of_sqlite = sqlite::measure(directory.path(), seconds.min(Duration::from_secs(3)), args.connections as usize)?;

    let data_dir = directory.path().join("data");
    let child = Child::start(&data_dir).await?;
    let idle_memory = child.memory().map(|memory| memory.now);
    let bodies = Bodies::default();
    let single = load::send(child.address(), Manner::Single, args.connections, seconds, &bodies);
    let single = phase(&child, single).await?;
    let batches = load::send(child.address(), Manner::Batches, args.batch_connections, seconds, &bodies);
    let batches = phase(&child, batches).await?;
    let latency = latency::measure(child.address(), seconds.min(Duration::from_secs(5))).await?;
    child.wait_until_triaged().await?;
    let status = child.status().await?;
    let peak_memory = child.memory().map(|memory| memory.peak);
    child.stop().await?;
    Ok(Figures {
        of_sqlite,
        single,
        batches,
        latency,
        stored: count_stored(&data_dir)?,
        incidents: status["incidents"].as_object().map_or(0, |counts| counts.values().filter_map(|n| n.as_u64()).sum()),
        idle_memory,
        peak_memory,
        is_in_memory: is_in_memory(directory.path()),
    })
}

/// Load, and then the time that triage needs for the rest.
async fn phase(child: &Child, load: impl Future<Output = anyhow::Result<Load>>) -> anyhow::Result<Phase> {
    let load = load.await?;
    let ended = Instant::now();
    child.wait_until_triaged().await?;
    Ok(Phase { load, behind: ended.elapsed() })
}

fn count_stored(data_dir: &Path) -> anyhow::Result<u64> {
    let database = Store::read_only(data_dir, None)?;
    Ok(database.query_row("SELECT count(*) FROM raw_events", [], |row| row.get(0))?)
}

/// Where nothing waits for a disk, the figures mean little.
#[cfg(target_os = "linux")]
fn is_in_memory(directory: &Path) -> bool {
    const TMPFS: rustix::fs::FsWord = 0x0102_1994;
    rustix::fs::statfs(directory).is_ok_and(|disk| disk.f_type == TMPFS)
}

/// Elsewhere it cannot be told.
#[cfg(not(target_os = "linux"))]
fn is_in_memory(_directory: &Path) -> bool {
    false
}
