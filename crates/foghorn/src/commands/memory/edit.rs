//! `foghorn memory edit`, `confirm`, `retire` and `helped`: a person's hand on one memory.

use super::holder::{Holder, HolderArgs, IfMissing};
use crate::commands::json::text;
use crate::terminal::Screen;
use foghorn_store::memory_keeping::MemoryEdit;
use std::process::ExitCode;

/// Changes what is remembered.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn memory edit incident-12 --solution 'raised max_connections to 200 and recycled the pool'")]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true).args(["summary", "solution"])))]
pub(super) struct EditArgs {
    /// What had been wrong
    #[arg(long, value_parser = said)]
    summary: Option<String>,
    /// What fixed it
    #[arg(long, value_parser = said)]
    solution: Option<String>,
    #[command(flatten)]
    hand: Hand,
}

/// Stands behind a fix, so that it is offered as one.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn memory confirm incident-12")]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    hand: Hand,
}

/// Takes a memory out of recall; it stays in the list.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn memory retire incident-12")]
pub(super) struct RetireArgs {
    /// Take it back into recall
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    hand: Hand,
}

/// Says that a fix helped, or did not; those that helped come first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn memory helped incident-12 --not")]
pub(super) struct HelpedArgs {
    /// It did not help
    #[arg(long = "not")]
    did_not: bool,
    #[command(flatten)]
    hand: Hand,
}

/// Which memory, and whose hand.
#[derive(clap::Args, Debug)]
struct Hand {
    /// The memory's id
    #[arg(value_parser = said)]
    id: String,
    /// Your name in the audit log, where no token says it
    #[arg(long, env = "USER", default_value = "cli")]
    user: String,
    /// Print the memory as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

fn said(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(text.trim().to_owned()) }
}

/// Changes the texts.
pub(super) async fn edit(args: &EditArgs) -> anyhow::Result<ExitCode> {
    let edit = MemoryEdit { summary: args.summary.clone(), solution: args.solution.clone(), ..MemoryEdit::default() };
    args.hand.lay(edit, "is changed").await
}

/// Confirms.
pub(super) async fn confirm(args: &ConfirmArgs) -> anyhow::Result<ExitCode> {
    args.hand.lay(MemoryEdit { confirmed: Some(true), ..MemoryEdit::default() }, "is confirmed").await
}

/// Retires, or takes back.
pub(super) async fn retire(args: &RetireArgs) -> anyhow::Result<ExitCode> {
    let done = if args.undo { "is recalled again" } else { "is recalled no more" };
    args.hand.lay(MemoryEdit { retired: Some(!args.undo), ..MemoryEdit::default() }, done).await
}

/// Counts one more.
pub(super) async fn helped(args: &HelpedArgs) -> anyhow::Result<ExitCode> {
    let done = if args.did_not { "did not help" } else { "helped" };
    args.hand.lay(MemoryEdit { helped: Some(!args.did_not), ..MemoryEdit::default() }, done).await
}

impl Hand {
    async fn lay(&self, edit: MemoryEdit, done: &str) -> anyhow::Result<ExitCode> {
        let holder = Holder::find(&self.holder, IfMissing::Refuse)?;
        let memory = holder.edit(&self.id, edit, &self.user).await?;
        holder.close().await;
        let mut screen = Screen::stdout();
        if self.json {
            screen.json(&memory)?;
        } else {
            let summary = text(&memory, "summary").replace('\n', " ");
            screen.line(format!("memory {} {done}: {summary}", text(&memory, "id")))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
