//! A store as after a long year: thousands of incidents, most of them over, some with a written fix, each with
//! events of its own.

use crate::bench::child::Child;
use crate::bench::http::Connection;
use serde_json::json;
use std::time::Duration;

/// Incidents of one service: one for each of its troubles.
const OF_A_SERVICE: u32 = TROUBLES.len() as u32;
/// Events in a body.
const BATCH: u32 = 200;
/// One in so many incidents is told.
const TOLD: u32 = 20;
/// One in so many incidents is resolved with a written fix.
const FIXED: u32 = 20;

const TROUBLES: [&str; 5] = [
    "connection pool exhausted after 30 s, all connections are in use by",
    "disk is full: no space left on device, cannot write",
    "certificate has expired, handshake refused by",
    "out of memory: the worker was killed while it handled",
    "upstream answers 503, circuit breaker is open for",
];

/// Fills the server's store by the ordinary way in, and waits until all of it is triaged and told. Answers how many
/// fixes were written down.
pub(super) async fn fill(child: &Child, incidents: u32, events: u32) -> anyhow::Result<u64> {
    let mut connection = Connection::open(child.address()).await?;
    send(&mut connection, 0..incidents, |number| error(number, 0)).await?;
    send(&mut connection, 0..events, |number| match number % 2 {
        0 => error(number / 2 * TOLD % incidents, 1 + number),
        _ => clean(number),
    })
    .await?;
    child.wait_until_triaged().await?;
    while child.status().await?["notifications_pending"].as_u64() != Some(0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The server has closed the connection meanwhile: nobody said anything on it.
    let mut connection = Connection::open(child.address()).await?;
    let mut memories = 0;
    for id in (1..=incidents).step_by(FIXED as usize) {
        let fix = format!("raised the limit of part {id}, and restarted it");
        let body = json!({ "action": "resolve", "user": "bench", "note": "it was the limit", "solution": fix });
        let path = format!("/api/v1/incidents/{id}/actions");
        let (status, answer) = connection.post(&path, "application/json", body.to_string().as_bytes()).await?;
        anyhow::ensure!(status == 200, "incident {id}: {status} {}", String::from_utf8_lossy(answer));
        memories += 1;
    }
    Ok(memories)
}

async fn send(
    connection: &mut Connection,
    numbers: std::ops::Range<u32>,
    event: impl Fn(u32) -> String,
) -> anyhow::Result<()> {
    let mut from = numbers.start;
    while from < numbers.end {
        let upto = numbers.end.min(from + BATCH);
        let body = (from..upto).map(&event).collect::<Vec<_>>().join("\n");
        let (status, answer) = connection.post("/events", "application/x-ndjson", body.as_bytes()).await?;
        anyhow::ensure!(status == 200, "the server answered {status}: {}", String::from_utf8_lossy(answer));
        from = upto;
    }
    Ok(())
}

/// The event that opens an incident, or a repeat of it.
fn error(incident: u32, repeat: u32) -> String {
    let service = format!("service-{}", incident / OF_A_SERVICE);
    let trouble = TROUBLES[incident as usize % TROUBLES.len()];
    // Bare error lines are recorded, explicit reports are told: telling ten thousand would take minutes.
    let event_type = if incident.is_multiple_of(TOLD) { "error" } else { "log" };
    let body = json!({
        "source": service, "type": event_type, "payload": format!("ERROR {trouble} {service}; attempt {repeat}"),
        "metadata": { "service": service, "level": "error" },
    });
    body.to_string()
}

/// A line in which nothing is wrong.
fn clean(number: u32) -> String {
    let service = format!("service-{}", number / 2 % 1_000);
    json!({ "source": service, "type": "log", "payload": format!("request {number} handled in 12 ms") }).to_string()
}
