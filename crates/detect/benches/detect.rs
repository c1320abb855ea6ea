//! What one thread does: events examined, lines named by their template, values scored, and what a line of a megabyte
//! costs at worst. `cargo bench -p foghorn-detect`; figures are wall-clock on whatever machine runs it.
#![allow(missing_docs, reason = "the macros of Criterion make functions without any")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foghorn_detect::metric::Series;
use foghorn_detect::template::Miner;
use foghorn_detect::{Detectors, Subject, header};
use jiff::Timestamp;
use libinjectionrs::XssDetector;
use serde_json::Map;
use std::hint::black_box;
use std::time::Duration;

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

/// Values as a query holds them, for the grammar alone.
const VALUES: [&str; 4] = ["red shoes", "admin' or 1=1--", "<script>alert(1)</script>", "../../etc/passwd"];

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

fn events(criterion: &mut Criterion) {
    let (detectors, metadata) = (Detectors::builtin(), Map::new());
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(1));
    for (index, (event_type, payload)) in EVENTS.into_iter().enumerate() {
        let subject = Subject { event_type, payload, metadata: &metadata };
        group.bench_function(BenchmarkId::new(event_type, index), |bencher| {
            bencher.iter(|| black_box(detectors.examine(&subject)));
        });
    }
    group.bench_function("libinjection alone, a value", |bencher| {
        let mut values = VALUES.into_iter().cycle();
        bencher.iter(|| {
            let value = values.next().unwrap_or_default().as_bytes();
            black_box((libinjectionrs::detect_sqli(value), XssDetector::new().detect(value)))
        });
    });
    group.finish();
}

fn templates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("templates");
    group.throughput(Throughput::Elements(1));
    group.bench_function("raw lines", |bencher| {
        let mut miner = Miner::new();
        let mut lines = EVENTS.into_iter().filter(|(event_type, _)| *event_type == "log").cycle();
        bencher.iter(|| {
            let line = lines.next().map_or("", |(_, line)| line);
            black_box(miner.learn(&header::parse(line).message))
        });
    });
    group.finish();
}

fn metrics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics");
    group.throughput(Throughput::Elements(1));
    group.bench_function("values", |bencher| {
        let (mut series, mut second) = (Series::new(), 1_700_000_000_i64);
        bencher.iter(|| {
            second += 60;
            let value = 100.0 + (second * 7919 % 1009) as f64;
            black_box(series.observe(Timestamp::from_second(second).ok(), value))
        });
    });
    group.finish();
}

/// A megabyte of any bytes should take no more than 50 ms.
fn megabytes(criterion: &mut Criterion) {
    let (detectors, metadata) = (Detectors::builtin(), Map::new());
    let mut group = criterion.benchmark_group("a megabyte");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500));
    for piece in PIECES {
        let text = piece.repeat(1_000_000 / piece.len());
        for event_type in ["log", "http_request"] {
            let subject = Subject { event_type, payload: &text, metadata: &metadata };
            group.bench_function(format!("{piece:?} as {event_type}"), |bencher| {
                bencher.iter(|| black_box(detectors.examine(&subject)));
            });
        }
        group.bench_function(format!("{piece:?} by template"), |bencher| {
            let mut miner = Miner::new();
            bencher.iter(|| black_box(miner.learn(&header::parse(&text).message)));
        });
    }
    group.finish();
}

criterion_group!(benches, events, templates, metrics, megabytes);
criterion_main!(benches);
