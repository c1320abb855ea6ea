//! `foghorn memory`: what fixed things before, in and out, looked at and kept in order.
//!
//! [`holder`] is who has the memory: a running server, or a data directory that nobody uses. [`import`] and
//! [`export`] carry it in and out, with [`reading`] for files; [`list`] and [`edit`] are for people.

mod edit;
mod export;
pub(super) mod holder;
mod import;
mod list;
pub(super) mod reading;

use clap::Subcommand;
use std::process::ExitCode;

/// Looks after what fixed things before. Works beside a running server, and without one on its data directory.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Remember what files hold: JSON lines, JSON arrays, Markdown post-mortems
    Import(import::Args),
    /// Write everything that is remembered as JSON lines
    Export(export::Args),
    /// List what is remembered, newest first
    List(list::Args),
    /// Change what is remembered
    Edit(edit::EditArgs),
    /// Stand behind a fix, so that it is offered as one
    Confirm(edit::ConfirmArgs),
    /// Take a memory out of recall; it stays in the list
    Retire(edit::RetireArgs),
    /// Say that a fix helped, or did not
    Helped(edit::HelpedArgs),
}

/// Does what was asked.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Import(args) => import::run(&args).await,
        Command::Export(args) => export::run(&args).await,
        Command::List(args) => list::run(&args).await,
        Command::Edit(args) => edit::edit(&args).await,
        Command::Confirm(args) => edit::confirm(&args).await,
        Command::Retire(args) => edit::retire(&args).await,
        Command::Helped(args) => edit::helped(&args).await,
    }
}
