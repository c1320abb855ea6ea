//! Breaks Foghorn on purpose and counts what is lost.
//!
//! Real processes with roles ([`fleet`]), a real Postgres with fsync and a real Redis ([`servers`]), a connection to
//! Postgres that can be cut anywhere ([`wire`]), and a double of Slack that records. While [`sender`] streams events
//! and keeps a ledger, [`faults`] breaks what the [`deck`] says, crash points ([`points`]) among it. Then everything is
//! left alone until it is quiet, and [`checker`] compares three ledgers that know nothing of each other: the sender's,
//! the database's and Slack's. The seed decides events and faults; the machine decides the moments, so a run can be
//! repeated in kind.

pub(crate) mod checker;
mod deck;
pub(crate) mod dice;
mod faults;
pub(crate) mod fleet;
mod people;
mod points;
mod sender;
pub(crate) mod servers;
mod wire;

use anyhow::{Context, ensure};
use deck::Deck;
use dice::Dice;
use faults::{Faults, Target};
use fleet::Fleet;
use foghorn_testkit::FakeSlack;
use people::People;
use points::Points;
use sender::{Plan, Sender};
use servers::{Postgres, Redis};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How hard, and how long.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Repeats a run in kind; without one the clock decides
    #[arg(long)]
    seed: Option<u64>,
    /// A run of a few minutes: 3,000 events, 36 faults, each crash point hit once
    #[arg(long)]
    short: bool,
    /// Events that are sent at least; while faults go on, a few follow [default: 20000]
    #[arg(long)]
    events: Option<u64>,
    /// Faults that are injected [default: 200]
    #[arg(long)]
    faults: Option<usize>,
    /// How often each crash point is hit; fewer, and the run has failed [default: 5]
    #[arg(long)]
    crash_hits: Option<usize>,
    /// Seconds from one fault to the next, about, beside those of agents [default: 3.5]
    #[arg(long)]
    every: Option<f64>,
    /// Processes of each role
    #[arg(long, default_value_t = 2)]
    processes: usize,
    /// The program, as a debug build or with the feature `crash-points`; without one cargo builds it
    #[arg(long)]
    foghorn: Option<PathBuf>,
    /// Keep the directory with every log
    #[arg(long)]
    keep: bool,
}

impl Args {
    fn events(&self) -> u64 {
        self.events.unwrap_or(if self.short { 3_000 } else { 20_000 })
    }

    fn faults(&self) -> usize {
        self.faults.unwrap_or(if self.short { 36 } else { 200 })
    }

    fn crash_hits(&self) -> usize {
        self.crash_hits.unwrap_or(if self.short { 1 } else { 5 })
    }
}

/// A death of an agent takes this long: the lease that it held has to end.
const LEASE_OF_THE_DEAD: Duration = Duration::from_secs(11);

/// Runs, reports, and answers whether anything was lost.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs());
    let mut dice = Dice::new(seed);
    let deck = Deck::new(&mut dice, args.faults(), args.crash_hits())?;
    say(&format!(
        "seed {seed}: {} events, {} faults, {} processes of each role",
        args.events(),
        args.faults(),
        args.processes
    ));
    let directory = tempfile::Builder::new().prefix("foghorn-chaos-").tempdir()?;
    let judged = judge(args, directory.path(), deck, dice).await;
    if args.keep || !judged.as_ref().is_ok_and(|is_good| *is_good) {
        say(&format!("logs are in {}; repeat with --seed {seed}", directory.keep().display()));
    }
    Ok(if judged? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Breaks everything in the deck, and answers whether nothing was lost.
async fn judge(args: &Args, directory: &Path, deck: Deck, mut dice: Dice) -> anyhow::Result<bool> {
    let program = program(args.foghorn.as_deref(), directory)?;
    let faults = Faults::new(target(directory, program, args.processes).await?, args.every.unwrap_or(3.5));
    let Target { postgres, fleet, .. } = faults.target();
    let length =
        (LEASE_OF_THE_DEAD * deck.of_agents.len() as u32).max(faults.every().mul_f64(deck.others.len() as f64));
    let plan = Plan::new(&mut dice, args.events(), length);
    let (began, sender) = (Instant::now(), Sender::begin(plan, fleet.clone()));
    let progress = |done| say(&format!("{done} faults, {} events accepted", sender.accepted()));
    let injected = faults.inject(deck, &mut dice, progress).await;
    // First, so that nothing stands still for ever if that failed.
    faults.mend().await?;
    injected?;
    let ledger = sender.finish(Duration::from_secs(300)).await?;
    let took = began.elapsed().as_secs_f64();
    say(&format!("all {} events accepted after {took:.0} s; waiting until nothing is left to do", ledger.len()));
    let began = Instant::now();
    let quiet = checker::until_quiet(postgres, Duration::from_secs(600)).await;
    say(&format!("quiet after {:.0} s", began.elapsed().as_secs_f64()));
    let verdict = checker::check(&ledger, faults.target(), args.crash_hits()).await?;
    fleet.stop().await;
    let verdict = verdict.and(checker::given_back(postgres).await?);
    faults.report();
    verdict.report();
    quiet?;
    Ok(verdict.is_good())
}

/// Everything that is going to be broken, running.
async fn target(directory: &Path, program: PathBuf, processes: usize) -> anyhow::Result<Target> {
    let postgres = Postgres::start(&directory.join("postgres")).await?;
    let redis = Redis::start().await?;
    let wire = wire::Wire::to(postgres.port()).await?;
    let slack = Arc::new(FakeSlack::start().await);
    let armed = directory.join("crash-points");
    let points = Points::new(armed.clone())?;
    let environment = [
        ("DATABASE_URL", format!("postgresql://postgres@127.0.0.1:{}/foghorn", wire.port())),
        ("REDIS_URL", redis.url()),
        ("SLACK_API_URL", slack.base_url()),
        ("SLACK_BOT_TOKEN", FakeSlack::TOKEN.to_owned()),
        ("SLACK_SIGNING_SECRET", FakeSlack::SIGNING_SECRET.to_owned()),
        ("SLACK_CHANNEL", FakeSlack::CHANNEL.to_owned()),
        ("FOGHORN_CRASH_DIR", armed.display().to_string()),
        ("LOG_LEVEL", "info".to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let roles = ["ingest", "triage", "agent", "web"].map(|role| (role, processes));
    let fleet = Fleet::start(program, directory.join("processes"), environment, &roles).await?;
    Ok(Target { fleet: Arc::new(fleet), points, postgres, redis, wire, slack, people: People::default() })
}

#[expect(clippy::print_stdout, reason = "this is the report")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// The program, copied: another build would put its own there while this one runs.
pub(crate) fn program(given: Option<&Path>, directory: &Path) -> anyhow::Result<PathBuf> {
    let built = match given {
        Some(program) => program.to_owned(),
        None => build()?,
    };
    let copy = directory.join("foghorn");
    std::fs::copy(&built, &copy).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(copy)
}

/// A debug build, which has crash points.
fn build() -> anyhow::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = std::process::Command::new(cargo).args(["build", "--package", "foghorn", "--locked"]).status()?;
    ensure!(built.success(), "foghorn does not build");
    Ok(target.join("debug").join("foghorn"))
}
