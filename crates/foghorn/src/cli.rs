//! The commands and how they are called.

use crate::bench;
use crate::commands::{
    act, anomaly, audit, backup, check, completions, dead_letters, demo, detect, eval, explain, incidents, keys, mcp,
    memory, migrate, replay, routes, search, send, serve, show, silence, simulate, templates,
};
use crate::config::flags;
use clap::{ArgMatches, Command as ClapCommand, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// An incident assistant that is one program: events come in from anything, what is wrong becomes one
/// incident, people are told once, and every hand that touched it is written down.
#[derive(Parser)]
#[command(name = "foghorn", version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "Example:
  foghorn serve                          # on http://127.0.0.1:8000, data in ./foghorn-data
  foghorn simulate db_timeout --count 20
  foghorn incidents";

#[derive(Subcommand)]
enum Command {
    /// Run the server: intake, triage, messages, API and pages in one process
    Serve(serve::Args),
    /// Watch an hour of a small shop in a minute: incidents open, are explained, answered and end
    Demo(demo::Args),
    /// Look whether configuration, store and server are well, and say what to do where they are not
    Check(check::Args),
    /// Send a log file or standard input to a server, each line an event
    Send(send::Args),
    /// Say what would have come of a log or an alert history: incidents, messages, pages; nobody is told
    Replay(replay::Args),
    /// Have a server make up events, to see what it does with them
    Simulate(simulate::Args),
    /// List incidents, newest first
    Incidents(incidents::Args),
    /// Show everything about one incident
    Show(show::Args),
    /// Say why an incident opened and was told or not, with every value
    Explain(explain::Args),
    /// Take an incident: others see that you have it
    Ack(act::Args),
    /// Ask for more information about an incident
    Info(act::Args),
    /// End an incident
    Resolve(act::Args),
    /// Mark an incident as nothing; its like is recorded without telling for a while
    FalsePositive(act::Args),
    /// Take an ended incident up again
    Reopen(act::Args),
    /// Write down what fixed an incident, so that the next like it shows it
    Solution(act::SolutionArgs),
    /// Find what was like this before, and what fixed it
    Search(search::Args),
    /// Look after what fixed things before: import, export, list, edit, confirm, retire
    Memory(memory::Args),
    /// Look for attacks and database trouble in texts, without a server
    Detect(detect::Args),
    /// Score every value of a metric, without a server
    Anomaly(anomaly::Args),
    /// Name the log template of every line, without a server
    Templates(templates::Args),
    /// Check the file that says whom to tell, and try an event on it
    Routes(routes::Args),
    /// Keep quiet about something for a while: begin, list, end
    Silence(silence::Args),
    /// Make, list and revoke the keys by which programs call
    Keys(keys::Args),
    /// Look after messages of other programs that could not be used: list, replay, drop
    DeadLetters(dead_letters::Args),
    /// Read and verify the audit log
    Audit(audit::Args),
    /// Bring the schema of the database up to date
    Migrate(migrate::Args),
    /// Copy the store into a file, beside a running server or without one
    Backup(backup::Args),
    /// Score Foghorn's judgement on questions whose answers are known
    Eval(eval::Args),
    /// Shows incidents to an assistant (Model Context Protocol)
    Mcp(mcp::Args),
    /// Measure this machine
    Bench(bench::Args),
    /// Print completions for a shell
    Completions(completions::Args),
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match cli.command {
        Command::Serve(args) => serve::run(&args, configured(&matches)),
        Command::Demo(args) => demo::run(&args),
        Command::Check(args) => one_thread(check::run(&args, configured(&matches))),
        Command::Send(args) => one_thread(send::run(&args)),
        Command::Replay(args) => one_thread(replay::run(&args)),
        Command::Simulate(args) => one_thread(simulate::run(&args)),
        Command::Incidents(args) => one_thread(incidents::run(&args)),
        Command::Show(args) => one_thread(show::run(&args)),
        Command::Explain(args) => one_thread(explain::run(&args)),
        Command::Ack(args) => one_thread(act::run(&args, "ack")),
        Command::Info(args) => one_thread(act::run(&args, "info")),
        Command::Resolve(args) => one_thread(act::run(&args, "resolve")),
        Command::FalsePositive(args) => one_thread(act::run(&args, "false_positive")),
        Command::Reopen(args) => one_thread(act::run(&args, "reopen")),
        Command::Solution(args) => one_thread(act::solution(&args)),
        Command::Search(args) => one_thread(search::run(&args)),
        Command::Memory(args) => one_thread(memory::run(args)),
        Command::Detect(args) => detect::run(&args),
        Command::Anomaly(args) => anomaly::run(&args),
        Command::Templates(args) => templates::run(&args),
        Command::Routes(args) => routes::run(&args),
        Command::Silence(args) => one_thread(silence::run(&args)),
        Command::Keys(args) => one_thread(keys::run(&args)),
        Command::DeadLetters(args) => one_thread(dead_letters::run(&args)),
        Command::Audit(args) => audit::run(args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Eval(args) => one_thread(eval::run(args)),
        Command::Mcp(args) => one_thread(mcp::run(&args)),
        Command::Bench(args) => bench::run(&args),
        Command::Completions(args) => completions::run(&args, &mut command()),
    }
}

/// The whole command line, with a flag for every key of the configuration where that counts.
pub(crate) fn command() -> ClapCommand {
    Cli::command().mut_subcommand("serve", flags::add).mut_subcommand("check", flags::add)
}

fn configured(matches: &ArgMatches) -> Vec<(String, String)> {
    matches.subcommand().map(|(_, matches)| flags::given(matches)).unwrap_or_default()
}

/// Runs what mostly waits.
pub(crate) fn one_thread<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in command().get_subcommands() {
            let below = command.get_subcommands().count() > 0;
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(below || help.contains("Example"), "{}", command.get_name());
        }
    }

    #[test]
    fn flags_of_the_configuration_are_read_under_all_their_names() {
        let check = |arguments: &[&str], expected: &[(&str, &str)]| {
            let line = ["foghorn", "serve"].iter().chain(arguments);
            let matches = command().try_get_matches_from(line).unwrap();
            let given = configured(&matches);
            let given: Vec<(&str, &str)> = given.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!(given, expected);
        };
        check(&[], &[]);
        check(&["--http-listen", "127.0.0.1:1"], &[("http.listen", "127.0.0.1:1")]);
        check(
            &["--listen", "127.0.0.1:1", "--data-dir=/x"],
            &[("http.listen", "127.0.0.1:1"), ("store.data_dir", "/x")],
        );
        check(&["--intake-open"], &[("intake.open", "true")]);
        check(&["--intake-open=false"], &[("intake.open", "false")]);
        check(&["--intake-max-body-bytes", "1MiB"], &[("intake.max_body_bytes", "1MiB")]);
    }

    #[test]
    fn the_configuration_is_in_the_long_help_only() {
        let mut serve = command().find_subcommand("serve").unwrap().clone();
        assert!(!serve.render_help().to_string().contains("--intake-max-body-bytes"));
        let long = serve.render_long_help().to_string();
        assert!(long.contains("--intake-max-body-bytes") && long.contains("Configuration"), "{long}");
    }

    #[test]
    fn wrong_calls_are_refused_before_anything_is_done() {
        let check = |line: &[&str]| assert!(command().try_get_matches_from(line).is_err(), "{line:?}");
        check(&["foghorn", "show"]);
        check(&["foghorn", "show", "0"]);
        check(&["foghorn", "show", "-1"]);
        check(&["foghorn", "ack", "99999999999999999999"]);
        check(&["foghorn", "explain"]);
        check(&["foghorn", "explain", "1", "--event", "2"]);
        check(&["foghorn", "solution", "1"]);
        check(&["foghorn", "incidents", "--limit", "201"]);
        check(&["foghorn", "simulate", "xss", "--count", "0"]);
    }
}
