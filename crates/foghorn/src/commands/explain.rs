//! `foghorn explain`: why an incident opened and was told or not; why an event led to nothing.

use super::json::texts;
use crate::client::{Server, ServerArgs};
use crate::terminal::Screen;
use std::process::ExitCode;

/// Says why an incident opened, why it has its severity, and why people were told or not, with the rules,
/// thresholds and values that took part. For an event it says what was found in it and what became of that.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn explain 12
  foghorn explain --event 40312")]
pub(crate) struct Args {
    /// The incident's number
    #[arg(value_parser = super::id(), required_unless_present = "event", conflicts_with = "event")]
    incident: Option<i64>,
    /// Explain an event instead
    #[arg(long, value_name = "ID", value_parser = super::id())]
    event: Option<i64>,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and prints.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let path = match (args.event, args.incident) {
        (Some(event), _) => format!("/api/v1/events/{event}/explain"),
        (None, incident) => format!("/api/v1/incidents/{}/explain", incident.unwrap_or_default()),
    };
    let answer = Server::new(&args.server)?.get(&path, &[]).await?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in texts(&answer, "lines") {
        screen.line(line)?;
    }
    Ok(ExitCode::SUCCESS)
}
