//! Undoing the encodings of one value: `%41`, `%u0041`, over-long UTF-8, `&#65;`, `\u0041`, full-width
//! and circled letters, each again until nothing changes or [`ROUNDS`] are done.

use std::borrow::Cow;

/// How often a value is decoded. Three undo the double encoding that scanners use, and one more.
const ROUNDS: usize = 3;

/// A decoded value and what was odd about its encoding.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoded<'a> {
    /// The value, decoded.
    pub(crate) text: Cow<'a, str>,
    /// How many bytes began a character that UTF-8 writes shorter. No honest encoder writes one; two
    /// in a row are no accent of an older encoding either.
    pub(crate) overlong: u32,
    /// Whether letters came from Unicode's look-alikes.
    pub(crate) folded: bool,
}

/// Decodes `raw` for good.
pub(crate) fn decode(raw: &str, plus_is_space: bool) -> Decoded<'_> {
    let mut decoded = Decoded { text: Cow::Borrowed(raw), ..Decoded::default() };
    if plus_is_space && raw.contains('+') {
        decoded.text = Cow::Owned(raw.replace('+', " "));
    }
    for _ in 0..ROUNDS {
        let marks = Marks::of(decoded.text.as_bytes());
        let mut changed = false;
        if marks.percent
            && let Some(text) = percent(&decoded.text, &mut decoded.overlong)
        {
            decoded.text = Cow::Owned(text);
            changed = true;
        }
        if marks.ampersand {
            changed |= replace(&mut decoded.text, entities);
        }
        if marks.backslash {
            changed |= replace(&mut decoded.text, escapes);
        }
        if marks.beyond_ascii || changed {
            let folded = replace(&mut decoded.text, fold);
            decoded.folded |= folded;
            changed |= folded;
        }
        if !changed {
            break;
        }
    }
    decoded
}

fn replace(text: &mut Cow<'_, str>, step: fn(&str) -> Option<String>) -> bool {
    match step(text) {
        Some(new) => {
            *text = Cow::Owned(new);
            true
        }
        None => false,
    }
}

/// Which decoders could have anything to do.
#[derive(Default)]
struct Marks {
    percent: bool,
    ampersand: bool,
    backslash: bool,
    beyond_ascii: bool,
}

impl Marks {
    fn of(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        for &byte in bytes {
            match byte {
                b'%' => marks.percent = true,
                b'&' => marks.ampersand = true,
                b'\\' => marks.backslash = true,
                0x80.. => marks.beyond_ascii = true,
                _ => {}
            }
        }
        marks
    }
}

fn hex(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

fn hex_run(bytes: &[u8], digits: usize) -> Option<u32> {
    let run = bytes.get(..digits)?;
    run.iter().try_fold(0, |value, &byte| Some(value * 16 + hex(byte)?))
}

/// `%41` and `%u0041`; `None` when there is nothing to decode.
fn percent(text: &str, overlong: &mut u32) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut changed = false;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest[0] != b'%' {
            out.push(rest[0]);
            at += 1;
        } else if let Some(value) = hex_run(&rest[1..], 2) {
            out.push(value as u8);
            at += 3;
            changed = true;
        } else if rest.len() > 5 && (rest[1] | 0x20) == b'u' && hex_run(&rest[2..], 4).is_some() {
            let value = hex_run(&rest[2..], 4).unwrap_or(0xfffd);
            let letter = char::from_u32(value).unwrap_or('\u{fffd}');
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            at += 6;
            changed = true;
        } else {
            out.push(b'%');
            at += 1;
        }
    }
    changed.then(|| match String::from_utf8(out) {
        Ok(text) => text,
        Err(broken) => lenient_utf8(broken.as_bytes(), overlong),
    })
}

/// UTF-8 as a careless decoder reads it: over-long forms yield their character, a lead byte without
/// its tail is dropped.
fn lenient_utf8(bytes: &[u8], overlong: &mut u32) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        at += chunk.valid().len();
        // A chunk ends after each byte of an over-long form; its tail bytes yield nothing below.
        match careless(&bytes[at..]) {
            Some(letter) => {
                *overlong += 2;
                out.push(char::from(letter));
            }
            None if breaks_off(&bytes[at..]) => *overlong += 1,
            None if chunk.invalid().first().is_some_and(|byte| (0xc2..0xf8).contains(byte)) => out.push('\u{fffd}'),
            None => {}
        }
        at += chunk.invalid().len();
    }
    out
}

