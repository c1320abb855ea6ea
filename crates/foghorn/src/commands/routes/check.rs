//! `foghorn routes check`: is the file right, and does it do what it says it does?

use super::read_text;
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::words::counted;
use foghorn_routing::{Fault, Routing};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads a routing file and runs the table of expectations in it. Every fault is a line FILE:LINE:COLUMN:
/// message; columns count characters. Ends with status 1 where the file cannot be used; warnings do not count.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn routes check routes.toml")]
pub(super) struct Args {
    /// The routing file; - is standard input
    file: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Checks and says what was found.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let outcome = Routing::parse(&read_text(&args.file)?);
    let mut screen = Screen::stdout();
    if args.json {
        let (is_right, faults) = match &outcome {
            Ok(routing) => (true, routing.warnings()),
            Err(faults) => (false, faults.as_slice()),
        };
        screen.json(&json!({ "right": is_right, "faults": faults }))?;
    } else {
        write(&mut screen, &args.file.display().to_string(), &outcome)?;
    }
    Ok(if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write<W: Write>(screen: &mut Screen<W>, file: &str, outcome: &Result<Routing, Vec<Fault>>) -> std::io::Result<()> {
    let file = harmless(file);
    let faults = match outcome {
        Ok(routing) => routing.warnings(),
        Err(faults) => faults.as_slice(),
    };
    for fault in faults {
        let colour = if fault.is_warning { Colour::Yellow } else { Colour::Red };
        screen.line(screen.painted(colour, &format!("{file}:{}", harmless(&fault.to_string()))))?;
    }
    match outcome {
        Ok(routing) => {
            let receivers = counted(routing.receivers().len() as u64, "receiver");
            let routes = counted(routing.route_count() as u64, "route");
            let expectations = match routing.expectation_count() {
                0 => "no expectations to hold it to".to_owned(),
                1 => "its one expectation holds".to_owned(),
                count => format!("all {count} expectations hold"),
            };
            screen.line(format!("{file} is right: {receivers}, {routes}, {expectations}"))
        }
        Err(faults) => {
            let count = faults.iter().filter(|fault| !fault.is_warning).count();
            screen.line(format!("{file} cannot be used: {}", counted(count as u64, "fault")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    fn output(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, false, None), "my.toml", &Routing::parse(text)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn faults_are_lines_with_their_place() {
        let text = "fallback = ['ops']\n[receivers.ops]\nkind = 'slack'\n[[route]]\nrecievers = ['ops']\n";
        let lines = output(text);
        assert!(lines.contains("my.toml:2:12: receiver ops has no address: channel is missing\n"), "{lines}");
        assert!(
            lines.contains("my.toml:5:1: unknown key \"recievers\" in a route; did you mean receivers?\n"),
            "{lines}"
        );
        assert!(lines.ends_with("my.toml cannot be used: 3 faults\n"), "{lines}");
    }

    #[test]
    fn a_right_file_is_said_to_be_right_and_warnings_do_not_change_that() {
        let text = "fallback = ['ops']\n[receivers.ops]\nkind = 'dashboard'\n[receivers.spare]\nkind = 'dashboard'\n";
        let expected = "my.toml:4:12: warning: nobody uses receiver \"spare\"\n\
                        my.toml is right: 2 receivers, 0 routes, no expectations to hold it to\n";
        assert_eq!(output(text), expected);
    }
}
