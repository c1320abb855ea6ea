//! Times and counts as people say them. Times are in UTC, because a message is read in several places.

use crate::clock::{SignedDuration, Timestamp};

/// The day: `12 Mar`, with the year when it is not the year of `now`.
pub fn day(at: Timestamp, now: Timestamp) -> String {
    at.strftime(if same_year(at, now) { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

/// The minute: `12 Mar 14:02 UTC`, with the year when it is not the year of `now`.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    at.strftime(if same_year(at, now) { "%-d %b %H:%M UTC" } else { "%-d %b %Y %H:%M UTC" }).to_string()
}

/// How long, in the one unit that says enough: `40 s`, `4 min`, `3 h`, `2 days`. Negative spans count
/// as none.
pub fn span(length: SignedDuration) -> String {
    match length.as_secs().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// How long ago: `4 min ago`, or `just now` within a second and for what lies ahead.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let length = now.duration_since(at);
    if length.as_secs() <= 0 { "just now".to_owned() } else { format!("{} ago", span(length)) }
}

/// A count with its thousands set apart: `1,000`.
pub fn with_thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things: `1 event`, `1,000 events`.
pub fn counted(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", with_thousands(count), if count == 1 { "" } else { "s" })
}

fn same_year(a: Timestamp, b: Timestamp) -> bool {
    let year = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).year();
    year(a) == year(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_words() {
        let at: Timestamp = "2026-03-12T14:02:33Z".parse().unwrap();
        let later: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!((day(at, at), day(at, later)), ("12 Mar".to_owned(), "12 Mar 2026".to_owned()));
        assert_eq!(moment(at, at), "12 Mar 14:02 UTC");
        assert_eq!(ago(at, at + SignedDuration::from_mins(4)), "4 min ago");
        assert_eq!(ago(later, at), "just now");
    }

    #[test]
    fn a_span_is_said_in_one_unit() {
        let check = |seconds, words| assert_eq!(span(SignedDuration::from_secs(seconds)), words, "{seconds}");
        check(-5, "0 s");
        check(59, "59 s");
        check(3_599, "59 min");
        check(7_200, "2 h");
        check(172_800, "2 days");
        check(i64::MAX, "106751991167300 days");
    }

    #[test]
    fn thousands_are_set_apart_and_one_is_singular() {
        let check = |count, words| assert_eq!(counted(count, "event"), words);
        check(0, "0 events");
        check(1, "1 event");
        check(999, "999 events");
        check(1_000, "1,000 events");
        check(12_345_678, "12,345,678 events");
    }
}
