//! The figures beside their limits, all of the same run on the same machine.

use super::limits::Limits;
use super::{Figures, K, quantile};
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use foghorn_domain::words::with_thousands;
use serde_json::{Value, json};
use std::io::{Result, Write};
use std::time::Duration;

/// For people.
pub(super) fn write<W: Write>(screen: &mut Screen<W>, figures: &Figures) -> Result<()> {
    let Figures { memories, questions, answered, recall, limits, embedding, .. } = figures;
    let Limits { plain_scan, words, .. } = limits;
    screen.line(format!(
        "{} memories, {} questions for the best {K}, {} answered; taken in within {:.1} s",
        with_thousands(*memories as u64),
        with_thousands(*questions as u64),
        with_thousands(*answered as u64),
        figures.taken_in.as_secs_f64(),
    ))?;
    let row = |what: &str, times: &[Duration]| {
        let at = |part| Cell::new(format!("{:.2}", milliseconds(times, part)));
        vec![Cell::new(what), at(0.5).in_colour(Colour::Bold), at(0.99), at(1.0)]
    };
    let rows = [
        row("recall, vector given: both signals, order, texts", recall),
        row("  plain scan of all vectors alone", plain_scan),
        row("  BM25 alone", words),
        row("embedding of a question", embedding),
    ];
    table::write(screen, &["", ">P50 MS", ">P99 MS", ">WORST MS"], &rows)?;
    screen.line(format!(
        "by meaning alone it finds {:.1} % of the {K} nearest that an exact scan finds",
        figures.found_of_nearest * 100.0
    ))?;
    if let Some(rate) = figures.sentences_per_cpu_second {
        screen.line(format!("{rate:.0} sentences embedded per second of one processor"))?;
    }
    let Some([index, model, peak]) = megabytes(figures) else { return Ok(()) };
    screen.line(format!("memory: {index} MB for all memories, {model} MB for the model; the process {peak} MB at most"))
}

fn milliseconds(times: &[Duration], part: f64) -> f64 {
    quantile(times, part).as_secs_f64() * 1000.0
}

/// What the memories take, what the model takes, and the most that the process ever held.
fn megabytes(figures: &Figures) -> Option<[u64; 3]> {
    let (before, with_model, with_memories) = (figures.before?, figures.with_model?, figures.with_memories?);
    let index = with_memories.now.saturating_sub(with_model.now);
    let model = with_model.now.saturating_sub(before.now);
    Some([index, model, with_memories.peak].map(|bytes| bytes / 1_000_000))
}

/// For programs.
pub(super) fn json(figures: &Figures) -> Value {
    let times = |times: &[Duration]| {
        json!({
            "p50_ms": milliseconds(times, 0.5), "p99_ms": milliseconds(times, 0.99), "max_ms": milliseconds(times, 1.0),
        })
    };
    let megabytes = megabytes(figures);
    let megabytes = |index: usize| megabytes.map(|megabytes| megabytes[index]);
    json!({
        "memories": figures.memories,
        "questions": figures.questions,
        "answered": figures.answered,
        "found_of_nearest": figures.found_of_nearest,
        "recall": times(&figures.recall),
        "plain_scan": times(&figures.limits.plain_scan),
        "bm25": times(&figures.limits.words),
        "embedding": times(&figures.embedding),
        "sentences_per_cpu_second": figures.sentences_per_cpu_second,
        "taken_in_seconds": figures.taken_in.as_secs_f64(),
        "memories_megabytes": megabytes(0),
        "model_megabytes": megabytes(1),
        "process_peak_megabytes": megabytes(2),
    })
}

#[cfg(test)]
mod tests {
    use super::super::process::Held;
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn the_memory_of_all_memories_is_told_from_that_of_the_model() {
        let times = |milliseconds| vec![Duration::from_millis(milliseconds); 5];
        let held = |now: u64, peak: u64| Some(Held { now: now * 1_000_000, peak: peak * 1_000_000 });
        let figures = Figures {
            memories: 100_000,
            questions: 5,
            answered: 4,
            recall: times(9),
            found_of_nearest: 0.995,
            limits: Limits { plain_scan: times(20), nearest: Vec::new(), words: times(3) },
            embedding: times(8),
            sentences_per_cpu_second: Some(120.4),
            taken_in: Duration::from_millis(1_500),
            before: held(20, 25),
            with_model: held(120, 130),
            with_memories: held(220, 230),
        };
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, false, None), &figures).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in ["100,000 memories, 5 questions for the best 10, 4 answered", "9.00", "120 sentences"] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
        let memory = "memory: 100 MB for all memories, 100 MB for the model; the process 230 MB at most\n";
        assert!(text.ends_with(memory), "{text}");
        let json = json(&figures);
        assert_eq!((&json["recall"]["p99_ms"], &json["memories_megabytes"]), (&9.0.into(), &100.into()));
    }
}
