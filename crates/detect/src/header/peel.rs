//! Peels the header off a line of plain text.

use super::pieces::{group, is_context, logger, read_level, separator, syslog_tag, word};
use super::{Header, level, timestamp};
use foghorn_domain::severity::Severity;

/// Most pieces a header is made of.
const MAX_PIECES: usize = 24;
/// Words between the time and the level that may be stepped over (node, process id, facility).
const MAX_BETWEEN: usize = 8;

pub(super) fn peel(line: &str) -> Header<'_> {
    let mut peeler = Peeler { rest: line, header: Header::bare(line), has_time: false, is_syslog: false };
    peeler.run();
    peeler.header.message = peeler.rest.trim().into();
    peeler.header
}

struct Peeler<'a> {
    rest: &'a str,
    header: Header<'a>,
    has_time: bool,
    is_syslog: bool,
}

impl<'a> Peeler<'a> {
    fn run(&mut self) {
        if self.priority() && self.rfc5424() {
            return;
        }
        self.skip_label();
        if self.klog() || self.logcat_brief() {
            return;
        }
        for _ in 0..MAX_PIECES {
            self.rest = self.rest.trim_start();
            let taken = self.time() || self.stream();
            if taken {
                continue;
            }
            if self.is_syslog || self.names_host_and_process() {
                self.syslog();
            } else if self.level() || self.step_to_level() {
                self.origin();
            }
            break;
        }
        if self.header.level_word.is_none() {
            self.level_of_message();
        }
    }

    fn eat(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start();
    }

    /// `<34>`: facility times eight plus severity (RFC 3164, RFC 5424).
    fn priority(&mut self) -> bool {
        let digits = self.rest.bytes().skip(1).take(3).take_while(u8::is_ascii_digit).count();
        let is_priority =
            digits > 0 && self.rest.starts_with('<') && self.rest.as_bytes().get(digits + 1) == Some(&b'>');
        if is_priority {
            let value: i64 = self.rest[1..=digits].parse().unwrap_or(13);
            self.header.level = level::number(value % 8);
            self.is_syslog = true;
            self.eat(digits + 2);
        }
        is_priority
    }

    /// `1 2003-10-11T22:14:15.003Z host app procid msgid [data] message` behind a priority.
    fn rfc5424(&mut self) -> bool {
        let Some(rest) = self.rest.strip_prefix("1 ") else { return false };
        let mut rest = rest;
        let mut fields = [""; 5];
        for field in &mut fields {
            *field = word(rest);
            rest = rest[field.len()..].trim_start();
        }
        let time = timestamp::read(fields[0]).filter(|found| found.length == fields[0].len());
        if time.is_none() && fields[0] != "-" {
            return false;
        }
        let given = |field: &'a str| Some(field).filter(|field| !field.is_empty() && *field != "-");
        self.header.timestamp = time.and_then(|found| found.at);
        self.header.host = given(fields[1]);
        self.header.program = given(fields[2]);
        match rest.strip_prefix('-') {
            Some(message) => rest = message,
            None => {
                while let Some(data) = group(rest).filter(|data| data.starts_with('[')) {
                    rest = &rest[data.len()..];
                }
            }
        }
        self.rest = rest.trim_start().trim_start_matches('\u{feff}');
        true
    }

