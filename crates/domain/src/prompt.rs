//! What a language model is told about an incident: as little as says what is wrong, and nothing that could tell
//! the model what to do.
//!
//! [`Briefing::of`] takes an incident, what memory found like it and what was changed before it. `abstracted`
//! turns lines into templates with typed values, so that lines that say the same become one entry and what a
//! stranger wrote into a quoted field or an address stays out. [`identifiers`] puts placeholders in the place of
//! addresses and names, and puts them back after the reply. [`suspicion`] looks for text that reads as if it
//! were addressed to a model; such text is left out, and people are told so. [`Briefing::render`] writes the
//! prompt: the part that is always the same from a template file with a version, then the data between two lines
//! that carry a code nobody could have known.
//!
//! Everything passes [`outside_text`](crate::text::outside_text) first: it is redacted, plain and on one line.
//! The code is an argument, so that the same incident and code give the same prompt.

mod abstracted;
mod hash;
pub mod identifiers;
pub mod suspicion;

use crate::analyst::SimilarIncident;
use crate::incident::Incident;
use crate::message::Change;
use crate::text::{cut, outside_text, start_of};
use crate::words;
use identifiers::Placeholders;
use std::fmt::Write;
use suspicion::Suspicion;

/// The version of template and layout; part of what answers are kept by.
pub const VERSION: &str = "analysis-1";
/// The part of the prompt that is the same for every incident.
const SYSTEM: &str = include_str!("../prompts/analysis-1.txt");

/// Templates of evidence that are shown.
const MAX_GROUPS: usize = 8;
/// Earlier incidents that are shown.
const MAX_MEMORIES: usize = 3;
/// Changes that are shown.
const MAX_CHANGES: usize = 3;
/// The longest template and the longest text of a memory, in characters.
const MAX_TEMPLATE: usize = 300;
/// The longest sample, in characters, and how many there are.
const MAX_SAMPLE: (usize, usize) = (160, 3);
/// Values that are shown of a template.
const MAX_VALUES: usize = 6;
/// How much of a text is looked at, in bytes.
const LOOKED_AT: usize = 4_096;

/// Everything that a model may be told about an incident.
#[derive(Clone, Debug)]
pub struct Briefing {
    head: Vec<String>,
    /// Evidence by template: `E1` is the first.
    pub(crate) groups: Vec<Group>,
    /// `M1` is the first.
    memories: Vec<(String, String)>,
    /// `C1` is the first.
    changes: Vec<String>,
    /// Stand-ins for addresses and names.
    pub placeholders: Placeholders,
    /// What reads as if it were addressed to a model.
    pub suspicions: Vec<Suspicion>,
    /// Names what an answer rests on: incidents with the same hash may share an answer.
    pub evidence_hash: String,
    /// All that strangers wrote, to see whether an answer only repeats it.
    pub(crate) untrusted: Vec<String>,
}

/// Lines that say the same.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) template: String,
    /// Positions in [`Incident::evidence`].
    pub(crate) entries: Vec<usize>,
    rule: String,
    score: f32,
    values: Vec<String>,
    sample: String,
}

/// A prompt, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The part that is the same for every incident.
    pub system: String,
    /// The data.
    pub user: String,
}

impl Briefing {
    /// Looks through an incident. `similar` is in the order in which the message shows it.
    pub fn of(incident: &Incident, similar: &[SimilarIncident], changes: &[Change]) -> Self {
        let mut writer = Writer::default();
        let head = writer.head(incident);
        let groups = writer.groups(incident);
        let memories: Vec<(String, String)> =
            similar.iter().take(MAX_MEMORIES).enumerate().map(|(index, found)| writer.memory(index, found)).collect();
        let counts = |change: &&Change| change.at <= incident.last_seen;
        let mut latest: Vec<&Change> = changes.iter().filter(counts).collect();
        latest.sort_by_key(|change| std::cmp::Reverse(change.at));
        let changes: Vec<String> = latest
            .into_iter()
            .take(MAX_CHANGES)
            .enumerate()
            .map(|(index, change)| writer.change(index, change, incident))
            .collect();
        let Writer { placeholders, suspicions, untrusted } = writer;
        let evidence_hash = hash::of(incident, &groups, &memories, &changes);
        Self { head, groups, memories, changes, placeholders, suspicions, evidence_hash, untrusted }
    }

