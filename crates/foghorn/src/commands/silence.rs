//! `foghorn silence`: asks a server for quiet over something, for a while; lists who asked for what; ends it.

mod list;

use super::act::Hand;
use super::json::{moment, number, text, texts};
use crate::client::Server;
use crate::terminal::Screen;
use clap::Subcommand;
use foghorn_domain::words::counted;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;

/// Begins, lists and ends silences. While one holds nobody is told of what fits it; everything is recorded.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Begin a silence
    Add(AddArgs),
    /// List silences, those that last longest first
    List(list::Args),
    /// End silences now; what they held back and still fires is told, once
    End(EndArgs),
}

/// Begins a silence. It needs an equality on service or team, and says how many incidents of the last 24 hours it
/// would have hidden.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn silence add --for 2h service=checkout team=payments --why 'moving the database'
  foghorn silence add --for 1d service=search 'severity <= warning' --why 'new index'
  foghorn silence add --for 2h service=checkout --why 'moving the database' --preview")]
struct AddArgs {
    /// What it is over; all must fit: service=checkout, 'kind != sqli', 'labels.region =~ eu-.*'
    #[arg(required = true, value_name = "MATCHER")]
    matchers: Vec<String>,
    /// How long: 30m, 2h, 1d
    #[arg(long = "for", value_name = "LENGTH")]
    length: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// From when, such as 2026-01-02T22:00:00Z, where that is not now
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only say what it would have hidden; begin nothing
    #[arg(long)]
    preview: bool,
    #[command(flatten)]
    hand: Hand,
}

/// Ends silences.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn silence end 7")]
struct EndArgs {
    /// Their numbers
    #[arg(required = true, value_name = "ID", value_parser = super::id())]
    silences: Vec<i64>,
    #[command(flatten)]
    hand: Hand,
}

/// Does what was asked.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Add(args) => add(args).await,
        Command::List(args) => list::run(args).await,
        Command::End(args) => end(args).await,
    }
}

async fn add(args: &AddArgs) -> anyhow::Result<ExitCode> {
    let AddArgs { matchers, length, why, from, preview, hand } = args;
    let mut body = json!({ "matchers": matchers, "duration": length, "comment": why, "user": hand.user });
    if let Some(from) = from {
        body["starts_at"] = Value::from(from.as_str());
    }
    let path = if *preview { "/api/v1/silences/preview" } else { "/api/v1/silences" };
    let silence = Server::new(&hand.server)?.post(path, &body).await?;
    let mut screen = Screen::stdout();
    match hand.json {
        true => screen.json(&silence)?,
        false => begun(&mut screen, &silence, *preview)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn begun<W: Write>(screen: &mut Screen<W>, silence: &Value, is_preview: bool) -> std::io::Result<()> {
    let (id, until) = (text(silence, "id"), moment(silence, "ends_at"));
    let over = texts(silence, "matchers").join(", ");
    screen.line(match is_preview {
        true => format!("this would hold until {until}, over {over}; nothing is silenced"),
        false => format!("silence {id} holds until {until}, over {over}"),
    })?;
    let hidden = counted(number(silence, "would_have_hidden"), "incident");
    screen.line(format!("of the last 24 hours it fits {hidden}"))
}

async fn end(args: &EndArgs) -> anyhow::Result<ExitCode> {
    let EndArgs { silences, hand } = args;
    let (server, mut screen) = (Server::new(&hand.server)?, Screen::stdout());
    for id in silences {
        let ended = server.delete(&format!("/api/v1/silences/{id}"), &[("user", hand.user.clone())]).await?;
        match hand.json {
            true => screen.json(&ended)?,
            false => screen.line(format!("silence {id} ended {}", moment(&ended, "ends_at")))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn what_began_and_what_would_begin_read_differently() {
        let silence = json!({"id": 7, "matchers": ["service = checkout\u{1b}[2J"], "ends_at": "2020-01-02T03:04:05Z",
            "would_have_hidden": 1});
        let check = |is_preview, expected: &str| {
            let mut out = Vec::new();
            begun(&mut screen_of(&mut out, false, None), &silence, is_preview).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(
            false,
            "silence 7 holds until 2 Jan 2020 03:04 UTC, over service = checkout\nof the last 24 hours it fits 1 incident\n",
        );
        check(
            true,
            "this would hold until 2 Jan 2020 03:04 UTC, over service = checkout; nothing is silenced\n\
             of the last 24 hours it fits 1 incident\n",
        );
    }
}
