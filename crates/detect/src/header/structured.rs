//! Lines that name their parts: the names they use, and logfmt. JSON objects are read in [`super::json`].

use super::{Header, level, timestamp};
use std::borrow::Cow;

pub(super) const MESSAGE: [&str; 10] =
    ["message", "msg", "log", "MESSAGE", "@message", "short_message", "textPayload", "text", "body", "event"];
pub(super) const LEVEL: [&str; 9] =
    ["level", "severity", "lvl", "log.level", "levelname", "loglevel", "severity_text", "PRIORITY", "s"];
pub(super) const TIME: [&str; 9] =
    ["time", "timestamp", "ts", "@timestamp", "datetime", "date", "t", "asctime", "eventTime"];
pub(super) const HOST: [&str; 6] = ["host", "hostname", "_HOSTNAME", "host.name", "server", "node"];
pub(super) const PROGRAM: [&str; 9] =
    ["logger", "logger_name", "SYSLOG_IDENTIFIER", "program", "service", "app", "component", "name", "caller"];
/// Pairs of a logfmt line that are looked at.
const MAX_PAIRS: usize = 64;

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
    let message = unquoted(raw(&MESSAGE[..2])?);
    let level_word = text(&LEVEL);
    Some(Header {
        timestamp: text(&TIME).and_then(timestamp::read).and_then(|found| found.at),
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

/// A value without its quotes, its escapes resolved as JSON's are.
fn unquoted(value: &str) -> Cow<'_, str> {
    let Some(inside) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else { return value.into() };
    if inside.contains('\\') {
        return serde_json::from_str::<String>(value).map_or(Cow::Borrowed(inside), Cow::Owned);
    }
    inside.into()
}