/// Whether `bytes` begin with a lead byte of an over-long form and go on with no letter, as broken
/// forms do; in Latin-1 the same bytes are an A with an accent, in the middle of a word.
fn breaks_off(bytes: &[u8]) -> bool {
    matches!(bytes, [0xc0 | 0xc1, next, ..] if !next.is_ascii_alphanumeric() && *next != b' ')
}

/// The ASCII character that an over-long form at the start of `bytes` stands for.
fn careless(bytes: &[u8]) -> Option<u8> {
    let length = match bytes.first()? {
        0xc0 | 0xc1 => 2,
        0xe0 => 3,
        0xf0 => 4,
        0xf8 => 5,
        0xfc => 6,
        _ => return None,
    };
    let form = bytes.get(..length)?;
    let tail = &form[1..];
    if !tail.iter().all(|byte| byte & 0xc0 == 0x80) || tail[..length - 2].iter().any(|&byte| byte & 0x3f > 1) {
        return None;
    }
    let high = if length == 2 { form[0] & 3 } else { form[length - 2] & 1 };
    let value = (u32::from(high) << 6) | u32::from(form[length - 1] & 0x3f);
    u8::try_from(value).ok().filter(u8::is_ascii)
}

/// HTML's character references, with or without their semicolon.
fn entities(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest.as_bytes()) {
            Some((letter, length)) => {
                out.push(letter);
                rest = &rest[length..];
                changed = true;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

const NAMED: [(&[u8], char); 34] = [
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos;", '\''),
    (b"amp", '&'),
    (b"colon;", ':'),
    (b"semi;", ';'),
    (b"lpar;", '('),
    (b"rpar;", ')'),
    (b"tab;", '\t'),
    (b"newline;", '\n'),
    (b"sol;", '/'),
    (b"bsol;", '\\'),
    (b"grave;", '`'),
    (b"diacriticalgrave;", '`'),
    (b"lbrack;", '['),
    (b"lsqb;", '['),
    (b"rbrack;", ']'),
    (b"rsqb;", ']'),
    (b"lbrace;", '{'),
    (b"lcub;", '{'),
    (b"rbrace;", '}'),
    (b"rcub;", '}'),
    (b"num;", '#'),
    (b"period;", '.'),
    (b"comma;", ','),
    (b"excl;", '!'),
    (b"equals;", '='),
    (b"plus;", '+'),
    (b"nbsp;", ' '),
    (b"dollar;", '$'),
    (b"percnt;", '%'),
    (b"lowbar;", '_'),
    (b"vert;", '|'),
];

/// The character and length of the reference at the start of `bytes`, which begin with `&`.
fn entity(bytes: &[u8]) -> Option<(char, usize)> {
    let body = &bytes[1..];
    if body.first() == Some(&b'#') {
        let (radix, skip) = if body.get(1).is_some_and(|x| x | 0x20 == b'x') { (16, 2) } else { (10, 1) };
        // Browsers allow any number of leading zeros; twelve digits are plenty for real text.
        let digits = body[skip..].iter().take(12).take_while(|&&b| char::from(b).is_digit(radix)).count();
        let number = std::str::from_utf8(body.get(skip..skip + digits)?).ok()?;
        let letter = u32::from_str_radix(number, radix).ok().and_then(char::from_u32)?;
        let semicolon = usize::from(body.get(skip + digits) == Some(&b';'));
        return Some((letter, 1 + skip + digits + semicolon));
    }
    let (name, letter) =
        NAMED.iter().find(|(name, _)| body.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
    let after = body.get(name.len());
    if name.ends_with(b";") {
        return Some((*letter, 1 + name.len()));
    }
    match after {
        Some(b';') => Some((*letter, 2 + name.len())),
        // `&lt=` in a query is a parameter called `lt`.
        Some(next) if next.is_ascii_alphanumeric() || *next == b'=' => None,
        _ => Some((*letter, 1 + name.len())),
    }
}

/// `\u0041`, `\u{41}` and `\x41`, as JavaScript, JSON and web servers' logs write them.
fn escapes(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match escape(rest.as_bytes()) {
            Some((letter, length)) => {
                out.push(letter);
                rest = &rest[length..];
                changed = true;
            }
            None => {
                out.push('\\');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let (value, length) = match bytes.get(1)? {
        b'x' => (hex_run(&bytes[2..], 2)?, 4),
        b'u' if bytes.get(2) == Some(&b'{') => {
            let digits = bytes[3..].iter().take(6).take_while(|&&b| hex(b).is_some()).count();
            (bytes.get(3 + digits) == Some(&b'}')).then_some(())?;
            (hex_run(&bytes[3..], digits)?, digits + 4)
        }
        b'u' => (hex_run(&bytes[2..], 4)?, 6),
        _ => return None,
    };
    Some((char::from_u32(value).filter(|letter| letter.is_ascii())?, length))
}

/// Look-alikes of ASCII that software is known to turn into ASCII.
fn fold(text: &str) -> Option<String> {
    if text.is_ascii() || !text.chars().any(|letter| ascii_of(letter).is_some()) {
        return None;
    }
    Some(text.chars().map(|letter| ascii_of(letter).unwrap_or(letter)).collect())
}

fn ascii_of(letter: char) -> Option<char> {
    let code = letter as u32;
    match code {
        // Full-width forms stand in ASCII's order; circled letters in the alphabet's.
        0xff01..=0xff5e => char::from_u32(code - 0xff01 + 0x21),
        0x24b6..=0x24cf => char::from_u32(code - 0x24b6 + 0x41),
        0x24d0..=0x24e9 => char::from_u32(code - 0x24d0 + 0x61),
        0x2460..=0x2468 => char::from_u32(code - 0x2460 + 0x31),
        0x24ea => Some('0'),
        0x2215 | 0x2044 | 0x29f8 | 0xefc8 => Some('/'),
        0x2216 | 0x29f5 | 0xf025 => Some('\\'),
        0x2024 | 0x3002 => Some('.'),
        // Software that keeps a character's low byte only makes line ends of these two.
        0x560a => Some('\n'),
        0x560d => Some('\r'),
        0x02b9 | 0x02bc => Some('\''),
        0x02ba => Some('"'),
        0xfe64 => Some('<'),
        0xfe65 => Some('>'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_scanners_use_comes_undone() {
        let check = |raw, expected: &str| assert_eq!(decode(raw, false).text, expected, "{raw}");
        check("plain text", "plain text");
        check("%3Cscript%3E", "<script>");
        check("%253Cb", "<b");
        check("%25253Cb", "<b");
        check("%u003cb", "<b");
        check("..%c0%af..%e0%80%af..%f0%80%80%af", "../../../");
        check("..%uff0f", "../");
        check("&lt;b&#62;&#x3e;&#0000040;&colon;", "<b>>(:");
        check("a&lt=1&gt1", "a&lt=1&gt1");
        check(r"\u0061lert\x28\u{31})", "alert(1)");
        check(r"c:\xampp\uploads", r"c:\xampp\uploads");
        check("\u{ff1c}script\u{ff1e}\u{24d0}", "<script>a");
        check("100%", "100%");
        check("%", "%");
        check("%u00", "%u00");
        check("&#x;&#99999999999;", "&#x;&#99999999999;");
    }

    #[test]
    fn an_over_long_form_is_told_from_honest_text() {
        assert_eq!(decode("%c0%ae", false).overlong, 2);
        assert_eq!(decode("%c0%qf%c0%qf", false).overlong, 2);
        assert_eq!(decode("%c1lvarez", false).overlong, 0);
        assert_eq!(decode("%c3%a9", false).overlong, 0);
        assert!(decode("\u{24d0}", false).folded);
        assert!(!decode("é", false).folded);
        assert_eq!(decode("a+b", true).text, "a b");
        assert_eq!(decode("a+b", false).text, "a+b");
    }
}
