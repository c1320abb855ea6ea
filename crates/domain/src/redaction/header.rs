//! `Authorization` headers (RFC 9110, section 11; RFC 7617; RFC 6750), with their name or without.

use super::encoding::unit;
use super::kind::SecretKind;
use super::scan::Scan;
use super::{base64, shape, value};
use std::ops::Range;

/// Looks at the word `Basic` or `Bearer` at `at`.
pub(super) fn judge(scan: &mut Scan<'_>, at: Range<usize>) {
    if !scan.is_word_start(at.start) {
        return;
    }
    let Some(token) = token_after(scan, at.end) else { return };
    let is_header = follows_its_name(scan.bytes, at.start);
    let text = scan.text.get(token.clone()).unwrap_or_default();
    if scan.bytes[at].eq_ignore_ascii_case(b"basic") {
        if is_basic(text) || (is_header && value::is_given(text)) {
            scan.found(token, SecretKind::BasicAuth);
        }
    } else if (is_header && value::is_given(text)) || shape::is_strong(text) {
        scan.found(token, SecretKind::Bearer);
    }
}

/// Looks at what follows `Authorization:` when it is of a scheme other than Basic and Bearer, or of none.
pub(super) fn judge_value(scan: &mut Scan<'_>, range: Range<usize>) {
    let blanks = scan.bytes[range.clone()].iter().take_while(|byte| **byte == b'+').count();
    let range = range.start + blanks..range.end;
    let text = scan.text.get(range.clone()).unwrap_or_default();
    let scheme = text.find(|character: char| !(character.is_ascii_alphanumeric() || character == '-'));
    let (scheme, token) = match scheme {
        Some(end) if text[end..].starts_with([' ', '+', '%']) => (&text[..end], token_after(scan, range.start + end)),
        _ if value::is_scheme(text) => (text, token_after(scan, range.end)),
        _ => ("", Some(range)),
    };
    let takes_a_token = !["basic", "bearer", "digest"].contains(&scheme.to_ascii_lowercase().as_str())
        && (scheme.is_empty() || value::is_scheme(scheme));
    let Some(token) = token.filter(|_| takes_a_token) else { return };
    if shape::is_strong(scan.text.get(token.clone()).unwrap_or_default()) {
        scan.found(token, SecretKind::Bearer);
    }
}

/// The token that follows white space at `from`: the characters of `token68`, plain or encoded.
fn token_after(scan: &Scan<'_>, from: usize) -> Option<Range<usize>> {
    let mut start = from;
    while let Some(space) = unit(scan.bytes, start).filter(|unit| matches!(unit.byte, b' ' | b'\t' | b'+')) {
        start += space.len;
        if start > from + 12 {
            return None;
        }
    }
    if start == from {
        return None;
    }
    // In a form, where a blank is `+` or `%20`, the `+` of base64 is `%2B`.
    let is_form = !matches!(scan.bytes[from], b' ' | b'\t');
    let mut end = start;
    while let Some(unit) = unit(scan.bytes, end) {
        let is_token =
            unit.byte.is_ascii_alphanumeric() || matches!(unit.byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
        let is_blank = is_form && scan.bytes[end] == b'+';
        let is_escaped = scan.bytes[end] == b'\\' && unit.byte != b'/';
        if !is_token || is_blank || is_escaped {
            break;
        }
        // Padding only ends a token; elsewhere `=` makes it the name of a field.
        let next = self::unit(scan.bytes, end + unit.len).map(|unit| unit.byte);
        if unit.byte == b'=' && next.is_some_and(|byte| byte.is_ascii_alphanumeric()) && scan.bytes[end] == b'=' {
            return None;
        }
        end += unit.len;
    }
    while end > start && matches!(scan.bytes[end - 1], b'.') {
        end -= 1;
    }
    (end > start).then_some(start..end)
}

/// Whether a name such as `Authorization: ` stands right before `at`.
fn follows_its_name(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[at.saturating_sub(40)..at];
    let name_end = before.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |last| last + 1);
    let between = &before[name_end..];
    let name = before[..name_end].to_ascii_lowercase();
    // `%3A+` and `\":\"` stand between as well as `: `.
    (1..=10).contains(&between.len()) && name.ends_with(b"authorization")
        || name.strip_suffix(b"a").is_some_and(|name| name.ends_with(b"authorization%3"))
}

/// Whether the base64 holds `user:password`.
pub(super) fn is_basic(token: &str) -> bool {
    let coded = token.split(['=', '%']).next().unwrap_or_default();
    let decoded = base64::decode(&coded.as_bytes()[..coded.len().min(512)]);
    token.len() >= 4 && base64::is_printable(&decoded) && decoded.iter().skip(1).any(|byte| *byte == b':')
}
