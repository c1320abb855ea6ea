//! The figures side by side, as ratios of what was measured in the same run on the same machine.

use super::latency::{self, Latency};
use super::load::{Load, quantile};
use super::sqlite::Limits;
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use foghorn_domain::words::with_thousands;
use serde_json::{Value, json};
use std::io::{Result, Write};
use std::time::Duration;

/// A phase of load.
#[derive(Debug)]
pub(super) struct Phase {
    /// What the server took.
    pub(super) load: Load,
    /// How long triage was busy after the last answer.
    pub(super) behind: Duration,
}

impl Phase {
    /// Events a second with triage's rest counted in.
    fn triaged_rate(&self) -> f64 {
        self.load.accepted as f64 / (self.load.elapsed + self.behind).as_secs_f64().max(f64::EPSILON)
    }
}

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) of_sqlite: Limits,
    pub(super) single: Phase,
    pub(super) batches: Phase,
    pub(super) latency: Latency,
    /// Rows in the event log afterwards.
    pub(super) stored: u64,
    /// Incidents afterwards.
    pub(super) incidents: u64,
    /// Bytes the server held before the first event.
    pub(super) idle_memory: Option<u64>,
    /// The most bytes it ever held.
    pub(super) peak_memory: Option<u64>,
    /// Whether there was no disk to wait for.
    pub(super) is_in_memory: bool,
}

impl Figures {
    /// Events that got a 2xx; as many must be stored.
    pub(super) fn accepted(&self) -> u64 {
        self.single.load.accepted + self.batches.load.accepted + self.latency.events
    }
}

/// For people.
pub(super) fn write<W: Write>(screen: &mut Screen<W>, figures: &Figures) -> Result<()> {
    let Figures { of_sqlite, single, batches, latency, stored, incidents, .. } = figures;
    let row = |what: &str, phase: &Phase, limit: f64| {
        vec![
            Cell::new(what),
            Cell::new(whole(phase.load.rate())).in_colour(Colour::Bold),
            Cell::new(whole(limit)),
            Cell::new(format!("{:.2}", ratio(phase.load.rate(), limit))),
            Cell::new(milliseconds(quantile(&phase.load.latencies, 0.5))),
            Cell::new(milliseconds(quantile(&phase.load.latencies, 0.99))),
            Cell::new(whole(phase.triaged_rate())),
            Cell::new(format!("{:.1} s", phase.behind.as_secs_f64())),
        ]
    };
    let rows =
        [row("one event a request", single, of_sqlite.gathered), row("100 events a request", batches, of_sqlite.batch)];
    let headings = ["", ">EVENTS/S", ">SQLITE ROWS/S", ">RATIO", ">P50 MS", ">P99 MS", ">TRIAGED/S", ">TRIAGE BEHIND"];
    table::write(screen, &headings, &rows)?;
    let one = of_sqlite.one;
    screen.line(format!(
        "SQLite alone, one row a transaction: {} rows/s; ratio {:.1}",
        whole(one),
        ratio(single.load.rate(), one)
    ))?;
    let visible = &latency.visible_after;
    screen.line(format!(
        "event to incident, {} new errors at {}/s: p50 {} ms, p99 {} ms, worst {} ms; {} opened none",
        with_thousands(latency.events),
        latency::RATE,
        milliseconds(quantile(visible, 0.5)),
        milliseconds(quantile(visible, 0.99)),
        milliseconds(quantile(visible, 1.0)),
        latency.events - visible.len() as u64,
    ))?;
    let (accepted, stored_text) = (with_thousands(figures.accepted()), with_thousands(*stored));
    let refused = single.load.refused + batches.load.refused;
    let counted =
        format!("{accepted} events accepted, {stored_text} stored, {refused} requests refused, {incidents} incidents");
    let colour = if figures.accepted() == *stored { Colour::Green } else { Colour::Red };
    screen.line(screen.painted(colour, &counted))?;
    if let (Some(idle), Some(peak)) = (figures.idle_memory, figures.peak_memory) {
        screen.line(format!("memory of the server: {} MB idle, {} MB at most", idle / 1_000_000, peak / 1_000_000))?;
    }
    if figures.is_in_memory {
        let warning = "the directory lies in memory: commits waited for no disk; choose another with --dir";
        screen.line(screen.painted(Colour::Yellow, warning))?;
    }
    Ok(())
}

