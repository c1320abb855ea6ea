//! `foghorn bench recall`: how long it takes to find what was like this among very many memories, and what
//! that costs in memory.
//!
//! [`made_up`] invents memories and questions, [`limits`] measures what the two signals cost by themselves,
//! [`process`] reads what the system says of this process, [`report`] puts it side by side.

mod limits;
mod made_up;
mod process;
mod report;

use super::load::quantile;
use super::postgres::{Scratch, with_scratch};
use crate::cli::one_thread;
use crate::commands::serve::wiring;
use crate::config::{Config, Sources};
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_embed::Embedder;
use foghorn_pipeline::recall::{RecallRequest, Recollection};
use foghorn_store::postgres::{Address, Patience};
use foghorn_store::{Options, Store};
use indicatif::{ProgressBar, ProgressDrawTarget};
use limits::Limits;
use made_up::MadeUp;
use process::{Held, cpu_time, held};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Fills a store of its own with made-up memories that have vectors (in clusters, as those of texts lie) and
/// words (as often as words of a language are), has the server's own recall take them in, and asks it. A
/// question's vector is given; the time its embedding takes stands apart. Beside it stand the two signals by
/// themselves: a plain scan of all vectors, and BM25 over all postings.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn bench recall --memories 100000 --json")]
pub(crate) struct Args {
    /// How many memories
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    memories: u32,
    /// How many questions
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    questions: u32,
    /// A Postgres to use instead of a file; a database is made on it and dropped afterwards
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Directory on the disk to use; a directory is made in it and removed afterwards
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Questions by meaning alone, whose answers are held against those of an exact scan in 32-bit floats.
const COMPARED: u32 = 200;

/// Results that a question asks for.
const K: usize = 10;

/// Memories that are stored together.
const BATCH: u32 = 1_000;

/// Sentences that are embedded for their speed.
const SENTENCES: u32 = 300;

/// Everything that was measured. Durations are sorted.
#[derive(Debug)]
struct Figures {
    memories: usize,
    questions: usize,
    /// Questions that got an answer.
    answered: usize,
    /// Which part of the nearest by an exact scan recall finds by meaning alone, from 0 to 1.
    found_of_nearest: f64,
    recall: Vec<Duration>,
    limits: Limits,
    embedding: Vec<Duration>,
    sentences_per_cpu_second: Option<f64>,
    /// How long taking everything in took, as at a start.
    taken_in: Duration,
    /// Before the model was loaded, with it, and with all memories; the peak is from before the limits are
    /// measured, which hold copies of their own.
    before: Option<Held>,
    with_model: Option<Held>,
    with_memories: Option<Held>,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let figures = one_thread(with_scratch(args.database.as_deref(), async |scratch| measure(args, scratch).await))?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&report::json(&figures))?
    } else {
        report::write(&mut screen, &figures)?
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &Args, scratch: Option<&Scratch>) -> anyhow::Result<Figures> {
    let config = Config::load(&Sources::default())?;
    let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
    let made_up = MadeUp::new(config.embed.dimensions);
    let target = if args.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(args.memories.into()), target);
    let database = scratch.map(|scratch| Address::parse(&scratch.url, Patience::default())).transpose()?;
    let store = Store::open(Options { database, ..Options::new(directory.path()) })?;
    if let Some(scratch) = scratch {
        // Recall does not use it, and filling it would take most of the time.
        scratch.run("DROP INDEX memory_item_nearest").await?;
    }
    for first in (0..args.memories).step_by(BATCH as usize) {
        let batch = (first..args.memories.min(first + BATCH)).map(|number| made_up.memory(number)).collect();
        store.import_memories(batch, "bench".to_owned()).await?;
        bar.set_position(first.into());
    }
    bar.finish_and_clear();

    let before = held();
    let embedder = wiring::embedder(&config)?.context("this foghorn was built without a sentence model")?;
    let with_model = held();
    let started = Instant::now();
    let recollection = Recollection::new(store.clone(), Some(embedder.clone()));
    while recollection.refresh_step().await? > 0 {
        anyhow::ensure!(recollection.waiting() == 0, "made-up vectors were not taken for the model's");
    }
    let taken_in = started.elapsed();

    let (mut recall, mut answered) = (Vec::with_capacity(args.questions as usize), 0);
    for number in 0..args.questions {
        let (text, vector) = made_up.question(number, args.memories);
        let request = RecallRequest { text, limit: K, ..RecallRequest::default() };
        let asked = Instant::now();
        let found = recollection.recall_by(request, Some(vector)).await?;
        recall.push(asked.elapsed());
        answered += usize::from(!found.is_empty());
    }
    recall.sort_unstable();
    let mut nearest = Vec::new();
    for number in 0..args.questions.min(COMPARED) {
        let (_, vector) = made_up.question(number, args.memories);
        let request = RecallRequest { limit: K, threshold: Some(0.0), ..RecallRequest::default() };
        let found = recollection.recall_by(request, Some(vector)).await?;
        nearest.push(found.into_iter().map(|found| found.item.id).collect::<Vec<_>>());
    }
    let with_memories = held();
    let memories = recollection.len();
    drop(recollection);
    store.close().await;
    let (embedding, sentences_per_cpu_second) = embed(&embedder, &made_up, args.memories)?;
    drop(embedder);
    let limits = limits::measure(&made_up, args.memories, args.questions.min(COMPARED));
    Ok(Figures {
        memories,
        questions: recall.len(),
        answered,
        recall,
        found_of_nearest: share_of(&nearest, &limits.nearest),
        limits,
        embedding,
        sentences_per_cpu_second,
        taken_in,
        before,
        with_model,
        with_memories,
    })
}

/// Which part of what should be found was found, over all questions.
fn share_of(found: &[Vec<String>], wanted: &[Vec<String>]) -> f64 {
    let pairs = found.iter().zip(wanted);
    let hits: usize = pairs.map(|(found, wanted)| wanted.iter().filter(|id| found.contains(id)).count()).sum();
    hits as f64 / wanted.iter().map(Vec::len).sum::<usize>().max(1) as f64
}

/// How long a question's embedding takes, and how many a second of one processor's time gives.
fn embed(embedder: &Embedder, made_up: &MadeUp, memories: u32) -> anyhow::Result<(Vec<Duration>, Option<f64>)> {
    let embedder = embedder.clone().with_parallelism(NonZeroUsize::MIN);
    let mut times = Vec::with_capacity(SENTENCES as usize);
    let before = cpu_time();
    for number in 0..SENTENCES {
        // Others than those that were asked, so that none is remembered.
        let sentence = made_up.sentence(number, memories);
        let started = Instant::now();
        embedder.embed(&sentence)?;
        times.push(started.elapsed());
    }
    let spent = before.zip(cpu_time()).map(|(before, after)| after.saturating_sub(before).as_secs_f64());
    times.sort_unstable();
    Ok((times, spent.filter(|spent| *spent > 0.0).map(|spent| f64::from(SENTENCES) / spent)))
}
