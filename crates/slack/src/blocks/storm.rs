//! A burst of incidents, told in one message.

use super::part::{entries, section};
use super::{MAX_TEXT, Rendered};
use crate::escape::{link, mrkdwn};
use foghorn_domain::severity::Severity;
use foghorn_domain::words::counted;
use serde_json::Value;

/// Many incidents at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storm {
    /// How many there are.
    pub total: u64,
    /// How many of each severity, in any order.
    pub by_severity: Vec<(Severity, u64)>,
    /// In words, how long this has gone on: `2 min`.
    pub lasted: String,
    /// The worst, worst first; ten are shown.
    pub worst: Vec<StormEntry>,
    /// A page that lists them all.
    pub link: Option<String>,
}

/// One incident of a storm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StormEntry {
    /// The incident.
    pub incident_id: i64,
    /// Its headline.
    pub headline: String,
    /// Its page.
    pub link: Option<String>,
}

/// Counts, the ten worst, and a link to all.
pub fn render_storm(storm: &Storm) -> Rendered {
    let mut counts: Vec<_> = storm.by_severity.iter().filter(|(_, count)| *count > 0).take(8).collect();
    counts.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    let counts: Vec<String> = counts.iter().map(|(severity, count)| format!("{count} {}", severity.as_str())).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    let lasted = mrkdwn(&storm.lasted, 60);
    let incidents = counted(storm.total, "incident");
    let mut first = vec![format!("*Storm* — {incidents} in {lasted}{counts}")];
    first.extend(storm.link.as_deref().and_then(|address| link(address, "Open all of them")));
    let mut blocks = vec![section(&first)];
    if !storm.worst.is_empty() {
        let mut worst = vec!["*The worst:*".to_owned()];
        worst.extend(entries(storm.worst.iter().take(10).map(entry), 2_900));
        blocks.push(section(&worst));
    }
    let symptom = storm.worst.first().map(|worst| format!(" — {}", worst.headline)).unwrap_or_default();
    let text = mrkdwn(&format!("Storm: {incidents} in {}{counts}{symptom}", storm.lasted), MAX_TEXT);
    Rendered { text, blocks: Value::Array(blocks) }
}

fn entry(entry: &StormEntry) -> String {
    let name = format!("#{}", entry.incident_id);
    let name = entry.link.as_deref().and_then(|address| link(address, &name)).unwrap_or(name);
    // Ten lines with links share one section.
    format!("• {name} {}", mrkdwn(&entry.headline, 200))
}
