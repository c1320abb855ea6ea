//! `foghorn memory list`: what is remembered.

use super::holder::{Holder, HolderArgs, IfMissing};
use crate::commands::json::{ago, list, number, text};
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

/// Lists what is remembered, newest first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn memory list -q 'pool orders'")]
pub(super) struct Args {
    /// Only with these words in summary, solution, service, kind, author, labels or id
    #[arg(long, short = 'q')]
    q: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

/// Asks and draws.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let holder = Holder::find(&args.holder, IfMissing::Refuse)?;
    let q = args.q.as_deref().filter(|q| !q.trim().is_empty());
    let answer = holder.list(q, args.limit).await?;
    holder.close().await;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&answer)?
    } else {
        draw(&mut screen, &answer)?
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let memories = list(answer, "items");
    if memories.is_empty() {
        return screen.line("nothing is remembered");
    }
    let headings = ["ID", "STATE", "SERVICE", "TYPE", "BY", "WRITTEN", "SUMMARY"];
    let rows: Vec<Vec<Cell>> = memories.iter().map(row).collect();
    table::write(screen, &headings, &rows)?;
    let (shown, total) = (memories.len() as u64, number(answer, "total"));
    if total > shown {
        let more = format!("{shown} of {total} shown; --limit shows more, -q fewer");
        screen.line(screen.painted(Colour::Dim, &more))?;
    }
    Ok(())
}

fn row(memory: &Value) -> Vec<Cell> {
    let is = |name: &str| memory.get(name).and_then(Value::as_bool) == Some(true);
    let (state, colour) = match () {
        () if memory.get("retired_at").is_some_and(|at| !at.is_null()) => ("retired", Colour::Dim),
        () if memory.get("solution").is_none_or(Value::is_null) => ("no fix", Colour::Dim),
        () if is("confirmed") => ("confirmed", Colour::Green),
        () => ("draft", Colour::Yellow),
    };
    vec![
        Cell::new(text(memory, "id")),
        Cell::new(state).in_colour(colour),
        Cell::new(text(memory, "service")),
        Cell::new(text(memory, "incident_type")),
        Cell::new(text(memory, "author")),
        Cell::new(ago(memory, "created_at")),
        Cell::new(text(memory, "summary").replace('\n', " ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::json;

    #[test]
    fn each_memory_is_a_line_with_its_state() {
        let memory = |id: &str, confirmed: bool, solution: Value, retired: Value| {
            json!({"id": id, "summary": "pool\nexhausted \u{1b}[31m", "service": "orders", "incident_type": "db", "author": "ana",
                "created_at": "2020-01-02T03:04:05Z", "confirmed": confirmed, "solution": solution, "retired_at": retired})
        };
        let answer = json!({"total": 9, "items": [
            memory("a", true, json!("x"), Value::Null),
            memory("b", false, json!("x"), Value::Null),
            memory("c", true, Value::Null, Value::Null),
            memory("d", true, json!("x"), json!("2020-01-02T03:04:05Z")),
        ]});
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &answer).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (line, state) in lines[1..5].iter().zip(["confirmed", "draft", "no fix", "retired"]) {
            assert!(line.contains(state) && line.contains("pool exhausted"), "{text}");
        }
        assert!(text.ends_with("4 of 9 shown; --limit shows more, -q fewer\n"), "{text}");
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"items": []})).unwrap();
        assert_eq!(out, b"nothing is remembered\n");
    }
}
