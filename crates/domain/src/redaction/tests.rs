//! Tests of the gate as a whole, cases as data. Values that look like live keys are put together here,
//! so that no scanner of this repository takes them for real ones.

mod fields;
mod keys;
mod places;

use super::base64::encode;
use super::*;
use serde_json::json;

/// `text` with `secret` in place of `@@` must come out with `mask` in its place, and nothing else changed.
fn masks(text: &str, secret: &str, kind: &str) {
    let raw = text.replace("@@", secret);
    let expected = text.replace("@@", &format!("[REDACTED:{kind}]"));
    let redacted = redact(&raw);
    assert_eq!(redacted.as_str(), expected, "from {raw}");
    assert_eq!(redact(redacted.as_str()), redacted, "twice: {raw}");
    assert_eq!(counts(&raw).into_iter().map(|(kind, count)| (kind.as_str(), count)).collect::<Vec<_>>(), [(kind, 1)]);
}

fn stays(text: &str) {
    assert_eq!(redact_cow(text), text);
    assert!(matches!(redact_cow(text), Cow::Borrowed(_)), "{text}");
    assert!(counts(text).is_empty());
}

fn alphanumeric(length: usize) -> String {
    "a1B2c3D4e5F6g7H8".chars().cycle().take(length).collect()
}

fn hex(length: usize) -> String {
    "3f9a0c7e1b5d".chars().cycle().take(length).collect()
}

fn jwt() -> String {
    let part = |text: &str| encode(text.as_bytes()).trim_end_matches('=').to_owned();
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(r#"{"sub":"1234","name":"bob"}"#),
        alphanumeric(43)
    )
}

fn pem(label: &str) -> String {
    let line = "MIIEvQ+".chars().chain(alphanumeric(57).chars()).collect::<String>();
    format!("-----BEGIN {label}-----\n{line}\n{line}\nAbc1==\n-----END {label}-----")
}

#[test]
fn several_secrets_in_one_text_are_counted_by_kind() {
    let text = format!("password=hunter2 token=abc123def jwt={} postgres://a:b4c@d/e", jwt());
    let counted = counts(&text);
    assert_eq!(counted.get(&SecretKind::Password), Some(&2));
    assert_eq!(counted.get(&SecretKind::Jwt), Some(&1));
    assert_eq!(counted.get(&SecretKind::UrlCredentials), Some(&1));
    assert!(!redact(&text).as_str().contains("hunter2"));
}

#[test]
fn a_mask_in_front_of_a_secret_does_not_hide_it() {
    assert_eq!(redact("password=[REDACTED:password]hunter2").as_str(), "password=[REDACTED:password]");
    assert_eq!(redact("[REDACTED:card] password=hunter2").as_str(), "[REDACTED:card] password=[REDACTED:password]");
    assert_eq!(redact("password=[REDACTED:nonsense").as_str(), "password=[REDACTED:password]");
}

#[test]
fn json_is_masked_in_its_strings_and_under_its_names() {
    let card = ["4111", "1111", "1111", "1111"].concat().parse::<u64>().expect("digits");
    let value = json!({
        "message": "login with password=hunter2 failed",
        "password": "swordfish",
        "pin_password": 123456,
        "token": "expired",
        "tokens": 512,
        "api_key": null,
        "credentials": {"user": "bob", "password": "letmein", "ttl": 60},
        "passwords": ["a", "b"],
        "new_password": ["one1two", "three3"],
        "env": [{"name": "DB_PASSWORD", "value": "swordfish"}, {"name": "DB_HOST", "value": "db1"}],
        "headers": {"Authorization": "Bearer abcdefgh", "Accept": "text/html"},
        "card": card,
        "order_id": card,
        "postgres://app:hunter2@db1/shop": "down",
        "nested": [[{"secret": {"value": "swordfish"}}]],
    });
    let expected = json!({
        "message": "login with password=[REDACTED:password] failed",
        "password": "[REDACTED:password]",
        "pin_password": "[REDACTED:password]",
        "token": "expired",
        "tokens": 512,
        "api_key": null,
        "credentials": {"user": "bob", "password": "[REDACTED:password]", "ttl": 60},
        "passwords": ["a", "b"],
        "new_password": ["[REDACTED:password]", "[REDACTED:password]"],
        "env": [{"name": "DB_PASSWORD", "value": "[REDACTED:password]"}, {"name": "DB_HOST", "value": "db1"}],
        "headers": {"Authorization": "Bearer [REDACTED:bearer]", "Accept": "text/html"},
        "card": "[REDACTED:card]",
        "order_id": card,
        "postgres://app:[REDACTED:url_credentials]@db1/shop": "down",
        "nested": [[{"secret": {"value": "[REDACTED:password]"}}]],
    });
    assert_eq!(redact_json(&value), expected);
    assert_eq!(redact_json(&expected), expected);
}

