//! Whether a value keeps what its name promises.

use super::header;
use super::name::Family;
use super::shape;
use super::span;
use super::words::{NOUNS, SCHEMES, STATES, VERBS};

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
    // As a password that was given, and not announced, even `password` is one.
    let is_announced = family != Family::Password || manner.is_after_colon || manner.is_prose;
    if is_placeholder(value) || is_state(value) || (is_announced && NOUNS.have(&bare_word(value))) {
        return false;
    }
    if shape::is_code(value) || shape::is_path(value) || shape::is_address(value) {
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
    value.len() >= 3 && !is_placeholder(value) && !is_state(value) && !NOUNS.have(&bare_word(value))
}

/// Whether the word names a scheme of authentication (IANA's registry and the common private ones).
pub(super) fn is_scheme(word: &str) -> bool {
    SCHEMES.have(&word.to_ascii_lowercase())
}

/// Whether the value stands for another: a mask, a variable, a format, nothing at all.
pub(super) fn is_placeholder(value: &str) -> bool {
    if value.is_empty() || span::mask_len(value.as_bytes(), 0) == Some(value.len()) {
        return true;
    }
    let is_short_sign = value.len() <= 3 && value.bytes().all(|byte| byte.is_ascii_punctuation());
    is_short_sign || is_masked(value) || is_bracketed(value) || is_variable(value)
}

/// `****`, `xxxxx`, `<...>`, `•••`; `***1234` with at most the last four showing.
fn is_masked(value: &str) -> bool {
    let inner = value.trim_matches(|edge| "<>[](){}\"'".contains(edge));
    let shown = inner.trim_start_matches(['*', '•', '●', '∗']);
    let is_dotted = inner.chars().all(|sign| "•●∗…█".contains(sign));
    is_dotted
        || inner.bytes().all(|byte| b"*xX.-_#?=~".contains(&byte))
        || (inner.len() > shown.len() + 2 && shown.len() <= 4)
}

/// `<password>`, `{token}`, `[FILTERED]`, `%TOKEN%`.
fn is_bracketed(value: &str) -> bool {
    let is_word = |inner: &str| inner.bytes().all(|byte| byte.is_ascii_alphabetic() || b" _-.{}:".contains(&byte));
    [('<', '>'), ('{', '}'), ('[', ']'), ('(', ')'), ('%', '%')]
        .iter()
        .any(|(open, close)| value.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)).is_some_and(is_word))
}

/// `${NAME}`, `$NAME`, `{{ name }}`, `!vault`, `%s`, `:name`, `$1`.
fn is_variable(value: &str) -> bool {
    let is_constant =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let is_field = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_verb =
        |rest: &str| rest.starts_with(|verb| "sdvqi@".contains(verb)) && !rest[1..].starts_with(char::is_alphanumeric);
    ["${", "$(", "{{", "<%", "%(", "#{", "{0}", "{1}", "!vault", "!secret", "!Ref", "!Sub"]
        .iter()
        .any(|open| value.starts_with(open))
        || value.strip_prefix(['$', ':', '@']).is_some_and(is_constant)
        || value.strip_prefix(':').is_some_and(is_field)
        || value.strip_prefix('%').is_some_and(is_verb)
}

/// Whether the value is a word of state: `expired`, `[required]`.
fn is_state(value: &str) -> bool {
    STATES.have(&bare_word(value))
}

fn bare_word(value: &str) -> String {
    value.trim_matches(|edge: char| edge.is_ascii_punctuation()).to_ascii_lowercase()
}

/// Whether several words are a sentence about a credential and not a passphrase: they hold a verb that
/// such sentences have, or are few and one of them is a word of state.
fn is_sentence(value: &str) -> bool {
    let is_short = value.split_whitespace().count() <= 3;
    value.split_whitespace().any(|word| VERBS.have(&word.to_ascii_lowercase()) || (is_short && is_state(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for value in ["hunter2", "$ecret1", "a*b", "[REDACTED:password]x", "x1", "***hunter2", "%s3cret"] {
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
