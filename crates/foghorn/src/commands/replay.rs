//! `foghorn replay`: what Foghorn would have made of a log, an alert history or its own past, and whom it would have
//! told. Nobody is told and nothing is kept.
//!
//! A thread of its own [`reads`](reading) the input and sorts it out by [`payload`]; [`order`] puts events in order of
//! time; the pipeline's replay hears them on a clock that they drive. [`report`] is what is said of it, as JSON,
//! as [`text`] and as a [`page`].

mod order;
mod page;
mod payload;
mod reading;
mod report;
mod stored;
mod text;
#[cfg(test)]
mod tests;

use super::StoreArgs;
use super::send::reading::{Recipe, open, source_of};
use super::serve::wiring;
use crate::config::Config;
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_pipeline::Settings;
use foghorn_pipeline::replay::{Heard, Receipt, Replay};
use foghorn_store::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use order::{Order, Times, events_of};
use reading::{Item, Unparsed};
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use stored::Stored;

/// Runs a log, a file of events or alerts, or what a data directory holds through triage, grouping and routing, and
/// prints what would have come of it: incidents, messages and pages to whom and why, and what would have been held
/// back and why. Nobody is told, and nothing is kept. The input's own times drive the clock.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn replay /var/log/auth.log --service sshd
  foghorn replay yesterday.jsonl.gz --routes routes.toml --html receipt.html
  foghorn replay --stored --since 24h --routes new-routes.toml --json")]
pub(crate) struct Args {
    /// A file (lines of a log, events as JSON lines, alerts as Prometheus, Alertmanager or PagerDuty's clients post
    /// them; also packed with gzip); - is standard input
    #[arg(required_unless_present = "stored", conflicts_with = "stored")]
    file: Option<PathBuf>,
    /// Replay the events of the data directory instead, with the silences of their time
    #[arg(long)]
    stored: bool,
    /// Only stored events from then on: a time such as 2026-03-01T03:30:00Z, or how long ago, such as 24h
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "file")]
    since: Option<Timestamp>,
    /// Only stored events before then
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "file")]
    until: Option<Timestamp>,
    /// Who the events are said to come from [default: the file's name without its ending]
    #[arg(long, conflicts_with = "stored")]
    source: Option<String>,
    /// The service they are about, where a line does not say it
    #[arg(long, conflicts_with = "stored")]
    service: Option<String>,
    /// The environment they are from, where a line does not say it
    #[arg(long, conflicts_with = "stored")]
    environment: Option<String>,
    /// Type of the events whose line does not say it
    #[arg(long = "type", value_name = "TYPE", default_value = "log")]
    event_type: String,
    /// A routing file to try, where it is not the configured one; the secrets that it names need not be there
    #[arg(long, value_name = "FILE")]
    routes: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Write the receipt as a page, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Places that could not be read and are named.
const UNPARSED_NAMED: usize = 5;

