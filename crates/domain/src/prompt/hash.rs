//! What an answer rests on, as one name: where it is the same, an answer that was given holds.
//!
//! Counts and samples are left out, because repeats change them and nothing else; so are templates after the
//! second, because a fingerprint whose lines differ in a word would otherwise be asked about for each of them.

use super::Group;
use crate::incident::Incident;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Templates that count.
const TEMPLATES: usize = 2;

pub(super) fn of(incident: &Incident, groups: &[Group], memories: &[(String, String)], changes: &[String]) -> String {
    let rules: BTreeSet<&str> = groups.iter().map(|group| group.rule.as_str()).collect();
    let parts = [incident.kind.as_str(), incident.severity.as_str(), &incident.service, &incident.environment]
        .into_iter()
        .chain(rules)
        .chain(groups.iter().take(TEMPLATES).map(|group| group.template.as_str()))
        .chain(memories.iter().map(|(id, _)| id.as_str()))
        .chain(memories.iter().map(|(_, line)| fix_in(line)))
        .chain(changes.iter().map(|line| line.split_once("): ").map_or(line.as_str(), |(_, what)| what)));
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The part of a memory that matters: how alike it is, and what came of it, may waver.
fn fix_in(line: &str) -> &str {
    let fix = line.split_once("a person confirmed that this fixed it: ").map_or("", |(_, fix)| fix);
    fix.split_once("; ").map_or(fix, |(fix, _)| fix)
}
