//! How many sentences a second one thread embeds: the lines of the golden sentences, one at a time,
//! none of them answered from memory. Prints sentences per second of CPU and of wall time.
//!
//! `cargo run --release -p foghorn-embed --example throughput [DIRECTORY]`

#![expect(clippy::print_stdout, reason = "printing is all it does")]

use foghorn_embed::Embedder;
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

/// How often the file is gone through.
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let embedder = match std::env::args().nth(1) {
        Some(directory) => Embedder::from_dir(Path::new(&directory), "given")?,
        None => Embedder::bundled()?,
    };
    let embedder = embedder.with_parallelism(NonZeroUsize::MIN);
    println!("loaded in {:.0?}, resident {}", start.elapsed(), resident());

    let sentences: Vec<String> =
        include_str!("../tests/golden-sentences.jsonl").lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for (what, lengths) in [("alerts", 20..200), ("all", 0..usize::MAX)] {
        let chosen: Vec<&String> = sentences.iter().filter(|sentence| lengths.contains(&sentence.len())).collect();
        let (start, cpu) = (Instant::now(), cpu_seconds());
        for round in 0..ROUNDS {
            for sentence in &chosen {
                // Another first word, so that no answer comes from memory.
                embedder.embed(&format!("{round} {what} {sentence}"))?;
            }
        }
        let done = (ROUNDS * chosen.len()) as f64;
        let (per_cpu, per_wall) = (done / (cpu_seconds() - cpu), done / start.elapsed().as_secs_f64());
        println!("{what}: {done} sentences, {per_cpu:.0} per CPU second, {per_wall:.0} per second; {}", resident());
    }
    let start = Instant::now();
    let texts: Vec<&str> = sentences.iter().map(String::as_str).collect();
    embedder.embed_batch(&texts)?;
    let first = start.elapsed();
    let start = Instant::now();
    embedder.embed_batch(&texts)?;
    println!("a batch of {}: {first:.0?}, again from memory: {:.1?}", texts.len(), start.elapsed());
    let long = "word ".repeat(200_000);
    let start = Instant::now();
    embedder.embed(&long)?;
    println!("a text of a megabyte: {:.0?}", start.elapsed());
    Ok(())
}

/// CPU time of this process so far, in seconds; Linux only.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    fields.iter().skip(11).take(2).sum::<f64>() / 100.0
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let wanted = |line: &&str| ["VmHWM", "VmRSS", "RssAnon"].iter().any(|name| line.starts_with(name));
    status.lines().filter(wanted).collect::<Vec<_>>().join(", ").replace('\t', " ")
}
