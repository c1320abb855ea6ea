//! Base64 inside a value. Only what decodes to readable text with punctuation in it is worth a second
//! look; random ids that happen to fit the alphabet decode to noise.

/// Below this many letters a word is read as a word.
const SHORTEST: usize = 12;

/// The longest base64 text that is looked into, in bytes.
const LONGEST: usize = 64 * 1024;

/// The text inside `value`, if all of it (or what follows `base64,`) is base64 of readable text.
pub(crate) fn readable(value: &str) -> Option<String> {
    let body = value.split_once(";base64,").map_or(value, |(_, tail)| tail).trim().trim_matches(['"', '\'']);
    let body = body.trim_end_matches('=');
    if body.len() < SHORTEST || body.len() > LONGEST || body.len() % 4 == 1 {
        return None;
    }
    let bytes = decode(body.as_bytes())?;
    let odd = bytes.iter().filter(|&&b| !(b.is_ascii_graphic() || b == b' ' || (9..=13).contains(&b))).count();
    let speaks = bytes.iter().any(|b| b.is_ascii_punctuation());
    (speaks && odd * 12 <= bytes.len()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Both alphabets, without padding; spaces stand for a `+` that a form decoder ate.
fn decode(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0u32);
    for &byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' | b' ' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_text_is_found_and_ids_are_not() {
        let check = |value, expected: Option<&str>| assert_eq!(readable(value).as_deref(), expected, "{value}");
        check("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", Some("<script>alert(1)</script>"));
        check("PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg", Some("<script>alert(1)</script>"));
        check("data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg", Some("<script>alert(1)</script>"));
        check("7ZSW6ZeHbe3SpaUje9ThKrPf86reu1QPtwIX", None);
        check("presentations", None);
        check("aGVsbG8gd29ybGQ", None);
        check("", None);
    }
}
