//! A name, a separator, a value: `password=…`, `"token": "…"`, `--secret …`, `<apiKey>…</apiKey>`.

use super::encoding::{self, Unit, unit, unit_without_percent};
use super::kind::SecretKind;
use super::name::{self, Family};
use super::scan::Scan;
use super::value::{self, Manner};
use super::{header, span};
use std::ops::Range;

/// The longest name, in bytes to either side of the word that gave it away.
const LONGEST_NAME: usize = 64;
/// The widest gap between name, separator and value, in bytes: aligned columns.
const WIDEST_GAP: usize = 48;
/// The longest value that is taken to the end of the text when its closing quote is missing, in bytes.
const LONGEST_CUT_OFF: usize = 256;

/// Looks at the name of which the word at `at` is a part.
pub(super) fn judge(scan: &mut Scan<'_>, at: Range<usize>) {
    if at.start < scan.names_done {
        return;
    }
    let name = name_around(scan.bytes, at);
    scan.names_done = name.end;
    let Some(field) = field_after(scan, &name) else { return };
    let text = scan.text.get(name).unwrap_or_default();
    let Some(family) = name::family(text) else { return };
    let written = scan.text.get(field.value.clone()).unwrap_or_default();
    let allowed = match field.style {
        Style::Plain => true,
        // `PASSWORD 'x'` is SQL; `token 'x'` is a parser's complaint.
        Style::Literal | Style::Is => matches!(family, Family::Password),
    };
    if !allowed {
        return;
    }
    if family == Family::Authorization {
        header::judge_value(scan, field.value);
    } else if value::is_secret(family, written, field.manner) {
        let kind = kind_of(family, text, written);
        scan.names_done = scan.names_done.max(field.value.end);
        scan.found(field.value, kind);
    }
}

/// The kind of a secret that was found by its name.
pub(super) fn kind_of(family: Family, name: &str, value: &str) -> SecretKind {
    let name = name.to_ascii_lowercase();
    let is_base64 = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    if value.len() == 40 && is_base64 && name.contains("secret") && (name.contains("access") || name.contains("aws")) {
        return SecretKind::AwsSecretKey;
    }
    if family == Family::Random { SecretKind::GenericSecret } else { SecretKind::Password }
}

struct Field {
    value: Range<usize>,
    style: Style,
    manner: Manner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// With a separator that says so: `=`, `:`, a tag, a form's part, an argument.
    Plain,
    /// Only white space before a quoted value.
    Literal,
    /// `password is x`.
    Is,
}

/// The whole name around a word: letters, digits, `_`, `-` and `.`.
fn name_around(bytes: &[u8], word: Range<usize>) -> Range<usize> {
    let holds = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let left = bytes[..word.start].iter().rev().take(LONGEST_NAME).take_while(holds).count();
    // A trigger such as `sig=` brings its separator along.
    let word_end = word.start + bytes[word.clone()].iter().take_while(|byte| holds(byte) || **byte == b' ').count();
    let right = bytes[word_end..].iter().take(LONGEST_NAME).take_while(holds).count();
    let start = word.start - left;
    let start = (start + encoding::escape_before_word(bytes, start)).min(word.start);
    start..word_end + right
}

/// The field that the name opens, if it opens one.
fn field_after(scan: &mut Scan<'_>, name: &Range<usize>) -> Option<Field> {
    let bytes = scan.bytes;
    let mut at = name.end;
    let mut is_quoted_name = false;
    while let Some(unit) = unit(bytes, at).filter(|unit| matches!(unit.byte, b'"' | b'\'' | b'`' | b']' | b'[')) {
        is_quoted_name |= !matches!(unit.byte, b'[' | b']');
        at += unit.len;
        if at > name.end + 12 {
            return None;
        }
    }
    let after_name = at;
    at = skip(bytes, at, is_blank)?;
    let gap = at - after_name;
    let is_argument = bytes[name.start] == b'-';
    let separator = unit(bytes, at);
    match separator.map(|unit| unit.byte) {
        Some(b'=') => value_at(scan, after_separator(bytes, at)?, false),
        Some(b':') => value_at(scan, after_separator(bytes, at)?, true),
        Some(b'>') if gap == 0 && opens_tag(bytes, name.start) => element(bytes, at),
        Some(_) if gap > 0 && opens_tag(bytes, name.start) => element(bytes, at),
        // `setPassword("x")`
        Some(b'(') if gap == 0 && !is_quoted_name => value_at(scan, at + 1, false)
            .filter(|field| field.manner.is_quoted)
            .map(|field| Field { style: Style::Literal, ..field }),
        Some(b'v') if gap > 0 && is_quoted_name => value_at(scan, companion(bytes, at)?, false),
        Some(b',') if is_argument && is_quoted_name => {
            value_at(scan, skip(bytes, at + 1, is_blank)?, false).filter(|field| field.manner.is_quoted)
        }
        Some(b',' | b'\n' | b'\r') => match form_part(bytes, at, is_quoted_name) {
            Some(field) => Some(field),
            None => value_at(scan, companion(bytes, at)?, false),
        },
        Some(b'"' | b'\'') if gap > 0 && !is_quoted_name => {
            value_at(scan, at, false).map(|field| Field { style: Style::Literal, ..field })
        }
        Some(_) if gap > 0 && is_argument => value_at(scan, at, false),
        Some(b'i') if gap > 0 && bytes[at..].starts_with(b"is ") => value_at(scan, at + 3, true).map(|field| Field {
            style: Style::Is,
            manner: Manner { is_prose: true, ..field.manner },
            ..field
        }),
        _ => None,
    }
}

