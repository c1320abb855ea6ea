//! Measures how many events a second `parse_body` reads: arrays and streams of 100 events of 270 bytes,
//! on one thread. Run with `cargo run --release -p foghorn-sources --example measure_parse_body`.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::Origin;
use foghorn_sources::Limits;
use foghorn_sources::event::{Body, parse_body};
use std::time::Instant;

const EVENTS: usize = 100;
const ROUNDS: usize = 5_000;

fn main() {
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    let bytes: usize = events.iter().map(String::len).sum();
    println!("{} bytes an event on average", bytes / EVENTS);
    measure("array", None, &format!("[{}]", events.join(",")));
    measure("stream", Some("application/x-ndjson"), &events.join("\n"));
}

fn event(index: usize) -> String {
    format!(
        r#"{{"source":"checkout","type":"log","payload":"2026-01-02 03:04:05,{index:03} ERROR c.e.Orders - order {index} failed: connection timed out","metadata":{{"service":"checkout","host":"web-{index}","level":"error","request_id":"b6a1f0{index:06}"}},"event_timestamp":"2026-01-02T03:04:05.{index:03}Z"}}"#
    )
}

fn measure(what: &str, content_type: Option<&str>, body: &str) {
    let now = Timestamp::from_second(1_767_323_100).unwrap_or_default();
    let limits = Limits::default();
    let started = Instant::now();
    let mut read = 0;
    for _ in 0..ROUNDS {
        match parse_body(body.as_bytes(), content_type, Origin::Events, now, &limits) {
            Ok(Body::Many(events)) => read += events.iter().filter(|event| event.is_ok()).count(),
            other => println!("not read: {other:?}"),
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let per_second = read as f64 / seconds;
    println!("{what}: {per_second:.0} events/s, {:.0} MB/s", body.len() as f64 * ROUNDS as f64 / seconds / 1e6);
}
