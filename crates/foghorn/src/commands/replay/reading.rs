//! Files into events with their moments, on a thread of its own. A file may hold lines of a log, JSON lines, JSON
//! over several lines, payloads of Prometheus, Alertmanager, Grafana and PagerDuty; its beginning tells which.

use super::super::send::reading::{Input, LONGEST_LINE, Recipe};
use super::payload::{self, Part};
use foghorn_detect::header;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::NewEvent;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::io::{BufRead, Read, Result};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Something that was read.
#[derive(Debug)]
pub(super) enum Item {
    /// An event; without a moment where neither it nor any before it says one.
    Event(Option<Timestamp>, Box<NewEvent>),
    /// Something that is no event.
    Unparsed(Unparsed),
    /// So many bytes of the input are behind us.
    Progress(u64),
}

/// A place of the input that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unparsed {
    /// Counted from 1.
    pub(super) line: u64,
    /// Counted from 1.
    pub(super) column: u64,
    /// What is wrong.
    pub(super) why: String,
}

/// A JSON document over several lines is read as a whole, up to this size.
const LARGEST_DOCUMENT: u64 = 64 * 1024 * 1024;

/// Bytes between two words about progress.
const PROGRESS_EVERY: u64 = 256 * 1024;

/// Starts reading. The channel ends with the input; an error in it is the last thing it gives.
pub(super) fn start(input: Input, recipe: Recipe, now: Timestamp) -> Receiver<Result<Item>> {
    let (sender, receiver) = channel(4096);
    std::thread::spawn(move || {
        let mut reading = Reading { recipe, now, last: None, is_json: None, sender };
        if let Err(error) = reading.read(input.reader) {
            // Whoever wanted the events may have gone.
            let _ = reading.sender.blocking_send(Err(error));
        }
    });
    receiver
}

struct Reading {
    recipe: Recipe,
    now: Timestamp,
    /// The moment of the last event that had one.
    last: Option<Timestamp>,
    /// Whether the first line was JSON, so that the others are meant to be.
    is_json: Option<bool>,
    sender: Sender<Result<Item>>,
}