#[test]
fn json_nested_deeper_than_the_stack_bears_is_cut_and_names_that_collide_are_kept_apart() {
    let mut deep = json!("password=hunter2");
    for _ in 0..1_000 {
        deep = serde_json::Value::Array(vec![deep]);
    }
    assert!(!redact_json(&deep).to_string().contains("hunter2"));
    let twins = json!({"redis://:one1@c": 1, "redis://:two2@c": 2});
    assert_eq!(
        redact_json(&twins),
        json!({"redis://:[REDACTED:url_credentials]@c": 1, "redis://:[REDACTED:url_credentials]@c 2": 2})
    );
}

/// Pieces that mean something to one judge or another, to be thrown together at random.
const PIECES: &[&str] = &[
    "password",
    "token",
    "=",
    ":",
    " ",
    "\"",
    "\\\"",
    "'",
    "%3D",
    "%22",
    "hunter2",
    "abc123def456",
    "[REDACTED:password]",
    "[REDACTED:",
    "]",
    "://",
    "user:",
    "@",
    "host",
    "/",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "\n",
    "\\n",
    "Bearer ",
    "Basic ",
    "Authorization",
    "eyJhbGciOiJIUzI1NiJ9",
    ".",
    "AKIA",
    "ABCDEFGHIJKLMNOP",
    "4111111111111111",
    "cGFzc3dvcmQ9aHVudGVyMg",
    ",",
    ";",
    "&",
    "(",
    ")",
    "<",
    ">",
    "é",
    "\u{1f511}",
    "-p",
    "mysql ",
    "curl -u ",
    "sk-",
    "\\",
    "%",
    "value",
    "name",
    "is ",
    "\u{0}",
    "\r\n\r\n",
    "hooks.slack.com/services/",
    "T00000000",
    "+",
    "0",
];

#[test]
fn redacting_twice_is_redacting_once_for_any_mixture() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    for _ in 0..20_000 {
        let text: String = (0..1 + next(14)).map(|_| PIECES[next(PIECES.len())]).collect();
        let once = redact(&text);
        assert_eq!(redact(once.as_str()), once, "{text:?}");
    }
}

#[test]
fn text_made_to_be_slow_is_finished_all_the_same() {
    // No clock: what is quadratic in any of these would take many minutes here and not be overlooked.
    let patterns = [
        "password=",
        "password='",
        "password=\\\"",
        "token: ",
        "://",
        "a://b:c",
        "a://b:c@",
        "-----BEGIN PRIVATE KEY-----",
        "sk-",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9.",
        "xoxb-",
        "4111 ",
        "41111111",
        "cGFzc3dvcmQ9",
        "mysql -u ",
        "\\",
        "%25",
        "&",
        "basic ",
        "Authorization: ",
        "[REDACTED:",
        "key,",
        "name\n",
        "<password>",
        "a,",
        "AKIA",
        "-",
    ];
    for pattern in patterns {
        let text = pattern.repeat(192 * 1024 / pattern.len());
        let masked = redact(&text);
        assert!(masked.as_str().len() <= text.len() * 8, "{pattern:?}");
    }
}
