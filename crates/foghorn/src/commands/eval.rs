//! `foghorn eval`: how good Foghorn's judgement is on questions whose answers are known. Needs no network and
//! touches no data directory.
//!
//! Without a further word everything is evaluated, and [`measure`] shows the figures in one table, beside what is
//! wanted of them and beside an earlier run. [`replies`] gives the language model's stage everything that servers
//! and models say; [`injection`] lets strangers write into what the model reads; [`redaction`] plants secrets;
//! [`confidence`] plays labelled incidents; each on a whole Foghorn of its own ([`workshop`]). [`recall`] scores
//! what is found of things past: [`labelled`] reads a memory and questions about it, [`runs`] asks them, [`score`]
//! says how good the answers were, [`folds`] whether other weights would have done better, and [`report`] puts it
//! side by side.

mod measure;
mod workshop;
mod interface;
mod overheard;
mod replies;
mod injection;
mod redaction;
mod confidence;
mod recall;
mod labelled;
mod runs;
mod score;
mod folds;
mod report;

use super::serve::wiring;
use crate::config::{Config, Sources};
use crate::terminal::Screen;
use clap::Subcommand;
use measure::Measure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Scores Foghorn's judgement: without a further word everything there is, as one table. Fails where a figure
/// misses what is wanted of it, and where it is worse than in the run that --baseline names.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:
  foghorn eval
  foghorn eval --baseline evals/baseline.json
  foghorn eval --only injection
  foghorn eval --json > evals/baseline.json",
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// An earlier run's figures (--json); where one is worse now, this fails
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Evaluate only this; may be repeated
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Configuration file, for a sentence model of your own
    #[arg(long, env = "FOGHORN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// How often what fixed the like before comes first, and how often nothing is rightly found
    Recall(recall::Args),
}

/// A part of the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What is found of things past
    Recall,
    /// What servers and models reply
    Replies,
    /// Text that lies
    Injection,
    /// Planted secrets
    Redaction,
    /// Labelled incidents
    Confidence,
}

const PARTS: [Part; 5] = [Part::Recall, Part::Replies, Part::Injection, Part::Redaction, Part::Confidence];

/// Scores.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(Command::Recall(args)) = &args.command {
        return recall::run(args).await;
    }
    let before = args.baseline.as_deref().map(measure::read).transpose()?;
    let config = Config::load(&Sources::of_process(args.config.clone(), Vec::new()))?;
    let embedder = wiring::embedder(&config)?;
    let mut measures: Vec<Measure> = Vec::new();
    for part in PARTS.into_iter().filter(|part| args.only.is_empty() || args.only.contains(part)) {
        measures.extend(match part {
            Part::Recall => recall::measures(embedder.clone()).await?,
            Part::Replies => replies::run().await?,
            Part::Injection => injection::run().await?,
            Part::Redaction => redaction::run().await?,
            Part::Confidence => confidence::run(embedder.clone()).await?,
        });
    }
    anyhow::ensure!(!measures.is_empty(), "nothing was evaluated");
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&measure::json(&measures))?,
        false => measure::write(&mut screen, &measures, before.as_ref())?,
    }
    let complaints = measure::complaints(&measures, before.as_ref(), args.only.is_empty());
    for complaint in &complaints {
        tracing::error!("{complaint}");
    }
    anyhow::ensure!(complaints.is_empty(), "{}", complaints.join("; "));
    Ok(ExitCode::SUCCESS)
}
