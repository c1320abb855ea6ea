//! What the text of a value means. Each function takes the text and gives the value, or a sentence that says
//! what to write instead.

use foghorn_domain::clock::SignedDuration;
use foghorn_domain::secret::Secret;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Longer durations would leave the range of times: a hundred years.
const LONGEST_DAYS: i64 = 36_500;

/// `30m`, `1h30m`, `500ms`, `14d`: numbers with units, at least a millisecond in all.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let remedy = || r#"write a duration such as "500ms", "45s", "30m", "24h" or "14d""#.to_owned();
    let mut milliseconds: i64 = 0;
    let mut rest = text;
    while !rest.trim_start().is_empty() {
        let (number, unit, after) = number_and_unit(rest).ok_or_else(remedy)?;
        let length: i64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return Err(remedy()),
        };
        let number: i64 = number.parse().map_err(|_| remedy())?;
        milliseconds = number.checked_mul(length).and_then(|part| milliseconds.checked_add(part)).ok_or_else(remedy)?;
        rest = after;
    }
    match milliseconds {
        0 => Err(format!("must be longer than nothing; {}", remedy())),
        _ if milliseconds > LONGEST_DAYS * 86_400_000 => Err(format!("must be at most {LONGEST_DAYS}d")),
        _ => Ok(SignedDuration::from_millis(milliseconds)),
    }
}

/// `10MiB`, `5GB`, `512kB` or a number of bytes; at least one byte.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let remedy = || r#"write a size such as "256KiB", "10MiB", "5GB" or a number of bytes"#.to_owned();
    let (number, unit, after) = number_and_unit(text).ok_or_else(remedy)?;
    if !after.is_empty() {
        return Err(remedy());
    }
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(remedy()),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(remedy)?;
    // Beyond it no file system and no signed counter goes.
    if bytes == 0 || bytes > i64::MAX as u64 { Err(remedy()) } else { Ok(bytes) }
}

/// A size that must fit into memory.
pub(crate) fn size_in_memory(text: &str) -> Result<usize, String> {
    const MOST: u64 = 1 << 30;
    let bytes = size(text)?;
    if bytes > MOST {
        return Err(r#"must be at most "1GiB", because it is held in memory"#.to_owned());
    }
    usize::try_from(bytes).map_err(|error| error.to_string())
}

/// `true` or `false`, and what people write for them.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

/// A number from 0 to 1.
pub(crate) fn score(text: &str) -> Result<f32, String> {
    let number: Option<f32> = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "write a number from 0 to 1, such as 0.3".to_owned())
}

