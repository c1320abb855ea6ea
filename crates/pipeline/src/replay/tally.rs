//! Every event counted under the template of what it says, as triage mines them, with the first line of each. Triage
//! remembers templates of log lines only; here every event has one.

use foghorn_detect::header;
use foghorn_detect::template::Miner;
use foghorn_domain::event::NewEvent;
use foghorn_domain::text::{cut, outside_text};
use foghorn_store::model::scope;
use std::collections::HashMap;

/// A template and how often it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateCount {
    /// Whose lines they are.
    pub service: String,
    /// The first of them, with secrets masked.
    pub first_line: String,
    /// How many.
    pub count: u64,
}

/// Which template an event has.
pub(super) type Key = (usize, usize);

/// See the module.
#[derive(Default)]
pub(super) struct Tally {
    places: HashMap<String, usize>,
    services: Vec<Service>,
    templates: usize,
}

struct Service {
    name: String,
    miner: Miner,
    templates: Vec<(String, u64)>,
}

/// Services told apart; further ones share one.
const MAX_SERVICES: usize = 2_000;
/// Templates whose first line is kept.
const MAX_FIRST_LINES: usize = 100_000;
/// Characters of a first line.
const FIRST_LINE: usize = 200;

impl Tally {
    /// The template of an event, which is not counted yet.
    pub(super) fn learn(&mut self, event: &NewEvent) -> Key {
        let place = self.service(event);
        let service = &mut self.services[place];
        let is_line =
            event.status.is_none() && !matches!(event.event_type.as_str(), "http_request" | "http" | "metric");
        let parsed = if is_line { header::parse(&event.payload).message } else { event.payload.as_str().into() };
        let cluster = service.miner.learn(&parsed).cluster;
        while service.templates.len() <= cluster {
            let is_kept = self.templates < MAX_FIRST_LINES;
            let first = event.payload.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let start = &first[..first.floor_char_boundary(8 * FIRST_LINE)];
            let first = if is_kept { cut(&outside_text(start), FIRST_LINE) } else { String::new() };
            service.templates.push((first, 0));
            self.templates += 1;
        }
        (place, cluster)
    }

    /// Counts an event of a template.
    pub(super) fn count(&mut self, (place, cluster): Key) {
        let service = self.services.get_mut(place);
        if let Some((_, count)) = service.and_then(|service| service.templates.get_mut(cluster)) {
            *count += 1;
        }
    }

    /// All templates that were met, the most frequent first.
    pub(super) fn all(&self) -> Vec<TemplateCount> {
        let of = |service: &Service| {
            let name = service.name.clone();
            let met = service.templates.iter().filter(|(_, count)| *count > 0).cloned().collect::<Vec<_>>();
            met.into_iter().map(move |(first_line, count)| TemplateCount { service: name.clone(), first_line, count })
        };
        let mut all: Vec<TemplateCount> = self.services.iter().flat_map(of).collect();
        all.sort_by_key(|template| std::cmp::Reverse(template.count));
        all
    }

    fn service(&mut self, event: &NewEvent) -> usize {
        let is_full = self.services.len() >= MAX_SERVICES;
        let known = scope(event.environment(), event.service());
        if let Some(place) = self.places.get(&known) {
            return *place;
        }
        let (key, name) = if is_full { (String::new(), "(further services)") } else { (known, event.service()) };
        let next = self.services.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            let name = cut(&outside_text(name), 80);
            self.services.push(Service { name, miner: Miner::new(), templates: Vec::new() });
        }
        place
    }
}
