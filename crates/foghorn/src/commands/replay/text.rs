//! The receipt for a terminal.

use super::reading::Unparsed;
use super::report::{Report, TEMPLATES_SHOWN, clock, whom};
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::EndedBy;
use foghorn_domain::text::cut;
use foghorn_domain::words::{counted, span, with_thousands};
use foghorn_pipeline::replay::{Receipt, ReplayedIncident};
use std::io::{Result, Write};

/// Rows of a list that are shown; the JSON has all.
const SHOWN: usize = 40;

/// Writes the receipt.
pub(super) fn write<W: Write>(screen: &mut Screen<W>, report: &Report) -> Result<()> {
    let receipt = &report.receipt;
    screen.line(screen.painted(Colour::Bold, &harmless(&format!("replay of {}; nobody was told", report.input))))?;
    if let Receipt { first: Some(first), last: Some(last), .. } = receipt {
        let lasted = span(last.duration_since(*first));
        screen.line(format!("from {} to {} UTC, {lasted}", clock(*first), clock(*last)))?;
    }
    screen.line(report.clock_in_words())?;
    screen.line("")?;
    screen.line(report.sum_in_words())?;
    let (incidents, templates) = (receipt.incidents.len() as u64, receipt.templates.len() as u64);
    screen.line(format!("{}, {}", counted(incidents, "incident"), counted(templates, "log template")))?;
    let receivers = report.receivers();
    let receivers: Vec<String> = receivers.iter().map(|(whom, count)| format!("{count} to {whom}")).collect();
    let to = if receivers.is_empty() { String::new() } else { format!(": {}", receivers.join(", ")) };
    let (messages, pages) = (receipt.messages() as u64, receipt.pages() as u64);
    let summary = format!("{}, {} among them{to}", counted(messages, "message"), counted(pages, "page"));
    screen.line(screen.painted(if pages > 0 { Colour::Alarm } else { Colour::Bold }, &harmless(&summary)))?;
    screen.line(format!("{} held back", with_thousands(report.held_back() as u64)))?;
    told(screen, report)?;
    untold(screen, report)?;
    templates_of(screen, report)?;
    unparsed(screen, report)
}

fn told<W: Write>(screen: &mut Screen<W>, report: &Report) -> Result<()> {
    let mut rows: Vec<(Timestamp, Vec<Cell>)> = report.told().flat_map(told_rows).collect();
    if rows.is_empty() {
        screen.heading("nobody would have been told of anything")?;
        return Ok(());
    }
    screen.heading("what would have been told")?;
    rows.sort_by_key(|(at, _)| *at);
    let count = rows.len();
    let rows: Vec<Vec<Cell>> = rows.into_iter().take(SHOWN).map(|(_, row)| row).collect();
    table::write(screen, &["AT", "URGENCY", "WHY", "TO", ">#", ">EVENTS", "ENDED", "INCIDENT"], &rows)?;
    and_more(screen, count)
}

fn told_rows(one: &ReplayedIncident) -> Vec<(Timestamp, Vec<Cell>)> {
    let incident = &one.incident;
    let headline =
        || Cell::new(harmless(&incident.headline())).in_colour(Colour::of_severity(incident.severity.as_str()));
    let row = |at: Timestamp, urgency: &str, why: String, to: String| {
        let cells = vec![
            Cell::new(clock(at)),
            Cell::new(urgency).in_colour(if urgency == "page" { Colour::Alarm } else { Colour::Plain }),
            Cell::new(why),
            Cell::new(harmless(&to)),
            Cell::new(incident.id.to_string()),
            Cell::new(with_thousands(incident.event_count)),
            Cell::new(ended(one)),
            headline(),
        ];
        (at, cells)
    };
    if let Some(with) = one.told_with {
        return vec![row(incident.first_seen, "", format!("told with #{with}"), String::new())];
    }
    let tellings = one.tellings.iter();
    tellings
        .map(|telling| {
            let to = whom(&telling.receiver, &telling.channel);
            row(telling.at, telling.urgency.as_str(), telling.reason.as_str().replace('_', " "), to)
        })
        .collect()
}

pub(super) fn ended(one: &ReplayedIncident) -> String {
    match one.incident.ended_by {
        Some(EndedBy::Quiet) => "by quiet".to_owned(),
        Some(by) => format!("by its {}", by.as_str()),
        None => "still open".to_owned(),
    }
}

fn untold<W: Write>(screen: &mut Screen<W>, report: &Report) -> Result<()> {
    let reasons = report.reasons_held();
    if reasons.is_empty() {
        return Ok(());
    }
    screen.heading("what was held back, and why")?;
    for (why, count) in reasons.iter().take(SHOWN) {
        screen.line(harmless(&format!("{:>6}  {why}", with_thousands(*count as u64))))?;
    }
    and_more(screen, reasons.len())?;
    let mut incidents: Vec<&ReplayedIncident> = report.untold().collect();
    if incidents.is_empty() {
        return Ok(());
    }
    incidents.sort_by_key(|one| std::cmp::Reverse(one.incident.event_count));
    screen.heading("incidents of which nobody would have heard")?;
    let row = |one: &&ReplayedIncident| {
        vec![
            Cell::new(clock(one.incident.first_seen)),
            Cell::new(one.incident.id.to_string()),
            Cell::new(with_thousands(one.incident.event_count)),
            Cell::new(harmless(&one.incident.headline())),
        ]
    };
    let rows: Vec<Vec<Cell>> = incidents.iter().take(SHOWN).map(row).collect();
    table::write(screen, &["FIRST SEEN", ">#", ">EVENTS", "INCIDENT"], &rows)?;
    and_more(screen, incidents.len())
}

fn templates_of<W: Write>(screen: &mut Screen<W>, report: &Report) -> Result<()> {
    let templates = &report.receipt.templates;
    if templates.is_empty() {
        return Ok(());
    }
    screen.heading("the most frequent log templates, each with its first line")?;
    let row = |one: &foghorn_pipeline::replay::TemplateCount| {
        vec![
            Cell::new(with_thousands(one.count)),
            Cell::new(harmless(&cut(&one.service, 24))),
            Cell::new(harmless(&one.first_line)),
        ]
    };
    let rows: Vec<Vec<Cell>> = templates.iter().take(TEMPLATES_SHOWN).map(row).collect();
    table::write(screen, &[">EVENTS", "SERVICE", "FIRST LINE"], &rows)?;
    let more = templates.len().saturating_sub(TEMPLATES_SHOWN) as u64;
    if more > 0 { screen.line(format!("and {} more", with_thousands(more))) } else { Ok(()) }
}

fn unparsed<W: Write>(screen: &mut Screen<W>, report: &Report) -> Result<()> {
    if report.unparsed == 0 {
        return Ok(());
    }
    screen.heading("what could not be read")?;
    for Unparsed { line, column, why } in &report.unparsed_first {
        screen.line(screen.painted(Colour::Red, &harmless(&format!("line {line}, column {column}: {why}"))))?;
    }
    let more = report.unparsed.saturating_sub(report.unparsed_first.len() as u64);
    if more > 0 { screen.line(format!("and {} more", with_thousands(more))) } else { Ok(()) }
}

fn and_more<W: Write>(screen: &mut Screen<W>, count: usize) -> Result<()> {
    let more = count.saturating_sub(SHOWN) as u64;
    if more > 0 { screen.line(format!("and {} more; --json names all", with_thousands(more))) } else { Ok(()) }
}
