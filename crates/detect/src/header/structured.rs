//! Lines that name their parts: JSON objects and logfmt.

use super::{Header, level, peel, timestamp};
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

const MESSAGE: [&str; 10] =
    ["message", "msg", "log", "MESSAGE", "@message", "short_message", "textPayload", "text", "body", "event"];
const LEVEL: [&str; 9] =
    ["level", "severity", "lvl", "log.level", "levelname", "loglevel", "severity_text", "PRIORITY", "s"];
const TIME: [&str; 9] = ["time", "timestamp", "ts", "@timestamp", "datetime", "date", "t", "asctime", "eventTime"];
const HOST: [&str; 6] = ["host", "hostname", "_HOSTNAME", "host.name", "server", "node"];
const PROGRAM: [&str; 9] =
    ["logger", "logger_name", "SYSLOG_IDENTIFIER", "program", "service", "app", "component", "name", "caller"];
/// Pairs of a logfmt line that are looked at.
const MAX_PAIRS: usize = 64;

/// A JSON object with a message in it.
pub(super) fn json(line: &str) -> Option<Header<'_>> {
    if !line.starts_with('{') || !line.ends_with('}') {
        return None;
    }
    let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(line).ok()?;
    let raw = |names: &[&str]| names.iter().find_map(|name| fields.get(*name)).map(|value| value.get());
    let text = |names: &[&str]| names.iter().filter_map(|name| fields.get(*name)).find_map(|value| plain(value.get()));
    let (name, message) = MESSAGE
        .iter()
        .find_map(|name| Some((*name, string(fields.get(*name)?.get()).filter(|text| !text.is_empty())?)))?;
    let level_word = text(&LEVEL);
    let time = raw(&TIME).and_then(moment);
    let header = Header {
        timestamp: time,
        host: text(&HOST),
        program: text(&PROGRAM),
        level: level_word.and_then(level::written).or_else(|| level::number(raw(&LEVEL)?.parse().ok()?)),
        level_word,
        message,
    };
    Some(if name == "log" { wrapped(header) } else { header })
}

/// A container runtime's `log` field holds the whole line, header and all.
fn wrapped(outer: Header<'_>) -> Header<'_> {
    let inner = peel::peel(outer.message.trim());
    let (level, at, message) = (inner.level, inner.timestamp, inner.message.into_owned());
    Header { timestamp: outer.timestamp.or(at), level: outer.level.or(level), message: message.into(), ..outer }
}

/// `time=… level=error msg="…" key=value`.
pub(super) fn logfmt(line: &str) -> Option<Header<'_>> {
    let key = line.bytes().position(|byte| byte == b'=').filter(|at| *at > 0 && *at < 32)?;
    if !line[..key].bytes().all(is_key) {
        return None;
    }
    let pairs: Vec<(&str, &str)> = Pairs(line).take(MAX_PAIRS).collect();
    let raw = |names: &[&str]| {
        names.iter().find_map(|name| pairs.iter().find(|(key, _)| key == name)).map(|(_, value)| *value)
    };
    let text = |names: &[&str]| raw(names).map(|value| value.trim_matches('"')).filter(|value| !value.is_empty());
    let message = raw(&MESSAGE[..2])?;
    let message = string(message).unwrap_or(Cow::Borrowed(message.trim_matches('"')));
    let level_word = text(&LEVEL);
    Some(Header {
        timestamp: raw(&TIME).and_then(moment),
        host: text(&HOST),
        program: text(&PROGRAM),
        level: level_word.and_then(level::written),
        level_word,
        message,
    })
}

/// The pairs of a logfmt line, values with their quotes; words without `=` are passed over.
struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.0 = self.0.trim_start();
            if self.0.is_empty() {
                return None;
            }
            let key = self.0.bytes().take_while(|byte| is_key(*byte)).count();
            let rest = &self.0[key..];
            let Some(value) = rest.strip_prefix('=').filter(|_| key > 0) else {
                self.0 = &self.0[self.0.find(char::is_whitespace).unwrap_or(self.0.len())..];
                continue;
            };
            let length = if value.starts_with('"') { quoted_length(value) } else { value.find(char::is_whitespace) };
            let (value, after) = value.split_at(length.unwrap_or(value.len()));
            let pair = (&self.0[..key], value);
            self.0 = after;
            return Some(pair);
        }
    }
}

fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@' | b'/')
}

/// The text of a JSON string, borrowed where nothing in it is escaped.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    match plain(raw) {
        Some(text) => Some(Cow::Borrowed(text)),
        None => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
    }
}

/// The text of a JSON string in which nothing is escaped.
fn plain(raw: &str) -> Option<&str> {
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains(['\\', '"'])).then_some(inside)
}

/// A time as text, as seconds or milliseconds since 1970, or inside an object (`{"$date":"…"}`).
fn moment(raw: &str) -> Option<Timestamp> {
    let text = match raw.strip_prefix('{') {
        Some(object) => object.split_once(':')?.1,
        None => raw,
    };
    timestamp::read(text.trim_start_matches([' ', '"'])).and_then(|found| found.at)
}
