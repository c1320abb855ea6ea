//! `foghorn eval recall`: both signals together, beside each alone.

use super::folds::{self, Fold};
use super::labelled::{self, Labelled};
use super::measure::{Measure, Wanted};
use super::report;
use super::runs::{Asked, Shown};
use super::score::{Answer, AnsweredFrom, Score, score};
use crate::commands::memory::holder::bar;
use crate::commands::serve::wiring;
use crate::config::{Config, Sources};
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_embed::Embedder;
use foghorn_recall::Weights;
use std::path::PathBuf;
use std::process::ExitCode;

/// Asks questions whose answers are known, through the very recall that the server uses, and prints how often
/// the right memory came first. Beside it stand meaning alone and words alone on the same questions. A set is a
/// directory with memory.jsonl ({"id","summary","service","labels","incident_type","solution"}) and
/// queries.jsonl ({"id","kind","query","relevant":[ids]}, an empty list where nothing is to be found).
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn eval recall
  foghorn eval recall --data evals/recall --data ../our-incidents --folds 5
  foghorn eval recall --wrong --json")]
pub(super) struct Args {
    /// A directory with a set; may be repeated. Without it, evals/recall here or in a directory above
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Also choose the weights on all but one of so many parts of the questions, and score them on that one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=20))]
    folds: Option<u8>,
    /// List the questions that were answered wrongly
    #[arg(long)]
    wrong: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Configuration file, for a sentence model of your own
    #[arg(long, env = "FOGHORN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What came of a set.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) memories: usize,
    pub(super) answerable: usize,
    pub(super) unanswerable: usize,
    pub(super) rows: Vec<Row>,
    pub(super) wrong: Vec<Wrong>,
}

/// One way of searching.
#[derive(Debug)]
pub(super) struct Row {
    /// Its name in the table and in JSON.
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) score: Score,
    /// Whether kept and rejected are at a similarity that was found by looking at the answers.
    pub(super) is_flattered: bool,
}

/// A question that the product answered wrongly.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) query: String,
    pub(super) relevant: Vec<String>,
    pub(super) answer: Answer,
}

/// Asks and prints.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&Sources::of_process(args.config.clone(), Vec::new()))?;
    // Everything is read before anything is asked: a set at fault must not stand below a table.
    let sets = labelled::directories(&args.data)?;
    let sets: Vec<Labelled> = sets.iter().map(|directory| Labelled::read(directory)).collect::<anyhow::Result<_>>()?;
    let embedder = wiring::embedder(&config)?;
    let embedder = embedder.with_context(|| format!("there is no meaning to compare with: {}", wiring::WORDS_ALONE))?;
    let mut asked = Vec::with_capacity(sets.len());
    let mut outcomes = Vec::with_capacity(sets.len());
    for set in sets {
        let set = Asked::new(set, Some(embedder.clone())).await?;
        outcomes.push(outcome(&set).await?);
        asked.push(set);
    }
    let folds = match args.folds {
        Some(folds) => Some(validated(&asked, folds.into(), args.json).await?),
        None => None,
    };
    for set in asked {
        set.close().await;
    }
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&report::json(&outcomes, folds.as_deref(), args.wrong))?
    } else {
        report::write(&mut screen, &outcomes, folds.as_deref(), args.wrong)?
    }
    Ok(ExitCode::SUCCESS)
}

/// The product's own figures on the repository's own set.
pub(super) async fn measures(embedder: Option<Embedder>) -> anyhow::Result<Vec<Measure>> {
    let set = Labelled::read(&labelled::directories(&[])?.remove(0))?;
    let asked = Asked::new(set, embedder).await?;
    let Outcome { rows, answerable, .. } = outcome(&asked).await?;
    asked.close().await;
    let product = rows.into_iter().find(|row| row.key == "product").context("the product was not scored")?.score;
    Ok(vec![
        Measure::count("recall.questions", "questions that have an answer", answerable),
        Measure::new("recall.first", "the right memory comes first", product.r1, Wanted::More),
        Measure::new("recall.rank", "mean reciprocal rank", product.mrr, Wanted::More),
        Measure::new("recall.kept", "questions with an answer that are answered", product.kept, Wanted::AtLeast(0.9)),
        Measure::new(
            "recall.rejected",
            "questions without an answer that are left unanswered",
            product.rejected.unwrap_or(0.0),
            Wanted::AtLeast(0.8),
        ),
    ])
}

async fn validated(asked: &[Asked], count: usize, is_quiet: bool) -> anyhow::Result<Vec<Fold>> {
    let bar = bar("weights tried", is_quiet);
    bar.set_length(folds::grid().len() as u64);
    let done = folds::validate(asked, count, |tried| bar.set_position(tried as u64)).await;
    bar.finish_and_clear();
    done
}

async fn outcome(asked: &Asked) -> anyhow::Result<Outcome> {
    let meaning = Weights { lexical: 0.0, lexical_by_sameness: 0.0, service: 0.0 };
    let product = asked.by_both(Weights::default(), Shown::WorthShowing).await?;
    let ways = [
        ("both signals (product)", "product", &product, AnsweredFrom::AnyResult),
        (
            "both, nothing held back",
            "both",
            &asked.by_both(Weights::default(), Shown::Everything).await?,
            AnsweredFrom::KeepingNineTenths,
        ),
        (
            "meaning alone",
            "meaning",
            &asked.by_both(meaning, Shown::Everything).await?,
            AnsweredFrom::KeepingNineTenths,
        ),
        ("words alone", "words", &asked.by_words(Shown::Everything).await?, AnsweredFrom::KeepingNineTenths),
        (
            "product without a model",
            "without_model",
            &asked.by_words(Shown::WorthShowing).await?,
            AnsweredFrom::AnyResult,
        ),
    ];
    let mut rows = Vec::with_capacity(ways.len());
    for (name, key, answers, answered_from) in ways {
        let score = score(answers, answered_from).context("no question has an answer")?;
        rows.push(Row { name, key, score, is_flattered: answered_from == AnsweredFrom::KeepingNineTenths });
    }
    let answerable = product.iter().filter(|answer| answer.is_answerable).count();
    let unanswerable = product.len() - answerable;
    let wrong = asked.set.questions.iter().zip(product).filter(|(_, answer)| is_wrong(answer));
    let wrong = wrong.map(|(question, answer)| {
        let mut relevant: Vec<String> = question.relevant.iter().cloned().collect();
        relevant.sort_unstable();
        Wrong { id: question.id.clone(), kind: question.kind.clone(), query: question.query.clone(), relevant, answer }
    });
    let wrong = wrong.collect();
    Ok(Outcome { name: asked.set.name.clone(), memories: asked.memories(), answerable, unanswerable, rows, wrong })
}

fn is_wrong(answer: &Answer) -> bool {
    if answer.is_answerable { answer.rank != Some(1) } else { answer.best.is_some() }
}