/// Replays and prints the receipt.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = args.store.configuration()?;
    let report = tokio::select! {
        report = replayed(args, &config) => report?,
        _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
    };
    if let Some(file) = &args.html {
        std::fs::write(file, page::page(&report).into_string())
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&report.json())?,
        false => text::write(&mut screen, &report)?,
    }
    let has_read_nothing = report.receipt.sum.events == 0 && report.unparsed > 0;
    Ok(if has_read_nothing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn replayed(args: &Args, config: &Config) -> anyhow::Result<Report> {
    let directory = tempfile::Builder::new().prefix("foghorn-replay-").tempdir().context("no room for the data")?;
    let mut stage = Stage { directory: directory.path(), args, config, replay: None };
    let now = Timestamp::now();
    match &args.file {
        Some(file) => of_file(args, file, &mut stage, now).await,
        None => of_store(args, config, &mut stage, now).await,
    }
}

async fn of_file(args: &Args, file: &Path, stage: &mut Stage<'_>, now: Timestamp) -> anyhow::Result<Report> {
    let recipe = Recipe {
        source: args.source.clone().unwrap_or_else(|| source_of(file)),
        service: args.service.clone(),
        environment: args.environment.clone(),
        event_type: args.event_type.clone(),
    };
    let input = open(file)?;
    let progress = progress(input.bytes, args.json);
    let mut items = reading::start(input, recipe, now);
    let mut order = Order::new(now);
    let (mut unparsed, mut unparsed_first, mut events) = (0, Vec::new(), 0_u64);
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    while let Some(item) = items.recv().await {
        let item = item.with_context(|| format!("cannot read {name}"))?;
        let heard = events_of(&mut order, item, |item| match item {
            Item::Unparsed(place) => note(place, &mut unparsed, &mut unparsed_first),
            Item::Progress(bytes) => {
                progress.inc(bytes);
                progress.set_message(format!("{events} events"));
            }
            Item::Event(..) => {}
        });
        for heard in heard {
            events += 1;
            stage.hear(heard).await?;
        }
    }
    while let Some(heard) = order.rest() {
        stage.hear(heard).await?;
    }
    progress.finish_and_clear();
    let receipt = stage.finish(now).await?;
    Ok(Report { input: name, receipt, times: order.times(), is_stored: false, unparsed, unparsed_first })
}

async fn of_store(args: &Args, config: &Config, stage: &mut Stage<'_>, now: Timestamp) -> anyhow::Result<Report> {
    let (since, until) = (args.since.unwrap_or(Timestamp::UNIX_EPOCH), args.until.unwrap_or(now));
    let mut stored = Stored::open(&config.storage, &config.database, since, until)?;
    let silences = stored.silences()?;
    let progress = progress(None, args.json);
    loop {
        let page = stored.next()?;
        let Some(first) = page.first().map(|heard| heard.at) else { break };
        if stage.replay.is_none() {
            let replay = stage.open(first)?;
            for silence in &silences {
                replay.keep_silence(silence.clone()).await?;
            }
        }
        progress.inc(page.len() as u64);
        for heard in page {
            stage.hear(heard).await?;
        }
    }
    progress.finish_and_clear();
    let receipt = stage.finish(since).await?;
    let input = match &config.database.address {
        Some(address) => format!("the events in {}", address.shown()),
        None => format!("the events in {}", config.storage.data_dir.display()),
    };
    let times = Times { written: receipt.sum.events, made_up: 0 };
    Ok(Report { input, receipt, times, is_stored: true, unparsed: 0, unparsed_first: Vec::new() })
}

/// The replay, which begins with the first event.
struct Stage<'a> {
    directory: &'a Path,
    args: &'a Args,
    config: &'a Config,
    replay: Option<Replay>,
}

impl Stage<'_> {
    fn open(&mut self, begins: Timestamp) -> anyhow::Result<&mut Replay> {
        let own = Settings::new(self.directory);
        let rules =
            wiring::rules(self.config).map_err(|faults| anyhow::anyhow!("detection.rules: {}", faults.join("; ")))?;
        // The audit chain of a replay is its own, and none of its business.
        let mut settings =
            Settings { rules, audit_heads: own.audit_heads, audit_key: own.audit_key, ..wiring::settings(self.config) };
        if let Some(routes) = &self.args.routes {
            settings.receivers.routing_file = Some(routes.clone());
        }
        let options = Options { policy: self.config.incidents.policy.clone(), ..Options::new(self.directory) };
        let replay = Replay::open(options, settings, begins).map_err(anyhow::Error::msg)?;
        Ok(self.replay.insert(replay))
    }

    async fn hear(&mut self, heard: Heard) -> anyhow::Result<()> {
        let replay = match &mut self.replay {
            Some(replay) => replay,
            None => self.open(heard.at)?,
        };
        Ok(replay.hear(heard).await?)
    }

    async fn finish(&mut self, now: Timestamp) -> anyhow::Result<Receipt> {
        if self.replay.is_none() {
            self.open(now)?;
        }
        let replay = self.replay.take().context("there is nothing to finish")?;
        Ok(replay.finish().await?)
    }
}

fn note(place: Unparsed, unparsed: &mut u64, first: &mut Vec<Unparsed>) {
    *unparsed += 1;
    if first.len() < UNPARSED_NAMED {
        first.push(place);
    }
}

/// A bar where the length is known, else a count; on standard error, where that is a terminal.
fn progress(bytes: Option<u64>, is_quiet: bool) -> ProgressBar {
    let template = match bytes {
        Some(_) => "{bar:30} {percent:>3} %  {msg}  {eta} left",
        None => "{spinner} {msg}  {elapsed}",
    };
    let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(bytes, target);
    // A template of our own that would not parse leaves the plain bar.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// A time, or how long ago: `90m`, `24h`, `7d`.
fn moment(text: &str) -> Result<Timestamp, String> {
    let expected = || "must be a time such as 2026-03-01T03:30:00Z, or how long ago, such as 24h or 7d".to_owned();
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(expected)?;
    let minutes = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 24 * 60,
        _ => return Err(expected()),
    };
    let number: i64 = number.parse::<u32>().map_err(|_| expected())?.into();
    Timestamp::now().checked_sub(SignedDuration::from_mins(number * minutes)).map_err(|_| expected())
}
