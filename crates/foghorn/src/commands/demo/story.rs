//! The hour as it is told in the terminal: a line for whatever happens, with the minute and second of the hour
//! in front.

use super::stage::Happening;
use crate::terminal::{Colour, Screen, harmless};
use foghorn_demo::{Deed, Hand};
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::incident::{EndedBy, Incident, IncidentId};
use foghorn_domain::message::Message;
use foghorn_domain::severity::Urgency;
use foghorn_domain::text::cut;
use foghorn_domain::words::span;
use std::io::{Result, Write};

/// Columns in front of what happens.
const MARGIN: usize = 7;

/// Where nobody wraps lines, they are cut here.
const WIDTH: usize = 140;

/// Draws what happened in a step that ended at `at`.
pub(super) fn draw<W: Write>(screen: &mut Screen<W>, at: SignedDuration, happenings: &[Happening]) -> Result<()> {
    for happening in happenings {
        match happening {
            Happening::Changed(text) => line(screen, at, Colour::Dim, &harmless(text))?,
            Happening::Told(id, message) => told(screen, at, *id, message)?,
            Happening::Joined { with, why, message } => {
                // `began 15 s apart on the same database, orders-db`: what they share is enough here.
                let shared = why.split_once(" apart ").map_or(why.as_str(), |(_, shared)| shared);
                let text = format!("  told with #{with}, {shared}: {}", message.headline);
                line(screen, at, Colour::Dim, &harmless(&text))?;
            }
            Happening::Acted(ids, hand) => line(screen, at, Colour::Green, &deed(ids, hand))?,
            Happening::Flaps(incident) => {
                let text = format!("#{} flaps; nobody is told of its ups and downs any more", incident.id);
                line(screen, at, Colour::Plain, &text)?;
            }
            Happening::Ended(_) => {}
        }
    }
    for by in [EndedBy::Source, EndedBy::Quiet] {
        let over = |happening: &Happening| match happening {
            Happening::Ended(incident) if incident.ended_by == Some(by) && incident.urgency > Urgency::Record => {
                Some((**incident).clone())
            }
            _ => None,
        };
        let over: Vec<Incident> = happenings.iter().filter_map(over).collect();
        if let Some(first) = over.first() {
            let lasted = span(first.last_seen.duration_since(first.first_seen));
            let ids: Vec<IncidentId> = over.iter().map(|incident| incident.id).collect();
            let why = match by {
                EndedBy::Source => format!("its source says so, after {lasted}"),
                _ => "not heard of for 30 min".to_owned(),
            };
            let verb = if ids.len() == 1 { "is" } else { "are" };
            line(screen, at, Colour::Green, &format!("{} {verb} over: {why}", list(&ids)))?;
        }
    }
    Ok(())
}

/// A message: its first lines, and what is the matter most likely.
fn told<W: Write>(screen: &mut Screen<W>, at: SignedDuration, id: IncidentId, message: &Message) -> Result<()> {
    screen.line("")?;
    let severity = message.headline.split(' ').next().unwrap_or_default();
    let id = format!("  (#{id})");
    let headline = cut(&harmless(&message.headline), room(screen).saturating_sub(id.len()));
    line(screen, at, Colour::of_severity(severity), &format!("{headline}{id}"))?;
    let lines = [Some(&message.history), message.change.as_ref(), message.reason.as_ref()];
    for text in lines.into_iter().flatten() {
        under(screen, Colour::Bold, text)?;
    }
    let Some(cause) = message.causes.first() else { return Ok(()) };
    let (cause, fixes) = cause.split_once(" - fixes: ").unwrap_or((cause, ""));
    // What it rests on is for the incident's page.
    let cause = cause.trim_start_matches("1. ");
    let cause = cause.split_once(" (E").or_else(|| cause.split_once(" (M")).map_or(cause, |(cause, _)| cause);
    under(screen, Colour::Plain, &format!("Cause: {cause}"))?;
    // The fix of last time stands above already.
    if fixes.is_empty() || fixes.starts_with("What fixed incident") {
        return Ok(());
    }
    under(screen, Colour::Plain, &format!("Try: {fixes}"))
}

