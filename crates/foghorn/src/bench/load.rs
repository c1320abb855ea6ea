//! As many requests as the server answers, over connections that are kept.

use super::bodies::Bodies;
use super::http::Connection;
use super::intake::BATCH;
use std::net::SocketAddr;
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
}

impl Manner {
    fn events(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Batches => BATCH,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Single => "application/json",
            Self::Batches => "application/x-ndjson",
        }
    }
}

/// Sends for so long, each connection its next request as soon as the last one is answered.
pub(super) async fn send(
    address: SocketAddr,
    manner: Manner,
    connections: u32,
    seconds: Duration,
    bodies: &Bodies,
) -> anyhow::Result<Load> {
    let mut opened = Vec::new();
    for _ in 0..connections {
        opened.push(Connection::open(address).await?);
    }
    let started = Instant::now();
    let mut senders = JoinSet::new();
    for connection in opened {
        senders.spawn(send_on(connection, manner, started + seconds, bodies.clone()));
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

async fn send_on(mut connection: Connection, manner: Manner, until: Instant, bodies: Bodies) -> std::io::Result<Load> {
    let (mut load, mut body) = (Load::default(), String::new());
    while Instant::now() < until {
        bodies.fill(manner.events(), &mut body);
        let asked = Instant::now();
        let (status, _) = connection.post("/events", manner.content_type(), body.as_bytes()).await?;
        load.latencies.push(asked.elapsed());
        if status == 200 {
            load.accepted += manner.events() as u64;
        } else {
            load.refused += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(load)
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
