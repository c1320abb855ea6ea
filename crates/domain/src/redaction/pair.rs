//! A name, a separator, a value: `password=…`, `"token": "…"`, `--secret …`, `<apiKey>…</apiKey>`.

use super::encoding::{self, unit};
use super::extent::{Extent, LONGEST_CUT_OFF, after_separator, is_blank, is_break, is_name, skip, value_at};
use super::header;
use super::kind::SecretKind;
use super::name::{self, Family};
use super::scan::Scan;
use super::value::{self, Manner};
use std::ops::Range;

/// The longest name, in bytes to either side of the word that gave it away.
const LONGEST_NAME: usize = 64;

/// Looks at the name of which the word at `at` is a part.
pub(super) fn judge(scan: &mut Scan<'_>, at: Range<usize>) {
    if at.start < scan.names_done {
        return;
    }
    let name = name_around(scan.bytes, at);
    scan.names_done = name.end;
    let Some(Field { style, extent: Extent { value, manner } }) = field_after(scan, &name) else { return };
    let name = scan.text.get(name).unwrap_or_default();
    let written = scan.text.get(value.clone()).unwrap_or_default();
    let Some(family) = name::family(name) else { return };
    if style == Style::Loose && family != Family::Password {
        return;
    }
    if family == Family::Authorization {
        header::judge_value(scan, value);
    } else if value::is_secret(family, written, manner) {
        scan.names_done = scan.names_done.max(value.end);
        scan.found(value, kind_of(family, name, written));
    }
}

/// The kind of a secret that was found by its name.
pub(super) fn kind_of(family: Family, name: &str, value: &str) -> SecretKind {
    let name = name.to_ascii_lowercase();
    let is_base64 = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let is_aws = name.contains("secret") && (name.contains("access") || name.contains("aws"));
    match family {
        _ if is_aws && is_base64 && value.len() == 40 => SecretKind::AwsSecretKey,
        Family::Credentials if header::is_basic(value) => SecretKind::BasicAuth,
        Family::Random | Family::Credentials => SecretKind::GenericSecret,
        _ => SecretKind::Password,
    }
}

struct Field {
    extent: Extent,
    style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// With a separator that says so: `=`, `:`, a tag, a form's part, an argument.
    Plain,
    /// `PASSWORD 'x'` is SQL, `setPassword("x")` is code and `password is x` a sentence, but
    /// `token 'x'` is a parser's complaint: only for passwords.
    Loose,
}

/// The whole name around a word.
fn name_around(bytes: &[u8], word: Range<usize>) -> Range<usize> {
    let left = bytes[..word.start].iter().rev().take(LONGEST_NAME).take_while(|byte| is_name(**byte)).count();
    // A trigger such as `sig=` brings its separator along, and one has a blank in it.
    let inside = bytes[word.clone()].iter().take_while(|byte| is_name(**byte) || **byte == b' ').count();
    let right = bytes[word.start + inside..].iter().take(LONGEST_NAME).take_while(|byte| is_name(**byte)).count();
    let start = word.start - left;
    let start = (start + encoding::escape_before_word(bytes, start)).min(word.start);
    start..word.start + inside + right
}

