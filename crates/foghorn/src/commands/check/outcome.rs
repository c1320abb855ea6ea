//! What a check says.

use crate::terminal::{Colour, Screen};
use serde_json::json;
use std::io::{Result, Write};

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Ok,
    Warn,
    Fail,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }

    fn colour(self) -> Colour {
        match self {
            Self::Ok => Colour::Green,
            Self::Warn => Colour::Yellow,
            Self::Fail => Colour::Red,
        }
    }
}

/// One line of the answer.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    health: Health,
    what: &'static str,
    details: String,
}

impl Outcome {
    /// Whether it must be mended before Foghorn works.
    pub(super) fn is_failure(&self) -> bool {
        self.health == Health::Fail
    }
}

/// It is well.
pub(super) fn ok(what: &'static str, details: impl Into<String>) -> Outcome {
    Outcome { health: Health::Ok, what, details: details.into() }
}

/// It works, and somebody should look at it.
pub(super) fn warn(what: &'static str, details: impl Into<String>) -> Outcome {
    Outcome { health: Health::Warn, what, details: details.into() }
}

/// It does not work; the details say what to do.
pub(super) fn fail(what: &'static str, details: impl Into<String>) -> Outcome {
    Outcome { health: Health::Fail, what, details: details.into() }
}

/// Writes all of them.
pub(super) fn write<W: Write>(screen: &mut Screen<W>, outcomes: &[Outcome], as_json: bool) -> Result<()> {
    if as_json {
        let one = |Outcome { health, what, details }: &Outcome| json!({ "check": what, "health": health.word().to_lowercase(), "details": details });
        return screen.json(&json!({ "checks": outcomes.iter().map(one).collect::<Vec<_>>() }));
    }
    for Outcome { health, what, details } in outcomes {
        let word = format!("{:4}", health.word());
        screen.line(format!("{}  {what:14}  {details}", screen.painted(health.colour(), &word)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn each_outcome_is_a_line() {
        let outcomes =
            [ok("disk", "10 GB free"), warn("server", "no answer"), fail("store", "is damaged; restore a backup")];
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, false, None), &outcomes, false).unwrap();
        let expected = "OK    disk            10 GB free\nWARN  server          no answer\nFAIL  store           is damaged; restore a backup\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert!(outcomes[2].is_failure() && !outcomes[1].is_failure());
    }
}
