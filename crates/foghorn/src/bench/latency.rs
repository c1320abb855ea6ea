//! From just before an event is sent until the incident it opens can be seen in the API, while other events come at a
//! steady rate.

use super::bodies::Bodies;
use super::http::Connection;
use super::load::{self, Drive, Load, Manner};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Events a second that open incidents.
pub(super) const RATE: u32 = 50;

/// Other events a second.
const OTHERS: u32 = 950;

/// Connections that share the rate; more than can be waiting at once.
const CONNECTIONS: u32 = 20;

/// How often an event is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// An event that is no incident by then opened none.
const GIVE_UP: Duration = Duration::from_secs(10);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Latency {
    /// Errors sent.
    pub(super) events: u64,
    /// What came beside them.
    pub(super) others: Load,
    /// Shortest first; shorter than `events` where some opened no incident.
    pub(super) visible_after: Vec<Duration>,
}

/// Sends errors that are new, each of a service of its own, among others, and waits for their incidents.
pub(super) async fn measure(address: SocketAddr, seconds: Duration, bodies: &Bodies) -> anyhow::Result<Latency> {
    let others = Drive { manner: Manner::Single, connections: 32, seconds, rate: Some(OTHERS) };
    let accepted = Arc::default();
    let (latency, others) = tokio::join!(probes(address, seconds), load::send(address, others, bodies, &accepted));
    Ok(Latency { others: others?, ..latency? })
}

async fn probes(address: SocketAddr, seconds: Duration) -> anyhow::Result<Latency> {
    let mut senders = JoinSet::new();
    for number in 0..CONNECTIONS {
        senders.spawn(send_on(Connection::open(address).await?, number, seconds));
    }
    let mut total = Latency::default();
    while let Some(latency) = senders.join_next().await {
        let Latency { events, mut visible_after, .. } = latency??;
        total.events += events;
        total.visible_after.append(&mut visible_after);
    }
    total.visible_after.sort_unstable();
    Ok(total)
}

async fn send_on(mut connection: Connection, number: u32, seconds: Duration) -> anyhow::Result<Latency> {
    let pause = Duration::from_secs(1) * CONNECTIONS / RATE;
    let started = Instant::now() + pause * number / CONNECTIONS;
    let mut latency = Latency::default();
    for index in 0.. {
        let due = started + pause * index;
        if due.duration_since(started) >= seconds {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let body = format!(
            r#"{{"source":"bench","type":"error","payload":"unhandled exception in step {index} of worker {number}","metadata":{{"service":"bench-{number}-{index}","level":"error"}}}}"#
        );
        let asked = Instant::now();
        let (status, answer) = connection.post("/webhook/error-log", "application/json", body.as_bytes()).await?;
        let answer: Value = serde_json::from_slice(answer)?;
        let event = answer["event_id"].as_i64().filter(|_| status == 200);
        let event = event.ok_or_else(|| anyhow::anyhow!("the server answered {status}: {answer}"))?;
        latency.events += 1;
        latency.visible_after.extend(wait_for_incident(&mut connection, event, asked).await?);
    }
    Ok(latency)
}

async fn wait_for_incident(
    connection: &mut Connection,
    event: i64,
    asked: Instant,
) -> anyhow::Result<Option<Duration>> {
    while asked.elapsed() < GIVE_UP {
        let (_, answer) = connection.get(&format!("/api/v1/events/{event}")).await?;
        let answer: Value = serde_json::from_slice(answer)?;
        if answer["incident_id"].is_i64() {
            return Ok(Some(asked.elapsed()));
        }
        if answer["is_triaged"] == true {
            return Ok(None);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(None)
}
