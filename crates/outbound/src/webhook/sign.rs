//! The secret of a webhook, and what it signs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// What the specification has secrets begin with.
const PREFIX: &str = "whsec_";
/// The specification's bounds on a secret, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that cannot be used. The text of it is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// What follows the prefix is no base64.
    #[error(
        "a webhook secret is whsec_ and base64, such as `echo whsec_$(openssl rand -base64 32)` prints; this is not"
    )]
    NotBase64,
    /// It is too short or too long.
    #[error("a webhook secret holds 24 to 64 bytes; this one holds {length}")]
    Length {
        /// How many it holds.
        length: usize,
    },
}

/// A secret, shared with one receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// The secret as it is written down: base64, `whsec_` before it or not.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = STANDARD.decode(encoded).map_err(|_| SecretError::NotBase64)?;
        match LENGTHS.contains(&bytes.len()) {
            true => Ok(Self(bytes)),
            false => Err(SecretError::Length { length: bytes.len() }),
        }
    }

    /// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        // HMAC takes keys of every length, so this never is an error; an empty signature would be refused.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_base64_of_24_to_64_bytes() {
        let check = |text: &str, expected: Result<(), SecretError>| {
            assert_eq!(WebhookSecret::parse(text).map(drop), expected, "{text:?}");
        };
        check(&format!("whsec_{}", STANDARD.encode([7; 24])), Ok(()));
        check(&STANDARD.encode([7; 64]), Ok(()));
        check(&format!(" whsec_{}\n", STANDARD.encode([7; 32])), Ok(()));
        check(&format!("whsec_{}", STANDARD.encode([7; 23])), Err(SecretError::Length { length: 23 }));
        check(&STANDARD.encode([7; 65]), Err(SecretError::Length { length: 65 }));
        check("whsec_", Err(SecretError::Length { length: 0 }));
        check("correct horse battery staple", Err(SecretError::NotBase64));
    }

    /// The signatures are what the specification's own library for Python makes of the same.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let check = |id, seconds, body: &str, expected| assert_eq!(secret.sign(id, seconds, body.as_bytes()), expected);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        check("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#, signature);
        let signature = "v1,0IUE8i3IV+eJZaSOXltBgAt2+FJZtGij6E73h4Mu8Bg=";
        check("foghorn-notification-12-edit-3", 1_767_323_045, r#"{"summary": "ümlaut × 4"}"#, signature);
    }

    #[test]
    fn a_secret_shows_nowhere() {
        let secret = WebhookSecret::parse(&STANDARD.encode(b"a secret of enough bytes")).unwrap();
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
    }
}
