//! The numbers of a service: its metrics value by value, and what its log lines tell of durations and sizes, of which
//! each minute's mean is one value of a series.

use super::service::{Part, ServiceMemory};
use super::urgency::LineContext;
use foghorn_detect::metric::{self, Reading, Series};
use foghorn_detect::quantity::{Quantities, quantities};
use foghorn_detect::template::masked;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::Event;
use foghorn_domain::finding::{Evidence, Finding, Kind};
use foghorn_domain::text::cut;
use foghorn_store::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A series says nothing before it has seen so many values: four hours, by the minute.
const WARM_UP: u32 = 240;
/// A series that was quiet for so long makes room for another.
const STALE_SECONDS: i64 = 3600;
/// The longest name of a series, in characters.
const LONGEST_NAME: usize = 200;

/// Where the series of a service are stored, one each; further ones are not watched.
const PLACES: [&str; 32] = [
    "series_00",
    "series_01",
    "series_02",
    "series_03",
    "series_04",
    "series_05",
    "series_06",
    "series_07",
    "series_08",
    "series_09",
    "series_10",
    "series_11",
    "series_12",
    "series_13",
    "series_14",
    "series_15",
    "series_16",
    "series_17",
    "series_18",
    "series_19",
    "series_20",
    "series_21",
    "series_22",
    "series_23",
    "series_24",
    "series_25",
    "series_26",
    "series_27",
    "series_28",
    "series_29",
    "series_30",
    "series_31",
];

/// The series of one service.
#[derive(Default)]
pub(super) struct Numbers {
    places: [Option<Box<Part<Watched>>>; PLACES.len()],
    minutes: Option<Part<BTreeMap<usize, Minute>>>,
}

/// A series and whose it is.
#[derive(Serialize, Deserialize)]
struct Watched {
    name: String,
    last_second: i64,
    series: Series,
}

/// A minute's values so far. The sum is kept by its bits, so that it is the same after a restart.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Minute {
    minute: i64,
    count: u32,
    sum_bits: u64,
}

/// A value that leaves its series' past.
pub(super) struct Unusual {
    /// The name of the series.
    pub(super) name: String,
    pub(super) finding: Finding,
}

/// Looks at the numbers of an event; the strangest of what is unusual about them.
pub(super) fn unusual(
    event: &Event,
    message: &str,
    line: Option<&LineContext>,
    memory: &mut ServiceMemory,
) -> Option<Unusual> {
    if event.status.is_some() {
        return None;
    }
    let at = event.created_at;
    if event.event_type == "metric" {
        let (name, value) = metric_of(event)?;
        return memory.numbers.observe(&name, &name, at, value, "metadata.value");
    }
    let Quantities { duration, size } = quantities(message);
    let line = line?;
    let numbers = &mut memory.numbers;
    let mut strangest: Option<Unusual> = None;
    for (value, what) in [(duration, "duration"), (size, "size")] {
        let Some(value) = value else { continue };
        let name = format!("{what} in log template {}", line.birth_key);
        let Some((mean, minute)) = numbers.gather(&name, at, value) else { continue };
        let place = format!("the mean of {} to {}", minute.count, at.strftime("%H:%M UTC"));
        let shown = format!("{what} in “{}”", cut(&masked(message), 100));
        let found = numbers.observe(&name, &shown, at, mean, &place);
        if found.as_ref().map(|found| found.finding.score) > strangest.as_ref().map(|strangest| strangest.finding.score)
        {
            strangest = found;
        }
    }
    strangest
}

/// A metric's name with its labels, and its value.
fn metric_of(event: &Event) -> Option<(String, f64)> {
    let payload: Option<Value> =
        if event.payload.trim_start().starts_with('{') { serde_json::from_str(&event.payload).ok() } else { None };
    let field = |names: &[&str]| {
        names.iter().find_map(|name| {
            event.metadata.get(*name).or_else(|| payload.as_ref().and_then(|payload| payload.get(*name)))
        })
    };
    let value = match field(&["value"])? {
        Value::String(text) => text.trim().parse().ok()?,
        number => number.as_f64()?,
    };
    let name = field(&["metric", "metric_name", "name"]).and_then(Value::as_str).unwrap_or("value");
    let mut labels: Vec<(&str, &str)> = Vec::new();
    if let Some(Value::Object(map)) = field(&["labels", "tags"]) {
        labels.extend(map.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).take(16));
    }
    for name in ["host", "instance"] {
        labels.extend(field(&[name]).and_then(Value::as_str).map(|value| (name, value)));
    }
    labels.sort_unstable();
    labels.dedup();
    let labels: Vec<String> = labels.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) };
    Some((name, value))
}

