//! `foghorn dead-letters`: messages of other programs that could not be used.

use super::json::{list, moment, number, text};
use crate::client::{Server, ServerArgs};
use crate::table::{self, Cell};
use crate::terminal::Screen;
use clap::Subcommand;
use foghorn_domain::words::counted;
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

/// Lists, replays and drops messages that other programs left in Redis and that could not be used.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List messages, newest first, with what is wrong with each
    List(ListArgs),
    /// Handle messages again, for instance once the incident that they announce is there
    Replay(HandArgs),
    /// Forget messages
    Drop(HandArgs),
}

/// Lists messages.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn dead-letters list --limit 20")]
struct ListArgs {
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Names messages.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn dead-letters replay 7 8")]
struct HandArgs {
    /// Their numbers
    #[arg(required = true, value_name = "ID", value_parser = super::id())]
    letters: Vec<i64>,
    /// Your name in the audit log, where no token says it
    #[arg(long, env = "USER", default_value = "cli")]
    user: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Does what was asked.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List(args) => list_letters(args).await,
        Command::Replay(args) => each(args, true).await,
        Command::Drop(args) => each(args, false).await,
    }
}

async fn list_letters(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let query = [("limit", args.limit.to_string())];
    let answer = Server::new(&args.server)?.get("/api/v1/dead-letters", &query).await?;
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&answer)?,
        false => draw(&mut screen, &answer)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let letters = list(answer, "items");
    if letters.is_empty() {
        return screen.line("there are no dead letters");
    }
    let row = |letter: &Value| {
        let cell = |name: &str| Cell::new(text(letter, name));
        vec![
            cell("id"),
            Cell::new(moment(letter, "created_at")),
            cell("origin"),
            cell("attempts"),
            cell("why"),
            cell("body"),
        ]
    };
    let rows: Vec<Vec<Cell>> = letters.iter().map(row).collect();
    table::write(screen, &[">ID", "CAME", "FROM", ">TRIED", "WHAT IS WRONG", "MESSAGE"], &rows)?;
    let more = number(answer, "total").saturating_sub(letters.len() as u64);
    if more > 0 { screen.line(format!("and {}", counted(more, "older message"))) } else { Ok(()) }
}

/// One after the other; one that fails stops none behind it.
async fn each(args: &HandArgs, is_replay: bool) -> anyhow::Result<ExitCode> {
    let (server, mut screen) = (Server::new(&args.server)?, Screen::stdout());
    let (user, mut code) = ([("user", args.user.clone())], ExitCode::SUCCESS);
    for id in &args.letters {
        let path = format!("/api/v1/dead-letters/{id}");
        let done = match is_replay {
            true => server.post_query(&format!("{path}/replay"), &user).await,
            false => server.delete(&path, &user).await,
        };
        match done {
            Ok(_) => screen.line(format!("{id} {}", if is_replay { "was handled" } else { "is forgotten" }))?,
            Err(error) => {
                screen.line(format!("{id}: {error}"))?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::json;

    #[test]
    fn each_message_is_a_line_with_what_is_wrong() {
        let letter = json!({"id": 7, "created_at": "2020-01-02T03:04:05Z", "origin": "events_queue", "attempts": 2,
            "why": "Invalid id value: 0", "body": "0\u{1b}[2J"});
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"items": [letter], "total": 3})).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("events_queue") && lines[1].contains("Invalid id value: 0"), "{text}");
        assert!(!text.contains('\u{1b}') && lines[2] == "and 2 older messages", "{text}");
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"items": []})).unwrap();
        assert_eq!(out, b"there are no dead letters\n");
    }
}