    /// A file's or container's name, an alert label or `-` in front of the time.
    fn skip_label(&mut self) {
        let label = word(self.rest);
        let after = self.rest[label.len()..].trim_start();
        let after = after.strip_prefix('|').unwrap_or(after).trim_start();
        let is_name = label == "-"
            || label.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b'/'))
            || !label.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_name && time_at(self.rest).is_none() && group(self.rest).is_none() {
            let time = time_at(after).filter(|(found, _)| found.at.is_some());
            if time.is_some() {
                self.rest = after;
            }
        }
    }

    fn time(&mut self) -> bool {
        let Some((found, length)) = time_at(self.rest).or_else(|| self.time_behind_node()) else { return false };
        self.header.timestamp = self.header.timestamp.or(found.at);
        self.is_syslog |= found.is_syslog;
        self.has_time = true;
        self.eat(length);
        let signs = separator(self.rest);
        self.eat(signs);
        true
    }

    /// The next time, where a node's name stands between two; its length is taken from the node on.
    fn time_behind_node(&self) -> Option<(timestamp::Found, usize)> {
        let node = word(self.rest);
        let after = self.rest[node.len()..].trim_start();
        let is_name =
            self.has_time && node.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.'));
        let (found, length) = time_at(after).filter(|_| is_name)?;
        Some((found, self.rest.len() - after.len() + length))
    }

    /// `stderr F ` of the container runtime interface.
    fn stream(&mut self) -> bool {
        let is_stream = self.has_time
            && ["stderr F ", "stdout F ", "stderr P ", "stdout P "].iter().any(|stream| self.rest.starts_with(stream));
        if is_stream {
            self.eat(9);
        }
        is_stream
    }

    /// `host tag[pid]: message` behind syslog's time.
    fn syslog(&mut self) {
        let host = word(self.rest);
        let after = self.rest[host.len()..].trim_start();
        if let Some((program, length)) = syslog_tag(after).filter(|_| !host.ends_with(':')) {
            (self.header.host, self.header.program) = (Some(host), Some(program));
            self.rest = &after[length..];
        } else if let Some((program, length)) = syslog_tag(self.rest) {
            self.header.program = Some(program);
            self.rest = &self.rest[length..];
        } else if self.has_time {
            self.header.host = Some(host);
            self.rest = after;
        }
        self.rest = self.rest.trim_start();
        self.level();
    }

    /// Whether `host tag[123]:` follows a time that is not in syslog's old form.
    fn names_host_and_process(&self) -> bool {
        let after = self.rest[word(self.rest).len()..].trim_start();
        let tag = self.has_time.then(|| syslog_tag(after)).flatten();
        tag.is_some_and(|(_, length)| after[..length].ends_with("]:"))
    }

    /// A message that begins with `error: ` says its own level, and keeps its word.
    fn level_of_message(&mut self) {
        let word = &self.rest[..self.rest.bytes().take(14).take_while(u8::is_ascii_alphabetic).count()];
        if let Some(severity) = level::severity(word).filter(|_| self.rest[word.len()..].starts_with(": ")) {
            self.set_level(word, severity);
        }
    }

    fn set_level(&mut self, word: &'a str, severity: Severity) {
        self.header.level = Some(severity);
        self.header.level_word = Some(word);
    }

    fn level(&mut self) -> bool {
        if let Some(level) = read_level(self.rest, self.has_time) {
            self.set_level(level.word, level.severity);
            self.rest = &self.rest[level.length..];
            return true;
        }
        self.module_and_level() || self.android()
    }

    /// Apache's `[core:error]`.
    fn module_and_level(&mut self) -> bool {
        let Some(inside) = group(self.rest).filter(|inside| self.has_time && inside.starts_with('[')) else {
            return false;
        };
        let Some((module, name)) = inside[1..inside.len() - 1].split_once(':') else { return false };
        let Some(severity) = level::severity(name) else { return false };
        self.set_level(name, severity);
        self.header.program = Some(module).filter(|module| !module.is_empty());
        self.rest = &self.rest[inside.len()..];
        true
    }

    /// Android's `D Tag: message`.
    fn android(&mut self) -> bool {
        let bytes = self.rest.as_bytes();
        let Some(severity) = bytes.first().and_then(|letter| level::letter(*letter)) else { return false };
        if !self.has_time || bytes.get(1) != Some(&b' ') {
            return false;
        }
        let Some(colon) = self.rest.bytes().take(64).position(|byte| byte == b':') else { return false };
        let tag = self.rest[1..colon].trim();
        if tag.is_empty() || tag.split(' ').count() > 3 {
            return false;
        }
        self.set_level(&self.rest[..1], severity);
        self.header.program = Some(tag);
        self.rest = &self.rest[colon + 1..];
        true
    }

    /// `E0102 03:04:05.678901    1234 file.go:123] message` (klog, glog).
    fn klog(&mut self) -> bool {
        let bytes = self.rest.as_bytes();
        let Some(severity) = bytes.first().and_then(|letter| level::letter(*letter)) else { return false };
        let is_date = bytes.len() > 21 && bytes[1..5].iter().all(u8::is_ascii_digit) && bytes[5] == b' ';
        if !is_date || time_at(&self.rest[6..]).is_none() {
            return false;
        }
        let Some(end) = self.rest.bytes().take(200).position(|byte| byte == b']') else { return false };
        self.set_level(&self.rest[..1], severity);
        let place = self.rest[..end].rsplit(' ').next().unwrap_or_default();
        self.header.program = place.split(':').next().filter(|file| !file.is_empty());
        self.rest = &self.rest[end + 1..];
        true
    }

    /// Android's brief form, `E/Tag( 123): message`.
    fn logcat_brief(&mut self) -> bool {
        let bytes = self.rest.as_bytes();
        let Some(severity) = bytes.first().and_then(|letter| level::letter(*letter)) else { return false };
        if bytes.get(1) != Some(&b'/') {
            return false;
        }
        let Some(open) = self.rest.bytes().take(64).position(|byte| byte == b'(') else { return false };
        let Some(process) = group(&self.rest[open..]) else { return false };
        let end = open + process.len();
        if !self.rest[end..].starts_with(':') {
            return false;
        }
        self.set_level(&self.rest[..1], severity);
        self.header.program = Some(self.rest[2..open].trim());
        self.rest = &self.rest[end + 1..];
        true
    }

    /// Steps over what may stand between time and level: process ids, nodes, facilities, threads, loggers.
    fn step_to_level(&mut self) -> bool {
        if !self.has_time {
            return false;
        }
        let start = (self.rest, self.header.program);
        for _ in 0..MAX_BETWEEN {
            let piece = group(self.rest).filter(|inside| is_context(inside)).unwrap_or_else(|| word(self.rest));
            if piece.is_empty() || !may_stand_between(piece, &self.rest[piece.len()..]) {
                break;
            }
            if piece.contains('.') && piece.starts_with(|c: char| c.is_ascii_alphabetic()) {
                self.header.program = Some(piece);
            }
            self.eat(piece.len());
            if self.level() {
                return true;
            }
        }
        (self.rest, self.header.program) = start;
        false
    }

    /// Threads, process ids and loggers behind the level.
    fn origin(&mut self) {
        self.python_logger();
        for _ in 0..MAX_PIECES {
            self.rest = self.rest.trim_start();
            let signs = separator(self.rest);
            if signs > 0 {
                self.eat(signs);
                continue;
            }
            if let Some(inside) = group(self.rest).filter(|inside| is_context(inside)) {
                self.rest = &self.rest[inside.len()..];
                self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
                continue;
            }
            let number = word(self.rest);
            let is_process = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'#' | b':'))
                && (number.ends_with(':') || self.rest[number.len()..].trim_start().starts_with("--"));
            if is_process && !number.is_empty() {
                self.eat(number.len());
                continue;
            }
            let Some((name, length)) = logger(self.rest).filter(|_| self.header.program.is_none()) else { break };
            self.header.program = Some(name);
            self.eat(length);
        }
    }

    /// Python's `INFO:root:message`, where the name touches the level's colon, and `ERROR in app: message`.
    fn python_logger(&mut self) {
        let rest = self.rest.strip_prefix(" in ").unwrap_or(self.rest);
        let name = rest
            .bytes()
            .take(64)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
            .count();
        if name > 0 && rest[name..].starts_with(':') {
            self.header.program = Some(&rest[..name]);
            self.rest = &rest[name + 1..];
        }
    }
}

