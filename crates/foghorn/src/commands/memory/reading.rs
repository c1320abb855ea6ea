//! Files into memories: JSON lines one at a time, so that a file may be of any length, arrays and Markdown whole.

use foghorn_pipeline::remember::{Offered, from_bytes, from_line, from_markdown};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line that is read.
const LONGEST_LINE: u64 = 8 * 1024 * 1024;

/// The largest array or post-mortem that is read.
const LARGEST_WHOLE: u64 = 256 * 1024 * 1024;

/// A memory, or what is wrong, and where it stands.
pub(in crate::commands) struct Entry {
    /// `incidents.jsonl line 3`.
    pub(in crate::commands) place: String,
    pub(in crate::commands) outcome: Result<Offered, String>,
}

/// The files that were named; a directory stands for those in it that can be imported.
pub(super) fn files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error: std::io::Error| anyhow::anyhow!("cannot read {}: {error}", path.display());
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let known = ["md", "markdown", "jsonl", "ndjson", "json"].iter().any(|ending| has_ending(&path, ending));
            if known && path.is_file() {
                inside.push(path);
            }
        }
        anyhow::ensure!(!inside.is_empty(), "{} holds no .md, .jsonl or .json file", path.display());
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

/// Reads a file, or standard input for `-`, and hands over what it holds, one after the other.
pub(in crate::commands) fn read(path: &Path, mut take: impl FnMut(Entry) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let unreadable = |error: std::io::Error| anyhow::anyhow!("cannot read {}: {error}", path.display());
    if path == Path::new("-") {
        return lines("standard input", Box::new(BufReader::new(std::io::stdin())), take).map_err(unreadable)?;
    }
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let file = File::open(path).map_err(unreadable)?;
    anyhow::ensure!(!file.metadata().map_err(unreadable)?.is_dir(), "{} is a directory", path.display());
    if has_ending(path, "md") || has_ending(path, "markdown") {
        let mut bytes = Vec::new();
        file.take(LARGEST_WHOLE).read_to_end(&mut bytes).map_err(unreadable)?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let outcome = match String::from_utf8(bytes) {
            Ok(text) => from_markdown(&stem, &text),
            Err(error) => Err(format!("is not UTF-8 from byte {}", error.utf8_error().valid_up_to())),
        };
        return take(Entry { place: name, outcome });
    }
    lines(&name, Box::new(BufReader::with_capacity(256 * 1024, file)), take).map_err(unreadable)?
}

/// The outer error is about reading, the inner one of whoever takes.
fn lines(
    name: &str,
    mut reader: Box<dyn BufRead>,
    mut take: impl FnMut(Entry) -> anyhow::Result<()>,
) -> std::io::Result<anyhow::Result<()>> {
    let (mut line, mut number, mut is_first) = (Vec::new(), 0u64, true);
    loop {
        line.clear();
        if (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(Ok(()));
        }
        number += 1;
        let place = format!("{name} line {number}");
        let is_whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST_LINE;
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        let outcome = match text {
            [] => continue,
            [b'[', ..] if is_first => return whole(name, &line, reader, take),
            _ if is_whole => from_line(text),
            _ => {
                skip_line(&mut reader)?;
                Err(format!("is longer than {} MiB", LONGEST_LINE >> 20))
            }
        };
        is_first = false;
        if let Err(error) = take(Entry { place, outcome }) {
            return Ok(Err(error));
        }
    }
}

fn skip_line(reader: &mut Box<dyn BufRead>) -> std::io::Result<()> {
    loop {
        let held = reader.fill_buf()?;
        let end = held.iter().position(|byte| *byte == b'\n');
        let (used, is_over) = (end.map_or(held.len(), |end| end + 1), end.is_some() || held.is_empty());
        reader.consume(used);
        if is_over {
            return Ok(());
        }
    }
}

/// An array, of which the first line is read already.
fn whole(
    name: &str,
    begun: &[u8],
    reader: Box<dyn BufRead>,
    mut take: impl FnMut(Entry) -> anyhow::Result<()>,
) -> std::io::Result<anyhow::Result<()>> {
    let mut bytes = begun.to_vec();
    reader.take(LARGEST_WHOLE).read_to_end(&mut bytes)?;
    let entries = match from_bytes(&bytes) {
        Ok(entries) => entries,
        Err(error) => return Ok(take(Entry { place: name.to_owned(), outcome: Err(error) })),
    };
    for entry in entries {
        let place = format!("{name} element {}", entry.number);
        if let Err(error) = take(Entry { place, outcome: entry.outcome }) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(file: &str, content: &[u8]) -> Vec<(String, bool)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(file);
        std::fs::write(&path, content).unwrap();
        let mut places = Vec::new();
        read(&path, |entry| {
            places.push((entry.place, entry.outcome.is_ok()));
            Ok(())
        })
        .unwrap();
        places
    }

    #[test]
    fn each_kind_of_file_is_read_and_its_faults_are_named() {
        let check = |file, content: &[u8], expected: &[(&str, bool)]| {
            let expected: Vec<(String, bool)> = expected.iter().map(|(place, ok)| ((*place).to_owned(), *ok)).collect();
            assert_eq!(places(file, content), expected);
        };
        let good = br#"{"id":"a","summary":"x"}"#;
        check(
            "a.jsonl",
            &[good, &b"\n\nnot json\n"[..], good].concat(),
            &[("a.jsonl line 1", true), ("a.jsonl line 3", false), ("a.jsonl line 4", true)],
        );
        check(
            "b.json",
            &[b"\n[\n", &good[..], b",\n7]"].concat(),
            &[("b.json element 1", true), ("b.json element 2", false)],
        );
        check("c.json", b"[{", &[("c.json", false)]);
        check("d.md", b"# Disk full\n## Fix\nmore disk", &[("d.md", true)]);
        check("e.md", b"\xff\xfe", &[("e.md", false)]);
        check("f.jsonl", b"", &[]);
        let long = [&vec![b'x'; LONGEST_LINE as usize + 10][..], b"\n", good].concat();
        check("g.jsonl", &long, &[("g.jsonl line 1", false), ("g.jsonl line 2", true)]);
    }

    #[test]
    fn a_directory_stands_for_what_can_be_imported_in_it() {
        let directory = tempfile::tempdir().unwrap();
        assert!(files(&[directory.path().to_owned()]).is_err());
        for name in ["b.md", "a.jsonl", "notes.txt"] {
            std::fs::write(directory.path().join(name), "x").unwrap();
        }
        let names: Vec<_> = files(&[directory.path().to_owned()]).unwrap();
        assert_eq!(names, [directory.path().join("a.jsonl"), directory.path().join("b.md")]);
    }
}
