//! A post-mortem in Markdown becomes a memory: what happened is its summary, what mended it its solution.
//!
//! Sections are known by their headings, in the words that templates of post-mortems use; small facts
//! (service, author, tags, date) also stand in YAML front matter, in lines like `**Service:** orders` or in
//! rows of a table. A document without any heading that is known is all summary.

use super::Offered;
use super::clean::{checked_id, cleaned};
use foghorn_domain::clock::Timestamp;
use foghorn_store::memory_keeping::NewMemory;
use serde_json::Value;
use std::collections::HashMap;

/// Front matter longer than this is none.
const MAX_FRONT_MATTER: usize = 64 * 1024;

/// What a section or a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    // In the order in which a summary tells them.
    Summary,
    Symptoms,
    Cause,
    Impact,
    Solution,
    Prevention,
    Id,
    Title,
    Service,
    Author,
    Tags,
    Kind,
    Date,
    Other,
}

/// Words that a heading or the name of a fact begins with; the first that fits counts.
const KNOWN: [(&[&str], Part); 14] = [
    (&["root cause", "cause", "contributing", "trigger", "why it happened", "why did"], Part::Cause),
    (
        &[
            "resolution",
            "solution",
            "fix",
            "mitigation",
            "remediation",
            "recovery",
            "workaround",
            "how it was fixed",
            "how we fixed",
        ],
        Part::Solution,
    ),
    (&["action", "prevent", "corrective", "follow", "next step", "what we will"], Part::Prevention),
    (&["impact", "customer impact", "user impact", "effect"], Part::Impact),
    (&["symptom", "detection", "what went wrong", "problem", "error"], Part::Symptoms),
    (
        &[
            "summary",
            "executive summary",
            "overview",
            "description",
            "what happened",
            "incident summary",
            "issue",
            "background",
            "tl;dr",
            "abstract",
        ],
        Part::Summary,
    ),
    (&["incident id", "id"], Part::Id),
    (&["title", "incident title"], Part::Title),
    (&["service", "affected service", "affected system", "system", "component", "product"], Part::Service),
    (&["author", "owner", "written by", "reported by", "incident commander"], Part::Author),
    (&["tag", "label", "keyword"], Part::Tags),
    (&["type", "incident type", "incident_type", "category", "kind"], Part::Kind),
    (&["date", "created", "when", "incident date"], Part::Date),
    (&["severity", "status", "duration", "timeline", "lesson", "participants", "attendees"], Part::Other),
];

/// Reads a post-mortem. `name` is the file's name without its ending: the id, where the document gives none.
pub fn from_markdown(name: &str, text: &str) -> Result<Offered, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let (front, body) = front_matter(&text)?;
    let mut document = Document::read(body);
    for (key, value) in front {
        document.facts.insert(part_of(&key), value);
    }
    let title = document.fact(Part::Title).or_else(|| document.title.clone());
    let told = [Part::Summary, Part::Symptoms, Part::Cause, Part::Impact];
    let mut sections: Vec<String> = told.iter().filter_map(|part| document.section(*part)).collect();
    if sections.is_empty() {
        sections.push(plain(body));
    }
    let summary: Vec<String> = title.iter().cloned().chain(sections).filter(|text| !text.is_empty()).collect();
    if summary.is_empty() {
        return Err("holds no text".to_owned());
    }
    let memory = NewMemory {
        id: checked_id(&document.fact(Part::Id).unwrap_or_else(|| name.to_owned()))?,
        summary: summary.join("\n"),
        service: first_of(&document.short(Part::Service).unwrap_or_default()),
        labels: document.short(Part::Tags).map(|tags| list(&tags)).unwrap_or_default(),
        incident_type: document.short(Part::Kind).unwrap_or_default(),
        solution: document.section(Part::Solution).or_else(|| document.section(Part::Prevention)),
        author: document.short(Part::Author).map(|author| author.trim_start_matches('@').to_owned()),
        created_at: document.short(Part::Date).and_then(|date| moment(&date)),
        ..NewMemory::default()
    };
    Ok(cleaned(memory))
}

/// A document taken apart.
#[derive(Default)]
struct Document {
    title: Option<String>,
    sections: HashMap<Part, String>,
    facts: HashMap<Part, String>,
}

impl Document {
    fn read(body: &str) -> Self {
        let mut document = Self::default();
        let mut current = None;
        let (mut is_code, mut depth) = (false, 0);
        let lines: Vec<&str> = body.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
                continue;
            }
            let heading = if is_code { None } else { heading(line, lines.get(index + 1).copied()) };
            if let Some((level, text)) = heading {
                let part = part_of(&text);
                if document.title.is_none() && level == 1 && part == Part::Other {
                    document.title = Some(text);
                } else if part != Part::Other || level <= depth {
                    // A heading that is not known, below one that is, belongs to it.
                    current = (part != Part::Other).then_some(part);
                    depth = level;
                }
                continue;
            }
            if is_code || !document.take_fact(line) {
                document.take_text(current, line);
            }
        }
        document
    }

    fn take_text(&mut self, part: Option<Part>, line: &str) {
        let line = plain(line);
        if let (Some(part), false) = (part, line.is_empty()) {
            let section = self.sections.entry(part).or_default();
            if !section.is_empty() {
                section.push('\n');
            }
            section.push_str(&line);
        }
    }

    /// `**Service:** orders`, `- Author: ana`, `| Service | orders |`. Only for what is said in a few words.
    fn take_fact(&mut self, line: &str) -> bool {
        let bare = line.trim().trim_start_matches(['-', '*', '+', '|', ' ']).trim_end_matches(['|', ' ']);
        let Some((key, value)) = bare.split_once(if line.trim_start().starts_with('|') { '|' } else { ':' }) else {
            return false;
        };
        let (key, value) = (plain(key), plain(value));
        let part = part_of(&key);
        let is_fact = part >= Part::Id && part != Part::Other && key.split(' ').count() <= 3;
        if is_fact && !value.is_empty() {
            self.facts.entry(part).or_insert(value);
        }
        is_fact
    }

    fn section(&self, part: Part) -> Option<String> {
        self.facts.get(&part).or_else(|| self.sections.get(&part)).cloned()
    }

    fn fact(&self, part: Part) -> Option<String> {
        self.facts.get(&part).cloned()
    }

    /// A fact, or the first line of the section of that name.
    fn short(&self, part: Part) -> Option<String> {
        let section = || Some(self.sections.get(&part)?.lines().next()?.to_owned());
        self.fact(part).or_else(section).filter(|text| !text.is_empty())
    }
}

