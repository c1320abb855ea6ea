//! Times as the store writes them: RFC 3339, UTC, six digits of fraction, so that text order is time order.

use foghorn_domain::clock::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

pub(crate) fn write(at: Timestamp) -> String {
    let mut text = String::with_capacity(27);
    // Writing into a String cannot fail.
    let _ = PRINTER.print_timestamp(&at, &mut text);
    text
}

/// Reads what [`write`] wrote, and the forms that other programs' SQL leaves behind: with or without a
/// zone (UTC then), with a space for the `T`.
pub(crate) fn read(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| {
        let mut utc = text.trim().replacen(' ', "T", 1);
        utc.push('Z');
        utc.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_one_width_and_read_back() {
        let at = Timestamp::from_microsecond(1_700_000_000_000_001).unwrap();
        assert_eq!(write(at), "2023-11-14T22:13:20.000001Z");
        assert_eq!(write(Timestamp::from_second(0).unwrap()).len(), 27);
        assert_eq!(read(&write(at)), at);
        assert_eq!(read("2023-11-14 22:13:20.000001"), at);
    }
}
