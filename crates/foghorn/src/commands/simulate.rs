//! `foghorn simulate`: a running server makes events up.

use super::json::{list, text};
use crate::client::{Server, ServerArgs};
use crate::table::{self, Cell};
use crate::terminal::{Screen, harmless};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Has a running server make up events of one trouble, to see what it does with them. Without a scenario it
/// lists those there are.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn simulate db_timeout --count 20 --delay-seconds 1")]
pub(crate) struct Args {
    /// What to simulate, such as xss, sqli, ssrf or db_timeout
    scenario: Option<String>,
    /// How many events
    #[arg(long, short = 'n', default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    count: u32,
    /// Seconds between two events
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=60))]
    delay_seconds: u32,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks the server.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (server, mut screen) = (Server::new(&args.server)?, Screen::stdout());
    let Some(scenario) = &args.scenario else {
        let answer = server.get("/scenarios", &[]).await?;
        if args.json {
            screen.json(&answer)?
        } else {
            write_scenarios(&mut screen, &answer)?
        }
        return Ok(ExitCode::SUCCESS);
    };
    let scenario: String = scenario.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    let body = json!({ "count": args.count, "delay_seconds": args.delay_seconds });
    let answer = server.post(&format!("/simulate/{scenario}"), &body).await?;
    if args.json {
        screen.json(&answer)?;
    } else {
        let said = text(&answer, "message");
        let plain = format!("simulated {scenario}: {}", foghorn_domain::words::counted(args.count.into(), "event"));
        screen.line(if said.is_empty() { plain } else { said })?;
        screen.line("look at what came of it with `foghorn incidents`")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_scenarios<W: std::io::Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let row = |scenario: &Value| match scenario {
        Value::String(name) => vec![Cell::new(harmless(name)), Cell::new("")],
        other => vec![Cell::new(text(other, "name")), Cell::new(text(other, "description"))],
    };
    let rows: Vec<Vec<Cell>> = list(answer, "scenarios").iter().map(row).collect();
    table::write(screen, &["SCENARIO", "WHAT IT SHOWS"], &rows)
}
