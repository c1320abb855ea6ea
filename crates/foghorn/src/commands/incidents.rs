//! `foghorn incidents`: the list.

use super::json::{ago, list, number, text};
use crate::client::{Server, ServerArgs};
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

/// Lists incidents, newest first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn incidents --status open --severity critical
  foghorn incidents -q 'timeout checkout' --json")]
pub(crate) struct Args {
    /// Only with this status: open, notified, acknowledged, needs_info, resolved, false_positive
    #[arg(long)]
    status: Option<String>,
    /// Only with this severity: critical, error, warning, info
    #[arg(long)]
    severity: Option<String>,
    /// Only of this kind, such as db_timeout or sqli
    #[arg(long)]
    kind: Option<String>,
    /// Only of this service
    #[arg(long)]
    service: Option<String>,
    /// Only with these words in summary, service, kind or labels
    #[arg(long, short = 'q')]
    q: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and draws.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let filters = [
        ("status", &args.status),
        ("severity", &args.severity),
        ("kind", &args.kind),
        ("service", &args.service),
        ("q", &args.q),
    ];
    let mut query: Vec<(&str, String)> =
        filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
    query.push(("limit", args.limit.to_string()));
    let answer = Server::new(&args.server)?.get("/api/v1/incidents", &query).await?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&answer)?
    } else {
        draw(&mut screen, &answer)?
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let incidents = list(answer, "items");
    if incidents.is_empty() {
        return screen.line("no incidents");
    }
    let headings = [">ID", "SEVERITY", "STATUS", "KIND", "SERVICE", ">EVENTS", "LAST SEEN", "SUMMARY"];
    let rows: Vec<Vec<Cell>> = incidents.iter().map(row).collect();
    table::write(screen, &headings, &rows)?;
    let (shown, total) = (incidents.len() as u64, number(answer, "total"));
    if total > shown {
        let more = format!("{shown} of {total} shown; --limit shows more, filters fewer");
        screen.line(screen.painted(Colour::Dim, &more))?;
    }
    Ok(())
}

fn row(incident: &Value) -> Vec<Cell> {
    let (severity, status) = (text(incident, "severity"), text(incident, "status"));
    let status_colour = match status.as_str() {
        "resolved" | "false_positive" => Colour::Dim,
        "acknowledged" => Colour::Green,
        _ => Colour::Plain,
    };
    vec![
        Cell::new(text(incident, "id")),
        Cell::new(&severity).in_colour(Colour::of_severity(&severity)),
        Cell::new(status).in_colour(status_colour),
        Cell::new(text(incident, "kind")),
        Cell::new(text(incident, "service")),
        Cell::new(foghorn_domain::words::with_thousands(number(incident, "event_count"))),
        Cell::new(ago(incident, "last_seen")),
        Cell::new(text(incident, "summary")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::json;

    fn drawn(answer: &Value, width: Option<usize>) -> String {
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, width), answer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn incidents_stand_in_columns_and_fit_the_terminal() {
        let answer = json!({"total": 7, "items": [{
            "id": 12, "severity": "critical", "status": "open", "kind": "db_timeout", "service": "checkout",
            "event_count": 1000, "last_seen": "2020-01-02T03:04:05Z",
            "summary": "Database connection timeout after \u{1b}[31m30000 ms while waiting for a free connection"
        }]});
        let wide = drawn(&answer, None);
        assert!(wide.contains("12  critical  open    db_timeout  checkout   1,000"), "{wide}");
        assert!(wide.contains("after 30000 ms while waiting for a free connection\n"), "{wide}");
        assert!(wide.ends_with("1 of 7 shown; --limit shows more, filters fewer\n"), "{wide}");
        let narrow = drawn(&answer, Some(100));
        assert!(narrow.lines().all(|line| line.chars().count() <= 100), "{narrow}");
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(drawn(&json!({"items": [], "total": 0}), None), "no incidents\n");
    }
}
