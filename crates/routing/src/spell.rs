//! Lengths of time as people write them: `90s`, `15m`, `1h 30m`, `2d`.

use foghorn_domain::clock::SignedDuration;

/// The longest that anything here may take.
const LONGEST_SECONDS: u64 = 90 * 86_400;

/// Reads one; it is longer than nothing and at most 90 days.
///
/// # Errors
/// A sentence for whoever wrote it.
pub(crate) fn parse(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("{} is no length of time; write it as 90s, 15m, 1h 30m or 2d", quoted(text));
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() || rest.len() > 40 {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        let behind = behind.trim_start();
        let letters = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let in_seconds = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        seconds = number.checked_mul(in_seconds).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = behind.trim_start();
    }
    match seconds {
        0 => Err("a length of time is longer than nothing".to_owned()),
        1..=LONGEST_SECONDS => Ok(SignedDuration::from_secs(seconds as i64)),
        _ => Err(format!("{} is longer than 90 days", quoted(text))),
    }
}

/// The way back: `1h 30m`.
pub(crate) fn write(length: SignedDuration) -> String {
    let mut rest = length.as_secs().max(0);
    let mut parts = Vec::new();
    for (unit, in_seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= in_seconds {
            parts.push(format!("{}{unit}", rest / in_seconds));
            rest %= in_seconds;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// Somebody's text inside a sentence of ours: plain, short, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    use foghorn_domain::text::{cut, plain_text};
    // Only what may be shown is made plain; the text itself may be a megabyte.
    let start = &text[..text.floor_char_boundary(400)];
    format!("\"{}\"", cut(&plain_text(start), 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let check = |text: &str, seconds: Option<i64>| {
            assert_eq!(parse(text).ok().map(|length| length.as_secs()), seconds, "{text}")
        };
        check("90s", Some(90));
        check("15m", Some(900));
        check("15 min", Some(900));
        check("1h 30m", Some(5_400));
        check("1h30m", Some(5_400));
        check("2d", Some(172_800));
        check("90d", Some(7_776_000));
        for wrong in ["", "0s", "15", "m", "15x", "-5m", "1.5h", "91d", "99999999999999999999d", "9999999999999999999d"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for seconds in [1, 59, 60, 61, 3_600, 5_400, 86_399, 86_400, 90_061, 7_776_000] {
            let length = SignedDuration::from_secs(seconds);
            assert_eq!(parse(&write(length)), Ok(length));
        }
    }
}
