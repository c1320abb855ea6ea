//! `foghorn bench`: what this machine does, measured beside what its disk and SQLite allow.
//!
//! [`intake`] tells the story: [`sqlite`] measures the limit, [`child`] runs a server of its own, [`load`]
//! drives it with [`bodies`] through [`http`], [`latency`] waits for incidents, and [`report`] puts the
//! figures side by side. [`tell`] measures how soon people are told, with [`slack`] in the place of Slack.

mod intake;
mod sqlite;
mod child;
mod load;
mod latency;
mod bodies;
mod http;
mod report;
mod slack;
mod tell;

use clap::Subcommand;
use std::process::ExitCode;

/// Measures this machine.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Events a second, one by one and in batches, and how soon an event is an incident
    Intake(intake::Args),
    /// How soon an event is a message in Slack, and a page among messages that wait
    Tell(tell::Args),
}

/// Measures.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Intake(args) => intake::run(args),
        Command::Tell(args) => tell::run(args),
    }
}
