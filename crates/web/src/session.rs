//! A browser's session where a token is needed: the token is given once, on the log-in page, and a value
//! derived from it stands for it in a cookie that no script and no other site can use.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt::Write;
use subtle::ConstantTimeEq;

/// The cookie's name.
pub(crate) const COOKIE: &str = "foghorn_session";

/// The cookie's value for a token.
pub(crate) fn value_for(token: &str) -> String {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.as_bytes()) else { return String::new() };
    mac.update(b"foghorn browser session 1");
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The header that sets it.
pub(crate) fn set_cookie(token: &str, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000{secure}", value_for(token))
}

/// Whether a `Cookie` header carries the session of this token.
pub(crate) fn is_valid(cookie_header: &str, token: &str) -> bool {
    let expected = value_for(token);
    cookie_header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == COOKIE && same(value, &expected))
}

/// Compares secrets without telling by the time it takes where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
