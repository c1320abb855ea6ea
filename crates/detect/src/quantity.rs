//! Numbers that log lines tell of what they report: how long it took, and how large it was.

/// What a line says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantities {
    /// The first duration, in milliseconds, or in whatever unit it has where none is written.
    pub duration: Option<f64>,
    /// The first size, in bytes.
    pub size: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    Duration,
    Size,
}

/// Bytes of a message that are looked at.
const LONGEST: usize = 4096;

/// Reads a message without its log header. A number counts when a unit of time or size follows it, or when a name such as
/// `latency` or `bytes` is set equal to it.
pub fn quantities(message: &str) -> Quantities {
    let head = &message[..message.floor_char_boundary(LONGEST)];
    let mut found = Quantities::default();
    let mut words = head.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.rsplit_once(['=', ':']) {
            Some((name, value)) => (name, value),
            None => ("", word),
        };
        let Some((number, unit)) = number(value.trim_matches(|c: char| !c.is_ascii_alphanumeric())) else { continue };
        let unit = if unit.is_empty() {
            words.peek().map_or("", |next| next.trim_end_matches([',', ';', '.', ')']))
        } else {
            unit
        };
        let measured = scale(unit).or_else(|| named(name).map(|dimension| (dimension, 1.0)));
        match measured {
            Some((Dimension::Duration, scale)) if found.duration.is_none() => found.duration = Some(number * scale),
            Some((Dimension::Size, scale)) if found.size.is_none() => found.size = Some(number * scale),
            _ => {}
        }
    }
    found
}

/// A plain decimal at the start of a word, and the letters behind it.
fn number(word: &str) -> Option<(f64, &str)> {
    let digits = word.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = word.split_at(digits);
    let is_unit = unit.len() <= 12 && unit.chars().all(|c| c.is_alphabetic() || c == 'µ');
    if digits == 0 || digits > 18 || !is_unit { None } else { Some((number.parse().ok()?, unit)) }
}

/// What one of the unit is, in milliseconds or bytes.
fn scale(unit: &str) -> Option<(Dimension, f64)> {
    use Dimension::{Duration, Size};
    Some(match unit {
        "ns" => (Duration, 1e-6),
        "us" | "µs" | "μs" => (Duration, 1e-3),
        "ms" | "msec" | "millis" | "milliseconds" => (Duration, 1.0),
        "s" | "sec" | "secs" | "second" | "seconds" => (Duration, 1e3),
        "B" | "byte" | "bytes" => (Size, 1.0),
        "kB" | "KB" | "K" => (Size, 1e3),
        "KiB" => (Size, 1024.0),
        "MB" | "M" => (Size, 1e6),
        "MiB" => (Size, 1024.0 * 1024.0),
        "GB" | "G" => (Size, 1e9),
        "GiB" => (Size, 1024.0 * 1024.0 * 1024.0),
        _ => return None,
    })
}

/// What a field of this name holds.
fn named(name: &str) -> Option<Dimension> {
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let is = |words: &[&str]| {
        words.iter().any(|word| {
            name.get(name.len().wrapping_sub(word.len())..).is_some_and(|end| end.eq_ignore_ascii_case(word))
        })
    };
    if is(&["latency", "duration", "elapsed", "took", "_ms", "_time", "response_time"]) {
        Some(Dimension::Duration)
    } else if is(&["bytes", "size", "_length"]) {
        Some(Dimension::Size)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_where_they_are_written() {
        let check = |message: &str, duration: Option<f64>, size: Option<f64>| {
            assert_eq!(quantities(message), Quantities { duration, size }, "{message}");
        };
        check("accepted connection in 12 ms", Some(12.0), None);
        check("GET /a 200 35ms", Some(35.0), None);
        check("query took 1.5s, returned 2 KiB.", Some(1500.0), Some(2048.0));
        check("status=200 duration=0.25s bytes=512", Some(250.0), Some(512.0));
        check("level=info latency=17 user=5", Some(17.0), None);
        check("request_time:3 \"resp_size\":99,", Some(3.0), Some(99.0));
        check("took 40 µs (12ns idle)", Some(0.04), None);
        check("user 5 logged in from 10.0.0.7 port 22", None, None);
        check("version 1.2.3ms 4..5s", None, None);
        check("", None, None);
    }

    #[test]
    fn no_text_is_too_strange() {
        for text in
            ["=".repeat(10_000), "1".repeat(10_000), "1s ".repeat(10_000), "µ=µs 9µ".to_owned(), "é:é".to_owned()]
        {
            let found = quantities(&text);
            assert!(found.duration.is_none_or(f64::is_finite) && found.size.is_none());
        }
    }
}
