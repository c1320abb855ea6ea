//! `[[inhibit]]` and `[[maintenance]]`.

use super::matchers;
use crate::fault::Faults;
use crate::hours::{self, Hours};
use crate::inhibition::Inhibition;
use crate::maintenance::Maintenance;
use crate::matcher::Attribute;
use crate::toml_table::Table;
use foghorn_domain::text::{cut, plain_text};

/// Rules of either kind in one file.
const MOST: usize = 500;

pub(super) fn inhibitions(table: &Table<'_>, faults: &mut Faults<'_>) -> Vec<Inhibition> {
    let each = bounded(table, "inhibit", faults).into_iter().map(|rule| {
        rule.refuse_unknown(&["name", "source", "target", "equal"], "an inhibition", faults);
        for side in ["source", "target"] {
            require_matchers(&rule, side, faults);
        }
        let texts = rule.texts("equal", faults).unwrap_or_default();
        let equal = texts.iter().map(|text| Attribute::parse(text.text).map_err(|why| faults.fault(text.at, why)));
        Inhibition {
            equal: equal.filter_map(Result::ok).collect(),
            name: rule.text("name", faults).map(|text| cut(&plain_text(text.text), 80)),
            source: matchers(&rule, "source", faults),
            target: matchers(&rule, "target", faults),
        }
    });
    each.collect()
}

pub(super) fn maintenance(table: &Table<'_>, faults: &mut Faults<'_>) -> Vec<Maintenance> {
    let each = bounded(table, "maintenance", faults).into_iter().filter_map(|window| {
        let [days, from, to, zone] = hours::KEYS;
        window.refuse_unknown(&["why", "match", days, from, to, zone], "a maintenance", faults);
        require_matchers(&window, "match", faults);
        if !window.has("why") {
            faults.fault(window.at, "the maintenance has no why; whoever misses a message will ask");
        }
        if !window.has("days") && !window.has("from") {
            faults.fault(window.at, "the maintenance never ends; give it days, or from and to");
        }
        let why = window.text("why", faults).map(|text| cut(&plain_text(text.text), 200)).unwrap_or_default();
        let matchers = matchers(&window, "match", faults);
        Some(Maintenance { why, matchers, hours: Hours::read(&window, faults)? })
    });
    each.collect()
}

fn bounded<'a>(table: &Table<'a>, key: &str, faults: &mut Faults<'_>) -> Vec<Table<'a>> {
    let mut tables = table.tables(key, faults);
    if tables.len() > MOST {
        faults.fault(table.place_of(key), format!("there are more than {MOST} of {key}"));
        tables.truncate(MOST);
    }
    tables
}

/// What keeps quiet names what it is about.
fn require_matchers(table: &Table<'_>, key: &str, faults: &mut Faults<'_>) {
    let has_some =
        table.value(key).is_some_and(|value| value.get_ref().as_array().is_none_or(|array| !array.is_empty()));
    if !has_some {
        faults.fault(table.place_of(key), format!("{key} is missing or empty; it says what this is about"));
    }
}
