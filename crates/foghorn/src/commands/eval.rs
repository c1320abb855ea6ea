//! `foghorn eval`: how good Foghorn's judgement is on questions whose answers are known. Needs no network and
//! touches no data directory.
//!
//! [`recall`] scores what is found of things past: [`labelled`] reads a memory and questions about it, [`runs`]
//! asks them, [`score`] says how good the answers were, [`folds`] whether other weights would have done
//! better, and [`report`] puts it side by side.

mod recall;
mod labelled;
mod runs;
mod score;
mod folds;
mod report;

use clap::Subcommand;
use std::process::ExitCode;

/// Scores Foghorn's judgement.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// How often what fixed the like before comes first, and how often nothing is rightly found
    Recall(recall::Args),
}

/// Scores.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Recall(args) => recall::run(&args).await,
    }
}
