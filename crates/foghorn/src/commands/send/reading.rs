//! Lines into events, on a thread of its own, because reading a terminal or a pipe blocks.

use flate2::read::MultiGzDecoder;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::NewEvent;
use foghorn_sources::event::to_json;
use foghorn_sources::lines::parse_line;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Result};
use std::path::Path;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// A line that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its number in the input, from 1.
    pub(super) number: u64,
    /// The event as JSON, on one line.
    pub(super) json: String,
    /// Bytes it took in the input.
    pub(super) bytes: u64,
}

/// What is said of lines that do not say it themselves.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Recipe {
    pub(in crate::commands) source: String,
    pub(in crate::commands) service: Option<String>,
    pub(in crate::commands) environment: Option<String>,
    pub(in crate::commands) event_type: String,
}

/// Something to read lines from.
pub(in crate::commands) struct Input {
    pub(in crate::commands) reader: Box<dyn BufRead + Send>,
    /// Its length, where that is known.
    pub(in crate::commands) bytes: Option<u64>,
}

/// Of a longer line the rest is passed over: no event holds more than a part of it.
pub(in crate::commands) const LONGEST_LINE: u64 = 8 * 1024 * 1024;

/// The source's name, where none is given: `auth` for `/var/log/auth.log.gz`.
pub(in crate::commands) fn source_of(file: &Path) -> String {
    if is_standard_input(file) {
        return "stdin".to_owned();
    }
    let unpacked = if is_packed(file) { file.with_extension("") } else { file.to_owned() };
    unpacked.file_stem().map_or_else(|| "file".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

fn is_packed(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

/// Opens a file or standard input.
pub(in crate::commands) fn open(file: &Path) -> anyhow::Result<Input> {
    if is_standard_input(file) {
        return Ok(Input { reader: Box::new(BufReader::new(std::io::stdin())), bytes: None });
    }
    let opened = File::open(file).and_then(|opened| Ok((opened.metadata()?, opened)));
    let (metadata, opened) = opened.map_err(|error| anyhow::anyhow!("cannot read {}: {error}", file.display()))?;
    anyhow::ensure!(!metadata.is_dir(), "{} is a directory; name a file in it", file.display());
    if is_packed(file) {
        return Ok(Input { reader: Box::new(BufReader::new(MultiGzDecoder::new(opened))), bytes: None });
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok(Input { reader: Box::new(BufReader::with_capacity(256 * 1024, opened)), bytes })
}

/// Starts reading. The channel ends with the input; an error in it is the last thing it gives.
pub(super) fn start(input: Input, recipe: Recipe) -> Receiver<Result<Line>> {
    let (sender, receiver) = channel(4096);
    std::thread::spawn(move || {
        if let Err(error) = read(input.reader, &recipe, &sender) {
            // Whoever wanted the lines may have gone.
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn read(mut reader: Box<dyn BufRead + Send>, recipe: &Recipe, sender: &Sender<Result<Line>>) -> Result<()> {
    let (mut buffer, mut number) = (Vec::new(), 0);
    loop {
        buffer.clear();
        let mut bytes = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut buffer)? as u64;
        if bytes == 0 {
            return Ok(());
        }
        if bytes == LONGEST_LINE && !buffer.ends_with(b"\n") {
            bytes += reader.skip_until(b'\n')? as u64;
        }
        number += 1;
        if let Some(json) = recipe.json(&String::from_utf8_lossy(&buffer))
            && sender.blocking_send(Ok(Line { number, json, bytes })).is_err()
        {
            return Ok(());
        }
    }
}

impl Recipe {
    /// A line's event as JSON; `None` for a blank line.
    fn json(&self, line: &str) -> Option<String> {
        Some(to_json(&self.event(line)?).to_string())
    }

    /// A line's event; `None` for a blank line.
    pub(in crate::commands) fn event(&self, line: &str) -> Option<NewEvent> {
        let mut event = parse_line(line, &self.source, Timestamp::now())?;
        if event.event_type == "log" && !self.event_type.trim().is_empty() {
            event.event_type.clone_from(&self.event_type);
        }
        for (name, said) in [("service", &self.service), ("environment", &self.environment)] {
            if let Some(said) = said.as_deref().map(str::trim).filter(|said| !said.is_empty()) {
                event.metadata.entry(name).or_insert_with(|| said.into());
            }
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io::Write;

    fn recipe() -> Recipe {
        let service = Some("sshd".to_owned());
        Recipe { source: "auth".to_owned(), service, environment: None, event_type: "syslog".to_owned() }
    }

    fn lines_of(input: Input) -> Vec<Line> {
        let mut lines = start(input, recipe());
        std::iter::from_fn(|| lines.blocking_recv()).map(|line| line.unwrap()).collect()
    }

    fn input(text: &[u8]) -> Input {
        Input { reader: Box::new(std::io::Cursor::new(text.to_vec())), bytes: None }
    }

    #[test]
    fn each_line_that_is_not_blank_is_an_event_with_its_number() {
        let lines = lines_of(input(b"first\n\n\xff bytes\r\n{\"source\":\"s\",\"type\":\"metric\",\"payload\":\"1\"}"));
        let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [1, 3, 4]);
        let event = |index: usize| serde_json::from_str::<Value>(&lines[index].json).unwrap();
        assert_eq!((&event(0)["source"], &event(0)["type"]), (&"auth".into(), &"syslog".into()));
        assert_eq!(event(0)["metadata"]["service"], "sshd");
        assert_eq!(event(1)["payload"], "\u{fffd} bytes");
        assert_eq!((&event(2)["source"], &event(2)["type"]), (&"s".into(), &"metric".into()));
        assert_eq!(lines.iter().map(|line| line.bytes).collect::<Vec<_>>(), [6, 9, 44]);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut text = vec![b'x'; LONGEST_LINE as usize + 1_000_000];
        text.extend_from_slice(b"\nnext\n");
        let lines = lines_of(input(&text));
        assert_eq!(lines.len(), 2);
        assert!(lines[0].json.len() < 2 * 1024 * 1024);
        assert!(lines[1].json.contains("next") && lines[1].number == 2);
    }

    #[test]
    fn a_packed_file_is_unpacked_and_its_source_is_named_after_what_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("auth.log.gz");
        let mut packed = flate2::write::GzEncoder::new(File::create(&file).unwrap(), flate2::Compression::fast());
        packed.write_all(b"one\ntwo\n").unwrap();
        packed.finish().unwrap();
        assert_eq!(lines_of(open(&file).unwrap()).len(), 2);
        assert_eq!(source_of(&file), "auth");
        assert_eq!(source_of(Path::new("-")), "stdin");
        assert_eq!(source_of(Path::new("/var/log/syslog")), "syslog");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |path: &Path| open(path).err().unwrap().to_string();
        assert!(message(Path::new("/nowhere/x.log")).contains("cannot read /nowhere/x.log"));
        assert!(message(tempfile::tempdir().unwrap().path()).contains("is a directory"));
    }
}