/// What follows `=`, `==`, `=>`, `:` or `:=`, and the white space after it. `::` separates no value.
fn after_separator(bytes: &[u8], at: usize) -> Option<usize> {
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
    let below = skip(bytes, start + block, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
    let is_below =
        bytes[start + block..below].contains(&b'\n') && (block > 0 || matches!(bytes.get(below), Some(b'"' | b'\'')));
    Some(if is_below { below } else { start })
}

/// The value that begins at `at`, quoted or bare.
fn value_at(scan: &mut Scan<'_>, at: usize, is_after_colon: bool) -> Option<Field> {
    let bytes = scan.bytes;
    let is_percent = is_percent_before(bytes, at);
    let start = skip_openers(bytes, at);
    let first = unit(bytes, start)?;
    if matches!(first.byte, b'"' | b'\'' | b'`') && (first.len == 1 || !first.is_percent(bytes, start) || is_percent) {
        let inside = start + first.len;
        let manner = Manner { is_quoted: true, ..Manner::default() };
        let end = match closing_quote(bytes, start, first) {
            Some(end) => end,
            None if is_last_line(&bytes[inside..]) => bytes.len(),
            None => bare_end(scan, inside, is_percent),
        };
        return Some(Field { value: inside..end, style: Style::Plain, manner });
    }
    let is_apart = bytes.get(at.wrapping_sub(1)).is_some_and(|byte| is_blank(*byte));
    if is_apart && is_next_field(bytes, start) {
        return None;
    }
    let end = bare_end(scan, start, is_percent);
    let stops = bytes[start..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b':')).count();
    let value = start..end - stops;
    let is_prose = is_after_colon && is_followed_by_words(bytes, end);
    Some(Field { value, style: Style::Plain, manner: Manner { is_quoted: false, is_prose, is_after_colon } })
}

/// Whether the separator before `at` (or the blank after it) is written with percent signs.
fn is_percent_before(bytes: &[u8], at: usize) -> bool {
    (3..=9).any(|length| {
        let start = at.wrapping_sub(length);
        bytes.get(start) == Some(&b'%')
            && unit(bytes, start)
                .is_some_and(|unit| unit.len == length && matches!(unit.byte, b'=' | b':' | b' ' | b'>'))
    })
}

/// Past what may stand between separator and value: `[`, `(`, `Some(`, the `b` of `b"…"`.
fn skip_openers(bytes: &[u8], mut at: usize) -> usize {
    if bytes[at..].starts_with(b"Some(") {
        at += 5;
    } else if matches!(bytes.get(at), Some(b'[' | b'(')) && !bytes[at..].starts_with(span::MASK_START.as_bytes()) {
        at += 1;
    }
    let is_prefix =
        matches!(bytes.get(at), Some(b'b' | b'r' | b'u')) && matches!(bytes.get(at + 1), Some(b'"' | b'\''));
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
    for (offset, byte) in bytes[inside..].iter().enumerate() {
        match *byte {
            b'\\' => backslashes += 1,
            b'\n' => return None,
            byte if byte == open.byte && backslashes % (2 * (level + 1)) == level => {
                return Some(inside + offset - level);
            }
            _ => backslashes = 0,
        }
    }
    None
}

