//! Hours that come back: days of the week, a time of day, a zone. Routes use them as a condition, maintenance
//! as its window.
//!
//! A window belongs to the day on which it begins; one that ends at or before its start ends on the next day.
//! Start and end are moments: where clocks are put forward, a time that does not exist is read as the one that
//! many minutes later; where they are put back, as its first occurrence.

use crate::fault::Faults;
use crate::near;
use crate::spell::quoted;
use crate::toml_table::{Table, Text};
use foghorn_domain::clock::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use std::fmt;

/// Recurring hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    days: [bool; 7],
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// Monday first, as `Weekday::to_monday_zero_offset` counts.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The keys that [`Hours::read`] reads.
pub(crate) const KEYS: [&str; 4] = ["days", "from", "to", "zone"];

impl Hours {
    /// The end of the window that `now` is in; `None` outside of all of them.
    pub fn end_of_window(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        // The one that began yesterday may reach into today.
        let both = [Some(today), today.yesterday().ok()].into_iter().flatten();
        both.filter_map(|day| self.window(day)).filter(|(from, to)| *from <= now && now < *to).map(|(_, to)| to).max()
    }

    /// Whether `now` is inside.
    pub fn contain(&self, now: Timestamp) -> bool {
        self.end_of_window(now).is_some()
    }

    /// The window that begins on a day, if one does.
    fn window(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days[usize::try_from(day.weekday().to_monday_zero_offset()).ok()?] {
            return None;
        }
        let last_day = if self.to <= self.from { day.tomorrow().ok()? } else { day };
        let moment = |day: Date, time: Time| self.zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok();
        Some((moment(day, self.from)?, moment(last_day, self.to)?))
    }

    /// Reads the keys of [`KEYS`] out of a table; what is missing means every day, the whole day, UTC.
    pub(crate) fn read(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Self> {
        let days = match table.texts("days", faults) {
            Some(texts) => days(&texts, table.place_of("days"), faults),
            None => Some([true; 7]),
        };
        let from = table.text("from", faults).map(|text| time(text, false, faults));
        let to = table.text("to", faults).map(|text| time(text, true, faults));
        if from.is_some() != to.is_some() {
            let there = if from.is_some() { "from" } else { "to" };
            faults.fault(table.place_of(there), "from and to come together; without both it is the whole day");
        }
        let zone = match table.text("zone", faults) {
            Some(name) => zone(name, faults),
            None => Some(TimeZone::UTC),
        };
        let (from, to) = (from.unwrap_or(Some(Time::midnight()))?, to.unwrap_or(Some(Time::midnight()))?);
        if from == to && table.has("from") && from != Time::midnight() {
            faults.fault(table.place_of("to"), "from and to are the same; leave both out for the whole day");
        }
        Some(Self { days: days?, from, to, zone: zone? })
    }
}

fn days(texts: &[Text<'_>], at: usize, faults: &mut Faults<'_>) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    let mut is_right = true;
    for text in texts {
        let word = text.text.trim().to_ascii_lowercase();
        let (first, last) = word.split_once('-').unwrap_or((&word, &word));
        let (Some(first), Some(last)) = (day(first.trim()), day(last.trim())) else {
            let hint = near::hint(&word, DAYS.into_iter());
            faults.fault(text.at, format!("{} is no day or range of days such as mon-fri{hint}", quoted(text.text)));
            is_right = false;
            continue;
        };
        // fri-mon goes over the end of the week.
        let length = (last + 7 - first) % 7;
        (0..=length).for_each(|step| days[(first + step) % 7] = true);
    }
    if texts.is_empty() {
        faults.fault(at, "days is empty; leave it out for every day");
    }
    (is_right && !texts.is_empty()).then_some(days)
}

fn day(word: &str) -> Option<usize> {
    let long = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    DAYS.iter().position(|day| *day == word).or_else(|| long.iter().position(|day| *day == word))
}

/// `HH:MM`. Only an end may be 24:00.
fn time(text: Text<'_>, is_end: bool, faults: &mut Faults<'_>) -> Option<Time> {
    let two = |digits: &str| {
        let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_two.then(|| digits.parse::<i8>().ok()).flatten()
    };
    let parts = text.text.trim().split_once(':').and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)));
    let time = match parts {
        Some((24, 0)) if is_end => Some(Time::midnight()),
        Some((hours, minutes)) => Time::new(hours, minutes, 0, 0).ok(),
        None => None,
    };
    if time.is_none() {
        faults.fault(text.at, format!("{} is no time of day such as 08:30", quoted(text.text)));
    }
    time
}

