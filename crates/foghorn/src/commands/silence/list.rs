//! `foghorn silence list`: who asked for quiet over what, and what is quiet as a false positive.

use crate::client::{Server, ServerArgs};
use crate::commands::json::{list, moment, text, texts};
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

/// Lists silences, those that last longest first, then what is muted as a false positive.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn silence list --ended")]
pub(super) struct Args {
    /// Those that are over, too
    #[arg(long)]
    ended: bool,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and draws.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let query = if args.ended { vec![("ended", "true".to_owned())] } else { Vec::new() };
    let answer = Server::new(&args.server)?.get("/api/v1/silences", &query).await?;
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&answer)?,
        false => draw(&mut screen, &answer)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let (silences, mutes) = (list(answer, "items"), list(answer, "mutes"));
    if silences.is_empty() && mutes.is_empty() {
        return screen.line("nothing is silenced");
    }
    let headings = [">ID", "STATE", "UNTIL", "BY", "OVER", "WHY"];
    let rows: Vec<Vec<Cell>> = silences.iter().map(row).chain(mutes.iter().map(mute_row)).collect();
    table::write(screen, &headings, &rows)
}

fn row(silence: &Value) -> Vec<Cell> {
    let time = |field: &str| text(silence, field).parse::<foghorn_domain::clock::Timestamp>().ok();
    let now = foghorn_domain::clock::Timestamp::now();
    let (state, colour) = match (time("starts_at"), silence.get("is_active").and_then(Value::as_bool)) {
        (_, Some(true)) => ("holds", Colour::Green),
        (Some(begins), _) if begins > now => ("to come", Colour::Yellow),
        _ => ("ended", Colour::Dim),
    };
    vec![
        Cell::new(text(silence, "id")),
        Cell::new(state).in_colour(colour),
        Cell::new(moment(silence, "ends_at")),
        Cell::new(text(silence, "created_by")),
        Cell::new(texts(silence, "matchers").join(", ")),
        Cell::new(text(silence, "comment").replace('\n', " ")),
    ]
}

/// What somebody called a false positive: `#12` is the incident.
fn mute_row(mute: &Value) -> Vec<Cell> {
    vec![
        Cell::new(format!("#{}", text(mute, "incident_id"))),
        Cell::new("muted").in_colour(Colour::Green),
        Cell::new(moment(mute, "ends_at")),
        Cell::new(text(mute, "created_by")),
        Cell::new(format!("what is like incident {} of {}", text(mute, "incident_id"), text(mute, "service"))),
        Cell::new("false positive"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::json;

    #[test]
    fn each_silence_is_a_line_with_its_state() {
        let silence = |id: u64, is_active: bool, starts_at: &str| {
            json!({"id": id, "is_active": is_active, "starts_at": starts_at, "ends_at": "2020-01-02T05:04:05Z",
                "created_by": "ana", "matchers": ["service = checkout", "team = payments"], "comment": "moving\nthe \u{1b}[31mdb"})
        };
        let items = [
            silence(12, true, "2020-01-02T03:04:05Z"),
            silence(9, false, "9999-01-02T03:04:05Z"),
            silence(3, false, "2020-01-02T03:04:05Z"),
        ];
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({ "items": items })).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let rest = "2 Jan 2020 05:04 UTC  ana  service = checkout, team = payments  moving the db";
        assert_eq!(
            lines[1..],
            [format!("12  holds    {rest}"), format!(" 9  to come  {rest}"), format!(" 3  ended    {rest}")]
        );
        let mut out = Vec::new();
        let mute = json!({"incident_id": 4, "ends_at": "2020-01-02T05:04:05Z", "created_by": "ana", "service": "cart"});
        draw(&mut screen_of(&mut out, false, None), &json!({"items": [], "mutes": [mute]})).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = "#4  muted  2 Jan 2020 05:04 UTC  ana  what is like incident 4 of cart  false positive";
        assert_eq!(text.lines().nth(1), Some(expected));
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"items": []})).unwrap();
        assert_eq!(out, b"nothing is silenced\n");
    }
}
