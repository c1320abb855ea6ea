//! Whether a request comes from Slack: `X-Slack-Signature` is `v0=` and the HMAC-SHA256, in hexadecimal, of
//! `v0:{X-Slack-Request-Timestamp}:{raw body}` under the app's signing secret
//! (docs.slack.dev/authentication/verifying-requests-from-slack).

use foghorn_domain::secret::Secret;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// How far a request's timestamp may lie from the present, either way.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// Why a request is not taken for Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No secret is configured, so that nothing can be proved.
    #[error("no signing secret is configured")]
    NoSecret,
    /// The header with the time is missing.
    #[error("X-Slack-Request-Timestamp is missing")]
    NoTimestamp,
    /// The header with the time is no whole number of seconds.
    #[error("X-Slack-Request-Timestamp is not a number of seconds")]
    BadTimestamp,
    /// The time lies outside the window: an old request, or a replayed one.
    #[error("X-Slack-Request-Timestamp is more than five minutes off")]
    OutsideWindow,
    /// The header with the signature is missing.
    #[error("X-Slack-Signature is missing")]
    NoSignature,
    /// The signature has another form than `v0=` and 64 hexadecimal digits.
    #[error("X-Slack-Signature is not of the form v0=…")]
    BadSignature,
    /// The signature was made with another secret or over another body.
    #[error("X-Slack-Signature does not match")]
    Mismatch,
}

/// Checks a request over its raw body, before anything in it is read. The comparison takes the same time wherever
/// the first wrong byte stands.
pub fn verify(
    secret: &Secret,
    timestamp_header: Option<&str>,
    signature_header: Option<&str>,
    raw_body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    if secret.expose().is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let timestamp = timestamp_header.ok_or(SignatureError::NoTimestamp)?;
    let seconds = whole_seconds(timestamp).ok_or(SignatureError::BadTimestamp)?;
    if now.as_second().abs_diff(seconds) > WINDOW.as_secs().unsigned_abs() {
        return Err(SignatureError::OutsideWindow);
    }
    let signature = signature_header.ok_or(SignatureError::NoSignature)?;
    let claimed = signature.strip_prefix("v0=").and_then(from_hex).ok_or(SignatureError::BadSignature)?;
    let computed = authenticate(secret, timestamp, raw_body).ok_or(SignatureError::NoSecret)?;
    computed.verify_slice(&claimed).map_err(|_| SignatureError::Mismatch)
}

/// The signature header that Slack would send: what a double of Slack needs.
pub fn sign(secret: &Secret, timestamp: Timestamp, raw_body: &[u8]) -> String {
    let seconds = timestamp.as_second().to_string();
    let digest = authenticate(secret, &seconds, raw_body).map(|hash| hash.finalize().into_bytes());
    let digits = digest.iter().flatten().map(|byte| format!("{byte:02x}"));
    std::iter::once("v0=".to_owned()).chain(digits).collect()
}

fn authenticate(secret: &Secret, timestamp: &str, raw_body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut hash = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    hash.update(b"v0:");
    hash.update(timestamp.as_bytes());
    hash.update(b":");
    hash.update(raw_body);
    Some(hash)
}

/// Digits only: the text is part of what is signed, and has one spelling.
fn whole_seconds(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of Slack's own documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                        channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                        response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F\
                        96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const SIGNED_AT: i64 = 1_531_420_618;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_example_of_slacks_documentation_is_signed_and_accepted() {
        let secret = Secret::new(SECRET);
        assert_eq!(sign(&secret, at(SIGNED_AT), BODY.as_bytes()), SIGNATURE);
        let seconds = SIGNED_AT.to_string();
        assert_eq!(verify(&secret, Some(&seconds), Some(SIGNATURE), BODY.as_bytes(), at(SIGNED_AT)), Ok(()));
        let capitals = format!("v0={}", SIGNATURE[3..].to_uppercase());
        assert_eq!(verify(&secret, Some(&seconds), Some(&capitals), BODY.as_bytes(), at(SIGNED_AT)), Ok(()));
    }

    #[test]
    fn the_window_is_five_minutes_either_way() {
        let check = |offset: i64, expected| {
            let seconds = SIGNED_AT.to_string();
            let now = at(SIGNED_AT + offset);
            let verdict = verify(&Secret::new(SECRET), Some(&seconds), Some(SIGNATURE), BODY.as_bytes(), now);
            assert_eq!(verdict, expected, "{offset}");
        };
        check(300, Ok(()));
        check(-300, Ok(()));
        check(301, Err(SignatureError::OutsideWindow));
        check(-301, Err(SignatureError::OutsideWindow));
    }

    #[test]
    fn every_way_to_be_wrong_is_named() {
        use SignatureError::*;
        let check = |timestamp: Option<&str>, signature: Option<&str>, body: &str, expected| {
            let verdict = verify(&Secret::new(SECRET), timestamp, signature, body.as_bytes(), at(SIGNED_AT));
            assert_eq!(verdict, Err(expected), "{timestamp:?} {signature:?}");
        };
        let time = Some("1531420618");
        check(None, Some(SIGNATURE), BODY, NoTimestamp);
        for wrong in ["", "soon", "-1531420618", "+1531420618", "1531420618.0", " 1531420618", "99999999999999999999"] {
            check(Some(wrong), Some(SIGNATURE), BODY, BadTimestamp);
        }
        check(time, None, BODY, NoSignature);
        for wrong in ["", "v0=", "v0", &SIGNATURE[3..], &SIGNATURE[..66], &format!("{SIGNATURE}0"), "v1=00"] {
            check(time, Some(wrong), BODY, BadSignature);
        }
        check(time, Some(&format!("v0={}", "g".repeat(64))), BODY, BadSignature);
        check(time, Some(&format!("v0={}", "é".repeat(32))), BODY, BadSignature);
        check(time, Some(&SIGNATURE.replace('a', "b")), BODY, Mismatch);
        check(time, Some(SIGNATURE), &BODY[1..], Mismatch);
        check(time, Some(SIGNATURE), "", Mismatch);
        check(Some("1531420619"), Some(SIGNATURE), BODY, Mismatch);
        // The same moment spelt otherwise is another signed text.
        check(Some("01531420618"), Some(SIGNATURE), BODY, Mismatch);
        let none = verify(&Secret::new(""), time, Some(SIGNATURE), BODY.as_bytes(), at(SIGNED_AT));
        assert_eq!(none, Err(NoSecret));
    }
}
