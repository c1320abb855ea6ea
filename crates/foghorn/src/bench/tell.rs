//! `foghorn bench tell`: from an event to the message about it, with a double in the place of Slack. [`beside`] asks
//! whether a language model in any state makes a difference.

mod beside;
mod model;

use super::child::Child;
use super::http::Connection;
use super::load::quantile;
use super::slack::{Post, Slack};
use crate::cli::one_thread;
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Starts a server of its own and a double of Slack that answers at once. First 100 new incidents a minute over
/// ten channels, five at a time; then one channel in which messages wait for their turn (Slack takes about one a
/// second) and pages come in between.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn bench tell --seconds 60 --json
  foghorn bench tell --model all")]
pub(crate) struct Args {
    /// Seconds for each of the two parts
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(6..=600))]
    seconds: u32,
    /// Measure the first part alone, with a language model in this state beside it; several are measured at the
    /// same time, each on a server of its own
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    model: Vec<beside::Choice>,
    /// Directory on the disk to measure; a directory is made in it and removed afterwards
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Channels of the first part.
pub(super) const CHANNELS: usize = 10;
/// New incidents at once.
const BURST: usize = 5;
/// From one burst to the next: 100 incidents a minute.
const BETWEEN_BURSTS: Duration = Duration::from_secs(3);
/// From one page to the next.
const BETWEEN_PAGES: Duration = Duration::from_secs(3);
/// After the last event, what has not arrived is counted as untold.
const GIVE_UP: Duration = Duration::from_secs(15);
/// What is wanted.
const SOON: Duration = Duration::from_secs(2);
const PAGE_SOON: Duration = Duration::from_secs(3);

/// How soon a kind of message arrived.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) events: usize,
    /// Shortest first; shorter than `events` where some were not told in time.
    pub(super) after: Vec<Duration>,
}

impl Told {
    fn of(sent: &HashMap<String, Instant>, posts: &[Post]) -> Self {
        let mut first: HashMap<&str, Instant> = HashMap::new();
        for post in posts {
            if let Some(service) = post.text.split(" · ").find(|part| part.starts_with("bench-")) {
                first.entry(service).or_insert(post.at);
            }
        }
        let arrived = |(service, at): (&String, &Instant)| Some(first.get(service.as_str())?.duration_since(*at));
        let mut after: Vec<Duration> = sent.iter().filter_map(arrived).collect();
        after.sort_unstable();
        Self { events: sent.len(), after }
    }

    pub(super) fn is_soon(&self, wanted: Duration) -> bool {
        self.after.len() == self.events && quantile(&self.after, 0.99) <= wanted
    }

    fn json(&self, wanted: Duration) -> Value {
        json!({ "events": self.events, "told": self.after.len(), "p50_ms": ms(quantile(&self.after, 0.5)),
            "p99_ms": ms(quantile(&self.after, 0.99)), "max_ms": ms(quantile(&self.after, 1.0)),
            "wanted_p99_ms": ms(wanted) })
    }

