//! What a payload is, by its event type and, where that says nothing, by the look of it.

use crate::decode::http;
use crate::detectors::Subject;

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An HTTP request: a request line, perhaps headers and a body.
    Request,
    /// A bare URL or path.
    Target,
    /// A JSON document.
    Json,
    /// A log line that quotes a request line, as web servers write them.
    AccessLine,
    /// Any other log line, stack traces included.
    LogLine,
    /// A bare value.
    Value,
}

impl Shape {
    /// Decides from the event type, then from the text.
    pub(crate) fn of(subject: &Subject<'_>) -> Self {
        let text = subject.payload;
        match subject.event_type {
            "http_request" | "http" | "request" | "waf" => Self::of_request(text),
            "log" | "error" | "error_log" | "metric" | "alert" | "syslog" | "change" | "trace" => Self::of_log(text),
            "access_log" => Self::AccessLine,
            _ => Self::guess(text),
        }
    }

    fn of_request(text: &str) -> Self {
        let start = text.trim_start();
        if http::is_request(start) {
            Self::Request
        } else if http::quoted_request(text).is_some() && looks_like_a_log(text) {
            Self::AccessLine
        } else if start.starts_with('{') {
            Self::Json
        } else if start.starts_with('/') || is_web_address(start) {
            Self::Target
        } else {
            Self::Value
        }
    }

    fn of_log(text: &str) -> Self {
        if http::quoted_request(text).is_some() { Self::AccessLine } else { Self::LogLine }
    }

    fn guess(text: &str) -> Self {
        let start = text.trim_start();
        if http::is_request(start) {
            Self::Request
        } else if looks_like_a_log(start) {
            Self::of_log(text)
        } else if start.starts_with('{') && start.ends_with('}') && start.contains("\":") {
            Self::Json
        } else {
            Self::Value
        }
    }
}

fn is_web_address(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

/// How much of a line is searched for the marks of a log.
const HEAD: usize = 120;

/// Whether a text carries the marks of a log line: a priority, a clock time before anything that a
/// program would not write, a level word, a program with its process id, or a stack frame.
pub(crate) fn looks_like_a_log(text: &str) -> bool {
    let bytes = text.as_bytes();
    let head = &bytes[..bytes.len().min(HEAD)];
    starts_with_level(head)
        || has_clock(head)
        || has_epoch(head)
        || has_program(head)
        || text.starts_with("Traceback (most recent call last)")
        || text.starts_with("Exception in thread ")
        || text.contains("\n\tat ")
        || text.contains("\n    at ")
        || [&b"level="[..], b"lvl=", b"\"level\":", b"\"severity\":"].iter().any(|mark| contains(head, mark))
}

fn contains(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

const LEVELS: [&str; 16] = [
    "error",
    "fatal",
    "warn",
    "warning",
    "info",
    "debug",
    "trace",
    "critical",
    "notice",
    "panic",
    "log",
    "severe",
    "emergency",
    "alert",
    "crit",
    "hint",
];

/// `ERROR: …`, `[error] …`, `WARN …`, `<3>…`, `E/Tag`, `E0102 15:04`. Lower case needs a colon or bracket, since
/// people type such words too.
fn starts_with_level(head: &[u8]) -> bool {
    let bracketed = matches!(head.first(), Some(b'[' | b'<' | b'('));
    let body = if bracketed { &head[1..] } else { head };
    let word = body.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let after = body.get(word);
    let is_level = std::str::from_utf8(&body[..word])
        .is_ok_and(|word| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word)));
    if is_level {
        let capitals = body[..word].iter().all(u8::is_ascii_uppercase);
        return matches!(after, Some(b':')) && !matches!(body.get(word + 1), Some(b'/'))
            || (bracketed && matches!(after, Some(b']' | b')')))
            || (capitals && matches!(after, Some(b' ' | b'\t' | b'[' | b'(')) && body.len() > word + 8);
    }
    if head.first() == Some(&b'<') {
        let digits = body.iter().take_while(|b| b.is_ascii_digit()).count();
        return (1..=3).contains(&digits) && body.get(digits) == Some(&b'>');
    }
    let letter = matches!(head.first(), Some(b'E' | b'W' | b'I' | b'D' | b'F' | b'V'));
    letter
        && (head.get(1) == Some(&b'/')
            || head.len() > 5 && head[1..5].iter().all(u8::is_ascii_digit) && head[5] == b' ')
}

