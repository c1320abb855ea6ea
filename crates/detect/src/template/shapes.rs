//! The shapes of what varies: numbers, ids, paths, values, addresses.

use super::vocabulary::is_truth_value;

/// Longest value behind `=` that may run over white space inside brackets or quotes, in bytes.
pub(super) const MAX_VALUE: usize = 256;

/// What words are made of, beyond the punctuation between them.
pub(super) fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'_' | b'.' | b'-' | b'/' | b'\\' | b'@' | b'+' | b'%' | b'~' | b'$' | b'#' | b'&' | b'*')
}

/// Whether a word cannot be its author's.
pub(super) fn varies(core: &str) -> bool {
    let bytes = core.as_bytes();
    let mut digits = 0;
    let mut slashes = 0;
    let mut hex = 0;
    let mut at_sign = false;
    for (index, byte) in bytes.iter().enumerate() {
        digits += usize::from(byte.is_ascii_digit());
        slashes += usize::from(matches!(byte, b'/' | b'\\'));
        hex += usize::from(byte.is_ascii_hexdigit());
        at_sign |= *byte == b'@' && index > 0 && index + 1 < bytes.len();
    }
    digits > 0
        || at_sign
        || slashes >= 2
        || (slashes == 1 && bytes.len() > 1 && matches!(bytes[0], b'/' | b'\\' | b'~'))
        || (hex == bytes.len() && hex >= 7)
        || is_truth_value(core)
}

/// `com.example.shop`, `db.internal.example`: two dots or more, and not the name of an exception.
pub(super) fn is_dotted_name(core: &str) -> bool {
    core.bytes().filter(|byte| *byte == b'.').count() >= 2 && !core.ends_with("Exception") && !core.ends_with("Error")
}

/// Takes the punctuation off an atom's ends; a sign in front of a number and a path's slash stay.
pub(super) fn trim(bytes: &[u8], mut from: usize, mut to: usize) -> (usize, usize) {
    while from < to
        && !bytes[from].is_ascii_alphanumeric()
        && bytes[from] < 0x80
        && !matches!(bytes[from], b'/' | b'_' | b'~')
    {
        let signs = matches!(bytes[from], b'-' | b'+' | b'#') && bytes.get(from + 1).is_some_and(u8::is_ascii_digit);
        if signs && from + 1 < to {
            break;
        }
        from += 1;
    }
    while to > from
        && !bytes[to - 1].is_ascii_alphanumeric()
        && bytes[to - 1] < 0x80
        && !matches!(bytes[to - 1], b'_' | b'%')
    {
        if bytes[to - 1] == b'/' && bytes[from] == b'/' {
            break;
        }
        to -= 1;
    }
    (from, to)
}

/// Length of a value: to the next separator, brackets in pairs taken along if they close soon.
pub(super) fn value_length(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut first_space = None;
    for (index, byte) in rest.iter().enumerate().take(MAX_VALUE) {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b')' | b']' | b'}' | b'>' if depth > 0 => depth -= 1,
            b')' | b']' | b'}' | b'"' | b',' | b';' if depth == 0 => return index.max(1),
            byte if byte.is_ascii_whitespace() => {
                if depth == 0 {
                    return index;
                }
                first_space.get_or_insert(index);
            }
            _ => {}
        }
    }
    // Brackets that never close were no brackets.
    match first_space {
        Some(index) => index,
        None => rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()),
    }
}

pub(super) fn url_length(rest: &[u8]) -> usize {
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b')' | b']' | b'}' | b',' | b';' | b'|')
    };
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    let trailing = rest[..length].iter().rev().take_while(|byte| matches!(byte, b'.' | b':')).count();
    length - trailing
}

/// Length of an IPv6 or hardware address at the start: groups of hexadecimal digits between colons.
pub(super) fn address_length(rest: &[u8]) -> Option<usize> {
    let group = rest.iter().take(5).take_while(|byte| byte.is_ascii_hexdigit()).count();
    if group > 4 || rest.get(group) != Some(&b':') {
        return None;
    }
    let length = rest.iter().take(64).take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':').count();
    let address = &rest[..length];
    let colons = address.iter().filter(|byte| **byte == b':').count();
    let short = address.split(|byte| *byte == b':').all(|group| group.len() <= 4);
    let next_is_word = rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let whole = colons >= 5 || (colons >= 2 && address.windows(2).any(|pair| pair == b"::") && length > 3);
    (short && whole && !next_is_word).then_some(length)
}
