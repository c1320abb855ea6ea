//! `foghorn bench`: what this machine does, measured beside what its disk, SQLite and plain arithmetic allow.
//!
//! [`intake`] tells the story: [`sqlite`] or [`postgres`] measures the [`limits`], [`child`] runs a server of its own,
//! [`load`] drives it with [`bodies`] through [`http`], [`keeping_up`] watches triage at a steady rate, [`latency`]
//! waits for incidents, and [`report`] puts the figures side by side. [`recall`] and [`pages`] are measurements of their own: the like found among very many
//! memories, and the dashboard of a store that has seen much.
//! [`tell`] measures how soon people are told, with [`slack`] in the place of Slack, and [`overload`] how soon that is
//! while logs come faster than they can be taken.

mod intake;
mod limits;
mod sqlite;
mod postgres;
mod keeping_up;
mod child;
mod load;
mod latency;
mod bodies;
mod http;
mod report;
mod slack;
mod tell;
mod overload;
mod recall;
mod pages;

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
    /// How soon a critical alert is told while logs come faster than they can be taken
    Overload(overload::Args),
    /// How soon the like is found among very many memories, and what memory that takes
    Recall(recall::Args),
    /// How soon pages begin to arrive, and how large they are, with ten thousand incidents in the store
    Pages(pages::Args),
}

/// Measures.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Intake(args) => intake::run(args),
        Command::Tell(args) => tell::run(args),
        Command::Overload(args) => overload::run(args),
        Command::Recall(args) => recall::run(args),
        Command::Pages(args) => pages::run(args),
    }
}