    /// The prompt. The code is a random text of letters and digits that nobody could have known.
    pub fn render(&self, code: &str) -> Prompt {
        let mut user = format!("DATA {code}\n");
        for line in &self.head {
            user.push_str(line);
            user.push('\n');
        }
        user.push_str("Evidence:\n");
        if self.groups.is_empty() {
            user.push_str("none is kept\n");
        }
        for (index, group) in self.groups.iter().enumerate() {
            let _ = writeln!(
                user,
                "E{} (rule {}, score {:.2}, {}): {}",
                index + 1,
                group.rule,
                group.score,
                words::counted(group.entries.len() as u64, "line"),
                group.template
            );
            if !group.values.is_empty() {
                let _ = writeln!(user, "   values of <num>: {}", group.values.join(", "));
            }
            if index < MAX_SAMPLE.1 && !group.sample.is_empty() && group.sample != group.template {
                let _ = writeln!(user, "   a line: {}", group.sample);
            }
        }
        section(&mut user, "Changes before it", self.changes.iter().map(String::as_str));
        section(&mut user, "Earlier incidents like it", self.memories.iter().map(|(_, line)| line.as_str()));
        let _ = write!(user, "END OF DATA {code}\n\nAnswer with the JSON object.");
        Prompt { system: SYSTEM.to_owned(), user }
    }

    /// What `E1`, `M1` and `C1` stand for in words, so that an answer can be read again beside another incident.
    pub fn legend(&self) -> Legend {
        Legend {
            groups: self.groups.iter().map(|group| group.template.clone()).collect(),
            memories: self.memories.iter().map(|(id, _)| id.clone()).collect(),
            changes: self.changes.len(),
        }
    }
}

/// What the ids of a prompt stand for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Legend {
    /// Templates, `E1` the first.
    pub groups: Vec<String>,
    /// Ids of memories, `M1` the first.
    pub memories: Vec<String>,
    /// How many changes, `C1` the first.
    pub changes: usize,
}

fn section<'a>(user: &mut String, title: &str, lines: impl Iterator<Item = &'a str>) {
    let _ = writeln!(user, "{title}:");
    let mut is_empty = true;
    for line in lines {
        is_empty = false;
        user.push_str(line);
        user.push('\n');
    }
    if is_empty {
        user.push_str("none is known\n");
    }
}

/// What a briefing gathers on the way.
#[derive(Default)]
struct Writer {
    placeholders: Placeholders,
    suspicions: Vec<Suspicion>,
    untrusted: Vec<String>,
}

impl Writer {
    fn head(&mut self, incident: &Incident) -> Vec<String> {
        let name = |text: &str| cut(&outside_text(start_of(text, 400)), 80);
        let (service, environment) = (name(&incident.service), name(&incident.environment));
        let service = self.told("the service's name", &service, 80);
        let environment = self.told("the environment's name", &environment, 80);
        let labels: Vec<String> =
            incident.labels.iter().take(12).map(|label| self.told("a label", label, 80)).collect();
        let summary = self.told("the summary", &incident.summary, MAX_TEMPLATE);
        vec![
            format!("Kind: {}; severity: {}", incident.kind, incident.severity.as_str()),
            format!("Service: {service}; environment: {environment}"),
            format!(
                "Events: {}; began: {}",
                magnitude(incident.event_count),
                words::moment(incident.first_seen, incident.last_seen)
            ),
            format!("Labels: {}", if labels.is_empty() { "none".to_owned() } else { labels.join(", ") }),
            format!("Summary: {summary}"),
        ]
    }

