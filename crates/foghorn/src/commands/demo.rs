//! `foghorn demo`: an hour of a small shop in about a minute, on an embedded Foghorn of its own.
//!
//! [`stage`] plays the hour that `foghorn_demo` makes up, first the past, then the hour itself in small steps;
//! [`story`] tells in the terminal what happens, [`summary`] what became of it. Meanwhile the dashboard is
//! served, by the same code as `foghorn serve`. The hour is laid so that it ends at the present: whoever
//! looks sees ages that are true.

mod stage;
mod story;
mod summary;
mod dashboard;
#[cfg(test)]
mod tests;

use super::serve::signals::Signals;
use super::serve::{logging, wiring};
use crate::config::{Config, Sources};
use crate::terminal::{Colour, Screen};
use anyhow::Context;
use dashboard::Dashboard;
use foghorn_demo::{Deed, Fault, Hand, Hour, PastIncident, Planned, past_incidents};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::words::counted;
use stage::{Outcome, Play, STEP, Stage};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Shows Foghorn at work: an hour of a small shop in about a minute, made up from a seed. Incidents open, are
/// explained, told, answered and end, in the terminal and at http://127.0.0.1:8000.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn demo
  foghorn demo --seed 7 --speed 20
  foghorn demo --no-serve --speed 100000 --json
  foghorn demo --events > hour.jsonl")]
pub(crate) struct Args {
    /// The same seed gives the same hour
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many times faster than real time
    #[arg(long, default_value_t = 60.0, value_name = "TIMES", value_parser = speed)]
    speed: f64,
    /// Show nothing in the browser, and end with the hour
    #[arg(long)]
    no_serve: bool,
    /// Go on serving after the hour even where the output is no terminal
    #[arg(long, conflicts_with = "no_serve")]
    stay: bool,
    /// Where to serve the dashboard; a free port is taken where this one is not free
    #[arg(long, default_value = "127.0.0.1:8000", value_name = "ADDRESS", value_parser = loopback)]
    listen: SocketAddr,
    /// Keep the data here, in an empty directory, rather than throw them away
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print what became of the hour as JSON and nothing else
    #[arg(long)]
    json: bool,
    /// Print the hour's events as JSON lines and do nothing else
    #[arg(long)]
    events: bool,
}

/// How often the stage is looked at.
const TICK: Duration = Duration::from_millis(200);

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "must be a number, such as 60".to_owned())?;
    if (1.0..=1_000_000.0).contains(&speed) { Ok(speed) } else { Err("must lie between 1 and 1000000".to_owned()) }
}

/// Whoever reaches the demo may do everything, so only this machine reaches it.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "must be an address such as 127.0.0.1:8000".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err("the demo is served on loopback only".to_owned()) }
}

/// Plays the hour.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lasts = SignedDuration::from_hours(1);
    let real = SignedDuration::from_secs_f64(lasts.as_secs_f64() / args.speed);
    let begins = Timestamp::from_second((Timestamp::now() + real - lasts).as_second())?;
    let hour = Hour::new(args.seed, begins);
    if args.events {
        print_events(&hour, std::io::BufWriter::new(std::io::stdout().lock()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let temporary = match &args.data_dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("foghorn-demo-").tempdir().context("no room for the data")?),
    };
    let directory = args.data_dir.as_deref().or(temporary.as_ref().map(|temporary| temporary.path()));
    let flags = directory.map(|directory| ("store.data_dir".to_owned(), directory.display().to_string()));
    let flags = flags.into_iter().chain([("log.level".to_owned(), "warn".to_owned())]).collect();
    // What is configured on this machine is meant for the real one.
    let config = Config::load(&Sources { flags, ..Sources::default() })?;
    logging::start(&config.log)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(play(args, &config, &hour))
}

pub(in crate::commands) fn print_events(hour: &Hour, mut out: impl Write) -> std::io::Result<()> {
    for Planned { event, .. } in hour.events() {
        writeln!(out, "{}", foghorn_sources::event::to_json(&event))?;
    }
    out.flush()
}

async fn play(args: &Args, config: &Config, hour: &Hour) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let past = past_incidents(args.seed, hour.begins());
    let first = past.first().map_or(hour.begins(), |past| past.begins);
    let mut stage =
        Stage::open(wiring::store_options(config), wiring::settings(config), wiring::embedder(config)?, first)?;
    anyhow::ensure!(stage.is_new().await?, "the data directory holds events already; name an empty one");
    let dashboard = match args.no_serve {
        true => None,
        false => Some(Dashboard::start(args.listen, stage.handles(), config).await?),
    };
    let ended = tokio::select! {
        _ = signals.next() => Ok(()),
        ended = perform(args, hour, past, &mut stage, dashboard.as_ref()) => ended,
    };
    if let Some(dashboard) = dashboard {
        dashboard.stop().await;
    }
    stage.close().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// The past, the hour, and what comes after it.
