//! What a field's name promises about its value.

use super::words::{
    CURSORS, JOINED_RANDOM_KEYS, JOINED_SECRET_KEYS, OWNERS, PASSWORDS, RANDOM_KEYS, SECRET_KEYS, TRAILERS,
};

/// How much a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `password`, `passwd`, `pwd`, `passphrase`: anything but a word of state is a secret.
    Password,
    /// `pass`: a verb and a result as often as a password.
    Pass,
    /// `secret`, `client_secret`, `api_key`: a value of several words is not a secret, one word is.
    Secret,
    /// `token`: a value made of words is not a secret.
    Token,
    /// `auth`, `credentials`: `user:password`, in base64 or not, or a random-looking value.
    Credentials,
    /// `access_key`, `signature`: only a random-looking value is a secret.
    Random,
    /// `Authorization`.
    Authorization,
}

/// The family of a name, or `None` for a name that promises nothing. Names are read as words, whether
/// they are written `api_key`, `api-key`, `api.key`, `apiKey` or `APIKey`; the last word counts, so that
/// `token_type` and `secret_name` promise nothing.
pub(super) fn family(name: &str) -> Option<Family> {
    let lower = name.to_ascii_lowercase();
    let mut words = words_of(name.as_bytes(), &lower);
    while words.last().is_some_and(|word| TRAILERS.have(word) || word.bytes().all(|byte| byte.is_ascii_digit())) {
        words.pop();
    }
    let last = words.pop()?;
    let before = words.last().copied().unwrap_or_default();
    let password = family_of_password(last);
    match last {
        "hash" if family_of_password(before).is_some() => Some(Family::Random),
        _ if password == Some(Family::Pass) && OWNERS.have(before) => Some(Family::Password),
        _ if password.is_some() => password,
        "token" => (!CURSORS.have(before)).then_some(Family::Token),
        "key" if SECRET_KEYS.have(before) => Some(Family::Secret),
        "key" if RANDOM_KEYS.have(before) => Some(Family::Random),
        "authorization" => Some(Family::Authorization),
        "auth" | "credential" | "credentials" | "creds" | "cred" => Some(Family::Credentials),
        "signature" | "sig" => Some(Family::Random),
        "sid" if before == "connect" => Some(Family::Random),
        "by" if before.ends_with("identified") => Some(Family::Password),
        _ if last.ends_with("secret") || JOINED_SECRET_KEYS.end(last) => Some(Family::Secret),
        _ if JOINED_RANDOM_KEYS.end(last) => Some(Family::Random),
        _ => last.strip_suffix("token").filter(|stem| !CURSORS.have(stem)).map(|_| Family::Token),
    }
}

fn family_of_password(word: &str) -> Option<Family> {
    match word.strip_suffix("pass") {
        _ if PASSWORDS.end(word) => Some(Family::Password),
        Some("") => Some(Family::Pass),
        Some(owner) if OWNERS.have(owner) => Some(Family::Password),
        _ => None,
    }
}

/// The words of a name, in lower case. `lower` is `name` in lower case, byte for byte.
fn words_of<'a>(name: &[u8], lower: &'a str) -> Vec<&'a str> {
    let mut words = Vec::with_capacity(8);
    let mut start = 0;
    for at in 0..=name.len() {
        let is_break = at == name.len() || !name[at].is_ascii_alphanumeric();
        if is_break || (at > start && begins_word(name, at)) {
            if at > start {
                words.push(lower.get(start..at).unwrap_or_default());
            }
            start = if is_break { at + 1 } else { at };
        }
    }
    words
}

/// Whether a new word begins at `at` without a separator: `aB`, `a1`, `1a`, and the last capital of `ABc`.
fn begins_word(name: &[u8], at: usize) -> bool {
    let (before, here, after) = (name[at - 1], name[at], name.get(at + 1).copied().unwrap_or_default());
    let humps = here.is_ascii_uppercase() && (before.is_ascii_lowercase() || after.is_ascii_lowercase());
    humps || before.is_ascii_digit() != here.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_judged_by_its_last_word_that_says_something() {
        let check = |name: &str, expected: Option<Family>| assert_eq!(family(name), expected, "{name}");
        for name in ["password", "PASSWORD", "dbPassword", "DB_PASSWORD_2", "PGPASSWORD", "spring.datasource.password"]
        {
            check(name, Some(Family::Password));
        }
        for name in ["passwordConfirmation", "new-password", "pwd", "--passwd", "smtp_pass", "dbpass"] {
            check(name, Some(Family::Password));
        }
        check("pass", Some(Family::Pass));
        check("password_hash", Some(Family::Random));
        check("clientSecret", Some(Family::Secret));
        check("AWS_SECRET_ACCESS_KEY", Some(Family::Random));
        for name in ["X-Api-Key", "apiKey", "APIKey", "apikey", "SECRET_KEY"] {
            check(name, Some(Family::Secret));
        }
        for name in ["token", "authToken", "csrf_token", "X-Amz-Security-Token"] {
            check(name, Some(Family::Token));
        }
        for name in ["tokens", "token_type", "secret_name", "password_file", "key", "key_id", "public_key", "bypass"] {
            check(name, None);
        }
        for name in ["nextToken", "page_token", "nextPageToken", "max_token", "monkey", "author", "author_pass_rate"] {
            check(name, None);
        }
        check("Proxy-Authorization", Some(Family::Authorization));
        check("", None);
    }
}
