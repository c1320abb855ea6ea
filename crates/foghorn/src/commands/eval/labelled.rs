//! A directory with a memory and questions about it whose answers are known: `memory.jsonl` as `foghorn memory
//! import` takes it, `queries.jsonl` with `id`, `kind`, `query` and `relevant` (ids of memories; none where
//! nothing like it is remembered).
//!
//! Half a set would give figures that look like whole ones, so whatever is wrong with it ends the evaluation.

use crate::commands::memory::reading;
use anyhow::{Context, bail, ensure};
use foghorn_store::memory_keeping::NewMemory;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What the repository brings along.
const OWN: &str = "evals/recall";

/// A memory and questions about it.
#[derive(Debug)]
pub(super) struct Labelled {
    /// Where it was read.
    pub(super) name: String,
    pub(super) memories: Vec<NewMemory>,
    pub(super) questions: Vec<Question>,
}

/// A question whose answers are known.
#[derive(Debug, Deserialize)]
pub(super) struct Question {
    pub(super) id: String,
    /// What sort of question; folds hold as much of each.
    #[serde(default)]
    pub(super) kind: String,
    pub(super) query: String,
    /// Ids of the memories that answer it; none where there is nothing to be found.
    pub(super) relevant: HashSet<String>,
}

/// The directories named, or the repository's own, looked for from the current directory upwards.
pub(super) fn directories(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let current = std::env::current_dir()?;
    let own = current.ancestors().map(|directory| directory.join(OWN)).find(|own| own.is_dir());
    let own = own.with_context(|| {
        format!("there is no {OWN} in {} or above it; name a directory with --data", current.display())
    })?;
    Ok(vec![own])
}

impl Labelled {
    /// Reads a directory.
    pub(super) fn read(directory: &Path) -> anyhow::Result<Self> {
        let memories = memories(&directory.join("memory.jsonl"))?;
        let path = directory.join("queries.jsonl");
        let questions = questions(&path)?;
        let ids: HashSet<&str> = memories.iter().map(|memory| memory.id.as_str()).collect();
        for question in &questions {
            if let Some(unknown) = question.relevant.iter().find(|id| !ids.contains(id.as_str())) {
                bail!("{}: question {} wants {unknown}, which memory.jsonl does not hold", path.display(), question.id);
            }
        }
        ensure!(
            questions.iter().any(|question| !question.relevant.is_empty()),
            "{}: no question has an answer (`relevant`)",
            path.display()
        );
        Ok(Self { name: directory.display().to_string(), memories, questions })
    }
}

fn memories(path: &Path) -> anyhow::Result<Vec<NewMemory>> {
    let (mut memories, mut ids) = (Vec::new(), HashSet::new());
    reading::read(path, |entry| {
        let memory = entry.outcome.map_err(|reason| anyhow::anyhow!("{}: {reason}", entry.place))?.memory;
        ensure!(ids.insert(memory.id.clone()), "{}: id {} is there twice", entry.place, memory.id);
        memories.push(memory);
        Ok(())
    })
    .with_context(|| format!("{} cannot be used", path.display()))?;
    ensure!(!memories.is_empty(), "{} is empty", path.display());
    Ok(memories)
}

fn questions(path: &Path) -> anyhow::Result<Vec<Question>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (mut questions, mut ids) = (Vec::new(), HashSet::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let place = || format!("{} line {number}", path.display());
        let question: Question = serde_json::from_str(line).with_context(place)?;
        ensure!(!question.query.trim().is_empty(), "{}: query: must not be blank", place());
        ensure!(ids.insert(question.id.clone()), "{}: id {} is there twice", place(), question.id);
        questions.push(question);
    }
    ensure!(!questions.is_empty(), "{} is empty", path.display());
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: &str = r#"{"id":"a","summary":"disk full","solution":"rotated"}"#;
    const QUERY: &str = r#"{"id":"q","kind":"alert","query":"no space left","relevant":["a"]}"#;

    fn read(memory: Option<&str>, queries: Option<&str>) -> Result<Labelled, String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in [("memory.jsonl", memory), ("queries.jsonl", queries)] {
            if let Some(text) = text {
                std::fs::write(directory.path().join(name), text).unwrap();
            }
        }
        Labelled::read(directory.path()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_set_is_whole_or_refused_with_the_place_at_fault() {
        assert_eq!(read(Some(MEMORY), Some(QUERY)).unwrap().questions[0].kind, "alert");
        let check = |memory: Option<&str>, queries: Option<&str>, words: &[&str]| {
            let error = read(memory, queries).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        check(None, Some(QUERY), &["memory.jsonl"]);
        check(Some(MEMORY), None, &["queries.jsonl"]);
        check(Some("\n"), Some(QUERY), &["memory.jsonl", "empty"]);
        check(Some(MEMORY), Some(""), &["queries.jsonl", "empty"]);
        check(Some(&format!("{MEMORY}\n{{")), Some(QUERY), &["memory.jsonl line 2"]);
        check(Some(&format!("{MEMORY}\n{MEMORY}")), Some(QUERY), &["line 2", "twice"]);
        check(Some(MEMORY), Some(&format!("{QUERY}\n{QUERY}")), &["line 2", "twice"]);
        check(Some(MEMORY), Some(r#"{"id":"q","query":"x"}"#), &["line 1", "relevant"]);
        check(Some(MEMORY), Some(r#"{"id":"q","query":"x","relevant":["b"]}"#), &["question q wants b"]);
        check(Some(MEMORY), Some(r#"{"id":"q","query":"x","relevant":[]}"#), &["no question has an answer"]);
    }
}
