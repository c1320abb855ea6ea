//! Addresses with a query: what a link back to a filtered list needs.

use std::fmt::Write;

/// A path with those parameters that are not empty.
pub(crate) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        percent_encode(value, &mut address);
    }
    address
}

/// RFC 3986: everything but the unreserved characters, byte by byte. The comma stays, for lists of statuses.
pub(super) fn percent_encode(text: &str, encoded: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => encoded.push(byte.into()),
            _ => {
                // Writing into a String cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
}

/// The reverse of [`percent_encode`]; what is no encoding stays as it is.
pub(super) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, pair) {
            (b'%', Some(value)) => {
                decoded.push(value);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_every_text_and_nothing_else() {
        let check = |parameters: &[(&str, &str)], expected| assert_eq!(address("/", parameters), expected);
        check(&[], "/");
        check(&[("q", "")], "/");
        check(
            &[("status", "open,notified"), ("q", "a b&c=\"ü\"")],
            "/?status=open,notified&q=a%20b%26c%3D%22%C3%BC%22",
        );
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        for text in ["", "ana", "Zoë & co; %41", "%", "100%zz", "漢字"] {
            let mut encoded = String::new();
            percent_encode(text, &mut encoded);
            assert!(encoded.is_ascii());
            assert_eq!(percent_decode(&encoded), text);
        }
        assert_eq!(percent_decode("50%"), "50%");
    }
}
