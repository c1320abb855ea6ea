//! How bad an event says it is: a level word in the metadata, in the line's head, or an HTTP status.

use crate::decode::{Shape, http};
use crate::detectors::Subject;
use foghorn_domain::severity::Severity;
use serde_json::Value;

/// How far into a line its head reaches, in bytes.
const HEAD: usize = 160;
/// How many words of the head may be the level.
const WORDS: usize = 12;

/// A severity, and where it is stated.
pub(crate) type Stated = (Severity, String);

/// The severity that an event states about itself, and where it states it: a level in the metadata,
/// else a level word in the head of the line, else the status of an access line. `None` when it
/// states none.
pub fn severity_of(subject: &Subject<'_>) -> Option<(Severity, String)> {
    stated_in_metadata(subject)
        .or_else(|| stated_in_line(subject.payload))
        .or_else(|| stated_in_json(subject.payload))
        .or_else(|| stated_by_status(subject))
}

/// [`severity_of`] for a payload of known shape: a request's or value's words are not looked at,
/// because its sender chose them.
pub(crate) fn stated(subject: &Subject<'_>, shape: Shape) -> Option<Stated> {
    match shape {
        Shape::AccessLine => stated_in_metadata(subject)
            .or_else(|| stated_by_status(subject))
            .or_else(|| stated_in_line(subject.payload)),
        Shape::LogLine | Shape::Json => severity_of(subject),
        _ if subject.metadata.is_empty() => None,
        _ => stated_in_metadata(subject).or_else(|| stated_by_status(subject)),
    }
}

fn stated_in_metadata(subject: &Subject<'_>) -> Option<(Severity, String)> {
    if subject.metadata.is_empty() {
        return None;
    }
    let nested = subject.metadata.get("log").and_then(|log| log.get("level"));
    for (name, value) in ["severity", "level", "log.level", "loglevel", "log_level", "severity_text", "priority", "lvl"]
        .into_iter()
        .map(|name| (name, subject.metadata.get(name)))
        .chain([("log.level", nested)])
    {
        let severity = match value {
            Some(Value::String(word)) => Severity::parse(word),
            Some(Value::Number(number)) => number.as_u64().and_then(of_number),
            _ => None,
        };
        if let Some(severity) = severity {
            return Some((severity, format!("metadata.{name} is {}", value.map(short).unwrap_or_default())));
        }
    }
    None
}

fn short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.chars().take(32).collect())
}

/// Numeric levels: syslog's 0 to 7, and the tens of Python and Bunyan.
fn of_number(number: u64) -> Option<Severity> {
    Some(match number {
        0..=2 => Severity::Critical,
        3 => Severity::Error,
        4 => Severity::Warning,
        5..=7 | 10 | 20 => Severity::Info,
        30 => Severity::Warning,
        40 => Severity::Error,
        50 | 60 => Severity::Critical,
        _ => return None,
    })
}

/// The level stated in the head of a log line, with the word that states it.
pub(crate) fn stated_in_line(line: &str) -> Option<(Severity, String)> {
    let line = line.trim_start();
    if let Some(found) = marked_start(line) {
        return Some(found);
    }
    let head = line.lines().next().unwrap_or_default();
    let head = &head[..head.floor_char_boundary(HEAD)];
    if let Some(found) = key_value(head) {
        return Some(found);
    }
    // Words are what is left between spaces and the brackets, pipes and commas of log formats.
    let mut seen = 0;
    for piece in head.split([' ', '\t', '|', ',']) {
        if piece.is_empty() {
            continue;
        }
        seen += 1;
        if seen > WORDS {
            break;
        }
        if let Some(word) = mysql_level(piece, head) {
            return Some((Severity::Info, format!("the line says {word}")));
        }
        let bare = piece.trim_matches(['[', ']', '(', ')', '<', '>', ':', '-', '{', '}', '*']);
        let dressed = bare.len() != piece.len();
        if let Some(severity) = level_word(bare, dressed, seen == 1) {
            return Some((severity, format!("the line says {bare}")));
        }
    }
    None
}

/// The levels below a warning of MySQL's and MariaDB's error log, which everything they log goes to: a
/// connection that was broken off is a `[Note]` there. `[System]` is one before the code that MySQL 8 writes
/// behind it; elsewhere it may be anything's name.
fn mysql_level(piece: &str, head: &str) -> Option<&'static str> {
    match piece {
        "[Note]" => Some("Note"),
        "[System]" if head.contains("[System] [MY-") => Some("System"),
        _ => None,
    }
}

