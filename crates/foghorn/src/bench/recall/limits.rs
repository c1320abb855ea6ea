//! The two signals by themselves over the same memories, without store, filters, weights or texts of results: a
//! plain scan of all vectors in 32-bit floats, and BM25 over the postings.

use super::K;
use super::made_up::MadeUp;
use foghorn_recall::LexicalIndex;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Sorted durations.
#[derive(Debug)]
pub(super) struct Limits {
    /// The dot product of the question with every vector.
    pub(super) plain_scan: Vec<Duration>,
    /// The nearest memories of each question by that scan.
    pub(super) nearest: Vec<Vec<String>>,
    /// The best documents by shared words.
    pub(super) words: Vec<Duration>,
}

/// Measures both, one after the other: neither pays for the other's memory.
pub(super) fn measure(made_up: &MadeUp, memories: u32, questions: u32) -> Limits {
    let ask = |search: &dyn Fn(&str, &[f32])| {
        let mut times: Vec<Duration> = (0..questions)
            .map(|number| {
                let (text, vector) = made_up.question(number, memories);
                let asked = Instant::now();
                search(&text, &vector);
                asked.elapsed()
            })
            .collect();
        times.sort_unstable();
        times
    };
    let vectors: Vec<f32> = (0..memories).flat_map(|number| made_up.vector(number)).collect();
    let best = |vector: &[f32]| {
        let dots = vectors.chunks_exact(vector.len()).map(|row| dot(row, vector));
        let mut best: Vec<(f32, usize)> = dots.zip(0..).collect();
        let place = K.min(best.len()) - 1;
        best.select_nth_unstable_by(place, |a, b| b.0.total_cmp(&a.0));
        best.truncate(K);
        best
    };
    let plain_scan = ask(&|_, vector| {
        black_box(best(vector));
    });
    let ids = |number| best(&made_up.question(number, memories).1).iter().map(|(_, of)| made_up.id(*of)).collect();
    let nearest = (0..questions).map(ids).collect();
    drop(vectors);
    let mut index = LexicalIndex::default();
    for number in 0..memories {
        let memory = made_up.memory(number);
        index.insert(number, &format!("{} {}", memory.summary, memory.solution.unwrap_or_default()));
    }
    let words = ask(&|text, _| {
        black_box(index.best(&index.look_up(text), K));
    });
    Limits { plain_scan, nearest, words }
}

/// Eight sums side by side, so that the compiler may use vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a_parts, b_parts) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_parts.remainder().iter().zip(b_parts.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_parts.zip(b_parts) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::quantile;
    use super::*;

    #[test]
    fn every_question_is_asked_of_both_and_the_sum_is_a_dot_product() {
        let limits = measure(&MadeUp::new(20), 30, 4);
        assert_eq!((limits.plain_scan.len(), limits.words.len()), (4, 4));
        assert!(limits.nearest.len() == 4 && limits.nearest.iter().all(|nearest| nearest.len() == 10));
        assert!(quantile(&limits.words, 1.0) >= quantile(&limits.words, 0.5));
        let numbers: Vec<f32> = (0..19).map(|number| number as f32).collect();
        assert_eq!(dot(&numbers, &numbers), 2_109.0);
    }
}