/// `hh:mm:ss` or `hhmmss` after a date, with nothing before it that dates, hosts and file names lack.
fn has_clock(head: &[u8]) -> bool {
    for at in 0..head.len() {
        let byte = head[at];
        if matches!(byte, b'\'' | b';' | b'<' | b'`' | b'$' | b'?' | b'&' | b'%' | b'*' | b'=') {
            return false;
        }
        let two_digits = |from: usize| head.get(from..from + 2).is_some_and(|pair| pair.iter().all(u8::is_ascii_digit));
        if two_digits(at)
            && head.get(at + 2) == Some(&b':')
            && two_digits(at + 3)
            && (head.get(at + 5) == Some(&b':') && two_digits(at + 6) || at > 5 && head.get(at + 5) == Some(&b' '))
        {
            return true;
        }
    }
    let six_digits = |from: usize| {
        head.get(from..from + 6).is_some_and(|run| run.iter().all(u8::is_ascii_digit))
            && head.get(from + 6) == Some(&b' ')
    };
    six_digits(0) && six_digits(7)
}

/// A Unix time of ten digits as a word of its own among the first words.
fn has_epoch(head: &[u8]) -> bool {
    let words = head.split(|&b| b == b' ').take(6);
    let mut count = 0;
    for word in words {
        count += 1;
        let whole = word.split(|&b| b == b'.').next().unwrap_or_default();
        if whole.len() == 10 && matches!(whole[0], b'1' | b'2') && whole.iter().all(u8::is_ascii_digit) {
            // A number that begins the text may be anybody's, unless it has a fraction.
            return count > 1 || whole.len() < word.len();
        }
    }
    false
}

/// `sshd[123]:` or `kernel: [ 12.3456]`.
fn has_program(head: &[u8]) -> bool {
    let Some(at) = head.windows(2).position(|pair| pair == b"]:") else { return false };
    let digits = head[..at].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && at > digits + 1 && head[at - digits - 1] == b'[' && head[at - digits - 2].is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    #[test]
    fn a_payload_is_known_by_its_look() {
        let check = |text, expected| {
            let subject = Subject { event_type: "unheard_of", payload: text, metadata: &Map::new() };
            assert_eq!(Shape::of(&subject), expected, "{text}");
        };
        check("GET /a?b=c HTTP/1.1", Shape::Request);
        check("GET /a?b=1' OR '1'='1", Shape::Request);
        check("DELETE 75oBC$", Shape::Value);
        check(r#"1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 1 "-" "x""#, Shape::AccessLine);
        check("Dec 10 09:11:52 host sshd[24460]: error: closed", Shape::LogLine);
        check("ERROR:  deadlock detected", Shape::LogLine);
        check("ERROR 1213 (HY000): Deadlock found", Shape::LogLine);
        check("081109 203615 148 INFO dfs.DataNode: done", Shape::LogLine);
        check("E0102 15:04:05.1 1 file.go:3] gone", Shape::LogLine);
        check("- 1117838570 2005.06.03 R02 RAS KERNEL INFO ok", Shape::LogLine);
        check("level=error msg=\"gone\"", Shape::LogLine);
        check("1' waitfor delay '00:00:05'--", Shape::Value);
        check("error", Shape::Value);
        check("<script>alert(1)</script>", Shape::Value);
        check("trace elements in water", Shape::Value);
        check(r#"{"a": "b"}"#, Shape::Json);
        check("", Shape::Value);
    }

    #[test]
    fn the_event_type_wins_over_the_look() {
        let shape = |event_type, payload| Shape::of(&Subject { event_type, payload, metadata: &Map::new() });
        assert_eq!(shape("log", "<script>alert(1)</script>"), Shape::LogLine);
        assert_eq!(shape("http_request", "/a?b=c"), Shape::Target);
        assert_eq!(shape("http_request", "<script>"), Shape::Value);
    }
}
