//! Breaks Foghorn on purpose and counts what is lost.
//!
//! Real processes with roles ([`fleet`]), a real Postgres with fsync and a real Redis ([`servers`]), a connection to
//! Postgres that can be cut anywhere ([`wire`]), and a double of Slack that records. While [`sender`] streams events
//! and keeps a ledger, [`faults`] breaks one thing after the other. Then everything is left alone until it is quiet,
//! and [`checker`] compares three ledgers that know nothing of each other: the sender's, the database's and Slack's.
//! The seed decides events and faults; the machine decides the moments, so a run can be repeated in kind.

mod checker;
mod dice;
mod faults;
mod fleet;
mod sender;
mod servers;
mod wire;

use anyhow::{Context, ensure};
use dice::Dice;
use faults::Faults;
use fleet::Fleet;
use foghorn_testkit::FakeSlack;
use sender::{Plan, Sender};
use servers::{Postgres, Redis};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How hard, and how long.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Repeats a run in kind; without one the clock decides
    #[arg(long)]
    seed: Option<u64>,
    /// Events that are sent
    #[arg(long, default_value_t = 20_000)]
    events: u64,
    /// Faults that are injected
    #[arg(long, default_value_t = 200)]
    faults: u32,
    /// Seconds from one fault to the next, about
    #[arg(long, default_value_t = 2.0)]
    every: f64,
    /// Processes of each role
    #[arg(long, default_value_t = 2)]
    processes: usize,
    /// The program, built with the feature `crash-points`; without one cargo builds it
    #[arg(long)]
    foghorn: Option<PathBuf>,
    /// Keep the directory with every log
    #[arg(long)]
    keep: bool,
}

/// Runs, reports, and answers whether anything was lost.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs());
    say(&format!(
        "seed {seed}: {} events, {} faults, {} processes of each role",
        args.events, args.faults, args.processes
    ));
    let program = match &args.foghorn {
        Some(program) => program.clone(),
        None => build()?,
    };
    let directory = tempfile::Builder::new().prefix("foghorn-chaos-").tempdir()?;
    let postgres = Postgres::start(&directory.path().join("postgres")).await?;
    let redis = Redis::start().await?;
    let wire = wire::Wire::to(postgres.port()).await?;
    let slack = FakeSlack::start().await;
    let environment = vec![
        ("DATABASE_URL".to_owned(), format!("postgresql://postgres@127.0.0.1:{}/foghorn", wire.port())),
        ("REDIS_URL".to_owned(), redis.url()),
        ("SLACK_API_URL".to_owned(), slack.base_url()),
        ("SLACK_BOT_TOKEN".to_owned(), FakeSlack::TOKEN.to_owned()),
        ("SLACK_SIGNING_SECRET".to_owned(), FakeSlack::SIGNING_SECRET.to_owned()),
        ("SLACK_CHANNEL".to_owned(), FakeSlack::CHANNEL.to_owned()),
        ("LOG_LEVEL".to_owned(), "info".to_owned()),
    ];
    let fleet = Arc::new(Fleet::start(program, directory.path().join("processes"), environment, args.processes).await?);
    let mut dice = Dice::new(seed);
    let plan = Plan::new(&mut dice, args.events);
    let length = Duration::from_secs_f64(args.every * f64::from(args.faults));
    let sender = Sender::begin(plan, fleet.clone(), length);
    let mut faults = Faults::new(dice, args.every);
    for done in 1..=args.faults {
        faults.next(&fleet, &postgres, &redis, &wire, &slack).await.with_context(|| format!("fault {done}"))?;
        if done % 20 == 0 {
            say(&format!("{done} faults, {} of {} events accepted", sender.accepted(), args.events));
        }
    }
    faults.mend(&fleet, &postgres, &redis, &slack).await?;
    let ledger = sender.finish(Duration::from_secs(300)).await?;
    say(&format!("all {} events accepted; waiting until nothing is left to do", ledger.len()));
    let began = Instant::now();
    let quiet = checker::until_quiet(postgres.port(), Duration::from_secs(600)).await;
    say(&format!("quiet after {:.0} s", began.elapsed().as_secs_f64()));
    let verdict = checker::check(postgres.port(), &ledger, &slack, &fleet).await?;
    faults.report(&fleet);
    verdict.report();
    let kept = if args.keep || !verdict.is_good() || quiet.is_err() { Some(directory.keep()) } else { None };
    if let Some(kept) = &kept {
        say(&format!("logs are in {}; repeat with --seed {seed}", kept.display()));
    }
    fleet.stop().await;
    quiet?;
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "this is the report")]
fn say(line: &str) {
    println!("{line}");
}

/// The program with its crash points.
fn build() -> anyhow::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = std::process::Command::new(cargo)
        .args(["build", "--package", "foghorn", "--features", "crash-points", "--locked"])
        .status()?;
    ensure!(built.success(), "foghorn does not build");
    // Another build without the feature would put its own binary there while this one runs.
    let copy = target.join("debug").join("foghorn-with-crash-points");
    std::fs::copy(target.join("debug").join("foghorn"), &copy)?;
    Ok(copy.canonicalize()?)
}
