//! Whether a value keeps what its name promises.

use super::header;
use super::name::Family;
use super::shape;
use super::span;

/// How a value was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Manner {
    /// Between quotes.
    pub(super) is_quoted: bool,
    /// In a sentence: after a colon and before more words, or after `is`.
    pub(super) is_prose: bool,
    /// After a colon, without quotes.
    pub(super) is_after_colon: bool,
}

/// Whether `value`, under a name of `family`, is a secret.
pub(super) fn is_secret(family: Family, value: &str, manner: Manner) -> bool {
    let value = shape::head(value).trim();
    if is_placeholder(value)
        || is_state(value)
        || shape::is_code(value)
        || shape::is_path(value)
        || shape::is_address(value)
    {
        return false;
    }
    if value.contains(char::is_whitespace) {
        return family == Family::Password && manner.is_quoted && !is_sentence(value);
    }
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    match family {
        Family::Random | Family::Authorization => shape::is_random(value),
        Family::Credentials => shape::is_random(value) || is_user_and_password(value),
        _ if is_number => value.len() >= if family == Family::Password { 4 } else { 10 },
        _ if shape::is_strong(value) => true,
        _ if manner.is_prose => false,
        Family::Password => manner.is_quoted || value.len() >= 2,
        Family::Pass if manner.is_after_colon => false,
        Family::Pass | Family::Secret => value.len() >= 6 && value.bytes().all(|byte| byte.is_ascii_alphabetic()),
        Family::Token => false,
    }
}

/// Whether the value is `user:password`, plain or in base64 as in a Basic header.
fn is_user_and_password(value: &str) -> bool {
    let is_plain = value.split_once(':').is_some_and(|(user, password)| !user.is_empty() && shape::is_strong(password));
    is_plain || (value.len() >= 8 && header::is_basic(value))
}

/// Whether the value, where only a credential can stand, is one and not a word about it.
pub(super) fn is_given(value: &str) -> bool {
    value.len() >= 3 && !is_placeholder(value) && !is_state(value)
}

/// Whether the word names a scheme of authentication (IANA's registry and the common private ones).
pub(super) fn is_scheme(word: &str) -> bool {
    const SCHEMES: &[&str] = &[
        "basic",
        "bearer",
        "digest",
        "token",
        "apikey",
        "api-key",
        "key",
        "negotiate",
        "ntlm",
        "oauth",
        "hawk",
        "googlelogin",
        "sso-key",
        "geniekey",
        "splunk",
        "signature",
        "aws4-hmac-sha256",
        "hmac-sha256",
    ];
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// Whether the value stands for another: a mask, a variable, a format, nothing at all.
pub(super) fn is_placeholder(value: &str) -> bool {
    if value.is_empty() || span::mask_len(value.as_bytes(), 0) == Some(value.len()) {
        return true;
    }
    let masked = value.trim_matches(|edge| "<>[](){}\"'".contains(edge));
    let is_repeated =
        masked.bytes().all(|byte| b"*xX.-_#?=~".contains(&byte)) || masked.chars().all(|sign| "•●∗…█".contains(sign));
    let is_starred = masked.starts_with("***") || masked.starts_with("•••");
    let is_bracketed = [('<', '>'), ('{', '}'), ('[', ']'), ('(', ')'), ('%', '%')].iter().any(|(open, close)| {
        let inner = value.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close));
        inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_alphabetic() || b" _-.{}:".contains(&byte)))
    });
    let is_variable = ["${", "$(", "{{", "<%", "%(", "#{", "{0}", "{1}", "%s", "%d", "%v", "%q", "%@"]
        .iter()
        .any(|start| value.starts_with(start))
        || value.strip_prefix(['$', ':', '@']).is_some_and(|name| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
        })
        || value
            .strip_prefix(':')
            .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        || value.starts_with("$argument");
    let is_structure = value.bytes().all(|byte| byte.is_ascii_punctuation()) && value.len() <= 3;
    is_repeated || is_starred || is_bracketed || is_variable || is_structure
}

