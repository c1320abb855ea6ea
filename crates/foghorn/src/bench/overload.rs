//! `foghorn bench overload`: critical alerts among several times as many logs as the server can take.

use super::bodies::Bodies;
use super::child::{Child, Memory};
use super::http::Connection;
use super::load::{self, Drive, Load, Manner, quantile};
use super::postgres::{Scratch, with_scratch};
use super::slack::Slack;
use super::tell::{self, CHANNELS, Sender, Told, ms};
use crate::cli::one_thread;
use crate::terminal::{Colour, Screen};
use foghorn_domain::words::with_thousands;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Starts a server of its own and a double of Slack. First it measures how many log lines a second the server takes and
/// triages; then it offers several times as many from connections that do not wait for their turn, and a critical alert
/// every two seconds.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn bench overload --seconds 120
  foghorn bench overload --database postgresql://postgres@127.0.0.1:5432 --json")]
pub(crate) struct Args {
    /// Seconds of overload
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(10..=3600))]
    seconds: u32,
    /// How many times what the server can take
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// A Postgres to measure instead of a file; a database is made on it and dropped afterwards
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Directory on the disk to measure; a directory is made in it and removed afterwards
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// How long the server's capacity is measured.
const CAPACITY: Duration = Duration::from_secs(10);
/// Connections that offer logs: with as many lines in each request they are more than the server lets wait.
const CONNECTIONS: u32 = 128;
/// From one critical alert to the next.
const BETWEEN: Duration = Duration::from_secs(2);
/// What is wanted.
const SOON: Duration = Duration::from_secs(5);

/// Everything that was measured.
#[derive(Debug)]
struct Figures {
    /// Lines a second that the server takes and triages when nothing else happens.
    capacity: f64,
    times: u32,
    load: Load,
    told: Told,
    memory: Option<Memory>,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let figures = one_thread(with_scratch(args.database.as_deref(), async |scratch| measure(args, scratch).await))?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&figures.json())?
    } else {
        figures.write(&mut screen)?
    }
    Ok(if figures.told.is_soon(SOON) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &Args, scratch: Option<&Scratch>) -> anyhow::Result<Figures> {
    let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
    let routing = directory.path().join("routes.toml");
    std::fs::write(&routing, tell::routing_file())?;
    let slack = Slack::start().await?;
    let mut environment = vec![
        ("SLACK_API_URL", slack.url.as_str()),
        ("SLACK_BOT_TOKEN", "xoxb-bench"),
        ("FOGHORN_ROUTES", routing.to_str().unwrap_or_default()),
    ];
    environment.extend(scratch.map(|scratch| ("DATABASE_URL", scratch.url.as_str())));
    let child = Child::start_with(&directory.path().join("data"), &environment).await?;
    let bodies = Bodies::default();

    let began = Instant::now();
    let calm = Drive { manner: Manner::Batches, connections: 8, seconds: CAPACITY, rate: None };
    let taken = load::send(child.address(), calm, &bodies, &Arc::default()).await?;
    child.wait_until_triaged().await?;
    let capacity = taken.accepted as f64 / began.elapsed().as_secs_f64();

    let rate = (capacity * f64::from(args.times)) as u32;
    let seconds = Duration::from_secs(args.seconds.into());
    let heavy = Drive { manner: Manner::Heaps, connections: CONNECTIONS, seconds, rate: Some(rate) };
    let accepted = Arc::default();
    let (load, sent) = tokio::join!(load::send(child.address(), heavy, &bodies, &accepted), criticals(&child, seconds));
    let told = tell::arrived(&slack, &sent?).await;
    let memory = child.memory();
    child.stop().await?;
    Ok(Figures { capacity, times: args.times, load: load?, told, memory })
}

/// A critical alert now and then, each of a service of its own, with the moment at which it was sent.
async fn criticals(child: &Child, seconds: Duration) -> anyhow::Result<HashMap<String, Instant>> {
    let mut sender = Sender { connection: Connection::open(child.address()).await?, next: 0 };
    let (mut sent, started) = (HashMap::new(), Instant::now());
    for number in 0.. {
        let due = BETWEEN * number;
        if due >= seconds {
            break;
        }
        tokio::time::sleep_until((started + due).into()).await;
        sender.send(&mut sent, &format!("bench-{}", number as usize % CHANNELS), 1, "critical").await?;
    }
    Ok(sent)
}

impl Figures {
    /// Lines that were sent: accepted or refused.
    fn offered(&self) -> u64 {
        self.load.accepted + self.load.refused * Manner::Heaps.events() as u64
    }

    /// How many times what the server can take was sent.
    fn pressure(&self) -> f64 {
        self.offered() as f64 / self.load.elapsed.as_secs_f64().max(f64::EPSILON) / self.capacity.max(f64::EPSILON)
    }

    fn json(&self) -> Value {
        json!({
            "capacity_per_second": self.capacity,
            "times_wanted": self.times,
            "times_offered": self.pressure(),
            "offered": self.offered(),
            "accepted": self.load.accepted,
            "accepted_per_second": self.load.rate(),
            "requests_refused": self.load.refused,
            "criticals": { "sent": self.told.events, "told": self.told.after.len(),
                "p50_ms": ms(quantile(&self.told.after, 0.5)), "p99_ms": ms(quantile(&self.told.after, 0.99)),
                "max_ms": ms(quantile(&self.told.after, 1.0)), "wanted_p99_ms": ms(SOON) },
            "peak_memory_bytes": self.memory.map(|memory| memory.peak),
        })
    }

    fn write<W: Write>(&self, screen: &mut Screen<W>) -> std::io::Result<()> {
        let whole = |rate: f64| with_thousands(rate.round() as u64);
        screen.line(format!("the server takes and triages {} lines/s", whole(self.capacity)))?;
        screen.line(format!(
            "offered {:.1} times as many for {:.0} s: {} lines, {} accepted ({}/s), {} requests refused",
            self.pressure(),
            self.load.elapsed.as_secs_f64(),
            with_thousands(self.offered()),
            with_thousands(self.load.accepted),
            whole(self.load.rate()),
            with_thousands(self.load.refused),
        ))?;
        let told = &self.told;
        let criticals = format!(
            "{} critical alerts, {} told: p50 {:.0} ms, p99 {:.0} ms, worst {:.0} ms; wanted {:.0}",
            told.events,
            told.after.len(),
            ms(quantile(&told.after, 0.5)),
            ms(quantile(&told.after, 0.99)),
            ms(quantile(&told.after, 1.0)),
            ms(SOON),
        );
        let colour = if told.is_soon(SOON) { Colour::Green } else { Colour::Red };
        screen.line(screen.painted(colour, &criticals))?;
        match self.memory {
            Some(memory) => screen.line(format!("memory of the server: {} MB at most", memory.peak / 1_000_000)),
            None => Ok(()),
        }
    }
}
