//! Reading through encodings: text arrives inside JSON strings, query strings and HTML, where `=` may
//! be written `%3D`, `\u003d` or `&#61;`, and a quote `\"`, `%22` or `&quot;`.

/// One ASCII character as a reader behind the encodings sees it, or one raw byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The character.
    pub(super) byte: u8,
    /// How many bytes of the text it takes, at least 1.
    pub(super) len: usize,
}

impl Unit {
    /// Whether the character is written with percent signs in `text`, where it stands at `at`.
    pub(super) fn is_percent(self, text: &[u8], at: usize) -> bool {
        self.len > 1 && text.get(at) == Some(&b'%')
    }
}

/// The longest run of backslashes read as escaping what follows: three levels of JSON in JSON.
const MAX_BACKSLASHES: usize = 7;

/// The character at `at`; `None` at the end.
pub(super) fn unit(text: &[u8], at: usize) -> Option<Unit> {
    let rest = text.get(at..)?;
    let first = *rest.first()?;
    let encoded = match first {
        b'%' => percent(rest),
        b'\\' => backslash(rest),
        b'&' => entity(rest),
        _ => None,
    };
    Some(encoded.unwrap_or(Unit { byte: first, len: 1 }))
}

/// The same, with percent signs taken literally.
pub(super) fn unit_without_percent(text: &[u8], at: usize) -> Option<Unit> {
    match text.get(at) {
        Some(b'%') => Some(Unit { byte: b'%', len: 1 }),
        _ => unit(text, at),
    }
}

/// `%3D`, and `%253D` for text that was encoded twice (up to four times).
fn percent(rest: &[u8]) -> Option<Unit> {
    let mut at = 1;
    for _ in 0..3 {
        let twice = rest.get(at..at + 2) == Some(b"25") && hex(rest.get(at + 2..at + 4)).is_some();
        if !twice {
            break;
        }
        at += 2;
    }
    ascii(hex(rest.get(at..at + 2))?, at + 2)
}

fn backslash(rest: &[u8]) -> Option<Unit> {
    let run = rest.iter().take(MAX_BACKSLASHES + 1).take_while(|byte| **byte == b'\\').count();
    if run > MAX_BACKSLASHES {
        return None;
    }
    let unit = |byte| Some(Unit { byte, len: run + 1 });
    match *rest.get(run)? {
        quote @ (b'"' | b'\'' | b'`' | b'/') => unit(quote),
        b'n' => unit(b'\n'),
        b'r' => unit(b'\r'),
        b't' => unit(b'\t'),
        b'u' if rest.get(run + 1..run + 3) == Some(b"00") => ascii(hex(rest.get(run + 3..run + 5))?, run + 5),
        b'x' => ascii(hex(rest.get(run + 1..run + 3))?, run + 3),
        _ => None,
    }
}

const ENTITIES: &[(&[u8], u8)] = &[
    (b"&quot;", b'"'),
    (b"&#34;", b'"'),
    (b"&#x22;", b'"'),
    (b"&apos;", b'\''),
    (b"&#39;", b'\''),
    (b"&#x27;", b'\''),
    (b"&amp;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&#61;", b'='),
    (b"&#x3d;", b'='),
];

fn entity(rest: &[u8]) -> Option<Unit> {
    let (name, byte) = ENTITIES.iter().find(|(name, _)| rest.starts_with(name))?;
    Some(Unit { byte: *byte, len: name.len() })
}

fn ascii(byte: u8, len: usize) -> Option<Unit> {
    byte.is_ascii().then_some(Unit { byte, len })
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    let [high, low] = digits? else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// How many bytes before `at` end an escape (`\n`, `%20`, `\u0026`) whose last letters would otherwise
/// be taken for the beginning of a word. `word` is where that word seems to begin.
pub(super) fn escape_before_word(text: &[u8], word: usize) -> usize {
    let Some(before) = word.checked_sub(1) else { return 0 };
    let at = match text.get(before) {
        Some(b'%' | b'\\') => before,
        _ => return 0,
    };
    match unit(text, at) {
        Some(found) if found.len > 1 => found.len - 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_is_read_through_each_encoding() {
        let check = |text: &str, byte: u8, len: usize| {
            assert_eq!(unit(text.as_bytes(), 0), Some(Unit { byte, len }), "{text}");
        };
        check("=", b'=', 1);
        check("%3D", b'=', 3);
        check("%253d", b'=', 5);
        check("%25", b'%', 3);
        check("\\\"", b'"', 2);
        check("\\\\\\\"", b'"', 4);
        check("\\u003d", b'=', 6);
        check("\\nx", b'\n', 2);
        check("&quot;", b'"', 6);
        check("&other;", b'&', 1);
        check("%zz", b'%', 1);
        check("%", b'%', 1);
        check("\\", b'\\', 1);
    }

    #[test]
    fn a_byte_beyond_ascii_is_left_as_it_is() {
        assert_eq!(unit(b"%C3%A9", 0), Some(Unit { byte: b'%', len: 1 }));
        assert_eq!(unit("é".as_bytes(), 0), Some(Unit { byte: 0xc3, len: 1 }));
        assert_eq!(unit(b"", 0), None);
    }
}