impl Reading {
    fn read(&mut self, mut reader: Box<dyn BufRead + Send>) -> Result<()> {
        let (mut buffer, mut number, mut unsaid) = (Vec::new(), 0, 0);
        loop {
            buffer.clear();
            let mut bytes = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut buffer)? as u64;
            if bytes == 0 {
                return Ok(());
            }
            number += 1;
            if bytes == LONGEST_LINE && !buffer.ends_with(b"\n") {
                bytes += reader.skip_until(b'\n')? as u64;
            }
            unsaid += bytes;
            let is_wanted = if self.is_json.is_none() && begins_a_document(&buffer) {
                let most = LARGEST_DOCUMENT - buffer.len() as u64;
                unsaid += (&mut reader).take(most).read_to_end(&mut buffer)? as u64;
                let is_cut = buffer.len() as u64 == LARGEST_DOCUMENT && !reader.fill_buf()?.is_empty();
                self.document(&buffer, number, is_cut) && !is_cut
            } else {
                self.line(&String::from_utf8_lossy(&buffer), number)
            };
            if unsaid >= PROGRESS_EVERY {
                self.send(Item::Progress(std::mem::take(&mut unsaid)));
            }
            if !is_wanted {
                return Ok(());
            }
        }
    }

    /// One line. `false` where nobody listens any more.
    fn line(&mut self, line: &str, number: u64) -> bool {
        let text = line.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return true;
        }
        let parsed = text.starts_with(['{', '[']).then(|| serde_json::from_str::<Value>(text));
        let is_first = self.is_json.is_none();
        let is_json = *self.is_json.get_or_insert(matches!(parsed, Some(Ok(_))));
        match parsed {
            Some(Ok(value)) if value.is_object() || (is_json && value.is_array()) => self.value(value, text, number),
            // In a file of JSON lines a line that begins as one and is none is broken.
            Some(Err(error)) if is_json && !is_first && text.starts_with('{') => {
                let lead = line.len() - line.trim_start_matches('\u{feff}').trim_start().len();
                let why = format!("is no JSON: {}", without_place(&error));
                self.send(Item::Unparsed(Unparsed { line: number, column: (lead + error.column()) as u64, why }))
            }
            _ => self.event_of(line.trim_end_matches(['\r', '\n'])),
        }
    }

    /// A text of JSON values, over several lines. The first fault ends it: what follows has no beginning.
    fn document(&mut self, bytes: &[u8], first_line: u64, is_cut: bool) -> bool {
        self.is_json = Some(true);
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let (mut line, mut counted) = (first_line, 0);
        while let Some(value) = values.next() {
            let is_wanted = match value {
                Ok(value) => {
                    let upto = text.floor_char_boundary(values.byte_offset());
                    line += text[counted..upto].matches('\n').count() as u64;
                    counted = upto;
                    let text = value.to_string();
                    self.value(value, &text, line)
                }
                Err(error) => {
                    let why = match is_cut {
                        true => "the document is too large; give JSON lines, one event on each".to_owned(),
                        false => format!("is no JSON: {}", without_place(&error)),
                    };
                    // The end of a text that ends with a line is at the end of that line.
                    let (line, column) = match (error.line(), error.column()) {
                        (line @ 2.., 0) => (line - 1, text.lines().nth(line - 2).map_or(1, |last| last.len() + 1)),
                        place => place,
                    };
                    let line = first_line + line.max(1) as u64 - 1;
                    self.send(Item::Unparsed(Unparsed { line, column: column as u64, why }));
                    return false;
                }
            };
            if !is_wanted {
                return false;
            }
        }
        true
    }

    fn value(&mut self, value: Value, text: &str, line: u64) -> bool {
        let now = self.last.unwrap_or(self.now);
        payload::parts(value, text, now).into_iter().all(|part| match part {
            Part::Event(event) => self.event(*event),
            Part::Line(text) => self.event_of(&text),
            Part::Wrong(why) => self.send(Item::Unparsed(Unparsed { line, column: 1, why })),
        })
    }

    fn event_of(&mut self, line: &str) -> bool {
        match self.recipe.event(line) {
            Some(event) => self.event(event),
            None => true,
        }
    }

    fn event(&mut self, mut event: NewEvent) -> bool {
        // A year that is not written is the last one whose day has come, and then goes on from line to line.
        let half_a_year_ago = || self.now - SignedDuration::from_hours(24 * 182);
        let near = self.last.unwrap_or_else(half_a_year_ago);
        let at = payload::moment(&event).or_else(|| {
            let at = header::moment(&event.payload, near).filter(|_| payload::is_line(&event))?;
            event.event_timestamp = Some(at);
            Some(at)
        });
        self.last = at.or(self.last);
        self.send(Item::Event(self.last, Box::new(event)))
    }

    fn send(&self, item: Item) -> bool {
        self.sender.blocking_send(Ok(item)).is_ok()
    }
}

