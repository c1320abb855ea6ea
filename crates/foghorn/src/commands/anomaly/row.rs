//! A row of a metric: a time and a value.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A row taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// UTC where no zone is written; `None` for what is no time.
    pub(super) at: Option<Timestamp>,
    /// NaN where the value is missing.
    pub(super) value: f64,
}

impl Row {
    /// Reads a row; says what is wrong with one that cannot be read.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let line = std::str::from_utf8(line).map_err(|_| "is no UTF-8")?;
        let (timestamp, rest) = line.split_once(',').ok_or("is no row: timestamp,value")?;
        let value = bare(rest.split(',').next().unwrap_or(rest));
        let is_missing = value.is_empty() || ["null", "none", "na"].iter().any(|word| value.eq_ignore_ascii_case(word));
        let value = if is_missing { f64::NAN } else { value.parse().map_err(|_| "value: must be a number")? };
        Ok(Self { at: time(bare(timestamp)), value })
    }
}

/// A field without the space and the quotes around it.
fn bare(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

/// A time in the common spellings; whole numbers are seconds since 1970, or thousandths, millionths or billionths
/// of seconds where they would else lie millennia away.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        return match number.unsigned_abs() {
            0..100_000_000_000 => Timestamp::from_second(number),
            100_000_000_000..100_000_000_000_000 => Timestamp::from_millisecond(number),
            100_000_000_000_000..100_000_000_000_000_000 => Timestamp::from_microsecond(number),
            _ => Timestamp::from_nanosecond(i128::from(number)),
        }
        .ok();
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        // A civil time stops where a zone begins, so what is left must be none.
        let has_zone = text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|clock| clock.contains(['+', '-']));
        if !has_zone {
            return TimeZone::UTC.to_timestamp(civil).ok();
        }
    }
    text.parse().ok().or_else(|| foghorn_detect::header::parse(text).timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_their_spellings() {
        let check = |line: &str, second: Option<i64>, value: f64| {
            let row = Row::parse(line.as_bytes()).unwrap();
            assert_eq!(row.at.map(Timestamp::as_second), second, "{line}");
            assert!(row.value == value || (row.value.is_nan() && value.is_nan()), "{line}");
        };
        check("2014-04-01 00:00:00,21.5980110405", Some(1_396_310_400), 21.598_011_040_5);
        check("2014-04-01T02:00:00+02:00, -3e2 ", Some(1_396_310_400), -300.0);
        check("2014-04-01T00:00:00.25Z,0", Some(1_396_310_400), 0.0);
        check("\"2014-04-01 00:00\",\"7\",more", Some(1_396_310_400), 7.0);
        check("1396310400,1", Some(1_396_310_400), 1.0);
        check("1396310400123,1", Some(1_396_310_400), 1.0);
        check("1396310400123456789,1", Some(1_396_310_400), 1.0);
        check("tomorrow,1", None, 1.0);
        check(",1", None, 1.0);
        check("1396310400,", Some(1_396_310_400), f64::NAN);
        check("1396310400,nan", Some(1_396_310_400), f64::NAN);
        check("9223372036854775807,inf", Some(9_223_372_036), f64::INFINITY);
    }

    #[test]
    fn what_is_no_row_says_why() {
        let check = |line: &[u8], expected| assert_eq!(Row::parse(line).unwrap_err(), expected);
        check(b"7", "is no row: timestamp,value");
        check(b"2014-04-01 00:00:00,much", "value: must be a number");
        check(b"\xff,1", "is no UTF-8");
    }
}