/// A heading's level and text: `## Text`, or a text underlined by `===` or `---`.
fn heading(line: &str, next: Option<&str>) -> Option<(usize, String)> {
    let level = line.len() - line.trim_start_matches('#').len();
    if (1..=6).contains(&level) && line[level..].starts_with([' ', '\t']) {
        return Some((level, plain(line[level..].trim_end_matches(['#', ' ']))));
    }
    let underline = next?.trim_end();
    let is_under = |mark: char| underline.len() >= 3 && underline.chars().all(|character| character == mark);
    let is_text = !line.trim().is_empty() && !line.trim_start().starts_with(['-', '|', '>', '*']);
    match () {
        () if is_text && is_under('=') => Some((1, plain(line))),
        () if is_text && is_under('-') => Some((2, plain(line))),
        () => None,
    }
}

fn part_of(heading: &str) -> Part {
    let lower = heading.to_lowercase();
    // `2. Root cause` and `🔥 Impact` too.
    let words = lower.trim_start_matches(|character: char| !character.is_alphabetic()).trim_end_matches(':');
    let begins = |known: &&str| {
        let rest = words.strip_prefix(*known);
        rest.is_some_and(|rest| known.len() > 4 || !rest.starts_with(char::is_alphabetic) || rest.starts_with('s'))
    };
    KNOWN.iter().find(|(starts, _)| starts.iter().any(begins)).map_or(Part::Other, |(_, part)| *part)
}

/// Names and values of the front matter.
type Facts = Vec<(String, String)>;

/// `---`, YAML, `---` at the very beginning, and what follows it.
fn front_matter(text: &str) -> Result<(Facts, &str), String> {
    let Some(rest) = text.strip_prefix("---\n") else { return Ok((Vec::new(), text)) };
    let end = rest.find("\n---\n").map(|end| (end, end + 5)).or_else(|| {
        let end = rest.strip_suffix("\n---")?.len();
        Some((end, rest.len()))
    });
    let Some((end, after)) = end.filter(|(end, _)| *end <= MAX_FRONT_MATTER) else { return Ok((Vec::new(), text)) };
    let yaml: Value =
        serde_saphyr::from_str(&rest[..end]).map_err(|error| format!("its front matter is no YAML: {error}"))?;
    let Value::Object(fields) = yaml else { return Ok((Vec::new(), &rest[after..])) };
    let pairs = fields.into_iter().map(|(key, value)| (key, flat(&value))).filter(|(_, value)| !value.is_empty());
    Ok((pairs.collect(), &rest[after..]))
}

/// A value of the front matter as one text; the entries of a list with commas.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(entries) => entries.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

/// Markdown as plain text: marks of emphasis, code and lists go, links keep their text.
fn plain(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['#', '>', ' ']);
        let line =
            ["- [ ] ", "- [x] ", "- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
        let line = without_links(line).replace("**", "").replace("__", "").replace('`', "");
        let line = line.trim().trim_matches('|').trim();
        let is_rule = line.chars().all(|character| matches!(character, '-' | '=' | '|' | ':' | ' ' | '*'));
        if !is_rule {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

/// Addresses of links are shorter.
const MAX_ADDRESS: usize = 2_000;

/// `[text](address)` becomes `text`; an image is left out.
fn without_links(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(middle) = rest.find("](") {
        let (before, address) = (&rest[..middle], &rest[middle + 2..]);
        let end = address[..address.floor_char_boundary(MAX_ADDRESS)].find(')');
        match (before.rfind('['), end) {
            (Some(open), Some(end)) => {
                let is_image = before[..open].ends_with('!');
                out.push_str(before[..open].strip_suffix('!').unwrap_or(&before[..open]));
                out.push_str(if is_image { "" } else { &before[open + 1..] });
                rest = &address[end + 1..];
            }
            _ => {
                out.push_str(&rest[..middle + 2]);
                rest = address;
            }
        }
    }
    out.push_str(rest);
    out
}

fn list(text: &str) -> Vec<String> {
    let entries = text.trim_matches(['[', ']']).split([',', ';', '\n']);
    entries
        .map(|entry| entry.trim().trim_matches(['"', '\'', '#']).to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

fn first_of(text: &str) -> String {
    list(text).into_iter().next().unwrap_or_default()
}

/// A day or a moment; noon stands for a day.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| format!("{}T12:00:00Z", text.get(..10)?).parse().ok())
}

#[cfg(test)]
mod tests;
