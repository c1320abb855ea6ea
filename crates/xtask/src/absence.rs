//! Takes Postgres away for minutes while events come in, and counts what people were not told of in time, and what is
//! not there afterwards, or in another order.
//!
//! [`load`] sends lines all the while, before the absence, during it and after it; [`criticals`] sends alerts that
//! cannot wait, during it, and sees when they stand in Slack.

mod criticals;
mod load;

use crate::chaos::checker::{Verdict, until_quiet};
use crate::chaos::fleet::Fleet;
use crate::chaos::servers::Postgres;
use crate::chaos::{program, say};
use anyhow::Context;
use criticals::Criticals;
use foghorn_testkit::FakeSlack;
use load::Load;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long, and under what.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Seconds for which Postgres is away
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u64).range(30..))]
    seconds: u64,
    /// Critical alerts that come while it is away, evenly
    #[arg(long, default_value_t = 100)]
    criticals: usize,
    /// Lines a second that come all the while
    #[arg(long, default_value_t = 1_000)]
    lines: u64,
    /// Have every process of Postgres stand still, so that it answers nothing and refuses nothing, instead of stopping it
    #[arg(long)]
    freeze: bool,
    /// The program; without one cargo builds it
    #[arg(long)]
    foghorn: Option<PathBuf>,
}

/// How late a critical alert may be told.
const LATEST: Duration = Duration::from_secs(10);

/// How long lines come before the absence and after it.
const AROUND: Duration = Duration::from_secs(10);

/// How long everything may take to be stored and told when it is over.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs, reports, and answers whether everybody was told in time and nothing was lost.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let how = if args.freeze { "stands still" } else { "is stopped at once" };
    say(&format!("Postgres {how} for {} s; {} lines a second, {} criticals", args.seconds, args.lines, args.criticals));
    let directory = tempfile::Builder::new().prefix("foghorn-absence-").tempdir()?;
    let verdict = judge(args, directory.path()).await;
    if !verdict.as_ref().is_ok_and(Verdict::is_good) {
        say(&format!("logs are in {}", directory.keep().display()));
    }
    let verdict = verdict?;
    verdict.report();
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn judge(args: &Args, directory: &Path) -> anyhow::Result<Verdict> {
    let program = program(args.foghorn.as_deref(), directory)?;
    let postgres = Postgres::start(&directory.join("postgres")).await?;
    let slack = Arc::new(FakeSlack::start().await);
    slack.strict_rate(true);
    let fleet = Arc::new(fleet(directory, program, &postgres, &slack).await?);

    let load = Load::begin(fleet.clone(), args.lines);
    tokio::time::sleep(AROUND).await;
    if args.freeze { postgres.freeze().await } else { postgres.stop_at_once().await }?;
    let away = Instant::now();
    let absence = Duration::from_secs(args.seconds);
    // The last of them is told before it is over, or too late.
    let criticals = Criticals::send(&fleet, args.criticals, absence.saturating_sub(2 * LATEST));
    let (criticals, ()) = tokio::join!(criticals, tokio::time::sleep(absence));
    if args.freeze { postgres.thaw().await } else { postgres.start_again().await }?;
    say(&format!("away for {:.0} s; waiting until nothing is left to do", away.elapsed().as_secs_f64()));
    tokio::time::sleep(AROUND).await;
    let (criticals, sent) = (criticals?, load.finish().await?);

    let back = Instant::now();
    until_stored(&postgres, sent.count() + args.criticals).await?;
    until_quiet(&postgres, PATIENCE).await?;
    say(&format!("stored, triaged and told {:.0} s after the last was sent", back.elapsed().as_secs_f64()));
    let mut verdict = Verdict::default();
    criticals.check(&slack, &postgres, LATEST, &mut verdict).await?;
    sent.check(&postgres, &mut verdict).await?;
    fleet.stop().await;
    Ok(verdict)
}

/// One process of each role.
async fn fleet(directory: &Path, program: PathBuf, postgres: &Postgres, slack: &FakeSlack) -> anyhow::Result<Fleet> {
    let environment = [
        ("DATABASE_URL", format!("postgresql://postgres@127.0.0.1:{}/foghorn", postgres.port())),
        ("SLACK_API_URL", slack.base_url()),
        ("SLACK_BOT_TOKEN", FakeSlack::TOKEN.to_owned()),
        ("SLACK_SIGNING_SECRET", FakeSlack::SIGNING_SECRET.to_owned()),
        ("SLACK_CHANNEL", FakeSlack::CHANNEL.to_owned()),
        ("LOG_LEVEL", "info".to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let roles = ["ingest", "triage", "agent", "web"].map(|role| (role, 1));
    Fleet::start(program, directory.join("processes"), environment, &roles).await
}

/// Waits until so many events are there, or more.
async fn until_stored(postgres: &Postgres, events: usize) -> anyhow::Result<()> {
    let client = postgres.client().await?;
    let all_there = async {
        loop {
            let row = client.query_one("SELECT count(*) FROM raw_events", &[]).await?;
            if row.get::<_, i64>(0) as usize >= events {
                return anyhow::Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all_there).await.context("events that were accepted are not stored")?
}
