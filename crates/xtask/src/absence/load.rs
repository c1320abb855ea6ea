//! Lines that come all the while, in batches, each again until it is accepted.
//!
//! A sender is a service and has a connection of its own: it numbers its lines and sends none before the one before is
//! accepted, so what is stored has to be in the order of the numbers.

use crate::chaos::checker::Verdict;
use crate::chaos::fleet::Fleet;
use crate::chaos::servers::Postgres;
use anyhow::Context;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const SENDERS: u64 = 4;
const BATCH: u64 = 50;

/// How long one batch may take to be accepted.
const PATIENCE: Duration = Duration::from_secs(120);

/// The senders at work.
pub(super) struct Load {
    tasks: Vec<JoinHandle<anyhow::Result<Sender>>>,
    is_over: watch::Sender<bool>,
}

/// What one sender had accepted: its lines with the numbers below this one.
#[derive(Default)]
struct Sender {
    lines: u64,
    again: u64,
    slowest: Duration,
}

/// What was accepted.
pub(super) struct Sent {
    senders: Vec<Sender>,
}

impl Load {
    /// Begins to send so many lines a second.
    pub(super) fn begin(fleet: Arc<Fleet>, lines: u64) -> Self {
        let is_over = watch::Sender::new(false);
        let every = Duration::from_secs_f64((BATCH * SENDERS) as f64 / lines.max(1) as f64);
        let tasks = (0..SENDERS).map(|sender| tokio::spawn(send(sender, fleet.clone(), every, is_over.subscribe())));
        Self { tasks: tasks.collect(), is_over }
    }

    /// Sends no more, and waits for the answers.
    pub(super) async fn finish(self) -> anyhow::Result<Sent> {
        let _ = self.is_over.send(true);
        let mut senders = Vec::new();
        for task in self.tasks {
            senders.push(task.await??);
        }
        Ok(Sent { senders })
    }
}

async fn send(
    number: u64,
    fleet: Arc<Fleet>,
    every: Duration,
    is_over: watch::Receiver<bool>,
) -> anyhow::Result<Sender> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
    let mut sender = Sender::default();
    let mut due = tokio::time::interval(every);
    while !*is_over.borrow() {
        due.tick().await;
        let batch: Vec<Value> = (sender.lines..sender.lines + BATCH).map(|line| event(number, line)).collect();
        let began = Instant::now();
        let again = tokio::time::timeout(PATIENCE, fleet.deliver(&client, &Value::Array(batch))).await;
        sender.again += again.with_context(|| format!("lines from {} are not accepted", sender.lines))?;
        sender.slowest = sender.slowest.max(began.elapsed());
        sender.lines += BATCH;
    }
    Ok(sender)
}

/// A line; one of ten tells of the one trouble that the service has.
fn event(sender: u64, line: u64) -> Value {
    let payload = match line % 10 {
        0 => format!("ERROR checkout {sender} lost its connection to the broker after {line} messages"),
        other => format!("INFO worker {other} of checkout {sender} has finished job {line}"),
    };
    json!({
        "source": format!("checkout-{sender}"), "type": "log", "payload": payload,
        "metadata": { "service": format!("checkout-{sender}"), "sender": sender, "line": line },
        "idempotency_key": format!("line-{sender}-{line}"),
    })
}

impl Sent {
    pub(super) fn count(&self) -> usize {
        self.senders.iter().map(|sender| sender.lines as usize).sum()
    }

    /// Each line is there once, and they lie in the order in which they were sent.
    pub(super) async fn check(&self, postgres: &Postgres, verdict: &mut Verdict) -> anyhow::Result<()> {
        let sql = "SELECT (metadata->>'line')::bigint FROM raw_events
                    WHERE (metadata->>'sender')::bigint = $1 ORDER BY place, id";
        let client = postgres.client().await?;
        let (mut lost, mut doubled, mut misplaced) = (Vec::new(), Vec::new(), Vec::new());
        for (number, sender) in self.senders.iter().enumerate() {
            let rows = client.query(sql, &[&(number as i64)]).await?;
            let stored: Vec<u64> = rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs()).collect();
            let mut times = vec![0_u32; sender.lines as usize];
            let mut last = None;
            for line in stored {
                if let Some(times) = times.get_mut(line as usize) {
                    *times += 1;
                }
                if last.is_some_and(|last| line < last) {
                    misplaced.push(format!("{number}-{line}"));
                }
                last = Some(line);
            }
            let named = |wrong: fn(u32) -> bool| {
                let lines = times.iter().enumerate().filter(move |(_, times)| wrong(**times));
                lines.map(|(line, _)| format!("{number}-{line}")).collect::<Vec<_>>()
            };
            lost.extend(named(|times| times == 0));
            doubled.extend(named(|times| times > 1));
        }
        let again: u64 = self.senders.iter().map(|sender| sender.again).sum();
        let slowest = self.senders.iter().map(|sender| sender.slowest).max().unwrap_or_default();
        verdict.note(format!(
            "{} lines accepted, {again} requests sent again, the slowest accepted after {:.1} s",
            self.count(),
            slowest.as_secs_f64()
        ));
        verdict.must("accepted lines lost", lost.len(), &lost);
        verdict.must("lines stored more than once", doubled.len(), &doubled);
        verdict.must("lines stored before an earlier one of the same sender", misplaced.len(), &misplaced);
        Ok(())
    }
}
