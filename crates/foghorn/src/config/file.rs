//! A configuration file taken apart into keys, each with its text and line.

use super::error::ConfigError;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One `key = value` of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key with its tables: `intake.max_body_bytes`.
    pub(super) path: String,
    /// The value's text, without quotes.
    pub(super) text: String,
    /// The line it stands on, from 1.
    pub(super) line: usize,
}

/// Larger files are no configuration.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file from the disk.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, ConfigError> {
    let unreadable = |detail: String| ConfigError::Unreadable { path: path.to_owned(), detail };
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > LARGEST {
        return Err(unreadable(format!("it has {size} bytes, and no configuration has more than {LARGEST}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    entries(&text, path)
}

/// Takes a text apart; the entries stand in the order of their lines.
pub(super) fn entries(text: &str, path: &Path) -> Result<Vec<Entry>, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        detail: error.message().to_owned(),
    })?;
    let mut found = Vec::new();
    collect(table.get_ref(), "", text, &mut found);
    found.sort_by_key(|entry| entry.line);
    Ok(found)
}

fn collect(table: &DeTable<'_>, above: &str, text: &str, found: &mut Vec<Entry>) {
    for (key, value) in table.iter() {
        let path = if above.is_empty() { key.get_ref().to_string() } else { format!("{above}.{}", key.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) => collect(inner, &path, text, found),
            _ => found.push(Entry { path, text: text_of(value, text), line: line_of(text, key.span().start) }),
        }
    }
}

/// A string's content; anything else as it stands in the file.
fn text_of(value: &Spanned<DeValue<'_>>, text: &str) -> String {
    match value.get_ref() {
        DeValue::String(content) => content.to_string(),
        _ => text.get(value.span()).unwrap_or_default().replace('_', ""),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, String, usize)>, String> {
        let entries = entries(text, Path::new("my.toml")).map_err(|error| error.to_string())?;
        Ok(entries.into_iter().map(|entry| (entry.path, entry.text, entry.line)).collect())
    }

    #[test]
    fn keys_are_found_with_their_lines_however_they_are_written() {
        let text =
            "log.level = 'debug'\n\n[detection]\nmin_score = 0.5\nmax_services = 5_000\n[http]\nrequire_token = true\n";
        let entry = |path: &str, text: &str, line| (path.to_owned(), text.to_owned(), line);
        let expected = vec![
            entry("log.level", "debug", 1),
            entry("detection.min_score", "0.5", 4),
            entry("detection.max_services", "5000", 5),
            entry("http.require_token", "true", 7),
        ];
        assert_eq!(read_text(text), Ok(expected));
    }

    #[test]
    fn a_fault_is_reported_with_its_line() {
        let error = read_text("[http]\nlisten = \n").unwrap_err();
        assert!(error.starts_with("my.toml line 2: "), "{error}");
    }
}
