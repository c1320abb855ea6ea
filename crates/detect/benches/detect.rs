//! How many events a second one thread examines, and what a line of a megabyte costs at worst.
//! `cargo bench -p foghorn-detect`; figures are wall-clock on whatever machine runs it.

use foghorn_detect::{Detectors, Subject};
use serde_json::Map;
use std::hint::black_box;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

const EVENTS: [(&str, &str); 8] = [
    ("log", "2026-01-02 03:04:05,123 INFO [main] org.example.Server: accepted connection from 10.0.0.5:51234 in 12 ms"),
    ("log", "Dec 10 07:28:03 LabSZ sshd[24245]: Failed password for root from 112.95.230.3 port 42393 ssh2"),
    ("log", "ERROR Database connection timeout after 30000ms"),
    (
        "log",
        r#"1.2.3.4 - - [18/May/2026:15:05:46 +0000] "GET /images/a.png HTTP/1.1" 200 523 "http://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64)""#,
    ),
    (
        "http_request",
        "GET /search?q=red+shoes&page=2 HTTP/1.1\nHost: example.com\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\nAccept: */*",
    ),
    ("http_request", "GET /search?q=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1"),
    (
        "http_request",
        "POST /login HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\nuser=admin'+or+1%3D1--&password=x",
    ),
    ("http_request", "GET /download?file=..%2f..%2f..%2fetc%2fpasswd HTTP/1.1"),
];

/// Pieces that, repeated to a megabyte, hurt one part each: decoders, anchors, parsers.
const PIECES: [&str; 16] = [
    "a",
    "select ",
    "%25",
    "&#",
    "&lt;",
    "/*",
    "../",
    "<",
    "'or'1",
    "{\"a\":[",
    "a=b&",
    "\u{1f600}",
    " onerror",
    "\\u{",
    "database timeout ",
    "<script ",
];

fn main() -> std::io::Result<()> {
    let mut out = stdout().lock();
    let start = Instant::now();
    let detectors = Detectors::builtin();
    writeln!(out, "compile rules: {:?}", start.elapsed())?;
    let metadata = Map::new();
    let examine = |event_type: &str, payload: &str| {
        black_box(detectors.examine(&Subject { event_type, payload, metadata: &metadata }));
    };
    for (event_type, payload) in EVENTS {
        for _ in 0..2_000 {
            examine(event_type, payload);
        }
        let start = Instant::now();
        let mut count = 0u32;
        while start.elapsed() < Duration::from_millis(300) {
            for _ in 0..100 {
                examine(event_type, payload);
            }
            count += 100;
        }
        let head: String = payload.chars().take(60).collect();
        writeln!(out, "{:>9.0}/s  {head:?}", f64::from(count) / start.elapsed().as_secs_f64())?;
    }
    for piece in PIECES {
        let text = piece.repeat(1_000_000 / piece.len());
        for event_type in ["log", "http_request"] {
            let mut best = Duration::MAX;
            for _ in 0..3 {
                let start = Instant::now();
                examine(event_type, &text);
                best = best.min(start.elapsed());
            }
            writeln!(out, "1 MB of {piece:?} as {event_type}: {best:.1?}")?;
        }
    }
    Ok(())
}
