//! The ways in which people write a moment.

use foghorn_domain::clock::{SignedDuration, Timestamp, truncate};
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::Number;

/// Noted on an event whose time is before 2000 or more than a day ahead.
pub(crate) const IMPLAUSIBLE: &str = "implausible_timestamp";
/// What a readable time looks like, for error messages.
pub(crate) const EXPECTED: &str = "must be a time such as 2026-01-02T03:04:05Z, or Unix seconds or milliseconds";

/// Bytes of the longest spelling that is read.
const LONGEST: usize = 64;
/// 2000-01-01T00:00:00Z, in seconds. Machines with an unset clock are in 1970 or 1980.
const EARLIEST: i64 = 946_684_800;

/// Reads RFC 3339 (with `Z`, `+01:00` or `+0100`), ISO 8601 without a zone as UTC, and Unix time
/// written as a string of at least ten digits. Cut to the microsecond; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if text.len() >= 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return text.parse().ok().and_then(from_unix);
    }
    let at = text.parse::<Timestamp>().ok();
    at.or_else(|| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()).map(truncate)
}

/// Reads a Unix time in seconds, milliseconds, microseconds or nanoseconds: whichever puts it between
/// 1970 and the year 5138. `None` where the calendar ends.
pub(crate) fn from_number(number: &Number) -> Option<Timestamp> {
    from_unix(number.as_f64()?)
}

/// Whether a clock that says so is to be believed.
pub(crate) fn is_plausible(at: Timestamp, now: Timestamp) -> bool {
    at.as_second() >= EARLIEST && at.duration_since(now) <= SignedDuration::from_hours(24)
}

fn from_unix(value: f64) -> Option<Timestamp> {
    let per_second = match value.abs() {
        size if size < 1e11 => 1.0,
        size if size < 1e14 => 1e3,
        size if size < 1e17 => 1e6,
        _ => 1e9,
    };
    let micros = (value / per_second * 1e6).round();
    // Casting saturates, so what is beyond the calendar stays beyond it.
    Timestamp::from_microsecond(micros as i64).ok().filter(|_| micros.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_spellings_of_one_moment_are_that_moment() {
        let expected: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02t03:04:05z",
            "2026-01-02T04:04:05+01:00",
            "2026-01-02T03:04:05.000+0000",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05",
            "2026-01-02 03:04:05,000",
            " 2026-01-02T03:04:05.000000000Z ",
            "1767323045",
            "1767323045000",
            "1767323045.000",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for number in ["1767323045", "1767323045000", "1767323045000000", "1767323045000000000", "1.767323045e9"] {
            let number: Number = serde_json::from_str(number).unwrap();
            assert_eq!(from_number(&number), Some(expected), "{number}");
        }
    }

    #[test]
    fn what_is_no_moment_is_not_read() {
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "0000-00-00 00:00:00",
            "12345",
            "1.2.3.4.5.6",
            "9".repeat(40).as_str(),
            "0".repeat(100).as_str(),
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(from_number(&Number::from_f64(1e300).unwrap()), None);
    }

    #[test]
    fn plausible_is_from_2000_until_tomorrow() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let check = |text: &str, expected| assert_eq!(is_plausible(text.parse().unwrap(), now), expected, "{text}");
        check("1970-01-01T00:00:00Z", false);
        check("1999-12-31T23:59:59Z", false);
        check("2000-01-01T00:00:00Z", true);
        check("2026-01-03T03:04:05Z", true);
        check("2026-01-03T03:04:06Z", false);
        check("2999-01-01T00:00:00Z", false);
    }
}
