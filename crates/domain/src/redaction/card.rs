//! Payment card numbers: 13 to 19 digits of a known issuer, grouped as cards are, with the right check
//! digit (ISO/IEC 7812), and not under a name that makes them an id or a time.

use super::kind::SecretKind;
use super::scan::Scan;
use super::words::IDS;
use std::ops::Range;

const SHORTEST: usize = 13;
const LONGEST: usize = 19;

/// Looks at every run of digits and separators. No byte is looked at unless it stands where a run of
/// the least length would have to have one.
pub(super) fn judge(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let mut at = 0;
    while at + SHORTEST <= bytes.len() {
        if !holds(bytes[at + SHORTEST - 1]) {
            at += SHORTEST;
            continue;
        }
        let before = bytes[at..at + SHORTEST].iter().rev().take_while(|byte| holds(**byte)).count();
        let start = at + SHORTEST - before;
        let end = start + bytes[start..].iter().take_while(|byte| holds(**byte)).count();
        if end - start >= SHORTEST {
            judge_run(scan, start, end);
        }
        at = end;
    }
}

fn holds(byte: u8) -> bool {
    byte.is_ascii_digit() || is_separator(byte) || byte == b'%'
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'+')
}

/// Looks at each group of digits in a run, alone and with those that follow.
fn judge_run(scan: &mut Scan<'_>, start: usize, end: usize) {
    let bytes = scan.bytes;
    let mut at = start;
    while at < end {
        let length = digits_at(bytes, at);
        if length == 0 {
            at += 1;
            continue;
        }
        let found = match length {
            SHORTEST..=LONGEST => {
                Some(at..at + length).filter(|range| is_alone(bytes, range) && !is_named_id(bytes, at))
            }
            4 => grouped(bytes, at),
            _ => None,
        };
        at += length;
        if let Some(range) = found.filter(|range| is_card(&bytes[range.clone()])) {
            at = range.end;
            scan.found(range, SecretKind::Card);
        }
    }
}

fn digits_at(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The ways cards are printed.
const GROUPINGS: &[&[usize]] = &[&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

/// Groups of digits from `at` on that are printed like a card's, and are not part of a longer list.
fn grouped(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let separator: &[u8] = match bytes.get(at + 4..)? {
        rest if rest.starts_with(b"%20") => b"%20",
        rest if rest.first().is_some_and(|byte| is_separator(*byte)) => &rest[..1],
        _ => return None,
    };
    let before = &bytes[..at];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if before.last().is_some_and(is_word) && !before.ends_with(separator) {
        return None;
    }
    // Four groups of four in a longer list of numbers are not a card; a date before it is none of them.
    let group_before = before.strip_suffix(separator).map_or(0, digits_at_end);
    GROUPINGS.iter().find_map(|groups| {
        let mut end = at;
        for (index, group) in groups.iter().enumerate() {
            if index > 0 {
                end += bytes.get(end..)?.starts_with(separator).then_some(separator.len())?;
            }
            if digits_at(bytes, end) != *group {
                return None;
            }
            end += group;
        }
        let rest = &bytes[end..];
        let is_followed = rest.strip_prefix(separator).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        (!is_followed && group_before != 4 && !rest.first().is_some_and(is_word)).then_some(at..end)
    })
}

fn digits_at_end(bytes: &[u8]) -> usize {
    bytes.iter().rev().take(5).take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether nothing touches the digits that would make them part of an id, a path or a fraction.
fn is_alone(bytes: &[u8], range: &Range<usize>) -> bool {
    let before = range.start.checked_sub(1).map(|at| bytes[at]);
    let after = bytes.get(range.end).copied();
    let joins =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'#' | b'@') || byte >= 0x80;
    let is_fraction = (before == Some(b'.') && range.start > 1 && bytes[range.start - 2].is_ascii_digit())
        || (after == Some(b'.') && digits_at(bytes, range.end + 1) > 0);
    !before.is_some_and(joins) && !after.is_some_and(joins) && !is_fraction
}

/// Whether a name such as `order_id=` or `"timestamp": ` stands right before `at`.
fn is_named_id(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[at.saturating_sub(40)..at];
    let name_end = before.iter().rposition(|byte| !b"\"' =:[\\".contains(byte)).map_or(0, |last| last + 1);
    let (name, between) = before.split_at(name_end);
    between.iter().any(|byte| b"=:".contains(byte)) && std::str::from_utf8(name).is_ok_and(is_id)
}

/// Whether the name ends in a word whose numbers are no cards: `order_id`, `orderId`, `timestamp`.
pub(super) fn is_id(name: &str) -> bool {
    let word_start = name.rfind(|letter: char| !letter.is_ascii_alphabetic()).map_or(0, |last| last + 1);
    let Some(word) = name.get(word_start..) else { return false };
    let hump = word.rfind(|letter: char| letter.is_ascii_uppercase()).unwrap_or(0);
    let is_hump = word[..hump].ends_with(|letter: char| letter.is_ascii_lowercase());
    IDS.have(&word[if is_hump { hump } else { 0 }..].to_ascii_lowercase())
}

/// Whether the digits, separators left out, are a card's: issuer, length and check digit.
pub(super) fn is_card(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).replace("%20", "");
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let prefix = |length: usize| digits.iter().take(length).fold(0, |number, digit| number * 10 + digit);
    let known = match digits.len() {
        13 => prefix(1) == 4,
        14 => matches!(prefix(3), 300..=305 | 309) || matches!(prefix(2), 36 | 38 | 39),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            matches!(prefix(1), 4)
                || matches!(prefix(2), 50..=55 | 62 | 65 | 67)
                || matches!(prefix(4), 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011)
                || matches!(prefix(3), 644..=649)
        }
        17..=19 => {
            matches!(prefix(2), 62 | 65 | 67) || matches!(prefix(4), 6011) || (digits.len() == 19 && prefix(1) == 4)
        }
        _ => false,
    };
    known && digits.iter().any(|digit| *digit != digits[0]) && has_check_digit(&digits)
}

/// Luhn's check: every second digit from the right doubled, the sum a multiple of ten.
fn has_check_digit(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
        .sum();
    sum.is_multiple_of(10)
}
