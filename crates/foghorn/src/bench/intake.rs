//! `foghorn bench intake`: the whole way from a request to a stored event to an incident.

use super::bodies::Bodies;
use super::child::Child;
use super::keeping_up;
use super::limits::Limits;
use super::load::{self, Drive, Manner};
use super::postgres::{Scratch, with_scratch};
use super::report::{self, Figures, Phase, Round};
use super::{latency, sqlite};
use crate::cli::one_thread;
use crate::terminal::Screen;
use foghorn_store::Store;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Starts a server of its own with nothing in its store and sends it as much as it takes, first one event a request,
/// then batches of 100, while triage runs; then a steady rate, to see whether triage keeps up; then errors that are
/// new, to see how soon they are incidents. At the end it counts what is stored. Beside it stands what the database
/// alone does, measured by the same run. Commits wait for the disk throughout.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn bench intake --seconds 10 --json
  foghorn bench intake --database postgresql://postgres@127.0.0.1:5432 --crash --rounds 3")]
pub(crate) struct Args {
    /// Seconds for each phase
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How often the two phases of load are run, each beside its limits; the best is told
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Connections that send one event a request
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
    /// Connections that send batches of 100
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    batch_connections: u32,
    /// Events a second at which triage is to keep up
    #[arg(long, default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    rate: u32,
    /// A Postgres to measure instead of a file; a database is made on it and dropped afterwards
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Crash that Postgres before the rows are counted, so that it recovers from its log; never one that others use
    #[arg(long, requires = "database")]
    crash: bool,
    /// Directory on the disk to measure; a directory is made in it and removed afterwards
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Events in a batch.
pub(super) const BATCH: usize = 100;

/// The longest that a limit is measured.
const LIMIT: Duration = Duration::from_secs(3);

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // The load generator shares the machine with the server: one thread leaves it the rest.
    let figures = one_thread(with_scratch(args.database.as_deref(), async |scratch| measure(args, scratch).await))?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&report::json(&figures))?
    } else {
        report::write(&mut screen, &figures)?
    }
    let is_complete = figures.stored == figures.accepted();
    Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &Args, scratch: Option<&Scratch>) -> anyhow::Result<Figures> {
    let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
    let seconds = Duration::from_secs(args.seconds.into());
    let data_dir = directory.path().join("data");
    let environment = scratch.map(|scratch| ("DATABASE_URL", scratch.url.as_str()));
    let child = Child::start_with(&data_dir, environment.as_slice()).await?;
    let idle_memory = child.memory().map(|memory| memory.now);
    let bodies = Bodies::default();
    let single = Drive { manner: Manner::Single, connections: args.connections, seconds, rate: None };
    let batches = Drive { manner: Manner::Batches, connections: args.batch_connections, seconds, rate: None };
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        rounds.push(Round {
            limits: limits(args, scratch, directory.path()).await?,
            single: phase(&child, single, &bodies).await?,
            batches: phase(&child, batches, &bodies).await?,
        });
    }
    let steady = Drive { rate: Some(args.rate), ..batches };
    let keeping_up = keeping_up::measure(&child, steady, &bodies).await?;
    let latency = latency::measure(child.address(), seconds, &bodies).await?;
    child.wait_until_triaged().await?;
    let status = child.status().await?;
    let peak_memory = child.memory().map(|memory| memory.peak);
    child.stop().await?;
    if let Some(scratch) = scratch.filter(|_| args.crash) {
        scratch.crash().await?;
    }
    let stored = match scratch {
        Some(scratch) => scratch.stored().await?,
        None => count_stored(&data_dir)?,
    };
    Ok(Figures {
        rounds,
        keeping_up,
        rate: args.rate,
        latency,
        stored,
        incidents: status["incidents"].as_object().map_or(0, |counts| counts.values().filter_map(|n| n.as_u64()).sum()),
        idle_memory,
        peak_memory,
        is_in_memory: scratch.is_none() && is_in_memory(directory.path()),
        was_crashed: args.crash,
    })
}

async fn limits(args: &Args, scratch: Option<&Scratch>, directory: &Path) -> anyhow::Result<Limits> {
    let each = Duration::from_secs(args.seconds.into()).min(LIMIT);
    match scratch {
        Some(scratch) => scratch.limits(each).await,
        None => sqlite::measure(directory, each, args.connections as usize),
    }
}

/// Load, and then the time that triage needs for the rest.
async fn phase(child: &Child, drive: Drive, bodies: &Bodies) -> anyhow::Result<Phase> {
    let load = load::send(child.address(), drive, bodies, &Arc::default()).await?;
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
