//! Secrets in addresses: `scheme://user:password@host`, and paths that are a secret by themselves.

use super::encoding::unit;
use super::kind::SecretKind;
use super::scan::Scan;
use super::{shape, value};
use std::ops::Range;

/// Masks the password of `jdbc:oracle:thin:user/password@host`, whose marker stands at `at`.
pub(super) fn judge_oracle(scan: &mut Scan<'_>, at: Range<usize>) {
    let words: Vec<usize> = scan.bytes[at.end..]
        .iter()
        .take(200)
        .take_while(|byte| !ends_address(**byte))
        .enumerate()
        .filter(|(_, byte)| matches!(byte, b'/' | b'@'))
        .map(|(offset, _)| at.end + offset)
        .take(2)
        .collect();
    if let [slash, sign] = words[..]
        && scan.bytes[slash] == b'/'
        && scan.bytes[sign] == b'@'
    {
        let text = scan.text.get(slash + 1..sign).unwrap_or_default();
        if !text.is_empty() && !value::is_placeholder(text) {
            scan.found(slash + 1..sign, SecretKind::UrlCredentials);
        }
    }
}

/// Addresses whose path lets anybody post.
pub(super) const WEBHOOKS: &[(&str, SecretKind)] = &[
    ("hooks.slack.com", SecretKind::SlackWebhook),
    ("discord.com/api/webhooks/", SecretKind::VendorToken),
    ("discordapp.com/api/webhooks/", SecretKind::VendorToken),
    ("api.telegram.org/bot", SecretKind::VendorToken),
];

/// The longest user name and password that are looked for, in bytes.
const LONGEST: usize = 1024;

/// Masks the password of the address whose `://`, plain or encoded, stands at `at`. The scheme, the user
/// and the host stay: they say which system it is.
pub(super) fn judge(scan: &mut Scan<'_>, at: Range<usize>) {
    if at.start.checked_sub(1).is_none_or(|before| !scan.bytes[before].is_ascii_alphanumeric()) {
        return;
    }
    let is_percent = scan.bytes[at.start] == b'%';
    let Some(userinfo) = userinfo(scan, at.end, is_percent) else { return };
    let secret = match userinfo.password {
        Some(password) => {
            let text = scan.text.get(password.clone()).unwrap_or_default();
            (!value::is_placeholder(text) && !text.is_empty()).then_some(password)
        }
        // A token alone in front of the host: `https://TOKEN@host/`.
        None => {
            let text = scan.text.get(userinfo.user.clone()).unwrap_or_default();
            shape::is_random(text).then_some(userinfo.user)
        }
    };
    if let Some(secret) = secret {
        scan.found(secret, SecretKind::UrlCredentials);
    }
}

struct Userinfo {
    user: Range<usize>,
    password: Option<Range<usize>>,
}

/// What stands before the `@` of an address that begins at `from`.
///
/// By RFC 3986 a `/`, `?` or `#` ends it. People write them into passwords all the same, so where a
/// colon is followed by something that is no port, the next `@` of the same word is taken.
fn userinfo(scan: &mut Scan<'_>, from: usize, is_percent: bool) -> Option<Userinfo> {
    let (mut at, mut colon, mut at_sign) = (from, None, None);
    let limit = scan.bytes.len().min(from + LONGEST);
    while at < limit {
        if let Some(length) = super::span::mask_len(scan.bytes, at) {
            at += length;
            continue;
        }
        let Some(unit) = read(scan.bytes, at, is_percent) else { break };
        match unit.0 {
            b':' if colon.is_none() => colon = Some(at..at + unit.1),
            b'@' => at_sign = Some(at),
            b'/' | b'?' | b'#' => break,
            byte if ends_address(byte) => break,
            _ => {}
        }
        at += unit.1;
    }
    if at_sign.is_none() && !is_percent {
        let colon = colon.as_ref()?;
        let port = &scan.bytes[colon.end..at];
        let is_port = port.len() <= 5 && port.iter().all(u8::is_ascii_digit);
        if !is_port {
            at_sign = next_at_sign(scan, at).filter(|sign| is_one_word(&scan.bytes[at..*sign]));
        }
    }
    let at_sign = at_sign?;
    let host = read(scan.bytes, at_sign, is_percent).and_then(|sign| scan.bytes.get(at_sign + sign.1))?;
    if !(host.is_ascii_alphanumeric() || matches!(host, b'[' | b'$' | b'{' | b'<' | b'_' | b'%')) {
        return None;
    }
    let colon = colon.filter(|colon| colon.end <= at_sign);
    Some(Userinfo {
        user: from..colon.as_ref().map_or(at_sign, |colon| colon.start),
        password: colon.map(|colon| colon.end..at_sign),
    })
}

/// The byte and its length; percent signs are read through only in an address that is encoded whole.
fn read(bytes: &[u8], at: usize, is_percent: bool) -> Option<(u8, usize)> {
    let unit = if is_percent { unit(bytes, at) } else { super::encoding::unit_without_percent(bytes, at) }?;
    Some((unit.byte, unit.len))
}

fn ends_address(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7f)
}

fn is_one_word(bytes: &[u8]) -> bool {
    bytes.len() <= LONGEST && !bytes.iter().any(|byte| ends_address(*byte) || *byte == b'\'')
}

/// The next `@` at or after `from`. What was searched once is not searched again.
fn next_at_sign(scan: &mut Scan<'_>, from: usize) -> Option<usize> {
    if !scan.next_at_sign.contains(&from) {
        let length = scan.bytes[from..].iter().position(|byte| *byte == b'@').unwrap_or(scan.bytes.len() - from);
        scan.next_at_sign = from..from + length + 1;
    }
    let found = scan.next_at_sign.end - 1;
    (found < scan.bytes.len()).then_some(found)
}

/// Masks what follows the host of a webhook's address, as far as the address goes.
pub(super) fn judge_webhook(scan: &mut Scan<'_>, at: Range<usize>, kind: SecretKind) {
    let is_slash = |unit: &super::encoding::Unit| unit.byte == b'/';
    let mut start = at.end;
    if let Some(slash) = unit(scan.bytes, start).filter(is_slash) {
        start += slash.len;
        // `services`, `workflows` or `triggers`: the part that says what sort of webhook it is.
        let word = scan.bytes[start..].iter().take(16).take_while(|byte| byte.is_ascii_lowercase()).count();
        if let Some(slash) = unit(scan.bytes, start + word).filter(is_slash) {
            start += word + slash.len;
        }
    }
    let mut end = start;
    while end < scan.bytes.len().min(start + LONGEST) {
        if super::span::mask_len(scan.bytes, end).is_some() {
            break;
        }
        match unit(scan.bytes, end) {
            Some(unit) if unit.byte.is_ascii_alphanumeric() || matches!(unit.byte, b'/' | b'_' | b'-' | b':') => {
                end += unit.len;
            }
            _ => break,
        }
    }
    if end - start >= 8 {
        scan.found(start..end, kind);
    }
}