/// A whole number within a range.
pub(crate) fn count(range: RangeInclusive<usize>) -> impl FnOnce(&str) -> Result<usize, String> {
    move |text| {
        let number: Option<usize> = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("write a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Address and port; `localhost` stands for 127.0.0.1.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let remedy = r#"write an address and a port, such as "127.0.0.1:8000", "0.0.0.0:8000" or "[::1]:8000""#;
    numeric.parse().map_err(|_| remedy.to_owned())
}

/// An `http` or `https` address without a slash at the end, if set.
pub(crate) fn url(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = text.chars().all(|character| character.is_ascii_graphic() && !matches!(character, '<' | '>' | '"'));
    match host {
        Some(host) if is_plain && !host.is_empty() && !host.starts_with('/') && !host.contains(['?', '#']) => {
            Ok(Some(text.trim_end_matches('/').to_owned()))
        }
        _ => Err(r#"write an address such as "https://foghorn.example.org""#.to_owned()),
    }
}

/// A file or directory, if set.
pub(crate) fn optional_path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// A directory that must be named.
pub(crate) fn path(text: &str) -> Result<PathBuf, String> {
    optional_path(text)?.ok_or_else(|| "name a directory".to_owned())
}

/// A name of one word.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.len() <= 200 && text.chars().all(|character| character.is_ascii_graphic());
    is_name.then(|| text.to_owned()).ok_or_else(|| "write a name of letters, digits and - _ . /".to_owned())
}

/// A token or key, if set: it has to fit into a header and into an address.
pub(crate) fn secret(text: &str) -> Result<Option<Secret>, String> {
    let fits = |character: char| character.is_ascii_graphic() && !matches!(character, '/' | '?' | '#' | '%' | '"');
    match text {
        "" => Ok(None),
        _ if text.chars().all(fits) => Ok(Some(Secret::new(text))),
        _ => {
            Err("use letters, digits and - _ . ~ + = only, for instance what `openssl rand -hex 32` prints".to_owned())
        }
    }
}

/// A text with the password of every address in it masked: `redis://user:***@host`.
pub(crate) fn without_password(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        masked.push_str(before);
        masked.push_str("://");
        let authority = &after[..after.find(['/', '?', '#', ' ']).unwrap_or(after.len())];
        rest = match authority.rsplit_once('@').and_then(|(user, _)| Some((user, user.split_once(':')?.0))) {
            Some((user, name)) => {
                masked.push_str(name);
                masked.push_str(":***");
                &after[user.len()..]
            }
            None => after,
        };
    }
    masked.push_str(rest);
    masked
}

/// The number a text starts with, the letters after it, and what follows.
fn number_and_unit(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start();
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let rest = rest.trim_start();
    let (unit, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()));
    (!number.is_empty()).then_some((number, unit, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let check = |text, seconds: Option<f64>| {
            assert_eq!(duration(text).ok().map(|length| length.as_secs_f64()), seconds, "{text:?}");
        };
        check("30m", Some(1800.0));
        check("14d", Some(1_209_600.0));
        check("1h30m", Some(5400.0));
        check("1h 30 min", Some(5400.0));
        check("500ms", Some(0.5));
        check("2w", Some(1_209_600.0));
        for wrong in ["", "0", "0s", "30", "m", "-5m", "1.5h", "5 fortnights", "99999999999999999999d", "40000d"] {
            check(wrong, None);
        }
    }

    #[test]
    fn sizes_may_have_units() {
        let check = |text, bytes| assert_eq!(size(text).ok(), bytes, "{text:?}");
        check("5GB", Some(5_000_000_000));
        check("10MiB", Some(10 * 1024 * 1024));
        check("256 KiB", Some(256 * 1024));
        check("1048576", Some(1_048_576));
        check("1kb", Some(1000));
        for wrong in ["", "0", "-1", "5G", "1.5GB", "5GB!", "99999999999999999999", "9999999999TB"] {
            check(wrong, None);
        }
        assert!(size_in_memory("2GiB").is_err());
    }

    #[test]
    fn addresses_need_a_port() {
        let check = |text, shown: Option<&str>| {
            assert_eq!(address(text).ok().map(|address| address.to_string()).as_deref(), shown, "{text:?}");
        };
        check("127.0.0.1:8000", Some("127.0.0.1:8000"));
        check("localhost:80", Some("127.0.0.1:80"));
        check("[::1]:8000", Some("[::1]:8000"));
        for wrong in ["", ":8000", "8000", "127.0.0.1", "example.org:80", "127.0.0.1:99999"] {
            check(wrong, None);
        }
    }

    #[test]
    fn urls_scores_switches_counts_and_secrets_are_checked() {
        assert_eq!(url("https://a.example/fog/").unwrap().as_deref(), Some("https://a.example/fog"));
        for wrong in ["foghorn.example.org", "ftp://a", "https://", "https:///x", "https://a b", "https://a/?q"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
        assert_eq!(score("0.25"), Ok(0.25));
        assert!(score("1.1").is_err() && score("NaN").is_err() && score("-0.1").is_err());
        assert_eq!((switch("Yes"), switch("off")), (Ok(true), Ok(false)));
        assert!(switch("maybe").is_err());
        assert_eq!(count(2..=10)("2"), Ok(2));
        assert!(count(2..=10)("1").is_err());
        assert_eq!(secret("abc-123").unwrap().unwrap().expose(), "abc-123");
        assert!(secret("two words").is_err() && secret("a/b").is_err() && secret("snow☃").is_err());
    }

    #[test]
    fn passwords_in_addresses_are_masked() {
        let check = |text, masked| assert_eq!(without_password(text), masked);
        check("postgresql://ana:p@ss:word@db:5432/x", "postgresql://ana:***@db:5432/x");
        check("redis://:secret@localhost/0 and http://b:c@d", "redis://:***@localhost/0 and http://b:***@d");
        check("https://foghorn.example.org/a@b:c", "https://foghorn.example.org/a@b:c");
        check("https://ana@host", "https://ana@host");
        check("no address", "no address");
    }
}