/// Whether a word is a level: in capitals anywhere in the head; in other spellings only where a
/// bracket or a colon marks it, because people write such words in sentences too.
fn level_word(word: &str, dressed: bool, first: bool) -> Option<Severity> {
    if word.len() < 3 || word.len() > 11 {
        return None;
    }
    // `core:error` and `mpm_event:notice`, as Apache writes a module and its level.
    let word = word.rsplit_once(':').map_or(word, |(_, level)| level);
    let capitals = word.bytes().all(|b| b.is_ascii_uppercase());
    let begins_line = first && word.starts_with(|c: char| c.is_ascii_uppercase());
    if !(capitals || dressed || begins_line || matches!(word, "Error" | "Info" | "Warning")) {
        return None;
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "fatal" | "critical" | "crit" | "emerg" | "emergency" | "panic" | "alert" => Severity::Critical,
        "error" | "err" | "severe" | "failure" => Severity::Error,
        "warn" | "warning" => Severity::Warning,
        "info" | "information" | "notice" | "debug" | "trace" | "verbose" | "log" | "hint" | "detail" | "statement" => {
            Severity::Info
        }
        _ => return None,
    })
}

/// `E/Tag`, klog's `E0102 15:04:05`, Android's `03-17 16:13:38.811  1702  2395 D Tag`, syslog's `<3>`.
fn marked_start(line: &str) -> Option<(Severity, String)> {
    let bytes = line.as_bytes();
    let said = |letter: u8| {
        let severity = of_letter(letter)?;
        Some((severity, format!("the line is marked {}", char::from(letter))))
    };
    match bytes {
        [letter @ (b'E' | b'W' | b'I' | b'D' | b'F' | b'V'), b'/', tag, ..] if tag.is_ascii_alphabetic() => {
            said(*letter)
        }
        [letter @ (b'E' | b'W' | b'I' | b'F'), a, b, c, d, b' ', ..]
            if [a, b, c, d].iter().all(|b| b.is_ascii_digit()) =>
        {
            said(*letter)
        }
        [b'<', ..] => {
            let number = line.get(1..)?.split_once('>').and_then(|(digits, _)| digits.parse::<u64>().ok())?;
            // A syslog priority is facility times eight plus severity (RFC 5424, 6.2.1).
            let severity = of_number(number % 8).filter(|_| number < 192)?;
            Some((severity, format!("the syslog priority is {number}")))
        }
        [b'0'..=b'9', b'0'..=b'9', b'-', ..] => {
            let mut words = line.split_ascii_whitespace();
            let (_, clock, pid, tid, letter) =
                (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
            let numbers = [pid, tid].iter().all(|word| word.bytes().all(|b| b.is_ascii_digit()));
            (clock.contains(':') && numbers && letter.len() == 1).then(|| said(letter.as_bytes()[0])).flatten()
        }
        _ => None,
    }
}

fn of_letter(letter: u8) -> Option<Severity> {
    Some(match letter {
        b'F' | b'A' | b'C' => Severity::Critical,
        b'E' => Severity::Error,
        b'W' => Severity::Warning,
        b'I' | b'D' | b'V' | b'T' | b'N' => Severity::Info,
        _ => return None,
    })
}

/// `level=error`, `lvl=warn`, `severity: "ERROR"`.
fn key_value(head: &str) -> Option<(Severity, String)> {
    for key in ["level", "lvl", "severity", "loglevel"] {
        let Some(at) = head.find(key) else { continue };
        let boundary = !head[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = head[at + key.len()..].trim_start_matches(['"', '\'']);
        let Some(value) = rest.strip_prefix(['=', ':']).filter(|_| boundary) else { continue };
        let word: String = value
            .trim_start_matches(['"', '\'', ' '])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .take(16)
            .collect();
        let severity = Severity::parse(&word).or_else(|| word.parse().ok().and_then(of_number));
        if let Some(severity) = severity {
            return Some((severity, format!("the line says {key} {word}")));
        }
    }
    None
}

/// A JSON line's level further back than the head.
fn stated_in_json(payload: &str) -> Option<(Severity, String)> {
    if !payload.starts_with('{') || payload.len() > 64 * 1024 {
        return None;
    }
    let document: Value = serde_json::from_str(payload).ok()?;
    for key in ["level", "severity", "log.level", "lvl", "loglevel", "level_name", "severityText"] {
        let severity = match document.get(key) {
            Some(Value::String(word)) => Severity::parse(word),
            Some(Value::Number(number)) => number.as_u64().and_then(of_number),
            _ => None,
        };
        if let Some(severity) = severity {
            return Some((
                severity,
                format!("the line says {key} {}", document.get(key).map(short).unwrap_or_default()),
            ));
        }
    }
    None
}

/// A server error of an access line or of `metadata.status_code`.
fn stated_by_status(subject: &Subject<'_>) -> Option<(Severity, String)> {
    let status = ["status_code", "http.status_code", "status"]
        .into_iter()
        .find_map(|name| match subject.metadata.get(name) {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        })
        .or_else(|| http_status(subject.payload))?;
    let severity = match status {
        500..=599 => Severity::Error,
        100..=499 => Severity::Info,
        _ => return None,
    };
    Some((severity, format!("the HTTP status is {status}")))
}

/// The status that follows a quoted request in an access line.
pub(crate) fn http_status(line: &str) -> Option<u64> {
    let (_, after) = http::quoted_request(line)?;
    let after = after.trim_start().trim_start_matches("status: ").trim_start_matches("status=");
    let digits: String = after.chars().take_while(char::is_ascii_digit).take(4).collect();
    if digits.len() == 3 { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn severity(payload: &str, metadata: Value) -> Option<Severity> {
        let metadata: Map<String, Value> = metadata.as_object().cloned().unwrap_or_default();
        severity_of(&Subject { event_type: "log", payload, metadata: &metadata }).map(|(severity, _)| severity)
    }

    #[test]
    fn a_line_states_its_level_in_many_ways() {
        let check = |line, expected| assert_eq!(severity(line, json!({})), expected, "{line}");
        check("ERROR: disk full", Some(Severity::Error));
        check("2026-01-02 03:04:05,123 FATAL [main] gone", Some(Severity::Critical));
        check("[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6", Some(Severity::Error));
        check("[Sun Dec 04 04:47:44 2005] [core:warn] x", Some(Severity::Warning));
        check("E/Camera: dead", Some(Severity::Error));
        check("E0102 15:04:05.000000 1 a.go:1] x", Some(Severity::Error));
        check("03-17 16:13:38.811  1702  2395 W Tag: x", Some(Severity::Warning));
        check("<11>Jan 1 00:00:00 host app: x", Some(Severity::Error));
        check("time=2026 level=error msg=x", Some(Severity::Error));
        check(r#"{"msg":"level of water","level":50}"#, Some(Severity::Critical));
        check("2026-01-02 INFO 0 errors", Some(Severity::Info));
        check("Dec 10 07:28:03 LabSZ sshd[24245]: error: gone", Some(Severity::Error));
        check(
            "2026-01-02T03:04:05.123456Z 12 [Note] Aborted connection 12 (Got an error reading)",
            Some(Severity::Info),
        );
        check("2026-01-02T03:04:05Z 0 [System] [MY-010116] [Server] mysqld: starting", Some(Severity::Info));
        check("2026-01-02T03:04:05Z 0 [ERROR] [MY-010119] [Server] Aborting", Some(Severity::Error));
        check("2026-01-02 [System] ERROR the [Note] is lost", Some(Severity::Error));
        check("there was an error in the soup", None);
        check("no error", None);
        check(r#"1.1.1.1 - - [d] "GET / HTTP/1.1" 503 5"#, Some(Severity::Error));
        check(r#"1.1.1.1 - - [d] "GET / HTTP/1.1" 200 5"#, Some(Severity::Info));
        check("", None);
    }

    #[test]
    fn the_metadata_speaks_before_the_line() {
        assert_eq!(severity("ERROR x", json!({"level": "warning"})), Some(Severity::Warning));
        assert_eq!(severity("x", json!({"log": {"level": "fatal"}})), Some(Severity::Critical));
        assert_eq!(severity("x", json!({"severity": 3})), Some(Severity::Error));
        assert_eq!(severity("x", json!({"status_code": 502})), Some(Severity::Error));
        assert_eq!(severity("x", json!({"level": "purple"})), None);
    }
}
