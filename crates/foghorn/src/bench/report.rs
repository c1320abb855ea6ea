//! The figures side by side, as ratios of what was measured in the same run on the same machine.

use super::keeping_up::{self, KeepingUp};
use super::latency::{self, Latency};
use super::limits::Limits;
use super::load::{Load, quantile};
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

/// Both phases of load, beside what the database alone did just before.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) limits: Limits,
    pub(super) single: Phase,
    pub(super) batches: Phase,
}

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Figures {
    /// At least one.
    pub(super) rounds: Vec<Round>,
    pub(super) keeping_up: KeepingUp,
    /// Events a second at which triage was to keep up.
    pub(super) rate: u32,
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
    /// Whether the database was crashed before its rows were counted.
    pub(super) was_crashed: bool,
}

/// A phase beside its limit in rows a second.
type Beside<'a> = (&'a Phase, f64);

impl Figures {
    fn loads(&self) -> impl Iterator<Item = &Load> {
        let of_rounds = self.rounds.iter().flat_map(|round| [&round.single.load, &round.batches.load]);
        of_rounds.chain([&self.keeping_up.load, &self.latency.others])
    }

    /// Events that got a 2xx; as many must be stored.
    pub(super) fn accepted(&self) -> u64 {
        self.loads().map(|load| load.accepted).sum::<u64>() + self.latency.events
    }

    fn refused(&self) -> u64 {
        self.loads().map(|load| load.refused).sum()
    }

    fn single(&self) -> Option<Beside<'_>> {
        best(self.rounds.iter().map(|round| (&round.single, round.limits.single)))
    }

    fn batches(&self) -> Option<Beside<'_>> {
        best(self.rounds.iter().map(|round| (&round.batches, round.limits.batches)))
    }

    fn batches_beside_log(&self) -> Option<Beside<'_>> {
        best(self.rounds.iter().filter_map(|round| Some((&round.batches, round.limits.log?))))
    }
}

/// The round that came closest to its limit.
fn best<'a>(rounds: impl Iterator<Item = Beside<'a>>) -> Option<Beside<'a>> {
    rounds.max_by(|a, b| share(a).total_cmp(&share(b)))
}

fn share((phase, limit): &Beside<'_>) -> f64 {
    ratio(phase.load.rate(), *limit)
}

