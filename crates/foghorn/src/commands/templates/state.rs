//! The templates of earlier runs: a file with a line of JSON for each, replaced as a whole.

use anyhow::{Context, ensure};
use foghorn_detect::template::{ClusterRow, Miner};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes: all templates of a full miner, each as long as can be, take less.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The templates of one file.
pub(super) struct State {
    file: PathBuf,
    rows: BTreeMap<u32, ClusterRow>,
}

impl State {
    /// Reads the file; one that is not there yet has no templates.
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        let mut rows = BTreeMap::new();
        let shown = file.display();
        match File::open(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
            Ok(opened) => {
                let length = opened.metadata().map_or(0, |metadata| metadata.len());
                ensure!(length <= LARGEST, "{shown} holds {length} bytes and cannot be a file of templates");
                for (index, line) in BufReader::new(opened.take(LARGEST)).lines().enumerate() {
                    let line = line.with_context(|| format!("cannot read {shown}"))?;
                    let row: ClusterRow = serde_json::from_str(&line)
                        .with_context(|| format!("{shown}:{}: is no template", index + 1))?;
                    rows.insert(row.sequence, row);
                }
            }
        }
        Ok(Self { file: file.to_owned(), rows })
    }

    /// A miner that goes on from these templates.
    pub(super) fn miner(&self) -> Miner {
        Miner::restore(self.rows.values().cloned())
    }

    /// Writes the file anew, with what the miner has learned. A crash leaves the old one or the new one.
    pub(super) fn save(mut self, miner: &mut Miner) -> anyhow::Result<()> {
        self.rows.extend(miner.rows_changed().into_iter().map(|row| (row.sequence, row)));
        let write = || -> std::io::Result<()> {
            let directory = self.file.parent().filter(|directory| !directory.as_os_str().is_empty());
            let file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
            let mut out = BufWriter::new(file);
            for row in self.rows.values() {
                serde_json::to_writer(&mut out, row)?;
                out.write_all(b"\n")?;
            }
            let file = out.into_inner()?;
            file.as_file().sync_all()?;
            file.persist(&self.file)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_were_saved_keep_their_ids_and_go_on_learning() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("templates.jsonl");
        let mut miner = State::open(&file).unwrap().miner();
        let first = miner.learn("session of user alice began").birth_key;
        State::open(&file).unwrap().save(&mut miner).unwrap();
        for name in ["bob", "carol"] {
            let state = State::open(&file).unwrap();
            let mut miner = state.miner();
            let learned = miner.learn(&format!("session of user {name} began"));
            assert_eq!((learned.birth_key.as_str(), miner.len()), (first.as_str(), 1));
            state.save(&mut miner).unwrap();
        }
        let saved = std::fs::read_to_string(&file).unwrap();
        assert!(saved.lines().count() == 1 && saved.contains(r#""<*>","began""#), "{saved}");
    }

    #[test]
    fn another_kind_of_file_is_refused_with_the_line_and_left_alone() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("app.log");
        std::fs::write(&file, "INFO started\n").unwrap();
        let error = format!("{:#}", State::open(&file).err().unwrap());
        assert!(error.contains("app.log:1: is no template"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "INFO started\n");
    }
}