fn zone(name: Text<'_>, faults: &mut Faults<'_>) -> Option<TimeZone> {
    // Looked up in the compiled-in list, so that a name never becomes a path.
    let zone = if name.text.len() <= 60 { jiff::tz::db().get(name.text.trim()).ok() } else { None };
    if zone.is_none() {
        faults.fault(name.at, format!("{} is no zone such as Europe/Berlin or UTC", quoted(name.text)));
    }
    zone
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<&str> = DAYS.iter().zip(self.days).filter_map(|(day, is_in)| is_in.then_some(*day)).collect();
        let days = if days.len() == 7 { "every day".to_owned() } else { days.join(", ") };
        let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let zone = self.zone.iana_name().unwrap_or("UTC");
        if self.from == self.to {
            write!(f, "{days}, {zone}")
        } else {
            write!(f, "{days}, {} to {} {zone}", clock(self.from), clock(self.to))
        }
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::DeTable;

    fn read(text: &str) -> Result<Hours, Vec<String>> {
        let table = DeTable::parse(text).unwrap();
        let mut faults = Faults::of(text);
        let hours = Hours::read(&Table { inner: table.get_ref(), at: 0 }, &mut faults);
        let faults: Vec<String> = faults.into_list().iter().map(ToString::to_string).collect();
        if faults.is_empty() { Ok(hours.unwrap()) } else { Err(faults) }
    }

    fn check(hours: &str, now: &str, end: Option<&str>) {
        let (at, end): (Timestamp, Option<Timestamp>) = (now.parse().unwrap(), end.map(|end| end.parse().unwrap()));
        assert_eq!(read(hours).unwrap().end_of_window(at), end, "{hours} at {now}");
    }

    #[test]
    fn a_window_is_counted_in_its_zone_and_from_the_day_it_begins() {
        let office = "days = ['mon-fri']\nfrom = '09:00'\nto = '17:30'\nzone = 'Europe/Berlin'";
        check(office, "2026-01-07T08:00:00Z", Some("2026-01-07T16:30:00Z"));
        check(office, "2026-01-07T07:59:59Z", None);
        check(office, "2026-01-07T16:30:00Z", None);
        check(office, "2026-07-08T07:00:00Z", Some("2026-07-08T15:30:00Z"));
        check(office, "2026-01-10T12:00:00Z", None);
        let friday_night = "days = ['fri']\nfrom = '22:00'\nto = '06:00'";
        check(friday_night, "2026-01-09T23:00:00Z", Some("2026-01-10T06:00:00Z"));
        check(friday_night, "2026-01-10T05:00:00Z", Some("2026-01-10T06:00:00Z"));
        check(friday_night, "2026-01-09T05:00:00Z", None);
        check("days = ['fri-mon']", "2026-01-11T05:00:00Z", Some("2026-01-12T00:00:00Z"));
        check("days = ['fri-mon']", "2026-01-13T05:00:00Z", None);
        check("from = '18:00'\nto = '24:00'", "2026-01-13T23:59:59Z", Some("2026-01-14T00:00:00Z"));
        check("", "2026-01-13T05:00:00Z", Some("2026-01-14T00:00:00Z"));
    }

    #[test]
    fn a_window_keeps_its_place_when_clocks_change() {
        let night = "from = '01:00'\nto = '02:30'\nzone = 'Europe/Berlin'";
        // 29 March 2026: 02:00 becomes 03:00; 02:30 is read as 03:30, which is 01:30 UTC.
        check(night, "2026-03-29T01:10:00Z", Some("2026-03-29T01:30:00Z"));
        // 25 October 2026: 03:00 becomes 02:00; 02:30 is the first one, 00:30 UTC, and comes but once.
        check(night, "2026-10-25T00:10:00Z", Some("2026-10-25T00:30:00Z"));
        check(night, "2026-10-25T01:10:00Z", None);
    }

    #[test]
    fn the_ends_of_time_are_outside() {
        let hours = read("from = '22:00'\nto = '06:00'\nzone = 'Pacific/Auckland'").unwrap();
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let _ = hours.end_of_window(now);
        }
    }

    #[test]
    fn what_is_no_time_day_or_zone_is_a_fault_in_its_place() {
        let check = |text: &str, expected: &str| {
            let faults = read(text).unwrap_err();
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{text}: {faults:?}");
        };
        check("from = '9:00'\nto = '10:00'", "1:8: \"9:00\" is no time of day");
        check("from = '24:00'\nto = '10:00'", "no time of day");
        check("from = '10:00'\nto = '10:60'", "2:6: ");
        check("from = '10:00'", "from and to come together");
        check("from = '10:00'\nto = '10:00'", "are the same");
        check("days = ['mon', 'tuu']", "1:16: \"tuu\" is no day");
        check("days = []", "days is empty");
        check("zone = 'Europe/Berln'", "no zone such as");
        check("zone = '../../etc/passwd'", "no zone such as");
    }
}
