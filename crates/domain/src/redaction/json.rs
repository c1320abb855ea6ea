//! Redaction of a JSON value: every string in it, and what stands under a name that promises a secret.

use super::kind::SecretKind;
use super::name::{self, Family};
use super::value::{self, Manner};
use super::{card, pair, redact_cow, span};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How deep a value may be nested, as deep as `serde_json` reads; what lies deeper is replaced as a whole.
const DEEPEST: usize = 128;

const HEADER: &str = "Authorization: ";

/// Stands in for what is nested deeper than anybody reads.
const TOO_DEEP: &str = "[nested too deep]";

/// Masks every secret in a JSON value. Names stay, unless a name itself holds a secret
/// (`{"postgres://app:…@db": "down"}`); two names that read alike afterwards are told apart by a number.
/// A value under a name that promises a secret is judged like one in text: `{"token": "expired"}` stays.
pub fn redact_json(value: &Value) -> Value {
    redact(value, None, 0)
}

fn redact(value: &Value, name: Option<&str>, depth: usize) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => {
            let digits = number.to_string();
            match name.and_then(|name| named_secret(name, &digits)).or_else(|| card_number(name, &digits)) {
                Some(kind) => mask(kind),
                None => value.clone(),
            }
        }
        Value::String(text) => redact_text(text, name),
        Value::Array(_) | Value::Object(_) if depth >= DEEPEST => Value::String(TOO_DEEP.to_owned()),
        Value::Array(items) => Value::Array(items.iter().map(|item| redact(item, name, depth + 1)).collect()),
        Value::Object(fields) => Value::Object(redact_fields(fields, name, depth + 1)),
    }
}

/// Names under which an object holds the value of the field it stands for.
const VALUES: &[&str] = &["value", "Value", "val", "data", "raw"];

/// Names under which an object says what its value is called, as in `{"name": "DB_PASSWORD", "value": …}`.
const NAMES: &[&str] = &["name", "Name", "key", "Key", "field", "header"];

fn redact_fields(fields: &Map<String, Value>, outer: Option<&str>, depth: usize) -> Map<String, Value> {
    let called = NAMES.iter().find_map(|name| fields.get(*name).and_then(Value::as_str)).or(outer);
    let mut redacted = Map::with_capacity(fields.len());
    for (name, value) in fields {
        let judged_as = if VALUES.contains(&name.as_str()) { called.or(Some(name)) } else { Some(name.as_str()) };
        let value = redact(value, judged_as, depth);
        match redact_cow(name) {
            Cow::Borrowed(name) => redacted.insert(name.to_owned(), value),
            Cow::Owned(masked) => redacted.insert(unused_name(&redacted, masked), value),
        };
    }
    redacted
}

/// The name, with the first number behind it that makes it a new one.
fn unused_name(fields: &Map<String, Value>, name: String) -> String {
    if !fields.contains_key(&name) {
        return name;
    }
    // As many names as there are fields cannot all be taken.
    let number = (fields.len() + 1..).find(|number| !fields.contains_key(&format!("{name} {number}")));
    format!("{name} {}", number.unwrap_or_default())
}

fn redact_text(text: &str, name: Option<&str>) -> Value {
    if let Some(kind) = name.and_then(|name| named_secret(name, text)) {
        // Where the text shows by itself what it is, that is said.
        let spans = super::scan::find(text);
        return mask(spans.iter().map(|span| span.kind).min().map_or(kind, |found| found.min(kind)));
    }
    if name.and_then(name::family) == Some(Family::Authorization) {
        // Read as the header that it is, so that the scheme stays and what follows it goes.
        let header = format!("{HEADER}{text}");
        return Value::String(redact_cow(&header).strip_prefix(HEADER).unwrap_or_default().to_owned());
    }
    Value::String(redact_cow(text).into_owned())
}

/// The kind of the secret that `name` promises and `text` is.
fn named_secret(name: &str, text: &str) -> Option<SecretKind> {
    let family = name::family(name)?;
    let manner = Manner { is_quoted: true, ..Manner::default() };
    (family != Family::Authorization && value::is_secret(family, text, manner))
        .then(|| pair::kind_of(family, name, text))
}

fn card_number(name: Option<&str>, digits: &str) -> Option<SecretKind> {
    let is_id = name.is_some_and(card::is_id);
    (!is_id && card::is_card(digits.as_bytes())).then_some(SecretKind::Card)
}

fn mask(kind: SecretKind) -> Value {
    Value::String(format!("{}{}]", span::MASK_START, kind.as_str()))
}