fn deed(ids: &[IncidentId], hand: &Hand) -> String {
    let (who, ids) = (hand.who, list(ids));
    match hand.deed {
        Deed::Acknowledge => format!("{who} acknowledges {ids}"),
        Deed::AskForMore(note) => format!("{who} asks about {ids}: {note}"),
        Deed::Resolve(solution) => format!("{who} resolves {ids} and writes down: {solution}"),
        Deed::Close(note) => format!("{who} closes {ids}: {note}"),
        Deed::Dismiss(note) => format!("{who} marks {ids} as nothing: {note}"),
        Deed::WriteDown(solution) => format!("{who} writes down about {ids}: {solution}"),
    }
}

fn list(ids: &[IncidentId]) -> String {
    ids.iter().map(|id| format!("#{id}")).collect::<Vec<_>>().join(", ")
}

/// Minute and second of the hour.
pub(super) fn clock(at: SignedDuration) -> String {
    format!("{:02}:{:02}", at.as_secs() / 60, at.as_secs() % 60)
}

fn line<W: Write>(screen: &mut Screen<W>, at: SignedDuration, colour: Colour, text: &str) -> Result<()> {
    let text = fitted(screen, text);
    screen.line(format!("{}  {}", screen.painted(Colour::Dim, &clock(at)), screen.painted(colour, &text)))
}

fn under<W: Write>(screen: &mut Screen<W>, colour: Colour, text: &str) -> Result<()> {
    let text = fitted(screen, &harmless(text));
    screen.line(format!("{:MARGIN$}{}", "", screen.painted(colour, &text)))
}

fn fitted<W: Write>(screen: &Screen<W>, text: &str) -> String {
    cut(text, room(screen))
}

/// Columns behind the margin.
fn room<W: Write>(screen: &Screen<W>) -> usize {
    screen.width().unwrap_or(WIDTH).saturating_sub(MARGIN).max(40)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use foghorn_demo::Whom;
    use serde_json::json;

    fn message(headline: &str, causes: &[&str]) -> Box<Message> {
        let message = json!({
            "headline": headline, "history": "New here", "change": "Changed 2 min before: checkout v2", "reason": null,
            "title": "", "status_line": "", "ai_summary": "", "causes": causes, "similar": [], "related": [],
            "actions": [], "marked": null, "link": null,
        });
        Box::new(serde_json::from_value(message).unwrap())
    }

    fn drawn(happenings: &[Happening]) -> String {
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, Some(80)), SignedDuration::from_secs(845), happenings).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_message_is_told_with_its_first_lines_its_likeliest_cause_and_what_to_try() {
        let causes = ["1. Connections are used up (E1, E2) - fixes: raise the limit", "2. Something else"];
        let told = drawn(&[Happening::Told(7, message("CRITICAL · orders-db · too many clients", &causes))]);
        let expected = [
            "",
            "14:05  CRITICAL · orders-db · too many clients  (#7)",
            "       New here",
            "       Changed 2 min before: checkout v2",
            "       Cause: Connections are used up",
            "       Try: raise the limit",
            "",
        ];
        assert_eq!(told, expected.join("\n"));
    }

    #[test]
    fn what_joins_and_who_acts_are_a_line_each() {
        let why = "began 15 s apart on the same database, orders-db".to_owned();
        let hand = Hand {
            at: SignedDuration::ZERO,
            fault: None,
            whom: Whom::Open,
            who: "ana",
            deed: Deed::Close("over since the import was stopped"),
        };
        let joined = Happening::Joined { with: 7, why, message: message("ERROR · cart · no basket", &[]) };
        let drawn = drawn(&[joined, Happening::Acted(vec![8, 9], hand)]);
        let expected = "14:05    told with #7, on the same database, orders-db: ERROR · cart · no basket\n\
                        14:05  ana closes #8, #9: over since the import was stopped\n";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn lines_stay_within_the_terminal_and_command_it_nothing() {
        let headline = format!("ERROR · cart · \u{1b}[2J{}", "long ".repeat(60));
        let told = drawn(&[Happening::Told(7, message(&headline, &[])), Happening::Changed("x\u{7}y".to_owned())]);
        assert!(!told.contains(['\u{1b}', '\u{7}']), "{told:?}");
        assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    }
}
