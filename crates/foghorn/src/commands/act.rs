//! `foghorn ack`, `info`, `resolve`, `false-positive`, `reopen` and `solution`: a person's hand.

use super::json::text;
use crate::client::{Server, ServerArgs};
use crate::terminal::Screen;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What all of them take.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn ack 12
  foghorn resolve 12 --note 'restarted the pool' --solution 'raised max_connections to 200'")]
pub(crate) struct Args {
    /// The incident's number
    #[arg(value_parser = super::id())]
    incident: i64,
    /// A note for its timeline
    #[arg(long)]
    note: Option<String>,
    /// What fixed it, to be shown with the next incident like it
    #[arg(long)]
    solution: Option<String>,
    #[command(flatten)]
    hand: Hand,
}

/// Writes down what fixed an incident.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn solution 12 'raised max_connections to 200'")]
pub(crate) struct SolutionArgs {
    /// The incident's number
    #[arg(value_parser = super::id())]
    incident: i64,
    /// What fixed it
    text: String,
    #[command(flatten)]
    hand: Hand,
}

/// Whose hand, and through which server.
#[derive(clap::Args, Debug)]
pub(super) struct Hand {
    /// Your name in the audit log, where no token says it
    #[arg(long, env = "USER", default_value = "cli")]
    pub(super) user: String,
    /// Print the server's answer as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Does one of the five actions.
pub(crate) async fn run(args: &Args, action: &str) -> anyhow::Result<ExitCode> {
    let Args { incident, note, solution, hand } = args;
    let mut body = json!({ "action": action, "user": hand.user });
    for (name, value) in [("note", note), ("solution", solution)] {
        if let Some(value) = value {
            body[name] = Value::from(value.as_str());
        }
    }
    let answer = Server::new(&hand.server)?.post(&format!("/api/v1/incidents/{incident}/actions"), &body).await?;
    let mut screen = Screen::stdout();
    if hand.json {
        screen.json(&answer)?;
    } else {
        let status = text(&answer, "status").replace('_', " ");
        screen.line(format!("incident {incident} is {status}: {}", text(&answer, "summary")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a solution down.
pub(crate) async fn solution(args: &SolutionArgs) -> anyhow::Result<ExitCode> {
    let SolutionArgs { incident, text, hand } = args;
    let body = json!({ "solution": text, "user": hand.user });
    let answer = Server::new(&hand.server)?.post(&format!("/incidents/{incident}/solution"), &body).await?;
    let mut screen = Screen::stdout();
    if hand.json {
        screen.json(&answer)?;
    } else {
        screen.line(format!("written down for incident {incident}; the next one like it will show it"))?;
    }
    Ok(ExitCode::SUCCESS)
}
