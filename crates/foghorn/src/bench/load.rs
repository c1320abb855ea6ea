//! As many requests as the server answers, over connections that are kept.

use super::bodies::Bodies;
use super::http::Connection;
use super::intake::BATCH;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What became of a phase of load.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Events that got a 2xx.
    pub(super) accepted: u64,
    /// Requests that were answered otherwise.
    pub(super) refused: u64,
    /// From the first request to the last answer.
    pub(super) elapsed: Duration,
    /// How long each request took, shortest first.
    pub(super) latencies: Vec<Duration>,
}

impl Load {
    /// Accepted events a second.
    pub(super) fn rate(&self) -> f64 {
        self.accepted as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// The value below which that part of sorted durations lies; zero for none.
pub(super) fn quantile(sorted: &[Duration], part: f64) -> Duration {
    let index = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

/// How events are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// One event a request.
    Single,
    /// [`BATCH`] events a request.
    Batches,
    /// Ten times as many.
    Heaps,
}

impl Manner {
    /// Events in a request.
    pub(super) fn events(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Batches => BATCH,
            Self::Heaps => BATCH * 10,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Single => "application/json",
            Self::Batches | Self::Heaps => "application/x-ndjson",
        }
    }
}

/// How hard a server is driven.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    pub(super) manner: Manner,
    pub(super) connections: u32,
    pub(super) seconds: Duration,
    /// Events a second over all connections; without it each sends its next request as soon as the last is answered.
    pub(super) rate: Option<u32>,
}

/// Sends for so long. `accepted` counts along.
pub(super) async fn send(
    address: SocketAddr,
    drive: Drive,
    bodies: &Bodies,
    accepted: &Arc<AtomicU64>,
) -> anyhow::Result<Load> {
    let mut opened = Vec::new();
    for _ in 0..drive.connections {
        opened.push(Connection::open(address).await?);
    }
    let started = Instant::now();
    let mut senders = JoinSet::new();
    for (number, connection) in (0..).zip(opened) {
        let sender = Sender { connection, number, drive, bodies: bodies.clone(), accepted: Arc::clone(accepted) };
        senders.spawn(sender.send(started));
    }
    let mut total = Load::default();
    while let Some(load) = senders.join_next().await {
        let Load { accepted, refused, mut latencies, .. } = load??;
        total.accepted += accepted;
        total.refused += refused;
        total.latencies.append(&mut latencies);
    }
    total.elapsed = started.elapsed();
    total.latencies.sort_unstable();
    Ok(total)
}

/// One connection of many.
struct Sender {
    connection: Connection,
    number: u32,
    drive: Drive,
    bodies: Bodies,
    accepted: Arc<AtomicU64>,
}

impl Sender {
    async fn send(mut self, started: Instant) -> std::io::Result<Load> {
        let Drive { manner, connections, seconds, rate } = self.drive;
        let (mut load, mut body) = (Load::default(), String::new());
        let between = rate.map(|rate| Duration::from_secs_f64(manner.events() as f64 / f64::from(rate.max(1))));
        for turn in 0.. {
            // Connections take turns, so that a rate is even.
            let due = between.map(|between| started + between * (turn * connections + self.number));
            if due.unwrap_or_else(Instant::now).duration_since(started) >= seconds || started.elapsed() >= seconds {
                break;
            }
            if let Some(due) = due {
                tokio::time::sleep_until(due.into()).await;
            }
            self.bodies.fill(manner.events(), &mut body);
            let asked = Instant::now();
            let (status, _) = self.connection.post("/events", manner.content_type(), body.as_bytes()).await?;
            load.latencies.push(asked.elapsed());
            if status == 200 {
                load.accepted += manner.events() as u64;
                self.accepted.fetch_add(manner.events() as u64, Ordering::Relaxed);
            } else {
                load.refused += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 0.5), Duration::from_millis(50));
        assert_eq!(quantile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&sorted, 1.0), Duration::from_millis(100));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }
}
