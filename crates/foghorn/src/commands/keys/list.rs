//! `foghorn keys list`: which programs may call.

use crate::commands::json::{ago, list, text};
use crate::commands::memory::holder::{Holder, HolderArgs, IfMissing};
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use foghorn_pipeline::access_keys::{AccessKeys, shown};
use foghorn_pipeline::metrics::Metrics;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;

/// Lists keys by name, each by how it begins.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn keys list --revoked")]
pub(super) struct Args {
    /// Those that are revoked, too
    #[arg(long)]
    revoked: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

/// Asks and draws.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let answer = match Holder::find(&args.holder, IfMissing::Refuse)? {
        Holder::Server(server) => {
            let query = if args.revoked { vec![("revoked", "true".to_owned())] } else { Vec::new() };
            server.get("/api/v1/keys", &query).await?
        }
        Holder::Own(store, _) => {
            let keys = AccessKeys::new(store.clone(), Metrics::default()).list(args.revoked).await;
            store.close().await;
            let items: Vec<Value> = keys?.iter().map(shown).collect();
            json!({ "total": items.len(), "items": items, "next_cursor": null })
        }
    };
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&answer)?,
        false => draw(&mut screen, &answer)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let keys = list(answer, "items");
    if keys.is_empty() {
        return screen.line("no program has a key of its own");
    }
    let headings = ["NAME", "STATE", "SCOPE", "BEGINS WITH", "QUOTA", "SOURCE", "LAST USED", "BY"];
    let rows: Vec<Vec<Cell>> = keys.iter().map(row).collect();
    table::write(screen, &headings, &rows)
}

fn row(key: &Value) -> Vec<Cell> {
    let (state, colour) = match text(key, "revoked_at").is_empty() {
        true => ("live", Colour::Green),
        false => ("revoked", Colour::Dim),
    };
    let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let used = if text(key, "last_used_at").is_empty() { "never".to_owned() } else { ago(key, "last_used_at") };
    vec![
        Cell::new(text(key, "name")),
        Cell::new(state).in_colour(colour),
        Cell::new(text(key, "scope")),
        Cell::new(text(key, "prefix")),
        Cell::new(or_none(text(key, "quota"))),
        Cell::new(or_none(text(key, "source"))),
        Cell::new(used),
        Cell::new(text(key, "created_by")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn each_key_is_a_line_with_its_state() {
        let items = json!([
            {"name": "prom", "scope": "intake", "prefix": "fh_intake_ababab", "quota": "500/s", "source": "a\u{1b}[2Jb",
             "created_by": "ana", "last_used_at": null, "revoked_at": null},
            {"name": "old", "scope": "read", "prefix": "fh_read_cdcdcd", "quota": null, "source": null,
             "created_by": "ben", "last_used_at": null, "revoked_at": "2020-01-02T05:04:05Z"},
        ]);
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({ "items": items })).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
        let words = |line: &[&str]| line.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join("|");
        assert_eq!(words(&lines[1]), "prom|live|intake|fh_intake_ababab|500/s|ab|never|ana");
        assert_eq!(words(&lines[2]), "old|revoked|read|fh_read_cdcdcd|-|-|never|ben");
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"items": []})).unwrap();
        assert_eq!(out, b"no program has a key of its own\n");
    }
}
