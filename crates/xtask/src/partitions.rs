//! The same events through one, two and three processes of triage, some of which are killed: what comes of them must be
//! the same.
//!
//! Each run has a database of its own. [`stream`] sends the events, [`share`] asks the processes how much each of them
//! has done, and [`outcome`] reads what there is at the end and compares.

mod outcome;
mod share;
mod stream;

use crate::chaos::dice::Dice;
use crate::chaos::fleet::Fleet;
use crate::chaos::servers::Postgres;
use crate::chaos::{program, say};
use anyhow::{Context, ensure};
use outcome::Outcome;
use share::Shares;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::Stream;
use tokio_postgres::Client;

/// How much, and how long.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Decides the events; without one the clock does
    #[arg(long)]
    seed: Option<u64>,
    /// Events that are sent in each run
    #[arg(long, default_value_t = 50_000)]
    events: u64,
    /// What the events say: so many different lines, alerts and requests
    #[arg(long, default_value_t = 2_000)]
    templates: u64,
    /// Services that send them
    #[arg(long, default_value_t = 40)]
    services: u64,
    /// Seconds in which the events of a run are sent
    #[arg(long, default_value_t = 90)]
    seconds: u64,
    /// Processes of triage that are killed in each run with several
    #[arg(long, default_value_t = 4)]
    kills: u64,
    /// The program; without one cargo builds it
    #[arg(long)]
    foghorn: Option<PathBuf>,
}

/// How long a run may take to get its partitions shared, or to triage what is left at its end.
const PATIENCE: Duration = Duration::from_secs(300);

/// Each of three processes does at least one part of so many.
const FAIR: u64 = 5;

struct Run {
    processes: usize,
    kills: u64,
    took: Duration,
    shares: Vec<u64>,
    outcome: Outcome,
}

/// Runs, prints a table, and answers whether the runs came to the same.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs());
    say(&format!("seed {seed}: {} events, {} templates, {} services", args.events, args.templates, args.services));
    let directory = tempfile::Builder::new().prefix("foghorn-partitions-").tempdir()?;
    let program = program(args.foghorn.as_deref(), directory.path())?;
    let mut runs = Vec::new();
    for processes in 1..=3 {
        let place = directory.path().join(processes.to_string());
        std::fs::create_dir_all(&place)?;
        let run = one(args, seed, processes, &program, &place).await;
        runs.push(run.with_context(|| format!("with {processes} processes of triage"))?);
        say(&format!("{processes} of 3 runs are done"));
    }
    Ok(if report(&runs, args.events) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn one(args: &Args, seed: u64, processes: usize, program: &Path, place: &Path) -> anyhow::Result<Run> {
    let postgres = Postgres::start(&place.join("postgres")).await?;
    let database = format!("postgresql://postgres@127.0.0.1:{}/foghorn", postgres.port());
    let environment = vec![("DATABASE_URL".to_owned(), database), ("LOG_LEVEL".to_owned(), "info".to_owned())];
    let roles = [("ingest", 1), ("triage", processes)];
    let fleet = Fleet::start(program.to_owned(), place.join("processes"), environment, &roles).await?;
    let fleet = Arc::new(fleet);
    let db = postgres.client().await?;
    let is_shared = "SELECT count(DISTINCT holder)::bigint FROM partitions WHERE holder IS NOT NULL";
    until(&db, is_shared, processes as i64).await.context("the partitions are not shared")?;
    let began = Instant::now();
    let shares = Shares::watch(fleet.clone());
    let stream = Stream::new(seed, args.events, args.templates, args.services);
    let sending = stream.send(fleet.clone(), Duration::from_secs(args.seconds));
    let kills = if processes > 1 { args.kills } else { 0 };
    let killing = kill(&fleet, &shares, Duration::from_secs(args.seconds), kills, seed);
    let (sent, ()) = tokio::join!(sending, killing);
    sent?;
    let untriaged =
        "SELECT count(*)::bigint FROM raw_events e JOIN partitions p ON p.id = e.partition WHERE e.place > p.cursor";
    until(&db, untriaged, 0).await.context("the events are not triaged")?;
    let took = began.elapsed();
    let shares = shares.finish().await;
    let outcome = Outcome::read(&db).await?;
    fleet.stop().await;
    let held = "SELECT count(*)::bigint FROM partitions WHERE holder IS NOT NULL";
    let held: i64 = db.query_one(held, &[]).await?.get(0);
    ensure!(held == 0, "{held} partitions were not given back by processes that were asked to stop");
    Ok(Run { processes, kills, took, shares, outcome })
}

async fn until(db: &Client, sql: &str, expected: i64) -> anyhow::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let found: i64 = db.query_one(sql, &[]).await?.get(0);
        if found == expected {
            return Ok(());
        }
        ensure!(Instant::now() < give_up, "still {found}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Kills one process of triage after the other while events come in; each is started again at its place.
async fn kill(fleet: &Fleet, shares: &Shares, within: Duration, kills: u64, seed: u64) {
    let slots: Vec<_> = fleet.slots().iter().filter(|slot| slot.role == "triage").collect();
    let first = Dice::new(seed).below(slots.len() as u64);
    for number in 0..kills {
        tokio::time::sleep(within.div_f64(kills as f64 + 1.0)).await;
        // What it has done by now goes with it.
        shares.ask().await;
        if let Some(slot) = slots.get(((first + number) % slots.len() as u64) as usize) {
            slot.signal("KILL");
        }
    }
}

fn report(runs: &[Run], events: u64) -> bool {
    say("\nprocesses  kills  seconds   events  incidents  counted  share of each");
    for run in runs {
        let total: u64 = run.shares.iter().sum();
        let share = |share: &u64| format!("{:.1} %", *share as f64 * 100.0 / total.max(1) as f64);
        let shares: Vec<String> = run.shares.iter().map(share).collect();
        say(&format!(
            "{:>9}  {:>5}  {:>7.0}  {:>7}  {:>9}  {:>7}  {}",
            run.processes,
            run.kills,
            run.took.as_secs_f64(),
            run.outcome.events(),
            run.outcome.incidents(),
            run.outcome.counted(),
            shares.join(", ")
        ));
    }
    let mut is_good = true;
    let mut must = |holds: bool, what: &str| {
        is_good &= holds;
        say(&format!("  {}  {what}", if holds { "ok   " } else { "WRONG" }));
    };
    let Some((first, others)) = runs.split_first() else { return false };
    say("");
    must(first.outcome.events() as u64 == events, &format!("all {events} events are there in the first run"));
    for run in others {
        let differences = first.outcome.differences(&run.outcome);
        let shown: Vec<&str> = differences.iter().take(5).map(String::as_str).collect();
        let what = format!("with {} processes: {} differences {}", run.processes, differences.len(), shown.join("; "));
        must(differences.is_empty(), what.trim_end());
    }
    if let Some(run) = runs.iter().find(|run| run.processes == 3) {
        let total: u64 = run.shares.iter().sum();
        let least = run.shares.iter().min().copied().unwrap_or(0);
        must(least * FAIR >= total, &format!("each of three does at least one part in {FAIR} of the work"));
    }
    is_good
}
