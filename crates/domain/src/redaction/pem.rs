//! PEM blocks (RFC 7468) that hold a private key: with real line breaks, with breaks written `\n`, in a
//! query string, or cut off before their end.

use super::base64::is_base64;
use super::encoding::unit;
use super::kind::SecretKind;
use super::scan::Scan;
use std::ops::Range;

/// The longest block that is masked up to its own end, in bytes: four times a 16,384-bit RSA key.
const LONGEST: usize = 64 * 1024;

/// A line of base64 shorter than this may be an ordinary word.
const SHORT: usize = 16;

/// Masks the block whose `-----BEGIN` stands at `at`, if it is a private key's.
pub(super) fn judge(scan: &mut Scan<'_>, at: Range<usize>) {
    let Some((label, body)) = label(scan.bytes, at.end) else { return };
    if !label.contains("PRIVATE KEY") {
        return;
    }
    let end = closed_end(scan.bytes, body).unwrap_or_else(|| cut_off_end(scan.bytes, body));
    scan.found(at.start..end, SecretKind::PrivateKey);
}

/// The label between `-----BEGIN` and the next dashes, and where what follows them begins.
fn label(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut label = String::new();
    while label.len() < 48 {
        let unit = unit(bytes, at)?;
        match unit.byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => label.push(char::from(unit.byte.to_ascii_uppercase())),
            b' ' | b'+' => label.push(' '),
            b'-' => {
                let dashes = bytes[at..].iter().take_while(|byte| **byte == b'-').count();
                return Some((label, at + dashes.min(5)));
            }
            _ => return None,
        }
        at += unit.len;
    }
    None
}

/// Where the block's own `-----END …-----` ends, if that is the next thing with five dashes.
fn closed_end(bytes: &[u8], body: usize) -> Option<usize> {
    let within = &bytes[body..bytes.len().min(body + LONGEST)];
    let dashes = within.windows(5).position(|window| window == b"-----")?;
    let rest = within.get(dashes + 5..)?.strip_prefix(b"END")?;
    let after_end = body + (within.len() - rest.len());
    Some(label(bytes, after_end).map_or(after_end, |(_, end)| end))
}

/// Where a block without an end stops: after its last line of base64.
fn cut_off_end(bytes: &[u8], body: usize) -> usize {
    let (mut at, mut end) = (body, body);
    let mut lines = 0;
    loop {
        let start = skip_breaks(bytes, at);
        let stop = line_end(bytes, start);
        let length = stop - start;
        // The last line is short; it belongs to the block only after a full one, or as its only one.
        let is_last = length < SHORT;
        let is_sentence = bytes.get(stop) == Some(&b' ') && !bytes[..stop].ends_with(b"=");
        if length == 0 || (is_last && lines > 0 && (start == at || is_sentence)) {
            return end;
        }
        (at, end) = (stop, stop);
        lines += 1;
        if is_last {
            return end;
        }
    }
}

fn skip_breaks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(unit) = unit(bytes, at).filter(|unit| unit.byte.is_ascii_whitespace()) {
        at += unit.len;
    }
    at
}

fn line_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(unit) = unit(bytes, at).filter(|unit| is_base64(unit.byte) && unit.byte != b'-' || unit.byte == b'=')
    {
        at += unit.len;
    }
    at
}
