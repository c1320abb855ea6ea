//! `foghorn bench pages`: how soon pages begin to arrive, and how large they are, with many incidents in the store.
//!
//! `fill` makes the incidents and their events by the ordinary way in, `visit` asks for pages at a steady rate.

mod fill;
mod visit;

use super::child::Child;
use super::load::quantile;
use crate::cli::one_thread;
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use foghorn_domain::words::with_thousands;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use visit::Visits;

/// Starts a server of its own, fills it with incidents and events, and visits its list and its incidents as
/// browsers do, at a steady rate that does not wait for answers. The time is that to the first byte, from when
/// the request was due, on a connection of its own; the size is that on the wire, compressed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn bench pages --incidents 10000 --seconds 30 --json")]
pub(crate) struct Args {
    /// Incidents in the store
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(5..=20_000))]
    incidents: u32,
    /// Events beside those that open the incidents, spread over them
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    events: u32,
    /// Pages a second
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Seconds for each kind of page
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Directory on the disk to measure; a directory is made in it and removed afterwards
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// A kind of page, and its addresses.
type Kind = (&'static str, fn(u64) -> String);

const KINDS: [Kind; 3] = [
    ("list of incidents", |number| {
        let lists = ["/", "/?status=open,notified", "/?severity=error", "/?q=disk", "/?cursor=5000", "/?limit=200"];
        lists[(number % 6) as usize].to_owned()
    }),
    ("an incident", |id| format!("/incidents/{id}")),
    ("an incident's other tabs", |id| {
        let tabs = ["memory", "docs", "timeline", "told"];
        format!("/incidents/{id}?tab={}", tabs[(id % 4) as usize])
    }),
];

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let figures = one_thread(measure(args))?;
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&figures.json())?,
        false => figures.write(&mut screen)?,
    }
    let is_whole = figures.visits.iter().all(|(_, visits)| visits.failed == 0);
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Figures {
    incidents: u64,
    events: u64,
    memories: u64,
    rate: u32,
    visits: Vec<(&'static str, Visits)>,
}

async fn measure(args: &Args) -> anyhow::Result<Figures> {
    let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
    let child = Child::start(&directory.path().join("data")).await?;
    let memories = fill::fill(&child, args.incidents, args.events).await?;
    let status = child.status().await?;
    let counts = status["incidents"].as_object();
    let incidents = counts.map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum());
    let mut visits = Vec::new();
    for (name, page) in KINDS {
        let seconds = Duration::from_secs(args.seconds.into());
        visits.push((name, visit::visit(child.address(), args.rate, seconds, incidents, page).await?));
    }
    child.stop().await?;
    Ok(Figures { incidents, events: status["events"].as_u64().unwrap_or(0), memories, rate: args.rate, visits })
}

impl Figures {
    fn write<W: std::io::Write>(&self, screen: &mut Screen<W>) -> std::io::Result<()> {
        let row = |(name, visits): &(&str, Visits)| {
            vec![
                Cell::new(*name),
                Cell::new(with_thousands(visits.first_bytes.len() as u64)),
                Cell::new(milliseconds(visits, 0.5)),
                Cell::new(milliseconds(visits, 0.99)).in_colour(Colour::Bold),
                Cell::new(milliseconds(visits, 1.0)),
                Cell::new(format!("{:.1}", visits.largest as f64 / 1000.0)),
                Cell::new(with_thousands(visits.failed)),
            ]
        };
        let rows: Vec<_> = self.visits.iter().map(row).collect();
        let headings = ["PAGE", ">VISITS", ">P50 MS", ">P99 MS", ">WORST MS", ">LARGEST KB", ">FAILED"];
        table::write(screen, &headings, &rows)?;
        screen.line(format!(
            "first byte, at {} pages a second; {} incidents, {} events and {} memories in the store",
            self.rate,
            with_thousands(self.incidents),
            with_thousands(self.events),
            with_thousands(self.memories),
        ))
    }

    fn json(&self) -> Value {
        let page = |(name, visits): &(&str, Visits)| {
            json!({
                "page": name,
                "visits": visits.first_bytes.len(),
                "failed": visits.failed,
                "p50_ms": in_milliseconds(visits, 0.5),
                "p99_ms": in_milliseconds(visits, 0.99),
                "max_ms": in_milliseconds(visits, 1.0),
                "largest_bytes": visits.largest,
            })
        };
        json!({
            "incidents": self.incidents,
            "events": self.events,
            "memories": self.memories,
            "pages_per_second": self.rate,
            "pages": self.visits.iter().map(page).collect::<Vec<_>>(),
        })
    }
}

fn in_milliseconds(visits: &Visits, part: f64) -> f64 {
    quantile(&visits.first_bytes, part).as_secs_f64() * 1000.0
}

fn milliseconds(visits: &Visits, part: f64) -> String {
    format!("{:.1}", in_milliseconds(visits, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn the_table_names_the_slowest_and_the_largest() {
        let first_bytes = (1..=100).map(Duration::from_millis).collect();
        let visits = vec![("an incident", Visits { first_bytes, largest: 12_345, failed: 2 })];
        let figures = Figures { incidents: 10_000, events: 210_000, memories: 500, rate: 20, visits };
        let mut out = Vec::new();
        figures.write(&mut screen_of(&mut out, false, None)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row, ["an", "incident", "100", "50.0", "99.0", "100.0", "12.3", "2"]);
        assert!(text.contains("10,000 incidents, 210,000 events and 500 memories"), "{text}");
        assert_eq!(figures.json()["pages"][0]["p99_ms"], 99.0);
    }
}
