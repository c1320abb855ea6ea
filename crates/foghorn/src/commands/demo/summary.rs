//! What became of the hour, fault by fault: as a table, and as JSON for scripts.

use super::stage::Outcome;
use super::story::clock;
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use foghorn_demo::{Fault, Hour};
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::incident::EndedBy;
use foghorn_domain::notification::NotificationStatus;
use foghorn_domain::severity::Urgency;
use foghorn_domain::words::{counted, span, with_thousands};
use serde_json::{Value, json};
use std::io::{Result, Write};

/// One fault's row.
pub(super) struct Row {
    /// `None` for the traffic of a good day.
    pub(super) fault: Option<Fault>,
    began: SignedDuration,
    /// From its beginning to the first incident.
    pub(super) found_after: Option<SignedDuration>,
    /// From its beginning to the first message.
    pub(super) told_after: Option<SignedDuration>,
    /// Messages.
    pub(super) told: usize,
    pages: usize,
    /// Incidents shown in those messages.
    joined: usize,
    pub(super) incidents: usize,
    events: u64,
    still_open: usize,
    ended_by: Vec<EndedBy>,
}

/// A row for each fault of the hour, and one for what belongs to none.
pub(super) fn rows(hour: &Hour, outcomes: &[Outcome]) -> Vec<Row> {
    let faults = hour.faults().iter().map(|(fault, began)| (Some(*fault), *began));
    faults.chain([(None, SignedDuration::ZERO)]).map(|(fault, began)| row(hour, outcomes, fault, began)).collect()
}

fn row(hour: &Hour, outcomes: &[Outcome], fault: Option<Fault>, began: SignedDuration) -> Row {
    let own: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.fault == fault).collect();
    let tellings = || own.iter().flat_map(|outcome| &outcome.tellings);
    let sent = || tellings().filter(|telling| telling.status == NotificationStatus::Sent);
    let since = |at: foghorn_domain::clock::Timestamp| at.duration_since(hour.begins() + began);
    let mut ended_by: Vec<EndedBy> = Vec::new();
    for by in own.iter().filter_map(|outcome| outcome.incident.ended_by) {
        if !ended_by.contains(&by) {
            ended_by.push(by);
        }
    }
    Row {
        fault,
        began,
        found_after: own.iter().map(|outcome| since(outcome.incident.first_seen)).min(),
        told_after: sent().filter_map(|telling| telling.sent_at).map(since).min(),
        told: sent().count(),
        pages: sent().filter(|telling| telling.urgency == Urgency::Page).count(),
        joined: tellings().filter(|telling| telling.status == NotificationStatus::Joined).count(),
        incidents: own.len(),
        events: own.iter().map(|outcome| outcome.incident.event_count).sum(),
        still_open: own.iter().filter(|outcome| outcome.incident.status.is_open()).count(),
        ended_by,
    }
}

/// The table, with a sentence below.
pub(super) fn draw<W: Write>(screen: &mut Screen<W>, rows: &[Row], events: usize) -> Result<()> {
    screen.heading("what became of the hour")?;
    let headings = ["FAULT", ">BEGAN", ">FOUND AFTER", ">TOLD AFTER", "TOLD", ">INCIDENTS", ">EVENTS", "ENDED BY"];
    let cells: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
    table::write(screen, &headings, &cells)?;
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>() as u64;
    let (messages, pages) = (counted(sum(|row| row.told), "message"), counted(sum(|row| row.pages), "page"));
    let incidents = counted(sum(|row| row.incidents), "incident");
    screen.line(format!("\n{}, {incidents}, {messages}, {pages} among them", counted(events as u64, "event")))
}

fn cells(row: &Row) -> Vec<Cell> {
    let after = |time: Option<SignedDuration>| Cell::new(time.map(span).unwrap_or_default());
    let Some(fault) = row.fault else {
        let nothing = || Cell::new("");
        let told = Cell::new(if row.told == 0 { "nothing".to_owned() } else { row.told.to_string() });
        let count = Cell::new(row.incidents.to_string());
        return vec![
            Cell::new("none: healthy traffic"),
            nothing(),
            nothing(),
            nothing(),
            told,
            count,
            nothing(),
            nothing(),
        ];
    };
    let told = match (row.told, row.pages) {
        (0, _) => Cell::new("never").in_colour(Colour::Red),
        (1, 0) => Cell::new("once").in_colour(Colour::Green),
        (1, _) => Cell::new("once, a page").in_colour(Colour::Green),
        (times, _) => Cell::new(format!("{times} times")).in_colour(Colour::Yellow),
    };
    let ended: Vec<&str> = row.ended_by.iter().map(|by| by.as_str()).collect();
    let ended = match (row.still_open, ended.join(", ")) {
        (0, ended) => ended,
        (open, ended) if ended.is_empty() => format!("{open} still open"),
        (open, ended) => format!("{ended}; {open} still open"),
    };
    vec![
        Cell::new(fault.title()),
        Cell::new(clock(row.began)),
        after(row.found_after),
        after(row.told_after),
        told,
        Cell::new(row.incidents.to_string()),
        Cell::new(with_thousands(row.events)),
        Cell::new(ended),
    ]
}

/// The same and every incident, times as seconds of the hour, so that two runs of one seed compare equal.
pub(super) fn json(seed: u64, hour: &Hour, rows: &[Row], outcomes: &[Outcome], events: usize) -> Value {
    let seconds = |at: Option<SignedDuration>| at.map(|at| at.as_secs());
    let faults = rows.iter().map(|row| {
        json!({
            "fault": row.fault.map(Fault::title), "began": row.fault.map(|_| row.began.as_secs()),
            "found_after": seconds(row.found_after), "told_after": seconds(row.told_after), "told": row.told,
            "pages": row.pages, "joined": row.joined, "incidents": row.incidents, "events": row.events,
        })
    });
    let incidents = outcomes.iter().map(|Outcome { incident, fault, tellings }| {
        let tellings = tellings.iter().map(|telling| {
            json!({
                "reason": telling.reason.as_str(), "occurrence": telling.occurrence, "status": telling.status.as_str(),
                "urgency": telling.urgency.as_str(), "told_with": telling.told_with,
            })
        });
        json!({
            "id": incident.id, "fault": fault.map(Fault::title), "kind": incident.kind, "service": incident.service,
            "severity": incident.severity, "urgency": incident.urgency, "status": incident.status,
            "summary": incident.summary, "fingerprint": incident.fingerprint, "event_count": incident.event_count,
            "first_seen": incident.first_seen.duration_since(hour.begins()).as_secs(),
            "last_seen": incident.last_seen.duration_since(hour.begins()).as_secs(),
            "ended_by": incident.ended_by.map(EndedBy::as_str), "tellings": tellings.collect::<Vec<_>>(),
        })
    });
    json!({
        "seed": seed, "events": events, "faults": faults.collect::<Vec<_>>(),
        "incidents": incidents.collect::<Vec<_>>(),
    })
}
