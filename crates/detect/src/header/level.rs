//! Level words.

use foghorn_domain::severity::Severity;

/// What a level word means; `None` for any other word.
pub(super) fn severity(word: &str) -> Option<Severity> {
    if word.len() > 13 {
        return None;
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "emerg" | "emergency" | "panic" | "alert" | "crit" | "critical" | "fatal" => Severity::Critical,
        "error" | "err" | "severe" | "failure" | "fail" | "eror" => Severity::Error,
        "warn" | "warning" | "wrn" => Severity::Warning,
        "notice" | "info" | "inf" | "information" | "informational" | "debug" | "dbg" | "trace" | "trc" | "verbose"
        | "note" | "fine" | "finer" | "finest" | "config" | "log" => Severity::Info,
        _ => return None,
    })
}

/// What a level's letter means (Android, klog, glog, MongoDB).
pub(super) fn letter(letter: u8) -> Option<Severity> {
    Some(match letter {
        b'F' | b'A' => Severity::Critical,
        b'E' => Severity::Error,
        b'W' => Severity::Warning,
        b'I' | b'D' | b'V' | b'T' => Severity::Info,
        _ => return None,
    })
}

/// What a number means: syslog's 0 to 7, or 10 to 60 in steps of ten (bunyan, pino).
pub(super) fn number(number: i64) -> Option<Severity> {
    Some(match number {
        0..=2 | 60 => Severity::Critical,
        3 | 50 => Severity::Error,
        4 | 40 => Severity::Warning,
        5..=7 | 10 | 20 | 30 => Severity::Info,
        _ => return None,
    })
}

/// A level written out in a structured line.
pub(super) fn written(word: &str) -> Option<Severity> {
    match (word.as_bytes(), word.parse()) {
        ([one], Err(_)) => letter(one.to_ascii_uppercase()),
        (_, Ok(value)) => number(value),
        _ => severity(word),
    }
}
