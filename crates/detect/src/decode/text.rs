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
        // Without a branch, so that many bytes are looked at in one step.
        for &byte in bytes {
            marks.percent |= byte == b'%';
            marks.ampersand |= byte == b'&';
            marks.backslash |= byte == b'\\';
            marks.beyond_ascii |= byte >= 0x80;
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
    let mut out = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = next(text, at, '%') {
        let rest = &bytes[found + 1..];
        if let Some(value) = hex_run(rest, 2) {
            out.extend_from_slice(&bytes[done..found]);
            out.push(value as u8);
            done = found + 3;
        } else if rest.first().is_some_and(|letter| letter | 0x20 == b'u')
            && let Some(value) = hex_run(&rest[1..], 4)
        {
            out.extend_from_slice(&bytes[done..found]);
            let letter = char::from_u32(value).unwrap_or('\u{fffd}');
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            done = found + 6;
        }
        at = done.max(found + 1);
    }
    if done == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[done..]);
    Some(match String::from_utf8(out) {
        Ok(text) => text,
        Err(broken) => lenient_utf8(broken.as_bytes(), overlong),
    })
}

/// Where an ASCII character comes next, from a place on.
fn next(text: &str, from: usize, mark: char) -> Option<usize> {
    let rest = text.get(from..)?;
    // Where it stands in every other place, setting out to search would take longer than the search.
    if rest.starts_with(mark) { Some(from) } else { rest.find(mark).map(|at| from + at) }
}

/// The text with each of the spellings that begin with `mark` replaced by its letter; `None` where there are none.
fn spelled_out(text: &str, mark: char, spelled: fn(&[u8]) -> Option<(char, usize)>) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = next(text, at, mark) {
        if let Some((letter, length)) = spelled(&bytes[found..]) {
            out.push_str(&text[done..found]);
            out.push(letter);
            done = found + length;
        }
        at = done.max(found + 1);
    }
    if done == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    Some(out)
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
    spelled_out(text, '&', entity)
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

/// The letters that a name begins with, as bits from `a` on.
const INITIALS: u32 = {
    let (mut bits, mut at) = (0, 0);
    while at < NAMED.len() {
        bits |= 1 << (NAMED[at].0[0] - b'a');
        at += 1;
    }
    bits
};

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
    let first = body.first()?.to_ascii_lowercase();
    let is_name = |name: &[u8]| {
        name.first() == Some(&first) && body.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let may_begin = first.is_ascii_lowercase() && INITIALS & 1 << (first - b'a') != 0;
    let (name, letter) = may_begin.then(|| NAMED.iter().find(|(name, _)| is_name(name)))??;
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
    spelled_out(text, '\\', escape)
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
    let bytes = text.as_bytes();
    let pairs = bytes.iter().zip(bytes.get(1..)?);
    // Without a way out, so that many bytes are looked at in one step: most text has none.
    if !pairs.fold(false, |any, (first, second)| any | may_look_alike(*first, *second)) {
        return None;
    }
    let mut out = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = bytes[at..].windows(2).position(|pair| may_look_alike(pair[0], pair[1])) {
        let found = at + found;
        at = found + 1;
        if let Some(letter) = text.get(found..).and_then(|rest| rest.chars().next())
            && let Some(ascii) = ascii_of(letter)
        {
            out.push_str(&text[done..found]);
            out.push(ascii);
            done = found + letter.len_utf8();
            at = done;
        }
    }
    if done == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    Some(out)
}

/// Whether a look-alike may begin with two bytes. Most others are let go by them.
fn may_look_alike(first: u8, second: u8) -> bool {
    let is = |lead: u8, low: u8, high: u8| (first == lead) & (second >= low) & (second <= high);
    // Without a branch, for the same reason.
    is(0xca, 0xb9, 0xbc)
        | is(0xe2, 0x80, 0x81)
        | is(0xe2, 0x88, 0x88)
        | is(0xe2, 0x91, 0x93)
        | is(0xe2, 0xa7, 0xa7)
        | is(0xe3, 0x80, 0x80)
        | is(0xe5, 0x98, 0x98)
        | is(0xee, 0xbf, 0xbf)
        | is(0xef, 0x80, 0x80)
        | is(0xef, 0xb9, 0xbd)
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
    fn every_look_alike_is_known_by_its_first_two_bytes_and_folded_wherever_it_stands() {
        for letter in ('\u{80}'..=char::MAX).filter(|letter| ascii_of(*letter).is_some()) {
            let text = format!("é{letter}\u{fffd}{letter}");
            let ascii = ascii_of(letter).unwrap();
            assert_eq!(fold(&text), Some(format!("é{ascii}\u{fffd}{ascii}")), "{letter:?}");
        }
        assert_eq!((fold("plain"), fold("é\u{fffd}\u{2000}")), (None, None));
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