fn is_last_line(rest: &[u8]) -> bool {
    rest.len() <= LONGEST_CUT_OFF && !rest.contains(&b'\n')
}

/// Where a bare value that begins at `from` ends.
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
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' if at < from + 40 => at += unit.len,
            b'=' | b':' => return at > from,
            byte => return at == from && (byte <= b' ' || b"\"'`,;&|)]}><".contains(&byte)),
        }
    }
    at == from
}

/// Whether not a value but the next field begins at `at`: the value before it was empty.
fn is_next_field(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    let name = rest
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    let value = rest.get(name + 1).copied();
    name > 0 && rest.get(name) == Some(&b'=') && value.is_some_and(|byte| byte > b' ' && byte != b'=')
}

/// Whether another word follows, which is not itself the name of a field.
fn is_followed_by_words(bytes: &[u8], end: usize) -> bool {
    let Some(rest) = bytes.get(end..).and_then(|rest| rest.strip_prefix(b" ")) else { return false };
    let word = rest.iter().take(40).take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'\'').count();
    let is_name = matches!(rest.get(word), Some(b'=' | b':' | b'_' | b'-' | b'.' | b'0'..=b'9'));
    word > 0 && !is_name
}

/// The text of an element: `<password` has been read, what may follow are attributes, then the text up
/// to the next tag.
fn element(bytes: &[u8], from: usize) -> Option<Field> {
    let mut start = from;
    loop {
        let unit = unit(bytes, start).filter(|unit| unit.byte != b'<' && start < from + LONGEST_CUT_OFF)?;
        start += unit.len;
        if unit.byte == b'>' {
            break;
        }
    }
    let mut end = start;
    while let Some(unit) = unit(bytes, end).filter(|unit| unit.byte != b'<' && unit.byte != b'\n') {
        end += unit.len;
        if end > start + LONGEST_CUT_OFF {
            return None;
        }
    }
    Some(Field { value: start..end, style: Style::Plain, manner: Manner { is_quoted: true, ..Manner::default() } })
}

fn opens_tag(bytes: &[u8], name: usize) -> bool {
    let before = &bytes[..name];
    [b"<".as_slice(), b"&lt;", b"%3C", b"%3c", b"\\u003c"].iter().any(|tag| before.ends_with(tag))
}

/// A part of a multipart form (RFC 7578): the quoted name, an empty line, the value.
fn form_part(bytes: &[u8], at: usize, is_quoted_name: bool) -> Option<Field> {
    let (mut breaks, mut start) = (0, at);
    while let Some(unit) = unit(bytes, start).filter(|unit| matches!(unit.byte, b'\n' | b'\r')) {
        breaks += usize::from(unit.byte == b'\n');
        start += unit.len;
    }
    if !is_quoted_name || breaks != 2 {
        return None;
    }
    let mut end = start;
    while let Some(unit) = unit(bytes, end).filter(|unit| !matches!(unit.byte, b'\n' | b'\r')) {
        end += unit.len;
        if end > start + LONGEST_CUT_OFF {
            return None;
        }
    }
    Some(Field { value: start..end, style: Style::Plain, manner: Manner { is_quoted: true, ..Manner::default() } })
}

/// Where the value begins when the secret's name is itself a value: `name: DB_PASSWORD`, then
/// `value: …`, as Kubernetes lists variables; `name="password" value="…"`, as XML does.
fn companion(bytes: &[u8], from: usize) -> Option<usize> {
    let is_between = |byte| matches!(byte, b',' | b'\n' | b'\r' | b' ' | b'\t' | b'"' | b'\'');
    let at = skip(bytes, from, is_between)?;
    let word = bytes.get(at..at + 5)?;
    if !word.eq_ignore_ascii_case(b"value") {
        return None;
    }
    let at = skip(bytes, at + 5, |byte| is_blank(byte) || matches!(byte, b'"' | b'\''))?;
    matches!(unit(bytes, at)?.byte, b':' | b'=').then(|| after_separator(bytes, at)).flatten()
}

/// Past characters that `is_skipped`; `None` when the gap is too wide to belong together.
fn skip(bytes: &[u8], from: usize, is_skipped: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from;
    while let Some(unit) = unit(bytes, at).filter(|unit| is_skipped(unit.byte)) {
        at += unit.len;
        if at > from + WIDEST_GAP {
            return None;
        }
    }
    Some(at)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_alphanumeric(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}
