//! Figures with what is wanted of them, as a table, as JSON, and beside an earlier run.

use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::io::{Result, Write};
use std::path::Path;

/// Figures that differ by less are the same.
const TOLERANCE: f64 = 0.005;

/// A figure.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// `replies.ended_well`: what earlier runs know it by.
    pub(super) key: &'static str,
    /// For people.
    pub(super) about: String,
    pub(super) value: f64,
    pub(super) wanted: Wanted,
}

/// What is wanted of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
    /// More is better, and nothing is promised.
    More,
    /// Less is better, and nothing is promised.
    Less,
    /// How much was looked at; fewer would be another evaluation.
    Count,
}

impl Measure {
    pub(super) fn new(key: &'static str, about: impl Into<String>, value: f64, wanted: Wanted) -> Self {
        Self { key, about: about.into(), value, wanted }
    }

    pub(super) fn count(key: &'static str, about: impl Into<String>, count: usize) -> Self {
        Self::new(key, about, count as f64, Wanted::Count)
    }

    fn holds(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(least) => self.value >= least - 1e-9,
            Wanted::AtMost(most) => self.value <= most + 1e-9,
            Wanted::More | Wanted::Less | Wanted::Count => true,
        }
    }

    fn is_worse_than(&self, before: f64) -> bool {
        match self.wanted {
            Wanted::AtLeast(_) | Wanted::More | Wanted::Count => self.value < before - TOLERANCE,
            Wanted::AtMost(_) | Wanted::Less => self.value > before + TOLERANCE,
        }
    }
}

fn shown(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() > 1.5 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// For people.
pub(super) fn write<W: Write>(screen: &mut Screen<W>, measures: &[Measure], before: Option<&Value>) -> Result<()> {
    let row = |measure: &Measure| {
        let wanted = match measure.wanted {
            Wanted::AtLeast(least) => format!("≥ {}", shown(least)),
            Wanted::AtMost(most) => format!("≤ {}", shown(most)),
            Wanted::More | Wanted::Less | Wanted::Count => String::new(),
        };
        let earlier = earlier(before, measure.key);
        let (verdict, colour) = match (measure.holds(), earlier.is_some_and(|before| measure.is_worse_than(before))) {
            (false, _) => ("MISSED", Colour::Bold),
            (true, true) => ("WORSE", Colour::Bold),
            (true, false) => ("ok", Colour::Plain),
        };
        vec![
            Cell::new(measure.key),
            Cell::new(shown(measure.value)),
            Cell::new(wanted),
            Cell::new(earlier.map(shown).unwrap_or_default()),
            Cell::new(verdict).in_colour(colour),
            Cell::new(measure.about.clone()),
        ]
    };
    let rows: Vec<Vec<Cell>> = measures.iter().map(row).collect();
    table::write(screen, &["MEASURE", ">VALUE", ">WANTED", ">BEFORE", "", "WHAT IT SAYS"], &rows)
}

/// For programs, and for later runs.
pub(super) fn json(measures: &[Measure]) -> Value {
    let values: Map<String, Value> =
        measures.iter().map(|measure| (measure.key.to_owned(), json!((measure.value * 1e4).round() / 1e4))).collect();
    json!({ "measures": values })
}

/// What is missed or worse than before, a sentence each. Of a part of the evaluation nothing is missing that was
/// left out on purpose.
pub(super) fn complaints(measures: &[Measure], before: Option<&Value>, is_whole: bool) -> Vec<String> {
    let mut complaints: Vec<String> = measures
        .iter()
        .filter(|measure| !measure.holds())
        .map(|measure| format!("{} is {}, and {:?} is wanted", measure.key, shown(measure.value), measure.wanted))
        .collect();
    for measure in measures {
        let before = earlier(before, measure.key).filter(|before| measure.is_worse_than(*before));
        complaints.extend(
            before.map(|before| format!("{} is {}, and was {}", measure.key, shown(measure.value), shown(before))),
        );
    }
    let known = before.and_then(|before| before.get("measures")).and_then(Value::as_object);
    for key in known.into_iter().filter(|_| is_whole).flat_map(Map::keys) {
        if !measures.iter().any(|measure| measure.key == key) {
            complaints.push(format!("{key} was measured before and is missing now"));
        }
    }
    complaints
}

fn earlier(before: Option<&Value>, key: &str) -> Option<f64> {
    before?.get("measures")?.get(key)?.as_f64()
}

/// An earlier run's figures.
pub(super) fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let before: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    let has_figures = before["measures"].as_object().is_some_and(|measures| !measures.is_empty());
    anyhow::ensure!(has_figures, "{} holds no measures", path.display());
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_worse_or_gone_is_named() {
        let measures = [
            Measure::new("a", "", 0.9, Wanted::AtLeast(0.95)),
            Measure::new("b", "", 0.5, Wanted::Less),
            Measure::new("c", "", 0.5, Wanted::More),
        ];
        let before = json!({ "measures": { "a": 0.9, "b": 0.4, "c": 0.503, "d": 1.0 } });
        let complaints = complaints(&measures, Some(&before), true);
        assert_eq!(complaints.len(), 3, "{complaints:?}");
        assert!(
            complaints[0].starts_with("a is")
                && complaints[1].starts_with("b is")
                && complaints[2].starts_with("d was")
        );
    }
}