    fn row(&self, what: &str, wanted: Duration) -> Vec<Cell> {
        let colour = if self.is_soon(wanted) { Colour::Green } else { Colour::Red };
        let figure = |part| format!("{:.0}", ms(quantile(&self.after, part)));
        vec![
            Cell::new(what),
            Cell::new(self.events.to_string()),
            Cell::new(self.after.len().to_string()),
            Cell::new(figure(0.5)),
            Cell::new(figure(0.99)).in_colour(colour),
            Cell::new(figure(1.0)),
            Cell::new(format!("{:.0}", ms(wanted))),
        ]
    }
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !args.model.is_empty() {
        return beside::run(args);
    }
    let figures = one_thread(measure(args))?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&figures.json())?
    } else {
        figures.write(&mut screen)?
    }
    let is_soon = figures.spread.is_soon(SOON) && figures.pages.is_soon(PAGE_SOON);
    Ok(if is_soon { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everything that was measured.
#[derive(Debug)]
struct Figures {
    /// How long the double takes to answer.
    own: Vec<Duration>,
    spread: Told,
    pages: Told,
    /// The most messages that arrived in one channel within ten seconds.
    fastest: usize,
}

async fn measure(args: &Args) -> anyhow::Result<Figures> {
    let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
    let routing = directory.path().join("routes.toml");
    std::fs::write(&routing, routing_file())?;
    let slack = Slack::start().await?;
    let own = slack.own_time().await?;
    let environment = [
        ("SLACK_API_URL", slack.url.as_str()),
        ("SLACK_BOT_TOKEN", "xoxb-bench"),
        ("FOGHORN_ROUTES", routing.to_str().unwrap_or_default()),
    ];
    let child = Child::start_with(&directory.path().join("data"), &environment).await?;
    let mut sender = Sender { connection: Connection::open(child.address()).await?, next: 0 };
    let seconds = Duration::from_secs(args.seconds.into());

    let bursts = bursts_in(seconds);
    let mut sent = HashMap::new();
    for (started, burst) in std::iter::repeat(Instant::now()).zip(0..bursts) {
        tokio::time::sleep_until((started + BETWEEN_BURSTS * burst as u32).into()).await;
        sender.send(&mut sent, &format!("bench-{}", burst % CHANNELS), BURST, "error").await?;
    }
    let spread = arrived(&slack, &sent).await;

    // Enough that somebody waits until the end.
    let (mut waiting, mut pages) = (HashMap::new(), HashMap::new());
    sender.send(&mut waiting, "bench-one", seconds.as_secs() as usize + 10, "error").await?;
    let started = Instant::now() + BETWEEN_PAGES;
    for page in 0..(seconds.as_secs_f64() / BETWEEN_PAGES.as_secs_f64()) as u32 - 1 {
        tokio::time::sleep_until((started + BETWEEN_PAGES * page).into()).await;
        sender.send(&mut pages, "bench-one", 1, "critical").await?;
    }
    let pages = arrived(&slack, &pages).await;
    child.stop().await?;
    Ok(Figures { own, spread, pages, fastest: fastest(&slack.posts()) })
}

/// How many bursts there are in so much time.
fn bursts_in(time: Duration) -> usize {
    (time.as_secs_f64() / BETWEEN_BURSTS.as_secs_f64()) as usize
}

/// A channel for each tenth of the services, and one that is never folded into a storm.
pub(super) fn routing_file() -> String {
    let channel =
        |name: &str| format!("[receivers.{name}]\nkind = \"slack\"\nchannel = \"#{name}\"\nstorm_above = 10000\n\n");
    let route =
        |name: &str| format!("[[route]]\nmatch = [\"service =~ bench-{name}-.*\"]\nreceivers = [\"{name}\"]\n\n");
    let names: Vec<String> = (0..CHANNELS).map(|number| number.to_string()).chain(["one".to_owned()]).collect();
    let receivers: String = names.iter().map(|name| channel(name)).collect();
    let routes: String = names.iter().map(|name| route(name)).collect();
    format!("fallback = [\"one\"]\n\n{receivers}{routes}")
}

/// Sends what opens incidents.
pub(super) struct Sender {
    pub(super) connection: Connection,
    pub(super) next: usize,
}

impl Sender {
    /// So many checks that fail, one a request, each of a service of its own. Notes when each was sent.
    pub(super) async fn send(
        &mut self,
        sent: &mut HashMap<String, Instant>,
        prefix: &str,
        count: usize,
        severity: &str,
    ) -> anyhow::Result<()> {
        for _ in 0..count {
            self.next += 1;
            let service = format!("{prefix}-{}", self.next);
            let event = json!({ "source": "bench", "type": "check", "status": "firing", "dedup_key": service,
                "payload": format!("check {} fails", self.next),
                "metadata": { "service": service, "severity": severity } });
            sent.insert(service, Instant::now());
            let (status, answer) =
                self.connection.post("/events", "application/json", event.to_string().as_bytes()).await?;
            anyhow::ensure!(status == 200, "the server answered {status}: {}", String::from_utf8_lossy(answer));
        }
        Ok(())
    }
}

/// Waits until all were told, or long enough.
pub(super) async fn arrived(slack: &Slack, sent: &HashMap<String, Instant>) -> Told {
    let give_up = Instant::now() + GIVE_UP;
    loop {
        let told = Told::of(sent, &slack.posts());
        if told.after.len() == told.events || Instant::now() >= give_up {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn fastest(posts: &[Post]) -> usize {
    let within = |first: &Post| {
        let same = posts.iter().filter(|post| post.channel == first.channel && post.at >= first.at);
        same.take_while(|post| post.at.duration_since(first.at) < Duration::from_secs(10)).count()
    };
    posts.iter().map(within).max().unwrap_or_default()
}

pub(super) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl Figures {
    fn json(&self) -> Value {
        json!({
            "double_of_slack": { "p50_ms": ms(quantile(&self.own, 0.5)), "p99_ms": ms(quantile(&self.own, 0.99)) },
            "event_to_message": self.spread.json(SOON),
            "page_among_waiting": self.pages.json(PAGE_SOON),
            "most_in_ten_seconds": self.fastest,
        })
    }

    fn write<W: Write>(&self, screen: &mut Screen<W>) -> std::io::Result<()> {
        let headings = ["", ">EVENTS", ">TOLD", ">P50 MS", ">P99 MS", ">WORST MS", ">WANTED P99"];
        let rows = [
            self.spread.row("100 a minute, ten channels, five at a time", SOON),
            self.pages.row("pages in a channel where others wait", PAGE_SOON),
        ];
        table::write(screen, &headings, &rows)?;
        screen.line(format!(
            "the double of Slack answers within {:.1} ms (p50), {:.1} ms (p99); at most {} messages in one channel within ten seconds",
            ms(quantile(&self.own, 0.5)),
            ms(quantile(&self.own, 0.99)),
            self.fastest,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_about_an_event_counts_and_one_that_is_missing_is_seen() {
        let start = Instant::now();
        let post = |service: &str, millis| Post {
            channel: "#0".to_owned(),
            text: format!("ERROR · {service} · check fails — New here"),
            at: start + Duration::from_millis(millis),
        };
        let sent = ["bench-0-1", "bench-0-2", "bench-0-3"].map(|service| (service.to_owned(), start)).into();
        let told = Told::of(&sent, &[post("bench-0-1", 10), post("bench-0-2", 30), post("bench-0-1", 99)]);
        assert_eq!(told.after, [Duration::from_millis(10), Duration::from_millis(30)]);
        assert!(!told.is_soon(SOON), "one was not told");
        assert_eq!(fastest(&[post("a", 0), post("b", 9_999), post("c", 10_000)]), 2);
    }

    #[test]
    fn its_routing_file_is_one() {
        let routing = foghorn_routing::Routing::parse(&routing_file());
        assert_eq!(routing.map(|routing| routing.receivers().len()).ok(), Some(CHANNELS + 1));
    }
}
