//! `foghorn memory import`: memory filled on day one.

use super::holder::{Holder, HolderArgs, IfMissing, bar};
use super::reading::{self, Entry};
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::words::{counted, with_thousands};
use foghorn_pipeline::remember::MAX_TEXT;
use foghorn_store::memory_keeping::NewMemory;
use indicatif::ProgressBar;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::sync::mpsc::{Receiver, channel};

/// Remembers what files hold. JSON lines (or a JSON array) have `id` and `summary`, and may have `service`,
/// `labels`, `incident_type`, `solution`, `author`, `created_at` and `confirmed`. Markdown files are
/// post-mortems: title, sections such as Summary, Impact, Root cause and Resolution, lines such as
/// `**Service:** orders`, YAML front matter. A known id is replaced. A bad line is named, and the others are
/// imported. Secrets are masked, and texts are cut to 20,000 characters, which is said.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn memory import incidents.jsonl
  foghorn memory import docs/postmortems/ --user ana")]
pub(super) struct Args {
    /// Files, or directories of them; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Your name in the audit log, where no token says it
    #[arg(long, env = "USER", default_value = "cli")]
    user: String,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

/// Memories that are imported together, and their bytes at most.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// Replaced ids that are listed.
const MOST_LISTED: usize = 10;

/// What became of it all.
#[derive(Default)]
struct Outcome {
    imported: usize,
    new: usize,
    replaced: Vec<String>,
    refused: Vec<String>,
    cut: Vec<String>,
}

/// Imports.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let files = reading::files(&args.files)?;
    let holder = Holder::find(&args.holder, IfMissing::Make)?;
    let progress = bar("importing", args.json);
    let mut outcome = Outcome::default();
    let imported = import(&holder, start(files), &args.user, &progress, &mut outcome).await;
    progress.finish_and_clear();
    if imported.is_ok() && outcome.imported > 0 {
        // So that the first search is as fast as every other.
        holder.searchable(args.json).await?.close().await;
    } else {
        holder.close().await;
    }
    outcome.write(&mut Screen::stdout(), args.json)?;
    imported?;
    Ok(if outcome.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads on a thread of its own, because reading a pipe blocks.
fn start(files: Vec<PathBuf>) -> Receiver<anyhow::Result<Entry>> {
    let (sender, receiver) = channel(2 * BATCH);
    std::thread::spawn(move || {
        for file in files {
            let read = reading::read(&file, |entry| Ok(sender.blocking_send(Ok(entry))?));
            if let Err(error) = read {
                // Whoever wanted the entries may have gone.
                let _ = sender.blocking_send(Err(error));
                return;
            }
        }
    });
    receiver
}

async fn import(
    holder: &Holder,
    mut entries: Receiver<anyhow::Result<Entry>>,
    who: &str,
    progress: &ProgressBar,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    loop {
        let entry = entries.recv().await.transpose();
        let is_over = !matches!(entry, Ok(Some(_)));
        if let Ok(Some(Entry { place, outcome: read })) = entry {
            match read {
                Ok(offered) => {
                    let what = |field: &&str| {
                        format!("{place}: {field} was cut to {} characters", with_thousands(MAX_TEXT as u64))
                    };
                    outcome.cut.extend(offered.cut.iter().map(what));
                    bytes += size(&offered.memory);
                    batch.push(offered.memory);
                }
                Err(error) => outcome.refused.push(format!("{place}: {}", harmless(&error))),
            }
        } else if let Err(error) = entry {
            // What was read before is kept.
            outcome.keep(holder, batch, who).await?;
            return Err(error);
        }
        if is_over || batch.len() >= BATCH || bytes >= BATCH_BYTES {
            outcome.keep(holder, std::mem::take(&mut batch), who).await?;
            bytes = 0;
            progress.set_length(outcome.imported as u64);
            progress.set_position(outcome.imported as u64);
        }
        if is_over {
            return Ok(());
        }
    }
}

fn size(memory: &NewMemory) -> usize {
    memory.summary.len() + memory.solution.as_deref().map_or(0, str::len) + 500
}

impl Outcome {
    async fn keep(&mut self, holder: &Holder, batch: Vec<NewMemory>, who: &str) -> anyhow::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let count = batch.len();
        let imported = holder.import(batch, who).await?;
        self.imported += count;
        self.new += imported.new;
        self.replaced.extend(imported.replaced);
        Ok(())
    }

    fn write<W: Write>(&self, screen: &mut Screen<W>, as_json: bool) -> std::io::Result<()> {
        let Self { imported, new, replaced, refused, cut } = self;
        if as_json {
            return screen.json(&json!({
                "imported": imported, "new": new, "replaced": imported - new, "replaced_ids": replaced,
                "refused": refused, "cut": cut,
            }));
        }
        // Standard error: these are for whoever mends the file.
        for line in refused {
            let _ = writeln!(std::io::stderr(), "refused: {line}");
        }
        for line in cut {
            let _ = writeln!(std::io::stderr(), "note: {line}");
        }
        let mut text = format!("{} imported, {} new", memories(*imported), with_thousands(*new as u64));
        if imported > new {
            let listed: Vec<String> = replaced.iter().take(MOST_LISTED).map(|id| harmless(id)).collect();
            let more = if imported - new > listed.len() { ", …" } else { "" };
            text.push_str(&format!(", {} replaced ({}{more})", imported - new, listed.join(", ")));
        }
        if !refused.is_empty() {
            text.push_str(&format!(", {} refused", refused.len()));
        }
        let colour = if refused.is_empty() { Colour::Green } else { Colour::Yellow };
        screen.line(screen.painted(colour, &text))
    }
}

fn memories(count: usize) -> String {
    match count {
        1 => "1 memory".to_owned(),
        _ => counted(count as u64, "memorie"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn the_outcome_names_what_was_replaced_and_counts_the_rest() {
        let written = |outcome: &Outcome| {
            let mut out = Vec::new();
            outcome.write(&mut screen_of(&mut out, false, None), false).unwrap();
            String::from_utf8(out).unwrap()
        };
        let mut outcome = Outcome { imported: 1, new: 1, ..Outcome::default() };
        assert_eq!(written(&outcome), "1 memory imported, 1 new\n");
        outcome.imported = 14;
        outcome.replaced = (0..13).map(|n| format!("id-{n}")).collect();
        outcome.refused = vec!["x line 1: no".to_owned()];
        let text = written(&outcome);
        assert!(text.starts_with("14 memories imported, 1 new, 13 replaced (id-0,"), "{text}");
        assert!(text.ends_with("id-9, …), 1 refused\n"), "{text}");
    }
}