/// The field that the name opens, if it opens one.
fn field_after(scan: &mut Scan<'_>, name: &Range<usize>) -> Option<Field> {
    let bytes = scan.bytes;
    let (mut at, mut is_quoted_name) = (name.end, false);
    while let Some(unit) = unit(bytes, at).filter(|unit| matches!(unit.byte, b'"' | b'\'' | b'`' | b'[' | b']')) {
        is_quoted_name |= !matches!(unit.byte, b'[' | b']');
        at += unit.len;
        if at > name.end + 12 {
            return None;
        }
    }
    let start = skip(bytes, at, is_blank)?;
    let is_apart = start > at;
    let is_argument = bytes[name.start] == b'-';
    let is_tag = opens_tag(bytes, name.start);
    let separator = unit(bytes, start)?;
    let after = start + separator.len;
    let plain = |extent| Field { extent, style: Style::Plain };
    let loose = |extent| Field { extent, style: Style::Loose };
    match separator.byte {
        b'=' => value_at(scan, after_separator(bytes, start)?, false).map(plain),
        b':' => value_at(scan, after_separator(bytes, start)?, true).map(plain),
        b'>' if is_tag && !is_apart => element(bytes, start).map(plain),
        _ if is_tag && is_apart => element(bytes, start).map(plain),
        b'(' if !is_apart && !is_quoted_name => value_at(scan, after, false).filter(is_quoted).map(loose),
        b',' if is_argument && is_quoted_name => {
            value_at(scan, skip(bytes, after, is_blank)?, false).filter(is_quoted).map(plain)
        }
        b',' | b'\n' | b'\r' => match form_part(bytes, start).filter(|_| is_quoted_name) {
            Some(extent) => Some(plain(extent)),
            None => value_at(scan, companion(bytes, start)?, false).map(plain),
        },
        b'v' | b'V' if is_apart && is_quoted_name => value_at(scan, companion(bytes, start)?, false).map(plain),
        b'"' | b'\'' if is_apart && !is_quoted_name => value_at(scan, start, false).map(loose),
        _ if is_apart && is_argument => value_at(scan, start, false).map(plain),
        b'i' if is_apart && bytes[start..].starts_with(b"is ") => {
            let Extent { value, manner } = value_at(scan, start + 3, true)?;
            Some(loose(Extent { value, manner: Manner { is_prose: true, ..manner } }))
        }
        _ => None,
    }
}

fn is_quoted(extent: &Extent) -> bool {
    extent.manner.is_quoted
}

fn opens_tag(bytes: &[u8], name: usize) -> bool {
    let before = &bytes[..name];
    [b"<".as_slice(), b"&lt;", b"%3C", b"%3c", b"\\u003c"].iter().any(|tag| before.ends_with(tag))
}

/// The text of an element: `<password` has been read; what may follow are attributes, then the text up
/// to the next tag.
fn element(bytes: &[u8], from: usize) -> Option<Extent> {
    let close = run_until(bytes, from, |byte| matches!(byte, b'<' | b'>'))?;
    let close_unit = unit(bytes, close).filter(|unit| unit.byte == b'>')?;
    let start = close + close_unit.len;
    Some(Extent::quoted(start..run_until(bytes, start, |byte| byte == b'<' || is_break(byte))?))
}

/// A part of a multipart form (RFC 7578): the quoted name has been read; an empty line follows, then the
/// value.
fn form_part(bytes: &[u8], at: usize) -> Option<Extent> {
    let (mut breaks, mut start) = (0, at);
    while let Some(unit) = unit(bytes, start).filter(|unit| is_break(unit.byte) && breaks < 3) {
        breaks += usize::from(unit.byte == b'\n');
        start += unit.len;
    }
    (breaks == 2).then(|| run_until(bytes, start, is_break)).flatten().map(|end| Extent::quoted(start..end))
}

/// Where the first character stands that `is_end`, or the text ends; `None` when that is too far off.
fn run_until(bytes: &[u8], from: usize, is_end: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = from;
    while let Some(unit) = unit(bytes, at).filter(|unit| !is_end(unit.byte)) {
        at += unit.len;
        if at > from + LONGEST_CUT_OFF {
            return None;
        }
    }
    Some(at)
}

/// Where the value begins when the secret's name is itself a value: `name: DB_PASSWORD`, then
/// `value: …`, as Kubernetes lists variables; `name="password" value="…"`, as XML does.
fn companion(bytes: &[u8], from: usize) -> Option<usize> {
    let at = skip(bytes, from, |byte| is_blank(byte) || is_break(byte) || matches!(byte, b',' | b'"' | b'\''))?;
    if !bytes.get(at..at + 5)?.eq_ignore_ascii_case(b"value") {
        return None;
    }
    let at = skip(bytes, at + 5, |byte| is_blank(byte) || matches!(byte, b'"' | b'\''))?;
    matches!(unit(bytes, at)?.byte, b':' | b'=').then(|| after_separator(bytes, at)).flatten()
}
