//! Text made fit to be kept.

use super::Offered;
use foghorn_domain::redaction::redact_cow;
use foghorn_domain::text::plain_text;
use foghorn_store::memory_keeping::{MemoryEdit, NewMemory};

/// Characters of a summary or solution that are kept. What is longer is cut, and it is said.
pub const MAX_TEXT: usize = 20_000;

/// Characters of an id, a service, a kind, a label and a name that are kept.
const MAX_NAME: usize = 200;

/// Labels that are kept.
const MAX_LABELS: usize = 50;

/// A memory with every text redacted and no longer than it may be.
pub(super) fn cleaned(memory: NewMemory) -> Offered {
    let mut cut = Vec::new();
    let mut long = |field: &'static str, text: &str| {
        let (text, was_cut) = long_text(text);
        if was_cut {
            cut.push(field);
        }
        text
    };
    let memory = NewMemory {
        summary: long("summary", &memory.summary),
        solution: memory.solution.map(|text| long("solution", &text)).filter(|text| !text.is_empty()),
        id: memory.id,
        service: name(&memory.service),
        labels: memory
            .labels
            .iter()
            .map(|label| name(label))
            .filter(|label| !label.is_empty())
            .take(MAX_LABELS)
            .collect(),
        incident_type: name(&memory.incident_type),
        author: memory.author.map(|author| name(&author)).filter(|author| !author.is_empty()),
        ..memory
    };
    Offered { memory, cut }
}

/// A change with its texts redacted and no longer than they may be.
pub fn cleaned_edit(edit: MemoryEdit) -> MemoryEdit {
    let clean = |text: String| long_text(&text).0;
    MemoryEdit { summary: edit.summary.map(clean), solution: edit.solution.map(clean), ..edit }
}

/// Lines stay as they are: a fix may be a list of commands.
fn long_text(text: &str) -> (String, bool) {
    let text = text.trim().replace('\0', "\u{fffd}");
    // Cut generously first, so that a text of many megabytes is not searched for secrets in vain; a secret
    // that begins before the last cut is masked before it.
    let start = start_of(&text, 2 * MAX_TEXT);
    let masked = redact_cow(start);
    let kept = start_of(&masked, MAX_TEXT);
    (kept.trim_end().to_owned(), text.chars().nth(MAX_TEXT).is_some())
}

/// One line.
pub(super) fn name(text: &str) -> String {
    let plain = plain_text(&redact_cow(start_of(text, 10 * MAX_NAME)));
    start_of(&plain, MAX_NAME).trim().to_owned()
}

/// An id as it is, or a sentence.
pub(super) fn checked_id(id: &str) -> Result<String, String> {
    let id = id.trim();
    match () {
        () if id.is_empty() => Err("id: must not be blank".to_owned()),
        () if id.chars().nth(MAX_NAME).is_some() => Err(format!("id: must have at most {MAX_NAME} characters")),
        () if plain_text(id) != id => Err("id: must be one line without invisible characters".to_owned()),
        () => Ok(id.to_owned()),
    }
}

fn start_of(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(summary: &str, solution: &str) -> NewMemory {
        let (summary, solution) = (summary.to_owned(), Some(solution.to_owned()));
        NewMemory { id: "a".to_owned(), summary, solution, ..NewMemory::default() }
    }

    #[test]
    fn secrets_are_masked_before_anything_is_kept() {
        let offered = cleaned(NewMemory {
            service: "db postgres://ana:hunter2pass@host/x".to_owned(),
            labels: vec!["token=ghp_0123456789abcdefghijABCDEFGHIJ012345".to_owned()],
            ..memory("login with password=hunter2pass failed", "set AWS key AKIAIOSFODNN7EXAMPLE\nand restart")
        });
        let all = format!("{:?}", offered.memory);
        for secret in ["hunter2pass", "ghp_0123", "AKIAIOSFODNN7"] {
            assert!(!all.contains(secret), "{all}");
        }
        assert!(offered.memory.solution.unwrap().ends_with("\nand restart"));
    }

    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let offered = cleaned(memory(&"é ".repeat(500_000), "short"));
        assert_eq!(offered.cut, ["summary"]);
        assert!(offered.memory.summary.chars().count() <= MAX_TEXT);
        assert_eq!(cleaned(memory("short", &" ".repeat(90_000))).memory.solution, None);
        assert!(cleaned(memory("nul\0byte", "x")).memory.summary.contains('\u{fffd}'));
    }

    #[test]
    fn ids_are_one_short_line() {
        assert_eq!(checked_id(" inc-1 "), Ok("inc-1".to_owned()));
        for wrong in ["", "  ", "two\nlines", "in\u{200b}visible", &"x".repeat(201)] {
            assert!(checked_id(wrong).is_err(), "{wrong:?}");
        }
    }
}