/// Whether a JSON value begins on the line and does not end there.
fn begins_a_document(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_start_matches('\u{feff}').trim();
    text.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

/// What is wrong, without serde's own words about the place.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Item> {
        read_bytes(text.as_bytes())
    }

    fn read_bytes(bytes: &[u8]) -> Vec<Item> {
        let input = Input { reader: Box::new(std::io::Cursor::new(bytes.to_vec())), bytes: None };
        let recipe =
            Recipe { source: "shop".to_owned(), service: None, environment: None, event_type: "log".to_owned() };
        let mut items = start(input, recipe, "2026-11-20T00:00:00Z".parse().unwrap());
        std::iter::from_fn(|| items.blocking_recv()).map(|item| item.unwrap()).collect()
    }

    fn told(text: &str) -> Vec<String> {
        let tell = |item: Item| match item {
            Item::Event(at, event) => {
                let at = at.map_or("?".to_owned(), |at| at.to_string());
                let status = event.status.map_or("", |status| status.as_str());
                format!("{at} {} {status}", event.payload)
            }
            Item::Unparsed(Unparsed { line, column, why }) => format!("{line}:{column}: {why}"),
            Item::Progress(_) => "progress".to_owned(),
        };
        read(text).into_iter().map(tell).collect()
    }

    #[test]
    fn lines_of_a_log_have_the_times_that_they_carry_and_others_that_of_the_line_before() {
        let text = "Jun 14 15:16:01 combo sshd[1]: one\n\n  at frame two\nJan  1 00:00:01 combo sshd[1]: three\n";
        let expected = [
            "2026-06-14T15:16:01Z Jun 14 15:16:01 combo sshd[1]: one ",
            "2026-06-14T15:16:01Z   at frame two ",
            "2026-01-01T00:00:01Z Jan  1 00:00:01 combo sshd[1]: three ",
        ];
        assert_eq!(told(text), expected);
        assert_eq!(told("no time here\n[main] nor here\n"), ["? no time here ", "? [main] nor here "]);
    }

    #[test]
    fn json_lines_are_events_and_a_broken_one_is_named_with_its_place() {
        let text = "{\"source\":\"a\",\"type\":\"log\",\"payload\":\"one\",\"event_timestamp\":\"2026-01-02T03:04:05Z\"}\n\
                    {\"source\":\"a\",\"type\":\"log\",\"payload\":\n\
                    {\"source\":\"a\",\"type\":\"log\",\"payload\":7}\n\
                    {\"level\":\"error\",\"msg\":\"two\"}\n";
        let expected = [
            "2026-01-02T03:04:05Z one ",
            "2:37: is no JSON: EOF while parsing a value",
            "3:1: payload: must be a non-blank string, found a number",
            "2026-01-02T03:04:05Z two ",
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn alerts_fire_when_they_began_and_end_when_they_ended() {
        let alert = |status: &str, ends: &str| {
            format!(
                "{{\"status\":\"{status}\",\"labels\":{{\"alertname\":\"Down\"}},\"annotations\":{{}},\
                 \"startsAt\":\"2026-01-02T03:00:00Z\",\"endsAt\":\"{ends}\"}}"
            )
        };
        let (firing, resolved) = (alert("firing", "0001-01-01T00:00:00Z"), alert("resolved", "2026-01-02T03:30:00Z"));
        let posted = format!("{{\"version\":\"4\",\n \"alerts\":[{firing},\n{resolved}]}}");
        let expected = ["2026-01-02T03:00:00Z Down firing", "2026-01-02T03:30:00Z Down resolved"];
        assert_eq!(told(&posted), expected);
        let listed = "[{\"labels\":{\"alertname\":\"Down\"},\"startsAt\":\"2026-01-02T03:00:00Z\",\
                      \"endsAt\":\"2026-01-02T03:04:00Z\"},{\"labels\":7}]";
        assert_eq!(told(listed)[0], expected[0]);
        assert!(told(listed)[1].starts_with("1:1: alerts[1].labels: must be an object"), "{:?}", told(listed));
        let Item::Event(_, event) = &read(listed)[0] else { panic!("no event") };
        assert_eq!(event.expires_at.unwrap().to_string(), "2026-01-02T03:04:00Z");
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        let mut seed = 7_u64;
        let mut chance = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize
        };
        let pieces: [&[u8]; 14] = [
            b"{",
            b"[",
            b"\"",
            b"}",
            b"]",
            b"\n",
            b"\xff",
            b"{\"alerts\":[{}]}",
            b"Jun 14 15:16:01 ",
            b"\0",
            b":",
            b",",
            b"{\"labels\":{\"a\":\"b\"},\"startsAt\":\"x\"}",
            b"{\"event_action\":\"trigger\",\"payload\":{}}",
        ];
        for _ in 0..300 {
            let length = chance() % 40;
            let bytes: Vec<u8> = (0..length).flat_map(|_| pieces[chance() % pieces.len()].to_vec()).collect();
            read_bytes(&bytes);
        }
        assert_eq!(read_bytes("[".repeat(100_000).as_bytes()).len(), 1);
        let many = read_bytes("{\"msg\":\n\"x\"}\n".repeat(20_000).as_bytes());
        assert_eq!(many.iter().filter(|item| matches!(item, Item::Event(..))).count(), 20_000);
    }

    #[test]
    fn a_document_that_breaks_off_names_where() {
        let told = told("[\n {\"source\":\"a\",\"type\":\"log\",\"payload\":\"one\"},\n {\"source\":}\n]\n");
        assert_eq!(told, ["3:12: is no JSON: expected value"]);
        assert_eq!(self::told("{\"a\":\n"), ["1:6: is no JSON: EOF while parsing a value"]);
    }
}