/// Words that say in which state a credential is, what type it has, or that it is hidden.
const STATES: &[&str] = &[
    "absent",
    "accepted",
    "access",
    "auth",
    "authentication",
    "authorization",
    "bad",
    "basic",
    "bearer",
    "blank",
    "bool",
    "boolean",
    "bytes",
    "changed",
    "char",
    "configured",
    "created",
    "default",
    "deleted",
    "denied",
    "digest",
    "disabled",
    "empty",
    "enabled",
    "encrypted",
    "error",
    "exists",
    "expired",
    "expires",
    "failed",
    "failure",
    "false",
    "filtered",
    "for",
    "found",
    "generated",
    "given",
    "has",
    "hidden",
    "id",
    "ignored",
    "incorrect",
    "int",
    "integer",
    "invalid",
    "is",
    "issued",
    "json",
    "jwt",
    "malformed",
    "masked",
    "mismatch",
    "missing",
    "must",
    "n/a",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "off",
    "ok",
    "okay",
    "omitted",
    "on",
    "optional",
    "pass",
    "password",
    "present",
    "prompt",
    "provided",
    "received",
    "redacted",
    "refresh",
    "refreshed",
    "rejected",
    "removed",
    "renewed",
    "required",
    "reset",
    "revoked",
    "rotated",
    "sent",
    "set",
    "stored",
    "str",
    "string",
    "success",
    "text",
    "token",
    "true",
    "type",
    "undefined",
    "unknown",
    "unset",
    "unspecified",
    "updated",
    "used",
    "user",
    "valid",
    "value",
    "varchar",
    "verified",
    "was",
    "weak",
    "wrong",
    "yes",
];

/// Whether the value is one of those words.
fn is_state(value: &str) -> bool {
    let word = value.trim_matches(|edge: char| edge.is_ascii_punctuation()).to_ascii_lowercase();
    STATES.binary_search(&word.as_str()).is_ok()
}

/// Whether several words are a sentence about a credential and not a passphrase: they hold a verb that
/// such sentences have, or are few and one of them is a word of state.
fn is_sentence(value: &str) -> bool {
    const VERBS: &[&str] = &[
        "are", "be", "been", "can", "can't", "cannot", "could", "did", "does", "has", "have", "is", "isn't", "least",
        "match", "must", "not", "should", "too", "was", "were", "will",
    ];
    let mut words = value.split_whitespace();
    words.any(|word| VERBS.contains(&word.to_ascii_lowercase().as_str()))
        || (value.split_whitespace().count() <= 3 && value.split_whitespace().any(is_state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_state_are_sorted_for_the_search() {
        assert!(STATES.is_sorted());
    }

    #[test]
    fn a_placeholder_is_no_secret() {
        for value in [
            "",
            "****",
            "xxxxx",
            "<password>",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "%s",
            "{{ secret }}",
            "[FILTERED]",
            ":password",
            "[REDACTED:password]",
            "***1234",
            "{}",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["hunter2", "$ecret1", "a*b", "[REDACTED:password]x", "x1"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn a_value_is_judged_by_what_its_name_promises() {
        let check = |family, value: &str, expected| {
            assert_eq!(is_secret(family, value, Manner::default()), expected, "{family:?} {value}");
        };
        check(Family::Password, "swordfish", true);
        check(Family::Password, "1234", true);
        check(Family::Password, "required", false);
        check(Family::Password, "/home/bob", false);
        check(Family::Secret, "swordfish", true);
        check(Family::Secret, "db-creds", false);
        check(Family::Token, "swordfish", false);
        check(Family::Token, "abc123", true);
        check(Family::Token, "512", false);
        check(Family::Pass, "3", false);
        check(Family::Random, "hunter2", false);
        let quoted = Manner { is_quoted: true, ..Manner::default() };
        assert!(is_secret(Family::Password, "correct horse battery staple", quoted));
        assert!(!is_secret(Family::Password, "must be at least 8 characters", quoted));
        let prose = Manner { is_prose: true, ..Manner::default() };
        assert!(!is_secret(Family::Password, "authentication", prose));
        assert!(is_secret(Family::Password, "hunter2", prose));
    }
}
