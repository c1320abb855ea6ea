//! The draft of a fix: what people noted while an incident ran, and what was changed meanwhile, as one text that
//! a person can confirm, correct or throw away.
//!
//! Nothing is made up: every part is quoted, with the name of who wrote it or of what was changed. Where
//! nobody noted anything and nothing was changed there is no draft.

use crate::clock::{SignedDuration, Timestamp};
use crate::message::Change;
use crate::text::{cut, outside_text};
use crate::words::span;

/// Notes that are quoted: the last ones, because they are nearest to the fix.
const MAX_NOTES: usize = 5;
/// Changes that are named.
const MAX_CHANGES: usize = 3;
/// The longest quotation, in characters.
const MAX_QUOTE: usize = 300;

/// What somebody noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who.
    pub who: String,
    /// What.
    pub text: String,
}

/// What a draft is made of.
#[derive(Clone, Copy, Debug)]
pub struct DraftInput<'a> {
    /// When the incident began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// People's notes, oldest first.
    pub notes: &'a [Note],
    /// Changes of the hour before it and while it ran, in any order.
    pub changes: &'a [Change],
}

/// The draft, one line; `None` where there is nothing to say.
pub fn draft(input: &DraftInput<'_>) -> Option<String> {
    let mut parts = notes(input.notes);
    let mut changes: Vec<&Change> = input.changes.iter().filter(|change| change.at <= input.ended).collect();
    changes.sort_by_key(|change| change.at);
    let (before, meanwhile): (Vec<&Change>, Vec<&Change>) =
        changes.into_iter().partition(|change| change.at <= input.began);
    let last = meanwhile.len().saturating_sub(MAX_CHANGES);
    for change in &meanwhile[last..] {
        let after = span(change.at.duration_since(input.began));
        parts.push(format!("Changed {after} after it began: {}", quote(&change.what)));
    }
    if parts.is_empty() {
        return None;
    }
    // What was changed before it began fixed nothing, and explains what the fix was about.
    if let Some(change) = before.last() {
        let earlier = input.began.duration_since(change.at).max(SignedDuration::ZERO);
        let earlier = if earlier.as_secs() == 0 { "just".to_owned() } else { span(earlier) };
        parts.push(format!("It had begun {earlier} after {}", quote(&change.what)));
    }
    Some(parts.iter().map(|part| sentence(part)).collect::<Vec<_>>().join(" "))
}

/// `ana: restarted the pool`, each text once.
fn notes(notes: &[Note]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for note in notes.iter().rev() {
        let (who, text) = (cut(&outside_text(&note.who), 40), quote(&note.text));
        let part = if who.is_empty() { text.clone() } else { format!("{who}: {text}") };
        if !text.is_empty() && parts.len() < MAX_NOTES && !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.reverse();
    parts
}

fn quote(text: &str) -> String {
    cut(outside_text(text).trim(), MAX_QUOTE)
}

fn sentence(part: &str) -> String {
    if part.ends_with(['.', '!', '?', '…']) { part.to_owned() } else { format!("{part}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        let began: Timestamp = "2026-03-14T02:00:00Z".parse().unwrap();
        began + SignedDuration::from_mins(minute)
    }

    fn check(notes: &[(&str, &str)], changes: &[(i64, &str)], expected: Option<&str>) {
        let note = |(who, text): &(&str, &str)| Note { who: (*who).to_owned(), text: (*text).to_owned() };
        let change = |(minute, what): &(i64, &str)| Change { what: (*what).to_owned(), at: at(*minute) };
        let notes: Vec<Note> = notes.iter().map(note).collect();
        let changes: Vec<Change> = changes.iter().map(change).collect();
        let input = DraftInput { began: at(0), ended: at(30), notes: &notes, changes: &changes };
        assert_eq!(draft(&input).as_deref(), expected);
    }

    #[test]
    fn notes_and_changes_become_one_text_that_names_its_sources() {
        check(&[("ana", "restarted the pool")], &[], Some("ana: restarted the pool."));
        check(
            &[("ana", "pool is full"), ("ben", "raised max_connections to 200.")],
            &[(12, "postgres max_connections=200"), (-4, "checkout v1.2.3"), (-50, "cart v9")],
            Some(
                "ana: pool is full. ben: raised max_connections to 200. Changed 12 min after it began: \
                 postgres max_connections=200. It had begun 4 min after checkout v1.2.3.",
            ),
        );
        check(&[], &[(3, "checkout v1.2.2")], Some("Changed 3 min after it began: checkout v1.2.2."));
        check(&[("", "back again?")], &[], Some("back again?"));
    }

    #[test]
    fn nothing_is_drafted_where_there_is_nothing_to_say() {
        check(&[], &[], None);
        check(&[("ana", "  "), ("ben", "\u{200b}")], &[], None);
        // A change before it began is a suspect, and no fix; one after its end has nothing to do with it.
        check(&[], &[(-4, "checkout v1.2.3"), (31, "checkout v1.2.4")], None);
    }

    #[test]
    fn the_last_notes_and_changes_are_kept_and_none_twice() {
        let notes: Vec<(String, String)> = (0..9).map(|n| ("ana".to_owned(), format!("step {}", n / 2))).collect();
        let notes: Vec<(&str, &str)> = notes.iter().map(|(who, text)| (&**who, &**text)).collect();
        let expected = "ana: step 0. ana: step 1. ana: step 2. ana: step 3. ana: step 4. Changed 2 min after it \
                        began: b. Changed 3 min after it began: c. Changed 4 min after it began: d.";
        check(&notes, &[(1, "a"), (4, "d"), (2, "b"), (3, "c")], Some(expected));
    }

    #[test]
    fn hostile_and_endless_notes_stay_one_bounded_line_without_secrets() {
        let long = format!("password=hunter2secret \u{202e}\u{1b}[31m\n{}", "x ".repeat(50_000));
        let notes: Vec<Note> =
            (0..50).map(|n| Note { who: format!("{n}{long}"), text: format!("{n} {long}") }).collect();
        let input = DraftInput { began: at(0), ended: at(1), notes: &notes, changes: &[] };
        let text = draft(&input).unwrap();
        assert!(text.chars().count() < 2_000, "{}", text.chars().count());
        assert!(!text.contains(['\n', '\u{1b}', '\u{202e}']) && !text.contains("hunter2"), "{text}");
    }
}