async fn perform(
    args: &Args,
    hour: &Hour,
    past: Vec<PastIncident>,
    stage: &mut Stage,
    dashboard: Option<&Dashboard>,
) -> anyhow::Result<()> {
    let mut screen = Screen::stdout();
    let stays = dashboard.filter(|_| args.stay || std::io::stdout().is_terminal());
    if !args.json {
        welcome(&mut screen, args, dashboard)?;
    }
    let fixes = past.iter().flat_map(|past| &past.hands).filter(|hand| hand.deed.is_a_fix()).count() as u64;
    for past in past {
        stage.play_past(Play::new(past.begins, past.events, past.hands)).await?;
    }
    if !args.json {
        let known = counted(stage.outcomes(Timestamp::MIN).await?.len() as u64, "incident");
        let text = format!("00:00  22 days lie behind the shop: {known}, {fixes} fixes remembered");
        screen.line(screen.painted(Colour::Dim, &text))?;
    }
    let events = hour.events();
    let count = events.len();
    let mut hands = hour.hands();
    if stays.is_some() {
        hands.retain(|hand| !is_left_to_the_viewer(hand));
    }
    let mut play = Play::new(hour.begins(), events, hands);
    let started = Instant::now();
    while play.at() < hour.lasts() {
        let due = (started.elapsed().as_secs_f64() * args.speed).min(hour.lasts().as_secs_f64());
        while (play.at() + STEP).as_secs_f64() <= due {
            let happenings = stage.step(&mut play).await?;
            if !args.json {
                story::draw(&mut screen, play.at(), &happenings)?;
            }
        }
        tokio::time::sleep(TICK).await;
    }
    let outcomes = stage.outcomes(hour.begins()).await?;
    let rows = summary::rows(hour, &outcomes);
    match args.json {
        true => screen.json(&summary::json(args.seed, hour, &rows, &outcomes, count))?,
        false => summary::draw(&mut screen, &rows, count)?,
    }
    match stays {
        Some(dashboard) => stay(&mut screen, args, stage, &outcomes, dashboard).await,
        None => Ok(()),
    }
}

/// Whoever watches ends the last fault with their own hand.
const LEFT_TO_THE_VIEWER: Fault = Fault::BadDeploy;

fn is_left_to_the_viewer(hand: &Hand) -> bool {
    hand.fault == Some(LEFT_TO_THE_VIEWER) && matches!(hand.deed, Deed::Resolve(_) | Deed::Close(_))
}

/// The stages go on with real time, so that whoever clicks sees what comes of it.
async fn stay(
    screen: &mut Screen,
    args: &Args,
    stage: &mut Stage,
    outcomes: &[Outcome],
    dashboard: &Dashboard,
) -> anyhow::Result<()> {
    if !args.json {
        let is_left = |outcome: &&Outcome| outcome.fault == Some(LEFT_TO_THE_VIEWER) && outcome.is_told();
        if let Some(outcome) = outcomes.iter().find(is_left) {
            let id = outcome.incident.id;
            screen.line(format!(
                "#{id} is left to you: end it, and write down what fixed it, at {}/incidents/{id}",
                dashboard.url()
            ))?;
        }
        screen.line(format!("look around at {}; Ctrl-C ends the demo", dashboard.url()))?;
    }
    loop {
        tokio::time::sleep(TICK).await;
        stage.follow(Timestamp::now()).await?;
    }
}

fn welcome(screen: &mut Screen, args: &Args, dashboard: Option<&Dashboard>) -> std::io::Result<()> {
    let length = SignedDuration::from_secs_f64(3600.0 / args.speed);
    let length = match length.as_secs() {
        0 => "as fast as it goes".to_owned(),
        _ => format!("in {}", foghorn_domain::words::span(length)),
    };
    let title = format!("foghorn demo: an hour of a small shop {length} (seed {})", args.seed);
    screen.line(screen.painted(Colour::Bold, &title))?;
    screen.line("six services behind a proxy and on three databases; five things will go wrong")?;
    if let Some(dashboard) = dashboard {
        screen.line(format!("watch it at {}", screen.painted(Colour::Bold, &dashboard.url())))?;
    }
    screen.line("")
}
