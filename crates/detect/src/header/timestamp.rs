//! Timestamps at the start of a text, in the spellings of the common log formats.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// A timestamp that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The moment; `None` where the year or the day is not written.
    pub(crate) at: Option<Timestamp>,
    /// Bytes it takes up.
    pub(crate) length: usize,
    /// Whether it is in syslog's old form (`Jun 14 15:16:01`), which a host and a tag follow.
    pub(crate) is_syslog: bool,
}

/// Length of the written-out date and time (`Tue Jul  5 13:52:21 2005`) with which the text begins.
pub(crate) fn named_length(text: &str) -> Option<usize> {
    let looks_so = text.as_bytes().get(3).is_some_and(|byte| matches!(byte, b' ' | b','))
        && text.starts_with(['J', 'F', 'M', 'A', 'S', 'O', 'N', 'D', 'T', 'W']);
    if looks_so { read(text).map(|found| found.length) } else { None }
}

/// Reads the timestamp with which the text begins.
pub(crate) fn read(text: &str) -> Option<Found> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    let mut reader = Reader { bytes, at: 0 };
    let found = if first.is_ascii_digit() { reader.numeric() } else { reader.named() }?;
    let ends = bytes
        .get(found.length)
        .is_none_or(|next| !next.is_ascii_alphanumeric() && !matches!(next, b'.' | b'_' | b'/' | b'%'));
    ends.then_some(found)
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn one_of(&mut self, signs: &[u8]) -> Option<u8> {
        let next = self.peek().filter(|next| signs.contains(next))?;
        self.at += 1;
        Some(next)
    }

    /// Between `least` and `most` digits, as many as there are.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let rest = &self.bytes[self.at..];
        let count = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        self.at += count;
        Some(rest[..count].iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
    }

    fn month(&mut self) -> Option<i64> {
        const MONTHS: [&[u8]; 12] =
            [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
        let name = self.bytes.get(self.at..self.at + 3)?.to_ascii_lowercase();
        let month = MONTHS.iter().position(|month| **month == *name)?;
        self.at += 3;
        Some(month as i64 + 1)
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// `15:16:01`, with a fraction behind `.` or `,` (or `:` and three digits); dots for colons too.
    fn time(&mut self) -> Option<Time> {
        let mut reader = *self;
        let hour = reader.digits(1, 2)?;
        let colon = reader.one_of(b":.")?;
        let minute = reader.digits(2, 2)?;
        reader.one_of(&[colon])?;
        let second = reader.digits(2, 2)?;
        let mut nanos = 0;
        let fraction = matches!(reader.peek(), Some(b'.' | b',' | b':'))
            && reader.bytes.get(reader.at + 1).is_some_and(u8::is_ascii_digit);
        if fraction {
            reader.at += 1;
            let from = reader.at;
            let value = reader.digits(1, 9)?;
            nanos = value * 10_i64.pow(9_u32.saturating_sub((reader.at - from) as u32));
            while reader.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                reader.at += 1;
            }
        }
        let mut hour = hour;
        let afternoon = reader.bytes.get(reader.at..reader.at + 3).map(<[u8]>::to_ascii_uppercase);
        match afternoon.as_deref() {
            Some(b" PM") => (hour, reader.at) = (if hour < 12 { hour + 12 } else { hour }, reader.at + 3),
            Some(b" AM") => (hour, reader.at) = (hour % 12, reader.at + 3),
            _ => {}
        }
        // A leap second is the last moment of the second before it.
        let time = Time::new(hour as i8, minute as i8, second.min(59) as i8, nanos as i32).ok()?;
        *self = reader;
        Some(time)
    }

    /// Seconds east of UTC, where a zone is written.
    fn zone(&mut self) -> Option<i64> {
        let mut reader = *self;
        reader.spaces();
        let sign = match reader.peek()? {
            b'Z' => {
                self.at = reader.at + 1;
                return Some(0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => {
                let name = reader.bytes.get(reader.at..reader.at + 3)?;
                if !matches!(name, b"UTC" | b"GMT") {
                    return None;
                }
                self.at = reader.at + 3;
                return Some(0);
            }
        };
        reader.at += 1;
        let hours = reader.digits(2, 2)?;
        let _ = reader.one_of(b":");
        let minutes = reader.digits(2, 2)?;
        if reader.peek().is_some_and(|next| next.is_ascii_alphanumeric() || next == b'-') {
            return None;
        }
        *self = reader;
        Some(sign * (hours * 3600 + minutes * 60))
    }

    /// ` PDT`: three or four capitals behind a space.
    fn zone_abbreviation(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let capitals = rest.iter().skip(1).take_while(|byte| byte.is_ascii_uppercase()).count();
        let found = rest.first() == Some(&b' ') && matches!(capitals, 3 | 4) && rest.get(capitals + 1) == Some(&b' ');
        self.at += if found { capitals + 1 } else { 0 };
        found
    }

    fn moment(&self, year: i64, month: i64, day: i64, time: Time, zone: i64) -> Option<Found> {
        let date = date(year, month, day)?;
        let offset = Offset::from_seconds(i32::try_from(zone).ok()?).ok()?;
        let at = offset.to_timestamp(DateTime::from_parts(date, time)).ok()?;
        Some(Found { at: Some(at), length: self.at, is_syslog: false })
    }

    fn without_year(&self, month: i64, day: i64, is_syslog: bool) -> Option<Found> {
        // 2000 was a leap year: any day that can be is let through.
        date(2000, month, day).map(|_| Found { at: None, length: self.at, is_syslog })
    }

    fn numeric(&mut self) -> Option<Found> {
        let start = *self;
        let attempts: [fn(&mut Self) -> Option<Found>; 7] = [
            Self::year_first,
            Self::compact,
            Self::epoch,
            Self::day_first,
            Self::month_and_day,
            Self::american,
            Self::time_alone,
        ];
        attempts.into_iter().find_map(|attempt| {
            *self = start;
            attempt(self)
        })
    }

    /// `2005-06-03T15:42:50.675Z`, `2005/06/03 15:42:50`, `2005-06-03-15.42.50.675872`, `2005.06.03`.
    fn year_first(&mut self) -> Option<Found> {
        let mut year = self.digits(2, 4)?;
        let short = self.at == 2;
        if self.at == 3 {
            return None;
        }
        let sign = self.one_of(if short { b"/" } else { b"-/." })?;
        if short {
            year += 2000;
        }
        let month = self.digits(2, 2)?;
        self.one_of(&[sign])?;
        let day = self.digits(2, 2)?;
        self.time_of_day(year, month, day, !short)
    }

    fn time_of_day(&mut self, year: i64, month: i64, day: i64, may_lack_time: bool) -> Option<Found> {
        let alone = *self;
        if self.one_of(b"T t-_:").is_some() {
            self.spaces();
            if let Some(time) = self.time() {
                let zone = self.zone().unwrap_or(0);
                return self.moment(year, month, day, time, zone);
            }
        }
        *self = alone;
        if may_lack_time { self.moment(year, month, day, Time::midnight(), 0) } else { None }
    }

    /// `081109 203615`, `081109 20:36:15`, `20081109 20:36:15`, `20081109-20:36:15:606`, `20081109T203615Z`.
    fn compact(&mut self) -> Option<Found> {
        let digits = self.digits(6, 8)?;
        let date = match self.at {
            6 => digits + 20_000_000,
            8 => digits,
            _ => return None,
        };
        self.one_of(b" T-_")?;
        self.spaces();
        let time = self.time().or_else(|| {
            let clock = self.digits(6, 6)?;
            Time::new((clock / 10_000) as i8, (clock / 100 % 100) as i8, (clock % 100) as i8, 0).ok()
        })?;
        let zone = self.zone().unwrap_or(0);
        self.moment(date / 10_000, date / 100 % 100, date % 100, time, zone)
    }

    /// Seconds or milliseconds since 1970, between 1998 and 2100.
    fn epoch(&mut self) -> Option<Found> {
        let value = self.digits(10, 13)?;
        let millis = match self.at {
            10 => value.checked_mul(1000)?,
            13 => value,
            _ => return None,
        };
        if self.at == 10 && self.one_of(b".").is_some() {
            self.digits(1, 9)?;
        }
        let is_plausible = (900_000_000_000..4_102_444_800_000).contains(&millis);
        let ends = self.peek().is_none_or(|next| matches!(next, b' ' | b'\t' | b']' | b':' | b'|' | b','));
        let at = Timestamp::from_millisecond(millis).ok()?;
        (is_plausible && ends).then_some(Found { at: Some(at), length: self.at, is_syslog: false })
    }

    /// `10/Oct/2000:13:55:36 -0700`, `01 Jan 2024 12:00:00.123`, `01-Jan-2024 12:00:00.123`.
    fn day_first(&mut self) -> Option<Found> {
        let day = self.digits(1, 2)?;
        let sign = self.one_of(b"/ -")?;
        let month = self.month()?;
        self.one_of(&[sign])?;
        let year = self.digits(4, 4)?;
        self.time_of_day(year, month, day, false)
    }

    /// `03-17 16:13:38.811`, `10.30 16:49:06`.
    fn month_and_day(&mut self) -> Option<Found> {
        let month = self.digits(2, 2)?;
        self.one_of(b"-.")?;
        let day = self.digits(2, 2)?;
        self.one_of(b" ")?;
        self.time()?;
        self.without_year(month, day, false)
    }

    /// `12/31/2024 11:59:59 PM`.
    fn american(&mut self) -> Option<Found> {
        let month = self.digits(1, 2)?;
        self.one_of(b"/")?;
        let day = self.digits(1, 2)?;
        self.one_of(b"/")?;
        let year = self.digits(4, 4)?;
        let _ = self.one_of(b",");
        self.time_of_day(year, month, day, false)
    }

    /// `12:00:00.123`.
    fn time_alone(&mut self) -> Option<Found> {
        self.time()?;
        self.bytes[..self.at].contains(&b':').then_some(Found { at: None, length: self.at, is_syslog: false })
    }

    /// `Jun 14 15:16:01`, with a year behind the day or the time, or a weekday in front.
    fn named(&mut self) -> Option<Found> {
        const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
        if self.bytes.get(..3).is_some_and(|day| DAYS.contains(&day)) {
            self.at += 3;
            let _ = self.one_of(b",");
            self.one_of(b" ")?;
            if self.peek()?.is_ascii_digit() {
                return self.day_first();
            }
        }
        let month = self.month()?;
        self.one_of(b" ")?;
        self.spaces();
        let day = self.digits(1, 2)?;
        let _ = self.one_of(b",");
        self.one_of(b" ")?;
        self.spaces();
        if let Some(time) = self.time() {
            let zone = self.zone();
            let mut reader = *self;
            let abbreviated = reader.zone_abbreviation();
            let year = reader.one_of(b" ").and_then(|_| reader.digits(4, 4));
            let ends = reader.peek().is_none_or(|next| !next.is_ascii_alphanumeric());
            return match year.filter(|year| ends && (1990..2100).contains(year)) {
                Some(year) => {
                    *self = reader;
                    let found = self.moment(year, month, day, time, zone.unwrap_or(0))?;
                    // What an abbreviation such as CST means depends on who writes it.
                    Some(if abbreviated { Found { at: None, ..found } } else { found })
                }
                None => self.without_year(month, day, true),
            };
        }
        let year = self.digits(4, 4)?;
        self.one_of(b" ")?;
        let time = self.time()?;
        let zone = self.zone().unwrap_or(0);
        self.moment(year, month, day, time, zone).map(|found| Found { is_syslog: true, ..found })
    }
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
