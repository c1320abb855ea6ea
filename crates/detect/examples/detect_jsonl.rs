//! Reads JSON lines `{"id","text"}` and prints `{"id","labels","score"}`: attack and database kinds
//! at or above the product's threshold, for scoring against a labelled corpus.

use foghorn_detect::{Detectors, Subject};
use serde_json::{Map, Value, json};
use std::io::{BufRead, Write, stdin, stdout};
use std::time::{Duration, Instant};

const THRESHOLD: f32 = 0.3;

fn main() -> std::io::Result<()> {
    let detectors = Detectors::builtin();
    let metadata = Map::new();
    let with_evidence = std::env::args().any(|argument| argument == "--evidence");
    // Examining each record again and again makes the cost of reading and printing vanish in a profile.
    let repeat = if std::env::args().any(|argument| argument == "--profile") { 20 } else { 1 };
    let mut out = std::io::BufWriter::new(stdout().lock());
    let mut spent = Duration::ZERO;
    let mut records = 0u32;
    for line in stdin().lock().lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let text = record["text"].as_str().unwrap_or_default();
        let start = Instant::now();
        let subject = Subject { event_type: "", payload: text, metadata: &metadata };
        for _ in 1..repeat {
            std::hint::black_box(detectors.examine(&subject));
        }
        let findings = detectors.examine(&subject);
        spent += start.elapsed();
        records += repeat;
        let told: Vec<_> = findings
            .iter()
            .filter(|finding| (finding.kind.is_attack() || finding.kind.is_database()) && finding.score >= THRESHOLD)
            .collect();
        let labels: Vec<&str> = told.iter().map(|finding| finding.kind.as_str()).collect();
        let score = told.iter().map(|finding| finding.score).fold(0.0, f32::max);
        let mut answer = json!({"id": record["id"], "labels": labels, "score": score});
        if with_evidence {
            answer["evidence"] = json!(findings);
        }
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    let rate = f64::from(records) / spent.as_secs_f64();
    writeln!(std::io::stderr(), "{records} records, {rate:.0} a second on one thread")
}