    fn groups(&mut self, incident: &Incident) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (index, entry) in incident.evidence.iter().enumerate() {
            let text = if entry.line.trim().is_empty() { &entry.text } else { &entry.line };
            // One event is often cited several times, and its line needs no second look.
            let same =
                incident.evidence[..index].iter().position(|earlier| !text.trim().is_empty() && earlier.line == *text);
            if let Some(known) = same.and_then(|same| groups.iter_mut().find(|group| group.entries.contains(&same))) {
                known.entries.push(index);
                known.score = known.score.max(entry.score);
                continue;
            }
            let place = format!("E{}", index + 1);
            let plain = outside_text(start_of(text, LOOKED_AT));
            let is_suspicious = self.suspect(&place, &plain);
            let template = match is_suspicious {
                true => left_out(&plain),
                false => cut(&abstracted::template(&self.placeholders.hide(&plain)), MAX_TEMPLATE),
            };
            if let Some(known) = groups.iter_mut().find(|group| group.template == template) {
                known.entries.push(index);
                known.score = known.score.max(entry.score);
                continue;
            }
            if groups.len() == MAX_GROUPS {
                continue;
            }
            let values = if is_suspicious { Vec::new() } else { abstracted::numbers(&plain, MAX_VALUES) };
            let sample = match is_suspicious {
                true => String::new(),
                false => cut(&abstracted::sample(&self.placeholders.hide(&plain)), MAX_SAMPLE.0),
            };
            let rule = cut(&outside_text(start_of(&entry.rule, 200)), 60);
            groups.push(Group { template, entries: vec![index], rule, score: entry.score, values, sample });
        }
        groups
    }

    fn memory(&mut self, index: usize, found: &SimilarIncident) -> (String, String) {
        let place = format!("M{}", index + 1);
        let about = self.told(&place, &found.summary, MAX_TEMPLATE);
        let similarity = if found.similarity.is_nan() { 0.0 } else { found.similarity.clamp(0.0, 1.0) };
        let line = match found.confirmed_fix() {
            // A person stands behind it: it is a fix, and still no instruction.
            Some(fix) => {
                let plain = outside_text(start_of(fix, LOOKED_AT));
                let fix = match suspicion::addresses_a_model(&plain) {
                    true => {
                        self.suspicions.push(Suspicion { place: place.clone() });
                        left_out(&plain)
                    }
                    false => cut(&self.placeholders.hide(&plain), MAX_TEMPLATE),
                };
                let outcome = found.outcome.as_deref().map(|outcome| format!("; {}", cut(&outside_text(outcome), 60)));
                format!(
                    "{place} (similarity {similarity:.2}): {about}; a person confirmed that this fixed it: {fix}{}",
                    outcome.unwrap_or_default()
                )
            }
            // What nobody confirmed is no fix, and its text may be anybody's.
            None => {
                self.untrusted.extend(found.solution.as_deref().map(|text| cut(text, 2_000)));
                format!("{place} (similarity {similarity:.2}): {about}; no confirmed fix")
            }
        };
        (found.id.clone(), line)
    }

    fn change(&mut self, index: usize, change: &Change, incident: &Incident) -> String {
        let place = format!("C{}", index + 1);
        let what = self.told(&place, &change.what, 120);
        let before = incident.first_seen.duration_since(change.at);
        match before.is_negative() {
            true => format!("{place} (while it ran): {what}"),
            false => format!("{place} ({} before it began): {what}", words::span(before)),
        }
    }

    /// A text from outside as the model reads it.
    fn told(&mut self, place: &str, text: &str, at_most: usize) -> String {
        let plain = outside_text(start_of(text, LOOKED_AT));
        if self.suspect(place, &plain) {
            return left_out(&plain);
        }
        cut(&abstracted::sample(&self.placeholders.hide(&plain)), at_most)
    }

    fn suspect(&mut self, place: &str, plain: &str) -> bool {
        self.untrusted.push(plain.to_owned());
        let is_suspicious = suspicion::is_suspicious(plain);
        if is_suspicious && !self.suspicions.iter().any(|known| known.place == place) {
            self.suspicions.push(Suspicion { place: place.to_owned() });
        }
        is_suspicious
    }
}

fn left_out(text: &str) -> String {
    format!("(text of {} words left out: it reads like an instruction)", magnitude(text.split(' ').count() as u64))
}

/// Not more exact than it needs to be: a count that grows is no news.
fn magnitude(count: u64) -> &'static str {
    match count {
        0..2 => "1",
        2..10 => "several",
        10..100 => "tens",
        100..1_000 => "hundreds",
        _ => "thousands",
    }
}

#[cfg(test)]
mod tests;
