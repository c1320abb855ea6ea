//! `foghorn audit`: the log of who did what.

mod verify;
mod heads;

use super::json::{list, moment, text};
use crate::cli::one_thread;
use crate::client::{Server, ServerArgs};
use crate::table::{self, Cell};
use crate::terminal::{Screen, harmless};
use clap::Subcommand;
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;
pub(crate) use verify::{Args as VerifyArgs, verdict};

/// Reads and verifies the audit log.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Check that no row was changed, removed, reordered or cut off
    Verify(verify::Args),
    /// List rows, newest first
    List(ListArgs),
}

/// Lists rows of the audit log, newest first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn audit list --incident 12")]
struct ListArgs {
    /// Only rows of this incident
    #[arg(long, value_name = "ID", value_parser = super::id())]
    incident: Option<i64>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Does what was asked.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Verify(args) => verify::run(&args),
        Command::List(args) => one_thread(list_rows(&args)),
    }
}

async fn list_rows(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.incident.map(|id| ("incident_id", id.to_string())));
    let answer = Server::new(&args.server)?.get("/api/v1/audit", &query).await?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&answer)?
    } else {
        draw(&mut screen, &answer)?
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let row = |entry: &Value| {
        let details = entry.get("details").map(|details| harmless(&details.to_string())).unwrap_or_default();
        let fields = ["id", "incident_id", "who", "action"].map(|field| text(entry, field));
        let [id, incident, who, action] = fields.map(Cell::new);
        vec![id, Cell::new(moment(entry, "created_at")), incident, who, action, Cell::new(details)]
    };
    let rows: Vec<Vec<Cell>> = list(answer, "items").iter().map(row).collect();
    table::write(screen, &[">ROW", "AT", ">INCIDENT", "WHO", "ACTION", "DETAILS"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::json;

    #[test]
    fn rows_stand_in_columns() {
        let answer = json!({"items": [{"id": 4, "incident_id": 12, "who": "ana", "action": "acknowledged",
            "created_at": "2020-01-02T03:04:05Z", "details": {"via": "cli"}}]});
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &answer).unwrap();
        let expected = "ROW  AT                    INCIDENT  WHO  ACTION        DETAILS\n  4  2 Jan 2020 03:04 UTC        12  ana  acknowledged  {\"via\":\"cli\"}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
