//! Looks for the megabyte that takes longest: short pieces, thrown together and repeated, and random bytes. Prints the
//! slowest, with the least time of three runs in milliseconds. `cargo run --release -p foghorn-detect --example
//! megabytes [ROUNDS]`; with `--piece [TEXT]` it spends its time on that one, or on random bytes, for a profiler.

#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

use foghorn_detect::template::Miner;
use foghorn_detect::{Detectors, Subject, header};
use serde_json::Map;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What hurts one part each: decoders, anchors, parsers.
const PIECES: [&str; 48] = [
    "a",
    "1",
    " ",
    "\n",
    "\r\n",
    "%25",
    "%u003c",
    "%c0%af",
    "&#",
    "&#x3c;",
    "&lt;",
    "&",
    "=",
    "+",
    "/*",
    "*/",
    "--",
    "../",
    "<",
    ">",
    "<script ",
    " onerror",
    "'",
    "\"",
    "'or'1",
    "union select ",
    "select ",
    "(",
    ")",
    ";",
    "|",
    "$(",
    "${",
    "{",
    "[",
    "{\"a\":[",
    "\\",
    "\\u{",
    "\\u003c",
    "database timeout ",
    "http://",
    ":",
    "@",
    "\u{1f600}",
    "\u{ff1c}",
    "\0",
    "system(",
    "cat /etc/passwd",
];
const LENGTH: usize = 1_000_000;
const TYPES: [&str; 3] = ["log", "http_request", ""];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let detectors = Detectors::builtin();
    let mut state = 1_u64;
    let mut dice = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    if let Some(at) = arguments.iter().position(|argument| argument == "--piece") {
        let text = arguments.get(at + 1).map_or_else(|| random(&mut dice), |piece| repeated(piece));
        for event_type in TYPES {
            let least = least(&detectors, event_type, &text, 40);
            println!("{:8.2} {event_type:?}", least.as_secs_f64() * 1e3);
        }
        return;
    }
    let rounds: u64 = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(200);
    let mut all: Vec<(Duration, String)> = Vec::new();
    for round in 0..rounds + PIECES.len() as u64 {
        let (name, text) = match usize::try_from(round).ok().and_then(|round| PIECES.get(round)) {
            Some(piece) => (format!("{piece:?}"), repeated(piece)),
            None if round % 10 == 0 => ("random bytes".to_owned(), random(&mut dice)),
            None => {
                let piece: String = (0..2 + dice(4)).map(|_| PIECES[dice(PIECES.len())]).collect();
                (format!("{piece:?}"), repeated(&piece))
            }
        };
        for event_type in TYPES {
            all.push((least(&detectors, event_type, &text, 3), format!("{event_type:?} {name}")));
        }
        let learn = || drop(black_box(Miner::new().learn(&header::parse(&text).message)));
        all.push((timed(learn, 3), format!("by template {name}")));
    }
    all.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, name) in all.iter().take(25) {
        println!("{:8.2} {name}", time.as_secs_f64() * 1e3);
    }
}

/// A megabyte of bytes, with the sign for what is no UTF-8.
fn random(dice: &mut impl FnMut(usize) -> usize) -> String {
    let bytes: Vec<u8> = (0..LENGTH).map(|_| dice(256) as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn repeated(piece: &str) -> String {
    piece.repeat(LENGTH / piece.len().max(1))
}

fn least(detectors: &Detectors, event_type: &str, payload: &str, times: u32) -> Duration {
    let metadata = Map::new();
    timed(|| drop(black_box(detectors.examine(&Subject { event_type, payload, metadata: &metadata }))), times)
}

fn timed(work: impl Fn(), times: u32) -> Duration {
    let run = |_| {
        let start = (on_processor(), Instant::now());
        work();
        match (start.0, on_processor()) {
            (Some(start), Some(end)) => end.saturating_sub(start),
            _ => start.1.elapsed(),
        }
    };
    (0..times).map(run).min().unwrap_or_default()
}

/// How long this thread has been on a processor, where the system tells: others do not count then.
fn on_processor() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
