//! `[[route]]`, and the routes below it.

use super::{Names, matchers};
use crate::escalation::Step;
use crate::fault::Faults;
use crate::hours::{self, Hours};
use crate::route::{Route, RouteSettings};
use crate::spell;
use crate::toml_table::Table;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::text::{cut, plain_text};

/// Routes of one file; each is held against its siblings.
const MOST: usize = 1_000;

/// Routes inside routes.
const DEEPEST: usize = 10;

/// Steps of an escalation.
const MOST_STEPS: usize = 20;

const KEYS: [&str; 10] = [
    "name",
    "match",
    "when",
    "receivers",
    "team",
    "continue",
    "group_interval",
    "repeat_interval",
    "escalation",
    "route",
];

pub(super) fn read(table: &Table<'_>, names: &mut Names<'_>, faults: &mut Faults<'_>) -> Vec<Route> {
    let mut left = MOST;
    let routes = siblings(table, names, DEEPEST, &mut left, faults);
    if left == 0 {
        faults.fault(table.place_of("route"), format!("there are {MOST} routes or more"));
    }
    routes
}

fn siblings(
    table: &Table<'_>,
    names: &mut Names<'_>,
    deeper: usize,
    left: &mut usize,
    faults: &mut Faults<'_>,
) -> Vec<Route> {
    let tables = table.tables("route", faults);
    if deeper == 0 && !tables.is_empty() {
        faults.fault(table.place_of("route"), format!("routes are nested more than {DEEPEST} deep"));
        return Vec::new();
    }
    let mut routes = Vec::new();
    for table in tables {
        if *left == 0 {
            break;
        }
        *left -= 1;
        routes.push(route(&table, names, deeper, left, faults));
    }
    routes
}

fn route(table: &Table<'_>, names: &mut Names<'_>, deeper: usize, left: &mut usize, faults: &mut Faults<'_>) -> Route {
    table.refuse_unknown(&KEYS, "a route", faults);
    let receivers = table.texts("receivers", faults);
    let has_faulty_receivers = receivers.is_some();
    let receivers = names.receivers(&receivers.unwrap_or_default(), faults);
    let children = siblings(table, names, deeper - 1, left, faults);
    if receivers.is_empty() && children.is_empty() && (!has_faulty_receivers || table_is_empty(table)) {
        faults.fault(table.at, "the route leads nowhere: it has neither receivers nor routes below it");
    }
    if table.has("match") && table.texts("match", &mut Faults::of("")).is_some_and(|texts| texts.is_empty()) {
        faults.fault(table.place_of("match"), "match is empty; leave it out for a route that takes everything");
    }
    let hours = table.table("when", faults).and_then(|when| {
        when.refuse_unknown(&hours::KEYS, "when", faults);
        Hours::read(&when, faults)
    });
    Route {
        name: table.text("name", faults).map(|text| cut(&plain_text(text.text), 80)),
        matchers: matchers(table, "match", faults),
        hours,
        receivers,
        goes_on: table.flag("continue", faults).unwrap_or(false),
        settings: RouteSettings {
            team: table.text("team", faults).map(|text| names.team(text, faults)),
            group_interval: table.length("group_interval", faults),
            repeat_interval: table.length("repeat_interval", faults),
            escalation: escalation(table, names, faults),
        },
        children,
        at: table.at,
    }
}

/// Whether the receivers are an empty list, and not names that were faults already.
fn table_is_empty(table: &Table<'_>) -> bool {
    table.value("receivers").and_then(|value| value.get_ref().as_array()).is_some_and(|array| array.is_empty())
}

/// `escalation = [{ after = "15m", receivers = ["…"] }]`: the times grow from step to step.
fn escalation(table: &Table<'_>, names: &mut Names<'_>, faults: &mut Faults<'_>) -> Option<Vec<Step>> {
    if !table.has("escalation") {
        return None;
    }
    let tables = table.tables("escalation", faults);
    if tables.len() > MOST_STEPS {
        faults.fault(table.place_of("escalation"), format!("escalation has more than {MOST_STEPS} steps"));
    }
    let mut steps: Vec<Step> = Vec::new();
    for step in tables.into_iter().take(MOST_STEPS) {
        step.refuse_unknown(&["after", "receivers"], "a step of an escalation", faults);
        let receivers = step.texts("receivers", faults);
        if receivers.as_ref().is_none_or(Vec::is_empty) {
            faults.fault(step.at, "the step has no receivers");
        }
        let receivers = names.receivers(&receivers.unwrap_or_default(), faults);
        let Some(after) = step.length("after", faults) else {
            if !step.has("after") {
                faults.fault(step.at, "the step has no time; write after = \"15m\"");
            }
            continue;
        };
        let before: Option<SignedDuration> = steps.last().map(|step| step.after);
        if let Some(before) = before.filter(|before| *before >= after) {
            let before = spell::write(before);
            let message = format!("times must grow from step to step, and this is not later than {before}");
            faults.fault(step.value("after").map_or(step.at, |value| value.span().start), message);
        }
        steps.push(Step { after, receivers });
    }
    Some(steps)
}