/// For programs.
pub(super) fn json(figures: &Figures) -> Value {
    let Figures { of_sqlite, single, batches, latency, .. } = figures;
    let phase = |phase: &Phase, limit: f64| {
        json!({
            "events_per_second": phase.load.rate(),
            "accepted": phase.load.accepted,
            "requests_refused": phase.load.refused,
            "seconds": phase.load.elapsed.as_secs_f64(),
            "p50_ms": in_milliseconds(quantile(&phase.load.latencies, 0.5)),
            "p99_ms": in_milliseconds(quantile(&phase.load.latencies, 0.99)),
            "triaged_per_second": phase.triaged_rate(),
            "triage_behind_seconds": phase.behind.as_secs_f64(),
            "ratio_to_sqlite": ratio(phase.load.rate(), limit),
        })
    };
    json!({
        "single": phase(single, of_sqlite.gathered),
        "batches": phase(batches, of_sqlite.batch),
        "sqlite_rows_per_second": {
            "one_a_transaction": of_sqlite.one,
            "as_many_as_connections": of_sqlite.gathered,
            "batch_a_transaction": of_sqlite.batch,
        },
        "event_to_incident": {
            "events": latency.events,
            "rate": latency::RATE,
            "seen": latency.visible_after.len(),
            "p50_ms": in_milliseconds(quantile(&latency.visible_after, 0.5)),
            "p99_ms": in_milliseconds(quantile(&latency.visible_after, 0.99)),
            "max_ms": in_milliseconds(quantile(&latency.visible_after, 1.0)),
        },
        "accepted": figures.accepted(),
        "stored": figures.stored,
        "incidents": figures.incidents,
        "idle_memory_bytes": figures.idle_memory,
        "peak_memory_bytes": figures.peak_memory,
        "on_disk": !figures.is_in_memory,
    })
}

fn ratio(measured: f64, limit: f64) -> f64 {
    measured / limit.max(f64::EPSILON)
}

fn whole(rate: f64) -> String {
    with_thousands(rate.round() as u64)
}

fn in_milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", in_milliseconds(duration))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    fn phase(accepted: u64) -> Phase {
        let latencies = vec![Duration::from_millis(4); 10];
        let load = Load { accepted, refused: 0, elapsed: Duration::from_secs(10), latencies };
        Phase { load, behind: Duration::from_secs(10) }
    }

    #[test]
    fn a_lost_event_is_seen_and_ratios_are_of_the_same_run() {
        let figures = Figures {
            of_sqlite: Limits { one: 500.0, gathered: 20_000.0, batch: 100_000.0 },
            single: phase(100_000),
            batches: phase(500_000),
            latency: Latency { events: 10, visible_after: vec![Duration::from_millis(5); 9] },
            stored: 600_009,
            incidents: 17,
            idle_memory: Some(12_345_678),
            peak_memory: Some(123_456_789),
            is_in_memory: false,
        };
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, false, None), &figures).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("600,010 events accepted, 600,009 stored"), "{text}");
        assert!(text.contains("p50 5.0 ms, p99 5.0 ms, worst 5.0 ms; 1 opened none"), "{text}");
        assert!(text.ends_with("memory of the server: 12 MB idle, 123 MB at most\n"), "{text}");
        let json = json(&figures);
        assert_eq!(
            (&json["single"]["ratio_to_sqlite"], &json["batches"]["triaged_per_second"]),
            (&0.5.into(), &25_000.0.into())
        );
    }
}
