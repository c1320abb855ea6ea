//! A routing file, read whole: every fault in it is found before one is reported.
//!
//! `receivers` reads who there is, `routes` the tree, `quiet` inhibition and maintenance; `reach` looks for
//! routes that nothing can reach; `expect` runs the file's own table of expectations once the rest is right.

mod receivers;
mod routes;
mod quiet;
mod reach;
mod expect;

use crate::fault::{Fault, Faults};
use crate::matcher::Matcher;
use crate::near;
use crate::receiver::Receiver;
use crate::routing::Routing;
use crate::spell::quoted;
use crate::toml_table::{Table, Text};
use std::collections::HashSet;
use toml::de::DeTable;

/// Larger files are no routing.
const LONGEST: usize = 1024 * 1024;

/// Regular expressions of one file: each is compiled, and may take a megabyte.
const MOST_EXPRESSIONS: usize = 1_000;

const KEYS: [&str; 7] = ["receivers", "teams", "route", "fallback", "inhibit", "maintenance", "expect"];

pub(crate) fn parse(text: &str) -> Result<Routing, Vec<Fault>> {
    let mut faults = Faults::of(text);
    if text.len() > LONGEST {
        faults.fault(0, format!("the file has more than {LONGEST} bytes"));
        return Err(faults.into_list());
    }
    let expressions = text.matches("=~").chain(text.matches("!~")).count();
    if expressions > MOST_EXPRESSIONS {
        faults.fault(0, format!("the file has {expressions} regular expressions; {MOST_EXPRESSIONS} is the most"));
        return Err(faults.into_list());
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            faults.fault(error.span().map_or(0, |span| span.start), error.message());
        }
        return Err(faults.into_list());
    }
    let routing = read(&Table { inner: table.get_ref(), at: 0 }, &mut faults);
    if faults.is_fatal() {
        return Err(faults.into_list());
    }
    Ok(Routing { warnings: faults.into_list(), ..routing })
}

fn read(table: &Table<'_>, faults: &mut Faults<'_>) -> Routing {
    table.refuse_unknown(&KEYS, "a routing file", faults);
    let receivers = receivers::read(table, faults);
    let teams = receivers::teams(table, faults);
    let mut names = Names::of(&receivers, &teams);
    let fallback = match table.texts("fallback", faults) {
        Some(texts) => {
            if texts.is_empty() {
                faults.fault(table.place_of("fallback"), "fallback is empty; name whom to tell when no route fits");
            }
            names.receivers(&texts, faults)
        }
        None => {
            faults.fault(0, "fallback is missing; name whom to tell when no route fits: fallback = [\"…\"]");
            Vec::new()
        }
    };
    let routes = routes::read(table, &mut names, faults);
    let routing = Routing {
        routes,
        fallback,
        inhibitions: quiet::inhibitions(table, faults),
        maintenance: quiet::maintenance(table, faults),
        receivers: receivers.into_iter().map(|(_, receiver)| receiver).collect(),
        teams: teams.into_iter().map(|(name, display)| (name.text.to_owned(), display)).collect(),
        expectations: 0,
        warnings: Vec::new(),
    };
    reach::check(&routing.routes, faults);
    names.warn_of_unused(faults);
    let expectations = expect::read(table, &routing, faults);
    if !faults.is_fatal() {
        expect::run(&expectations, &routing, faults);
    }
    Routing { expectations: expectations.len(), ..routing }
}

/// The names that a file gives, and which of them it uses.
struct Names<'a> {
    receivers: Vec<Text<'a>>,
    teams: Vec<Text<'a>>,
    used: HashSet<String>,
}

impl<'a> Names<'a> {
    fn of(receivers: &[(Text<'a>, Receiver)], teams: &[(Text<'a>, String)]) -> Self {
        Self {
            receivers: receivers.iter().map(|(name, _)| *name).collect(),
            teams: teams.iter().map(|(name, _)| *name).collect(),
            used: HashSet::new(),
        }
    }

    /// The receivers with these names; one that is not there, or is named twice, is a fault.
    fn receivers(&mut self, texts: &[Text<'_>], faults: &mut Faults<'_>) -> Vec<String> {
        let mut named: Vec<String> = Vec::with_capacity(texts.len().min(self.receivers.len()));
        for text in texts {
            if !self.receivers.iter().any(|known| known.text == text.text) {
                let hint = near::hint(text.text, self.receivers.iter().map(|known| known.text));
                faults.fault(text.at, format!("there is no receiver {}{hint}", quoted(text.text)));
            } else if named.iter().any(|other| other == text.text) {
                faults.fault(text.at, format!("receiver {} is named twice", quoted(text.text)));
            } else {
                self.used.insert(text.text.to_owned());
                named.push(text.text.to_owned());
            }
        }
        named
    }

    fn team(&self, text: Text<'_>, faults: &mut Faults<'_>) -> String {
        if !self.teams.iter().any(|known| known.text == text.text) {
            let hint = near::hint(text.text, self.teams.iter().map(|known| known.text));
            let name = quoted(text.text);
            faults.fault(text.at, format!("there is no team {name}{hint}; teams are tables: [teams.NAME]"));
        }
        text.text.to_owned()
    }

    fn warn_of_unused(&self, faults: &mut Faults<'_>) {
        for receiver in self.receivers.iter().filter(|receiver| !self.used.contains(receiver.text)) {
            faults.warn(receiver.at, format!("nobody uses receiver {}", quoted(receiver.text)));
        }
    }
}

/// The matchers under a key; each that is none is a fault in its place.
fn matchers(table: &Table<'_>, key: &str, faults: &mut Faults<'_>) -> Vec<Matcher> {
    let texts = table.texts(key, faults).unwrap_or_default();
    if texts.len() > 50 {
        faults.fault(table.place_of(key), format!("{key} has more than 50 matchers"));
        return Vec::new();
    }
    let each = texts.iter().map(|text| Matcher::parse(text.text).map_err(|why| faults.fault(text.at, why)));
    each.filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests;
