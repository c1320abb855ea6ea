//! `[[expect]]`: what the file's author wants to come out, and whether it does.

use crate::attributes::{Attributes, DEFAULT_ENVIRONMENT};
use crate::fault::Faults;
use crate::near;
use crate::route::Routed;
use crate::routing::Routing;
use crate::spell::quoted;
use crate::toml_table::{Table, Text};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::finding::Kind;
use foghorn_domain::severity::{Severity, Urgency};
use foghorn_domain::text::{cut, plain_text};
use std::collections::BTreeSet;

/// Expectations of one file.
const MOST: usize = 1_000;

const KEYS: [&str; 10] =
    ["name", "kind", "severity", "urgency", "service", "environment", "labels", "summary", "at", "receivers"];

/// One expectation.
pub(super) struct Expectation {
    name: String,
    attributes: Attributes,
    at: Timestamp,
    receivers: BTreeSet<String>,
    place: usize,
}

pub(super) fn read(table: &Table<'_>, routing: &Routing, faults: &mut Faults<'_>) -> Vec<Expectation> {
    let tables = table.tables("expect", faults);
    if tables.len() > MOST {
        faults.fault(table.place_of("expect"), format!("there are more than {MOST} expectations"));
    }
    let each = tables.iter().take(MOST).enumerate();
    each.filter_map(|(index, table)| expectation(index, table, routing, faults)).collect()
}

fn expectation(index: usize, table: &Table<'_>, routing: &Routing, faults: &mut Faults<'_>) -> Option<Expectation> {
    table.refuse_unknown(&KEYS, "an expectation", faults);
    let known = |text: Text<'_>, names: Vec<&'static str>, faults: &mut Faults<'_>| {
        let hint = near::hint(text.text, names.into_iter());
        faults.fault(text.at, format!("there is no {}{hint}", quoted(text.text)));
    };
    let mut attributes = Attributes::default();
    if let Some(text) = table.text("kind", faults) {
        match Kind::parse(text.text) {
            Some(kind) => attributes.kind = kind,
            None => known(text, Kind::ALL.map(Kind::as_str).to_vec(), faults),
        }
    }
    if let Some(text) = table.text("severity", faults) {
        match Severity::parse(text.text) {
            Some(severity) => attributes.severity = severity,
            None => known(text, vec!["critical", "error", "warning", "info"], faults),
        }
    }
    if let Some(text) = table.text("urgency", faults) {
        match Urgency::parse(text.text) {
            Some(urgency) => attributes.urgency = urgency,
            None => known(text, vec!["page", "notify", "record"], faults),
        }
    }
    let mut text = |key: &str, otherwise: &str| {
        table.text(key, faults).map_or_else(|| otherwise.to_owned(), |text| text.text.to_owned())
    };
    attributes.service = text("service", "");
    attributes.environment = text("environment", DEFAULT_ENVIRONMENT);
    attributes.summary = text("summary", "");
    attributes.labels = labels(table, faults);
    let Some(receivers) = table.texts("receivers", faults) else {
        faults.fault(table.at, "the expectation has no receivers; say who is to be told");
        return None;
    };
    for text in receivers.iter().filter(|text| routing.receiver(text.text).is_none()) {
        let hint = near::hint(text.text, routing.receivers().iter().map(|receiver| receiver.name.as_str()));
        faults.fault(text.at, format!("there is no receiver {}{hint}", quoted(text.text)));
    }
    Some(Expectation {
        name: table.text("name", faults).map_or(format!("expect[{index}]"), |text| cut(&plain_text(text.text), 80)),
        attributes,
        at: moment(table, faults)?,
        receivers: receivers.iter().map(|text| text.text.to_owned()).collect(),
        place: table.at,
    })
}

/// A list of labels, `["sqli", "team=payments"]`, or a table of those with a name.
fn labels(table: &Table<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let is_table = table.value("labels").is_some_and(|value| value.get_ref().is_table());
    if !is_table {
        let texts = table.texts("labels", faults).unwrap_or_default();
        return texts.into_iter().map(|text| text.text.to_owned()).collect();
    }
    let Some(labels) = table.table("labels", faults) else { return Vec::new() };
    let names: Vec<&str> = labels.inner.keys().map(|key| key.get_ref().as_ref()).collect();
    let each = names.into_iter().filter_map(|name| Some(format!("{name}={}", labels.text(name, faults)?.text)));
    each.collect()
}

/// A Wednesday, noon in UTC: when an expectation takes place that does not say.
const USUAL: &str = "2026-01-07T12:00:00Z";

fn moment(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Timestamp> {
    let Some(value) = table.value("at") else { return USUAL.parse().ok() };
    let value = value.get_ref();
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_datetime().map(ToString::to_string));
    let at = text.filter(|text| text.len() <= 60).and_then(|text| text.parse().ok());
    if at.is_none() {
        let place = table.value("at").map_or(table.at, |value| value.span().start);
        faults.fault(place, "at must be a time with its distance from UTC, such as 2026-03-01T22:30:00+01:00");
    }
    at
}

/// Routes every expectation; one that is not met is a fault.
pub(super) fn run(expectations: &[Expectation], routing: &Routing, faults: &mut Faults<'_>) {
    for expectation in expectations {
        let routed = routing.route(&expectation.attributes.subject(), expectation.at);
        let told: BTreeSet<String> = routed.iter().map(|routed| routed.receiver.clone()).collect();
        if told != expectation.receivers {
            let expected: Vec<&str> = expectation.receivers.iter().map(String::as_str).collect();
            let expected = if expected.is_empty() { "nobody".to_owned() } else { expected.join(", ") };
            let name = &expectation.name;
            faults.fault(expectation.place, format!("{name}: expected {expected}; told {}", in_words(&routed)));
        }
    }
}

/// `phone by route[0] "pages", web by fallback`.
fn in_words(routed: &[Routed]) -> String {
    let each = routed.iter().map(|routed| format!("{} by {}", routed.receiver, routed.path));
    each.collect::<Vec<_>>().join(", ")
}