impl Numbers {
    /// What the store remembers of them.
    pub(super) fn restore(parts: &[(String, String)]) -> Result<Self> {
        let mut numbers = Self::default();
        for (place, name) in numbers.places.iter_mut().zip(PLACES) {
            *place = Part::stored_if_any(parts, name)?.map(Box::new);
        }
        numbers.minutes = Part::stored_if_any(parts, "minutes")?;
        Ok(numbers)
    }

    /// The next value of a series, under the name that people see. Nothing where it is as usual, the series is young, or there are too many of them.
    fn observe(&mut self, name: &str, shown: &str, at: Timestamp, value: f64, place: &str) -> Option<Unusual> {
        let index = self.place_of(name, at)?;
        let watched = self.places[index].as_mut()?.changed();
        watched.last_second = at.as_second();
        let reading = watched.series.observe(Some(at), value);
        if !(reading.is_anomaly() || reading.has_grown) || watched.series.len() <= WARM_UP {
            return None;
        }
        Some(Unusual { name: watched.name.clone(), finding: finding(shown, value, &reading, place) })
    }

    /// Adds a value to its series' minute. Where that minute is over, its mean and count, and a new minute begins.
    fn gather(&mut self, name: &str, at: Timestamp, value: f64) -> Option<(f64, Minute)> {
        let index = self.place_of(name, at)?;
        let minute = at.as_second().div_euclid(60);
        let open =
            self.minutes.get_or_insert_with(|| Part::new(BTreeMap::new(), true)).changed().entry(index).or_default();
        let is_over = open.count > 0 && open.minute < minute;
        let over = is_over.then(|| (f64::from_bits(open.sum_bits) / f64::from(open.count), *open));
        if is_over || open.count == 0 {
            *open = Minute { minute, ..Minute::default() };
        }
        open.count = open.count.saturating_add(1);
        open.sum_bits = (f64::from_bits(open.sum_bits) + value).to_bits();
        over
    }

    /// The place of a series: its own, an empty one, or that of one that fell silent long ago.
    fn place_of(&mut self, name: &str, at: Timestamp) -> Option<usize> {
        let name = cut(name, LONGEST_NAME);
        let is_its_own =
            |part: &Option<Box<Part<Watched>>>| part.as_ref().is_some_and(|part| part.value().name == name);
        if let Some(index) = self.places.iter().position(is_its_own) {
            return Some(index);
        }
        let is_free = |part: &Option<Box<Part<Watched>>>| {
            part.as_ref().is_none_or(|part| at.as_second() - part.value().last_second > STALE_SECONDS)
        };
        let index = self.places.iter().position(is_free)?;
        if let Some(minutes) = &mut self.minutes {
            minutes.changed().remove(&index);
        }
        let watched = Watched { name, last_second: at.as_second(), series: Series::new() };
        self.places[index] = Some(Box::new(Part::new(watched, true)));
        Some(index)
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.minutes.as_ref().is_some_and(Part::is_dirty) || self.places.iter().flatten().any(|part| part.is_dirty())
    }

    /// What has changed since the last call, by the name of its part.
    pub(super) fn take_changes(&mut self) -> Result<Vec<(&'static str, Option<String>)>> {
        let mut changes = Vec::new();
        for (place, name) in self.places.iter_mut().zip(PLACES) {
            if let Some(part) = place {
                changes.push((name, part.take_change()?));
            }
        }
        if let Some(minutes) = &mut self.minutes {
            changes.push(("minutes", minutes.take_change()?));
        }
        Ok(changes)
    }
}

fn finding(shown: &str, value: f64, reading: &Reading, place: &str) -> Finding {
    let text = format!("{shown} is {}: {}", metric::short(value), reading.why());
    let score = if reading.has_grown { reading.score.max(metric::CLEAR) } else { reading.score };
    Finding { kind: Kind::Anomaly, score, evidence: vec![Evidence::new("anomaly.series", &text, place)] }
}

#[cfg(test)]
mod tests;
