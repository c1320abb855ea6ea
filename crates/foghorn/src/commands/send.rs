//! `foghorn send`: a log file or a stream of lines into a running server, each line an event.
//!
//! A thread of its own [`reads`](reading) lines and makes events of them; here they gather into batches,
//! which [`posting`] hands to the server, again if need be; [`summary`] says what became of them.

mod posting;
mod progress;
pub(in crate::commands) mod reading;
mod summary;

use crate::client::{Server, ServerArgs};
use crate::terminal::Screen;
use posting::Poster;
use progress::Progress;
use reading::{Line, Recipe};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use summary::Summary;
use tokio::sync::mpsc::Receiver;

/// Sends a file (also one packed with gzip) or standard input to a server, each line an event. A line may be
/// an event as JSON, a JSON log line, or plain text. Lines are sent again when the server is busy or the
/// connection is lost; in the second case the lines of one batch may then be stored twice.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn send /var/log/auth.log --service sshd
  journalctl -f -o cat | foghorn send - --source journal --rate 200")]
pub(crate) struct Args {
    /// The file; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Who the events are said to come from [default: the file's name without its ending]
    #[arg(long)]
    source: Option<String>,
    /// The service they are about, where a line does not say it
    #[arg(long)]
    service: Option<String>,
    /// The environment they are from, where a line does not say it
    #[arg(long)]
    environment: Option<String>,
    /// Type of the events whose line does not say it
    #[arg(long = "type", value_name = "TYPE", default_value = "log")]
    event_type: String,
    /// Lines a second at most
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Lines in one request at most
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Print the summary as JSON, and no progress
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// A batch is sent when no further line has come for so long.
const LINGER: Duration = Duration::from_millis(200);

/// Bytes of JSON in one request at most, well below what a server takes.
const BATCH_BYTES: usize = 1024 * 1024;

/// Sends until the input ends or Ctrl-C.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let recipe = Recipe {
        source: args.source.clone().unwrap_or_else(|| reading::source_of(&args.file)),
        service: args.service.clone(),
        environment: args.environment.clone(),
        event_type: args.event_type.clone(),
    };
    let input = reading::open(&args.file)?;
    let progress = Progress::new(input.bytes, args.json);
    let mut lines = reading::start(input, recipe);
    let mut poster = Poster::new(Server::new(&args.server)?);
    let mut summary = Summary::default();
    let started = Instant::now();
    let pace = Pace { started, rate: args.rate };
    let was_interrupted = tokio::select! {
        outcome = send_all(args, &mut lines, &mut poster, &pace, &progress, &mut summary) => {
            if let Err(error) = outcome {
                progress.finish();
                summary.seconds = started.elapsed().as_secs_f64();
                if summary.accepted + summary.refused > 0 {
                    summary.write(&mut Screen::stdout(), args.json)?;
                }
                return Err(error);
            }
            false
        }
        _ = tokio::signal::ctrl_c() => true,
    };
    progress.finish();
    summary.seconds = started.elapsed().as_secs_f64();
    summary.sent_again = poster.sent_again();
    summary.write(&mut Screen::stdout(), args.json)?;
    Ok(match was_interrupted {
        true => ExitCode::from(130),
        false if summary.refused > 0 => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

async fn send_all(
    args: &Args,
    lines: &mut Receiver<std::io::Result<Line>>,
    poster: &mut Poster,
    pace: &Pace,
    progress: &Progress,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let most = pace.batch_size(args.batch as usize);
    while let Some(batch) = gather(lines, most).await? {
        pace.wait(summary.sent).await;
        summary.sent += batch.len() as u64;
        poster.post(&batch, summary).await?;
        progress.advance(&batch, summary);
    }
    Ok(())
}

/// The next batch: as many lines as there are at the moment. `None` at the end of the input.
async fn gather(lines: &mut Receiver<std::io::Result<Line>>, most: usize) -> std::io::Result<Option<Vec<Line>>> {
    let Some(first) = lines.recv().await else { return Ok(None) };
    let mut batch = vec![first?];
    let mut bytes = batch[0].json.len();
    while batch.len() < most && bytes < BATCH_BYTES {
        match tokio::time::timeout(LINGER, lines.recv()).await {
            Ok(Some(line)) => {
                let line = line?;
                bytes += line.json.len() + 1;
                batch.push(line);
            }
            // The input has ended, or rests: what there is goes out now.
            Ok(None) | Err(_) => break,
        }
    }
    Ok(Some(batch))
}

/// Not more than so many lines a second, evenly.
struct Pace {
    started: Instant,
    rate: Option<u32>,
}

impl Pace {
    /// Batches small enough that five go out in a second.
    fn batch_size(&self, most: usize) -> usize {
        self.rate.map_or(most, |rate| most.min((rate as usize / 5).max(1)))
    }

    async fn wait(&self, sent: u64) {
        if let Some(rate) = self.rate {
            let due = self.started + Duration::from_secs_f64(sent as f64 / f64::from(rate));
            tokio::time::sleep_until(due.into()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64) -> Line {
        Line { number, json: "{}".to_owned(), bytes: 3 }
    }

    #[tokio::test]
    async fn lines_gather_until_the_batch_is_full_or_the_input_rests() {
        let (sender, mut lines) = tokio::sync::mpsc::channel(10);
        for number in 1..=5 {
            sender.send(Ok(line(number))).await.unwrap();
        }
        assert_eq!(gather(&mut lines, 3).await.unwrap().unwrap().len(), 3);
        assert_eq!(gather(&mut lines, 3).await.unwrap().unwrap().len(), 2);
        drop(sender);
        assert!(gather(&mut lines, 3).await.unwrap().is_none());
    }

    #[test]
    fn a_rate_makes_batches_smaller_and_never_empty() {
        let size = |rate| Pace { started: Instant::now(), rate }.batch_size(500);
        assert_eq!((size(None), size(Some(100)), size(Some(1)), size(Some(100_000))), (500, 20, 1, 500));
    }
}