/// For people.
pub(super) fn write<W: Write>(screen: &mut Screen<W>, figures: &Figures) -> Result<()> {
    let Figures { rounds, keeping_up, rate, latency, stored, incidents, .. } = figures;
    let row = |what: &str, beside: Option<Beside<'_>>| {
        beside.map(|(phase, limit)| {
            vec![
                Cell::new(what),
                Cell::new(whole(phase.load.rate())).in_colour(Colour::Bold),
                Cell::new(whole(limit)),
                Cell::new(format!("{:.2}", share(&(phase, limit)))),
                Cell::new(milliseconds(quantile(&phase.load.latencies, 0.5))),
                Cell::new(milliseconds(quantile(&phase.load.latencies, 0.99))),
                Cell::new(whole(phase.triaged_rate())),
                Cell::new(format!("{:.1} s", phase.behind.as_secs_f64())),
            ]
        })
    };
    let rows: Vec<_> = [row("one event a request", figures.single()), row("100 events a request", figures.batches())]
        .into_iter()
        .flatten()
        .collect();
    let headings = ["", ">EVENTS/S", ">LIMIT ROWS/S", ">RATIO", ">P50 MS", ">P99 MS", ">TRIAGED/S", ">TRIAGE BEHIND"];
    table::write(screen, &headings, &rows)?;
    if let Some(Round { limits, .. }) = rounds.last() {
        let best =
            if rounds.len() > 1 { format!("; the best of {} rounds is told", rounds.len()) } else { String::new() };
        screen.line(format!(
            "the limits are {} alone: {}; one row a transaction by one client: {} rows/s{best}",
            limits.engine,
            limits.explained(),
            whole(limits.one),
        ))?;
    }
    if let Some((phase, log)) = figures.batches_beside_log() {
        let share = ratio(phase.load.rate(), log);
        screen.line(format!(
            "COPY into a table with the event log's columns and indexes: {} rows/s; batches reach {share:.2} of that",
            whole(log)
        ))?;
    }
    screen.line(format!(
        "triage at {} events/s: {} events/s triaged within {} s of their acceptance, {:.1} s behind at most",
        with_thousands(u64::from(*rate)),
        whole(keeping_up.rate()),
        keeping_up::SOON.as_secs(),
        keeping_up.worst.as_secs_f64(),
    ))?;
    let visible = &latency.visible_after;
    screen.line(format!(
        "event to incident, {} new errors among {} other events: p50 {} ms, p99 {} ms, worst {} ms; {} opened none",
        with_thousands(latency.events),
        with_thousands(latency.others.accepted),
        milliseconds(quantile(visible, 0.5)),
        milliseconds(quantile(visible, 0.99)),
        milliseconds(quantile(visible, 1.0)),
        latency.events - visible.len() as u64,
    ))?;
    let (accepted, stored_text) = (with_thousands(figures.accepted()), with_thousands(*stored));
    let after = if figures.was_crashed { " after a crash of the database" } else { "" };
    let refused = figures.refused();
    let counted = format!(
        "{accepted} events accepted, {stored_text} stored{after}, {refused} requests refused, {incidents} incidents"
    );
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
    let Figures { rounds, keeping_up, latency, .. } = figures;
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
            "limit_rows_per_second": limit,
            "ratio": ratio(phase.load.rate(), limit),
        })
    };
    let rounds = rounds.iter().map(|round| {
        json!({
            "engine": round.limits.engine,
            "limits_are": round.limits.explained(),
            "one_client_rows_per_second": round.limits.one,
            "copy_into_event_log_rows_per_second": round.limits.log,
            "single": phase(&round.single, round.limits.single),
            "batches": phase(&round.batches, round.limits.batches),
        })
    });
    let best = |beside: Option<Beside<'_>>| beside.map(|(of, limit)| phase(of, limit));
    json!({
        "single": best(figures.single()),
        "batches": best(figures.batches()),
        "rounds": rounds.collect::<Vec<_>>(),
        "keeping_up": {
            "rate": figures.rate,
            "accepted": keeping_up.load.accepted,
            "triaged_in_time_per_second": keeping_up.rate(),
            "most_seconds_behind": keeping_up.worst.as_secs_f64(),
        },
        "event_to_incident": {
            "events": latency.events,
            "rate": latency::RATE,
            "others": latency.others.accepted,
            "seen": latency.visible_after.len(),
            "p50_ms": in_milliseconds(quantile(&latency.visible_after, 0.5)),
            "p99_ms": in_milliseconds(quantile(&latency.visible_after, 0.99)),
            "max_ms": in_milliseconds(quantile(&latency.visible_after, 1.0)),
        },
        "accepted": figures.accepted(),
        "stored": figures.stored,
        "database_was_crashed": figures.was_crashed,
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
        let round = |single, batches| Round {
            limits: Limits { engine: "SQLite", one: 500.0, single: 20_000.0, batches: 100_000.0, log: Some(80_000.0) },
            single: phase(single),
            batches: phase(batches),
        };
        let figures = Figures {
            rounds: vec![round(100_000, 400_000), round(90_000, 500_000)],
            keeping_up: KeepingUp::default(),
            rate: 15_000,
            latency: Latency { events: 10, others: Load::default(), visible_after: vec![Duration::from_millis(5); 9] },
            stored: 1_090_009,
            incidents: 17,
            idle_memory: Some(12_345_678),
            peak_memory: Some(123_456_789),
            is_in_memory: false,
            was_crashed: false,
        };
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, false, None), &figures).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("1,090,010 events accepted, 1,090,009 stored,"), "{text}");
        assert!(text.contains("p50 5.0 ms, p99 5.0 ms, worst 5.0 ms; 1 opened none"), "{text}");
        assert!(text.contains("the best of 2 rounds"), "{text}");
        assert!(text.contains("indexes: 80,000 rows/s; batches reach 0.62 of that"), "{text}");
        assert!(text.ends_with("memory of the server: 12 MB idle, 123 MB at most\n"), "{text}");
        let json = json(&figures);
        assert_eq!(
            (&json["single"]["ratio"], &json["batches"]["triaged_per_second"], &json["batches"]["ratio"]),
            (&0.5.into(), &25_000.0.into(), &0.5.into())
        );
    }
}
