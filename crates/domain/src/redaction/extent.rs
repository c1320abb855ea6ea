//! Where a value begins and ends, behind whatever separates it from its name.

use super::encoding::{Unit, unit, unit_without_percent};
use super::scan::Scan;
use super::span;
use super::value::Manner;
use std::ops::Range;

/// The widest gap between name, separator and value, in bytes: aligned columns.
const WIDEST_GAP: usize = 48;
/// The longest value that is taken to the end of the text when its closing quote is missing, in bytes.
pub(super) const LONGEST_CUT_OFF: usize = 256;

/// A value and how it was written.
pub(super) struct Extent {
    pub(super) value: Range<usize>,
    pub(super) manner: Manner,
}

impl Extent {
    /// A value whose ends are marked.
    pub(super) fn quoted(value: Range<usize>) -> Self {
        Self { value, manner: Manner { is_quoted: true, ..Manner::default() } }
    }
}

/// The value that begins at `at`, quoted or bare.
pub(super) fn value_at(scan: &mut Scan<'_>, at: usize, is_after_colon: bool) -> Option<Extent> {
    let bytes = scan.bytes;
    let is_percent = is_percent_before(bytes, at);
    let start = skip_openers(bytes, at);
    let first = unit(bytes, start)?;
    if matches!(first.byte, b'"' | b'\'' | b'`') && (!first.is_percent(bytes, start) || is_percent) {
        let inside = start + first.len;
        let end = match closing_quote(bytes, start, first) {
            Some(end) => end,
            None if is_last_line(&bytes[inside..]) => bytes.len(),
            None => bare_end(scan, inside, is_percent),
        };
        return Some(Extent::quoted(inside..end));
    }
    let is_apart = at > 0 && is_blank(bytes[at - 1]);
    if is_apart && is_next_field(bytes, start) {
        return None;
    }
    let end = bare_end(scan, start, is_percent);
    let stops = bytes[start..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b':')).count();
    let is_prose = is_after_colon && is_followed_by_words(bytes, end);
    Some(Extent { value: start..end - stops, manner: Manner { is_quoted: false, is_prose, is_after_colon } })
}

/// Past `=`, `==`, `=>`, `:` or `:=`, and the white space after it. `::` separates no value.
pub(super) fn after_separator(bytes: &[u8], at: usize) -> Option<usize> {
    let first = unit(bytes, at)?;
    let mut end = at + first.len;
    if let Some(second) = unit(bytes, end) {
        match (first.byte, second.byte) {
            (b':', b':') => return None,
            (b'=', b'=' | b'>' | b'~') | (b':', b'=') => end += second.len,
            _ => {}
        }
    }
    let start = skip(bytes, end, is_blank)?;
    // A value on the next line is one only where quotes, or YAML's `|` and `>`, say so.
    let block = bytes[start..].iter().take(2).take_while(|byte| matches!(byte, b'|' | b'>' | b'-')).count();
    let below = skip(bytes, start + block, |byte| is_blank(byte) || is_break(byte))?;
    let is_on_next_line = bytes[start + block..below].contains(&b'\n');
    let is_marked = block > 0 || matches!(bytes.get(below), Some(b'"' | b'\''));
    Some(if is_on_next_line && is_marked { below } else { start })
}