/// A timestamp at the start, bare or in brackets, and the bytes it takes up.
fn time_at(text: &str) -> Option<(timestamp::Found, usize)> {
    if let Some(found) = timestamp::read(text) {
        return Some((found, found.length));
    }
    let inside = group(text).filter(|inside| inside.starts_with(['[', '(']))?;
    let content = inside[1..inside.len() - 1].trim();
    if let Some(found) = timestamp::read(content) {
        // Ruby writes the process id behind the time.
        let rest = content[found.length..].trim_start();
        return (rest.is_empty() || rest.starts_with('#')).then_some((found, inside.len()));
    }
    // The kernel's seconds since boot.
    let (seconds, fraction) = content.split_once('.')?;
    let is_uptime =
        seconds.len() <= 9 && fraction.len() == 6 && content.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_uptime.then_some((timestamp::Found { at: None, length: inside.len(), is_syslog: false }, inside.len()))
}

/// Whether a word can stand between time and level: a number, a name with a digit or dot, capitals, a
/// bracket group, a separator, or a name between separators.
fn may_stand_between(piece: &str, after: &str) -> bool {
    let is_group = piece.starts_with(['[', '(', '<']);
    let is_name = piece.bytes().any(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'@' | b'/'));
    let is_upper = !piece.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_between = [" - ", " | ", "|"].iter().any(|sign| after.starts_with(sign));
    is_group || is_name || is_upper || is_between
}
