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
use foghorn_demo::{Hour, Planned, past_incidents};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::words::counted;
use stage::{Play, STEP, Stage};
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
        return print_events(&hour);
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

fn print_events(hour: &Hour) -> anyhow::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for Planned { event, .. } in hour.events() {
        writeln!(out, "{}", foghorn_sources::event::to_json(&event))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

async fn play(args: &Args, config: &Config, hour: &Hour) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let mut screen = Screen::stdout();
    let past = past_incidents(args.seed, hour.begins());
    let first = past.first().map_or(hour.begins(), |past| past.begins);
    let mut stage = Stage::open(wiring::store_options(config), wiring::settings(config), wiring::embedder(), first)?;
    anyhow::ensure!(stage.is_new().await?, "the data directory holds events already; name an empty one");
    let serving = match args.no_serve {
        true => None,
        false => Some(Dashboard::start(args.listen, stage.handles(), config).await?),
    };
    let quiet = args.json;
    if !quiet {
        welcome(&mut screen, args, serving.as_ref())?;
    }
    let fixes = past.iter().flat_map(|past| &past.hands).filter(|hand| hand.deed.is_a_fix()).count() as u64;
    for past in past {
        stage.play_past(Play::new(past.begins, past.events, past.hands)).await?;
    }
    let events = hour.events();
    let count = events.len();
    if !quiet {
        let known = stage.outcomes(first).await?.len() as u64;
        let (known, fixes) = (counted(known, "incident"), if fixes == 1 { "1 fix".to_owned() } else { format!("{fixes} fixes") });
        let text = format!("22 days of the shop lie behind it: {known}, {fixes} remembered");
        screen.line(screen.painted(Colour::Dim, &format!("00:00  {text}")))?;
    }
    let mut play = Play::new(hour.begins(), events, hour.hands());
    let started = Instant::now();
    let was_stopped = loop {
        let due = (started.elapsed().as_secs_f64() * args.speed).min(hour.lasts().as_secs_f64());
        while (play.at() + STEP).as_secs_f64() <= due {
            let happenings = stage.step(&mut play).await?;
            if !quiet {
                story::draw(&mut screen, play.at(), &happenings)?;
            }
        }
        if play.at() >= hour.lasts() {
            break false;
        }
        tokio::select! { _ = signals.next() => break true, () = tokio::time::sleep(TICK) => {} }
    };
    if !was_stopped {
        finish(&mut screen, args, hour, &stage, count).await?;
        if let Some(dashboard) = serving.as_ref().filter(|_| args.stay || std::io::stdout().is_terminal()) {
            if !quiet {
                screen.line(format!("look around at {}; Ctrl-C ends the demo", dashboard.url()))?;
            }
            stay(&mut stage, &mut signals).await?;
        }
    }
    if let Some(dashboard) = serving {
        dashboard.stop().await;
    }
    stage.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The stages go on with real time, so that whoever clicks sees what comes of it.
async fn stay(stage: &mut Stage, signals: &mut Signals) -> anyhow::Result<()> {
    loop {
        tokio::select! { _ = signals.next() => return Ok(()), () = tokio::time::sleep(TICK) => {} }
        stage.follow(Timestamp::now()).await?;
    }
}

fn welcome(screen: &mut Screen, args: &Args, dashboard: Option<&Dashboard>) -> std::io::Result<()> {
    let length = SignedDuration::from_secs_f64(3600.0 / args.speed);
    let length = foghorn_domain::words::span(length);
    let title = format!("foghorn demo: an hour of a small shop in {length} (seed {})", args.seed);
    screen.line(screen.painted(Colour::Bold, &title))?;
    screen.line("six services behind a proxy and on three databases; five things will go wrong")?;
    if let Some(dashboard) = dashboard {
        screen.line(format!("watch it at {}", screen.painted(Colour::Bold, &dashboard.url())))?;
    }
    screen.line("")
}

async fn finish(screen: &mut Screen, args: &Args, hour: &Hour, stage: &Stage, events: usize) -> anyhow::Result<()> {
    let outcomes = stage.outcomes(hour.begins()).await?;
    let rows = summary::rows(hour, &outcomes);
    if args.json {
        screen.json(&summary::json(args.seed, hour, &rows, &outcomes, events))?;
    } else {
        summary::draw(screen, &rows, events)?;
    }
    Ok(())
}