/// Past characters that `is_skipped`; `None` when the gap is too wide to belong together.
pub(super) fn skip(bytes: &[u8], from: usize, is_skipped: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from;
    while let Some(unit) = unit(bytes, at).filter(|unit| is_skipped(unit.byte)) {
        at += unit.len;
        if at > from + WIDEST_GAP {
            return None;
        }
    }
    Some(at)
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Whether the separator before `at`, or the blank after it, is written with percent signs.
fn is_percent_before(bytes: &[u8], at: usize) -> bool {
    (3..=9.min(at)).any(|length| {
        let start = at - length;
        let separates = |unit: Unit| unit.len == length && matches!(unit.byte, b'=' | b':' | b' ' | b'>');
        bytes[start] == b'%' && unit(bytes, start).is_some_and(separates)
    })
}

/// Past what may stand between separator and value: `[`, `(`, `Some(`, the `b` of `b"…"`.
fn skip_openers(bytes: &[u8], mut at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.starts_with(b"Some(") {
        at += 5;
    } else if rest.starts_with(b"(") || (rest.starts_with(b"[") && !rest.starts_with(span::MASK_START.as_bytes())) {
        at += 1;
    }
    let is_prefix = matches!(bytes.get(at..at + 2), Some([b'b' | b'r' | b'u', b'"' | b'\'']));
    at + usize::from(is_prefix)
}

/// Where the value ends that the quote at `at` opens: before the same quote, escaped as deeply.
fn closing_quote(bytes: &[u8], at: usize, open: Unit) -> Option<usize> {
    let written = &bytes[at..at + open.len];
    let inside = at + open.len;
    let is_escaped = written[0] == b'\\' && written.ends_with(&[open.byte]);
    if open.len > 1 && !is_escaped {
        let line = bytes[inside..].split(|byte| *byte == b'\n').next()?;
        return line.windows(written.len()).position(|window| window == written).map(|found| inside + found);
    }
    // A quote that n levels of JSON escaped has 2^n - 1 backslashes; one that the value itself contains
    // has more, by a multiple that leaves another remainder.
    let level = open.len - 1;
    let mut backslashes = 0;
    let mut at = inside;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' => backslashes += 1,
            b'\n' => return None,
            byte if byte == open.byte && backslashes % (2 * (level + 1)) == level => {
                // YAML and SQL write a quote inside quotes twice.
                let is_doubled = level == 0 && at > inside && bytes.get(at + 1) == Some(&byte);
                if !(is_doubled && is_alphanumeric(bytes, at + 2)) {
                    return Some(at - level);
                }
                at += 1;
            }
            _ => backslashes = 0,
        }
        at += 1;
    }
    None
}

fn is_last_line(rest: &[u8]) -> bool {
    rest.len() <= LONGEST_CUT_OFF && !rest.contains(&b'\n')
}

/// Where a bare value that begins at `from` ends. Asked from inside the value it measured last, it
/// answers the same.
fn bare_end(scan: &mut Scan<'_>, from: usize, is_percent: bool) -> usize {
    let bytes = scan.bytes;
    let known = &mut scan.bare_values[usize::from(is_percent)];
    if !(known.start <= from && from < known.end) {
        *known = from..measure_bare(bytes, from, is_percent);
    }
    known.end
}

fn measure_bare(bytes: &[u8], from: usize, is_percent: bool) -> usize {
    let mut at = from;
    loop {
        if let Some(length) = span::mask_len(bytes, at) {
            at += length;
            continue;
        }
        let read = if is_percent { unit(bytes, at) } else { unit_without_percent(bytes, at) };
        let Some(unit) = read else { return at };
        let ends = match unit.byte {
            byte if byte <= b' ' || byte == 0x7f => true,
            b'"' | b'`' | b'<' => true,
            b'\'' => !(is_alphanumeric(bytes, at.wrapping_sub(1)) && is_alphanumeric(bytes, at + unit.len)),
            b',' | b';' | b'&' | b'|' | b')' | b']' | b'}' | b'>' => ends_field(bytes, at + unit.len),
            _ => false,
        };
        if ends {
            return at;
        }
        at += unit.len;
    }
}

/// Whether what follows a comma or its like shows that a value ended there: nothing, white space, a
/// quote, another such sign, or the next name and its separator.
fn ends_field(bytes: &[u8], from: usize) -> bool {
    let mut at = from;
    while let Some(unit) = unit(bytes, at) {
        match unit.byte {
            byte if is_name(byte) && at < from + 40 => at += unit.len,
            b'=' | b':' => return at > from,
            byte => return at == from && (byte <= b' ' || b"\"'`,;&|)]}><".contains(&byte)),
        }
    }
    at == from
}

/// Whether not a value but the next field begins at `at`: the value before it was empty.
fn is_next_field(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    let name = rest.iter().take(40).take_while(|byte| is_name(**byte)).count();
    let value = rest.get(name + 1).copied();
    name > 0 && rest.get(name) == Some(&b'=') && value.is_some_and(|byte| byte > b' ' && byte != b'=')
}

/// Whether another word follows, which is not itself the name of a field.
fn is_followed_by_words(bytes: &[u8], end: usize) -> bool {
    let Some(rest) = bytes.get(end..).and_then(|rest| rest.strip_prefix(b" ")) else { return false };
    let word = rest.iter().take(40).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'\'').count();
    let is_field = matches!(rest.get(word), Some(b'=' | b':' | b'_' | b'-' | b'.' | b'0'..=b'9'));
    word > 0 && !is_field
}

/// The characters that names are made of.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_alphanumeric(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}
