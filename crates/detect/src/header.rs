//! Log headers: where a raw line's message begins, and what stands in front of it.
//!
//! A line is either structured (a JSON object, or logfmt pairs), an access log's, or text whose
//! front is peeled off piece by piece: priority, timestamps, host and program, process ids,
//! threads and loggers, the level word. The pieces are recognised by their own shape, so that formats nobody has told
//! Foghorn about are read as long as they are made of the usual pieces.

mod access;
mod json;
mod level;
mod moment;
mod peel;
mod pieces;
mod structured;
pub(crate) mod timestamp;

pub use moment::moment;

use foghorn_domain::severity::Severity;
use jiff::Timestamp;
use std::borrow::Cow;

/// A raw line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// When it was logged: UTC where no zone is written, `None` where no year is.
    pub timestamp: Option<Timestamp>,
    /// The machine that logged it (syslog, journal, structured logs).
    pub host: Option<&'a str>,
    /// The program, logger or tag.
    pub program: Option<&'a str>,
    /// What the level word or the syslog priority means.
    pub level: Option<Severity>,
    /// The level as it was written.
    pub level_word: Option<&'a str>,
    /// What was logged: the rest of the line, or the message field of a structured line with its escapes resolved.
    pub message: Cow<'a, str>,
}

impl<'a> Header<'a> {
    /// A line without a header.
    fn bare(message: &'a str) -> Self {
        Self { timestamp: None, host: None, program: None, level: None, level_word: None, message: message.into() }
    }
}

/// Takes a line apart. A message of several lines has its header on the first. Never fails: a line in
/// which no header is recognised is all message.
pub fn parse(line: &str) -> Header<'_> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let mut header = json::parse(line)
        .or_else(|| access::parse(line))
        .or_else(|| structured::logfmt(line))
        .unwrap_or_else(|| peel::peel(line));
    // Behind another header, as a web server's lines are that come through syslog or a container's log.
    header.message = match header.message {
        Cow::Borrowed(message) => access::without_visitor(message).into(),
        Cow::Owned(message) => access::without_visitor(&message).to_owned().into(),
    };
    header
}

#[cfg(test)]
mod tests;
