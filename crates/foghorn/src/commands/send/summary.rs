//! What became of the lines.

use crate::terminal::{Colour, Screen};
use foghorn_domain::words::{counted, with_thousands};
use serde_json::json;
use std::io::{Result, Write};

/// A line that the server did not take.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Its number in the input.
    pub(super) line: u64,
    /// What the server says.
    pub(super) reason: String,
}

/// Refusals that are kept and shown; the others are counted.
const SHOWN: usize = 5;

/// Counts of lines.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Handed to the server.
    pub(super) sent: u64,
    /// On its disk.
    pub(super) accepted: u64,
    /// Not taken.
    pub(super) refused: u64,
    /// The first of those.
    pub(super) refusals: Vec<Refusal>,
    /// Sent again after a lost connection.
    pub(super) sent_again: u64,
    /// From first to last.
    pub(super) seconds: f64,
}

impl Summary {
    /// Counts a refusal.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refused += 1;
        if self.refusals.len() < SHOWN {
            self.refusals.push(refusal);
        }
    }

    /// Says it, for people or programs.
    pub(super) fn write<W: Write>(&self, screen: &mut Screen<W>, as_json: bool) -> Result<()> {
        if as_json {
            let refusals: Vec<_> =
                self.refusals.iter().map(|one| json!({ "line": one.line, "reason": one.reason })).collect();
            return screen.json(&json!({
                "sent": self.sent, "accepted": self.accepted, "refused": self.refused, "refusals": refusals,
                "sent_again": self.sent_again, "seconds": self.seconds,
            }));
        }
        screen.line(format!(
            "{} sent in {:.1} s: {} accepted, {} refused",
            counted(self.sent, "line"),
            self.seconds,
            with_thousands(self.accepted),
            with_thousands(self.refused),
        ))?;
        if self.sent_again > 0 {
            let lines = counted(self.sent_again, "line");
            screen.line(format!("{lines} sent again after the connection was lost; they may be stored twice"))?;
        }
        for Refusal { line, reason } in &self.refusals {
            screen.line(screen.painted(Colour::Red, &format!("line {line}: {reason}")))?;
        }
        let more = self.refused - self.refusals.len() as u64;
        if more > 0 { screen.line(format!("and {} more", with_thousands(more))) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn the_first_refusals_are_shown_and_the_rest_is_counted() {
        let mut summary = Summary { sent: 1008, accepted: 1000, seconds: 0.42, ..Summary::default() };
        for line in 1..=8 {
            summary.refuse(Refusal { line, reason: "payload: must be a non-blank string".to_owned() });
        }
        let mut out = Vec::new();
        summary.write(&mut screen_of(&mut out, false, None), false).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "1,008 lines sent in 0.4 s: 1,000 accepted, 8 refused");
        assert_eq!(lines[1], "line 1: payload: must be a non-blank string");
        assert_eq!((lines.len(), lines[6]), (7, "and 3 more"));
    }
}
