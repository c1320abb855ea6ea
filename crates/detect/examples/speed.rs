//! What one thread does in a second on a processor, which others on the machine do not change: texts examined, beside
//! libinjection alone, lines named by their template, values scored. Reads lines from standard input; of those that are
//! JSON objects with a `text`, that. The best of three runs.
//! `cargo run --release -p foghorn-detect --example speed < lines`

#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

use foghorn_detect::metric::Series;
use foghorn_detect::template::Miner;
use foghorn_detect::{Detectors, Subject, header};
use jiff::Timestamp;
use libinjectionrs::{XssDetector, detect_sqli};
use serde_json::{Map, Value};
use std::hint::black_box;
use std::io::{Read, stdin};
use std::time::{Duration, Instant};

fn main() -> std::io::Result<()> {
    let mut input = Vec::new();
    stdin().lock().read_to_end(&mut input)?;
    let texts: Vec<String> = String::from_utf8_lossy(&input)
        .lines()
        .map(|line| match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(record)) => record.get("text").and_then(Value::as_str).unwrap_or(line).to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let detectors = Detectors::builtin();
    let metadata = Map::new();
    let bytes = texts.iter().map(String::len).sum::<usize>();
    println!("{} texts of {} bytes on average", texts.len(), bytes / texts.len().max(1));
    say("texts examined", texts.len(), || {
        for text in &texts {
            black_box(detectors.examine(&Subject { event_type: "", payload: text, metadata: &metadata }));
        }
    });
    say("texts given to libinjection alone", texts.len(), || {
        for text in &texts {
            black_box((detect_sqli(text.as_bytes()), XssDetector::new().detect(text.as_bytes())));
        }
    });
    say("lines named by their template", texts.len(), || {
        let mut miner = Miner::new();
        for text in &texts {
            black_box(miner.learn(&header::parse(text).message));
        }
    });
    const VALUES: i64 = 1_000_000;
    say("values scored", VALUES as usize, || {
        let mut series = Series::new();
        for index in 0..VALUES {
            let value = 100.0 + (index * 7919 % 1009) as f64;
            black_box(series.observe(Timestamp::from_second(1_700_000_000 + 60 * index).ok(), value));
        }
    });
    Ok(())
}

fn say(what: &str, count: usize, work: impl Fn()) {
    let run = |_| {
        let start = (on_processor(), Instant::now());
        work();
        match (start.0, on_processor()) {
            (Some(start), Some(end)) => end.saturating_sub(start),
            _ => start.1.elapsed(),
        }
    };
    let least = (0..3).map(run).min().unwrap_or_default();
    println!("{:>12.0} {what} a second", count as f64 / least.as_secs_f64());
}

/// How long this thread has been on a processor, where the system tells.
fn on_processor() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
