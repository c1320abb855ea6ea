//! What a value looks like, whatever its name.

/// How many bytes of a value are looked at.
const HEAD: usize = 128;

/// The beginning of a value, enough to judge it by.
pub(super) fn head(value: &str) -> &str {
    &value[..value.floor_char_boundary(HEAD)]
}

/// Whether the value looks drawn at random: sixteen or more characters without a word in them.
pub(super) fn is_random(value: &str) -> bool {
    let value = head(value).trim_end_matches("%3D").trim_end_matches("%3d").trim_end_matches('=');
    let bytes = value.as_bytes();
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_.~-%:$".contains(byte);
    if bytes.len() < 16 || !bytes.iter().all(is_token) || is_plain(value) {
        return false;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if digits == 0 {
        return has_random_case(value) || has_endless_word(value);
    }
    let changes = changes(bytes);
    let is_one_run = letters + digits == bytes.len();
    letters >= 2
        && (changes * 3 >= bytes.len() || (digits >= 2 && (changes * 6 >= bytes.len() || (is_one_run && changes >= 2))))
}

/// Whether the value looks chosen to be hard to guess: letters with digits or signs, not a number with a
/// unit, a version, an address, a path, or words joined by dashes.
pub(super) fn is_strong(value: &str) -> bool {
    let value = head(value);
    let bytes = value.as_bytes();
    if bytes.len() < 6 || value.contains(char::is_whitespace) || is_plain(value) {
        return false;
    }
    let letter = bytes.iter().any(u8::is_ascii_alphabetic);
    let digit = bytes.iter().any(u8::is_ascii_digit);
    let sign = bytes.iter().any(|byte| b"!@#$%^&*+?~".contains(byte));
    (letter && digit) || (sign && (letter || digit)) || has_random_case(value) || has_endless_word(value)
}

/// Whether the value is something that has nothing to hide.
fn is_plain(value: &str) -> bool {
    is_path(value) || is_address(value) || is_named(value) || is_quantity(value)
}

/// Whether the value is made of words, perhaps numbered: `db-creds`, `user_id`, `us-east-1`, `v1.2.3`.
/// A single word with digits behind it (`hunter2`) is not: people choose such passwords.
fn is_named(value: &str) -> bool {
    let mut parts = 0;
    let all_words = value.split(['-', '_', '.', '/', ':']).all(|part| {
        parts += 1;
        let is_word =
            part.bytes().all(|byte| byte.is_ascii_alphabetic()) && !has_random_case(part) && !has_endless_word(part);
        let is_number = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_version =
            part.len() <= 4 && part.starts_with('v') && part[1..].bytes().all(|byte| byte.is_ascii_digit());
        is_word || is_number || is_version
    });
    all_words && (parts > 1 || value.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Whether letters change case as no word does: `aBcDeFgH`.
fn has_random_case(word: &str) -> bool {
    word.len() >= 8 && changes(word.as_bytes()) * 8 >= word.len() * 3
}

/// Whether so many letters of one case follow each other as in no word.
fn has_endless_word(value: &str) -> bool {
    const LONGEST_WORD: usize = 20;
    value
        .as_bytes()
        .chunk_by(|one, next| class(*one) == class(*next))
        .any(|run| run.len() >= LONGEST_WORD && run[0].is_ascii_alphabetic())
}

/// How often small letters, capitals, digits and signs give way to each other.
fn changes(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count()
}

fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

/// `512`, `1500ms`, `0x1f`, `2024-01-02T03:04:05Z`: a number, a duration, a size, a moment.
fn is_quantity(value: &str) -> bool {
    let digits =
        value.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':' | b'T')).count();
    let unit = &value[digits..];
    let known =
        ["", "ns", "us", "ms", "s", "sec", "m", "min", "h", "d", "b", "kb", "mb", "gb", "kib", "mib", "gib", "z"];
    (digits > 0 && known.contains(&unit.to_ascii_lowercase().as_str()))
        || value
            .strip_prefix("0x")
            .is_some_and(|hex| hex.len() <= 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether the value is a path: `/home/bob`, `~/.netrc`, `./a/b`, `C:\keys`.
pub(super) fn is_path(value: &str) -> bool {
    let is_drive = value.as_bytes().get(1..3).is_some_and(|rest| rest == b":\\" || rest == b":/");
    let rest = ["/", "~/", "./", "../"].iter().find_map(|start| value.strip_prefix(start));
    let is_plain = |rest: &str| {
        rest.split('/').all(|part| {
            let is_plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@ ".contains(&byte));
            let letters = part.bytes().filter(u8::is_ascii_lowercase).count();
            is_plain && letters * 2 >= part.len() && !has_random_case(part)
        })
    };
    is_drive || rest.is_some_and(is_plain)
}

/// Whether the value is an address of its own; a password inside it is `url`'s affair.
pub(super) fn is_address(value: &str) -> bool {
    let scheme = value.bytes().take(12).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'+').count();
    let rest = &value[scheme..];
    scheme >= 2 && (rest.starts_with("://") || rest.starts_with(":\\/\\/") || rest.starts_with("%3A%2F%2F"))
}

/// Whether the value is an expression of a program or the print of an object: `getPassword()`,
/// `os.environ["X"]`, `user.password`, `Token{a64f992`, `android.os.BinderProxy@2bd79ce`.
pub(super) fn is_code(value: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b':';
    let name = value.bytes().take_while(|byte| is_name(*byte)).count();
    let (name, rest) = value.split_at(name);
    let is_argument = |byte: u8| byte.is_ascii_alphanumeric() || b"_.,()[]{}\"'$:->=\\; ".contains(&byte);
    let is_complete = rest
        .rfind([')', ']', '}'])
        .is_none_or(|last| matches!(rest.as_bytes().get(last + 1), None | Some(b'.' | b';' | b',')));
    let is_call = ["(", "{", "[\"", "['"].iter().any(|open| rest.starts_with(open))
        && is_complete
        && rest.bytes().all(is_argument);
    let is_member = rest.is_empty()
        && name.split_once('.').is_some_and(|(owner, field)| {
            owner.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
                && (super::name::family(field).is_some()
                    || ["this", "self", "os", "process", "env", "config"].contains(&owner))
        });
    let starts_with_a_letter = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_object = rest
        .strip_prefix('@')
        .is_some_and(|hash| hash.len() <= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && name.rsplit_once('.').is_some_and(|(_, class)| class.starts_with(|first: char| first.is_ascii_uppercase()));
    starts_with_a_letter && (is_call || is_member || is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_are_told_from_words_paths_and_numbers() {
        for value in [
            "3f2a9c81d07be456",
            "AbCdEfGhIjKlMnOpQr",
            "wJalrXUtnFEMIK7MDENGbPxRfiCY",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert!(is_random(value), "{value}");
        }
        for value in [
            "container-token-identifier",
            "ContainerTokenIdentifierKind",
            "/var/lib/service/data2",
            "1234567890123456",
            "short1",
        ] {
            assert!(!is_random(value), "{value}");
        }
    }

    #[test]
    fn strong_values_are_told_from_names_and_quantities() {
        for value in ["hunter2", "abc123def456", "p@ssword", "s3cr3t-v4lue"] {
            assert!(is_strong(value), "{value}");
        }
        for value in [
            "expired",
            "user_id",
            "us-east-1",
            "v1.2.3",
            "db-creds",
            "1500ms",
            "2024-01-02T03:04:05Z",
            "0x7f3a",
            "https://a.b/c1",
        ] {
            assert!(!is_strong(value), "{value}");
        }
    }

    #[test]
    fn code_is_no_value() {
        for value in [
            "getPassword()",
            "os.environ[\"DB\"]",
            "user.password",
            "self.token",
            "request.getParameter('x')",
            "Token{a64f992",
            "java.lang.Object@1b2c3d",
        ] {
            assert!(is_code(value), "{value}");
        }
        for value in ["hunter2", "a.b", "(x)", "p.w0rd", "yourStrong(!)Password", "some(thing)else"] {
            assert!(!is_code(value), "{value}");
        }
    }
}
