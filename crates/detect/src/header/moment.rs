//! When a line was logged, where that is written at all: also in the old formats that leave the year out.

use super::timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// When a line says that it was logged. Where no year is written (`Jun 14 15:16:01`, `03-17 16:13:38.811`), the year
/// that brings it nearest to `near`; `None` where no day is written.
pub fn moment(line: &str, near: Timestamp) -> Option<Timestamp> {
    if let Some(at) = super::parse(line).timestamp {
        return Some(at);
    }
    let line = line.trim_start_matches('\u{feff}').trim_start();
    let behind_priority = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(_, rest)| rest);
    let starts = [Some(line), behind_priority, line.strip_prefix('[')];
    starts.into_iter().flatten().find_map(|start| {
        let found = timestamp::read(start).filter(|found| found.at.is_none())?;
        near_to(start.get(..found.length)?, near)
    })
}

fn near_to(text: &str, near: Timestamp) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (mut month, mut day, mut year, mut time) = (None, None, None, None);
    for word in text.split([' ', ',', '-']).filter(|word| !word.is_empty()) {
        let named = word.get(..3).map(str::to_ascii_lowercase);
        let is_month = |name: &str| named.as_deref() == Some(name);
        if word.contains(':') {
            time = time.or_else(|| time_of(word));
        } else if let Some((first, second)) = word.split_once('.') {
            (month, day) = (first.parse().ok(), second.parse().ok());
        } else if let Ok(number) = word.parse::<i16>() {
            match (word.len(), month) {
                (4, _) => year = Some(number),
                (_, None) => month = i8::try_from(number).ok(),
                _ => day = day.or(i8::try_from(number).ok()),
            }
        } else if let Some(index) = MONTHS.iter().position(|name| is_month(name)) {
            month = Some(index as i8 + 1);
        }
    }
    let (month, day, time) = (month?, day?, time?);
    let in_year = |year: i16| {
        let date = Date::new(year, month, day).ok()?;
        Offset::UTC.to_timestamp(DateTime::from_parts(date, time)).ok()
    };
    if let Some(year) = year {
        return in_year(year);
    }
    let this = Offset::UTC.to_datetime(near).year();
    let distance = |at: &Timestamp| at.duration_since(near).abs();
    // Leap days are found within four years.
    let fits: Vec<Timestamp> =
        (this - 1..=this + 1).chain([this - 2, this - 3, this - 4]).filter_map(in_year).collect();
    fits.into_iter().min_by_key(distance).filter(|at| distance(at) < SignedDuration::from_hours(24 * 366 * 5))
}

/// `16:13:38.811`, also with a comma or a third colon before the fraction.
fn time_of(word: &str) -> Option<Time> {
    let mut parts = word.split([':', '.']);
    let mut number = |most: usize| {
        let part = parts.next()?;
        let digits = &part[..part.bytes().take(most).take_while(u8::is_ascii_digit).count()];
        Some((digits.parse::<i32>().ok()?, digits.len() as u32))
    };
    let ((hour, _), (minute, _), (second, _)) = (number(2)?, number(2)?, number(2)?);
    let nanos = number(9).map_or(0, |(value, digits)| value * 10_i32.pow(9 - digits.min(9)));
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second.min(59)).ok()?, nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, near: &str, expected: Option<&str>) {
        let found = moment(line, near.parse().unwrap()).map(|at| at.to_string());
        assert_eq!(found.as_deref(), expected, "{line}");
    }

    #[test]
    fn a_year_that_is_not_written_is_the_one_that_brings_the_line_nearest() {
        let near = "2026-11-20T00:00:00Z";
        check("Jun 14 15:16:01 combo sshd[1]: hello", near, Some("2026-06-14T15:16:01Z"));
        check("<34>Oct 11 22:14:15 mymachine su: failed", near, Some("2026-10-11T22:14:15Z"));
        check("Jan  2 03:04:05 host cron[1]: x", near, Some("2027-01-02T03:04:05Z"));
        check("Dec 31 23:59:59 host cron[1]: x", "2027-01-01T00:00:00Z", Some("2026-12-31T23:59:59Z"));
        check("03-17 16:13:38.811  1702  2395 D Tag: x", near, Some("2027-03-17T16:13:38.811Z"));
        check("[10.30 16:49:06] chrome.exe - open", near, Some("2026-10-30T16:49:06Z"));
        check("Feb 29 00:00:00 host a: x", "2026-03-01T00:00:00Z", Some("2024-02-29T00:00:00Z"));
    }

    #[test]
    fn a_year_that_is_written_counts_and_what_has_no_day_has_no_moment() {
        let near = "2026-11-20T00:00:00Z";
        check("2005-06-03T15:42:50.675Z hello", near, Some("2005-06-03T15:42:50.675Z"));
        check("[Sun Dec 04 04:47:44 2005] [error] mod_jk", near, Some("2005-12-04T04:47:44Z"));
        check("081109 203518 143 INFO dfs.DataNode: x", near, Some("2008-11-09T20:35:18Z"));
        check("Tue Jul  5 13:52:21 CST 2005 hello", near, Some("2005-07-05T13:52:21Z"));
        for line in ["", "hello", "12:00:00.123 hello", "99-99 16:13:38 x", "Jun", "[", "<34>", "Jun 14 99:99:99 x"] {
            check(line, near, None);
        }
    }
}
