//! How long the nearest ten of many vectors take to find: p50 and p99 over a thousand queries.
//!
//! `cargo run --release -p foghorn-embed --example scan [VECTORS] [DIMENSIONS]` (default 100,000 × 384).
//! The vectors lie in a thousand clusters, as those of texts do; a query is a vector near one of them.

#![expect(clippy::print_stdout, reason = "printing is all it does")]

use foghorn_embed::{VectorError, VectorSet};
use std::time::{Duration, Instant};

const QUERIES: usize = 1_000;
const CLUSTERS: usize = 1_000;

fn main() -> Result<(), VectorError> {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<usize>().unwrap_or(0));
    let vectors = numbers.next().unwrap_or(100_000);
    let dimensions = numbers.next().unwrap_or(384);

    let mut random = Random(7);
    let centres: Vec<Vec<f32>> = (0..CLUSTERS).map(|_| random.vector(dimensions)).collect();
    let mut near = |cluster: usize| -> Vec<f32> {
        let noise = random.vector(dimensions);
        centres[cluster % CLUSTERS].iter().zip(noise).map(|(centre, noise)| centre + 0.8 * noise).collect()
    };
    let start = Instant::now();
    let mut set = VectorSet::new(dimensions);
    for id in 0..vectors {
        set.push(id as i64, &near(id))?;
    }
    println!("{vectors} × {dimensions} added in {:.1?}; {}", start.elapsed(), resident());

    for k in [10, 100, 1_000] {
        let mut times: Vec<Duration> = (0..QUERIES)
            .map(|query| {
                let query = near(query * 31);
                let start = Instant::now();
                set.search(&query, k).map(|_| start.elapsed())
            })
            .collect::<Result<_, _>>()?;
        times.sort_unstable();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("nearest {k}: p50 {:.2?}, p99 {:.2?}, slowest {:.2?}", at(50), at(99), at(100));
    }
    println!("{}", resident());
    Ok(())
}

/// xorshift64*, and the sum of twelve uniform numbers for a normal one.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / (1u64 << 24) as f32
    }

    fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        (0..dimensions).map(|_| (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0).collect()
    }
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM")).collect::<Vec<_>>().join(", ")
}
