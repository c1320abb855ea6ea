//! Texts and numbers out of a payload, bounded.

use super::PayloadError;
use foghorn_domain::text::{cut, plain_text};
use serde_json::Value;

/// A non-empty text as it stands, unless it is longer than `limit` bytes. For identifiers, tokens and addresses,
/// of which a part would be worth nothing.
pub(super) fn text_at(payload: &Value, place: &str, limit: usize) -> Option<String> {
    let text = payload.pointer(place)?.as_str()?;
    (!text.is_empty() && text.len() <= limit).then(|| text.to_owned())
}

/// A name as it may be shown: one plain line, cut.
pub(super) fn name_at(payload: &Value, place: &str) -> Option<String> {
    let name = cut(&plain_text(payload.pointer(place)?.as_str()?), 80);
    (!name.is_empty()).then_some(name)
}

/// The id of an incident: digits, and more than zero. Some clients send a number where Slack sends a text.
pub(super) fn incident_id(value: Option<&Value>, wrong: fn(String) -> PayloadError) -> Result<i64, PayloadError> {
    let text = match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(wrong("none".to_owned())),
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = if digits { text.parse::<i64>().ok() } else { None };
    id.filter(|id| *id > 0).ok_or_else(|| wrong(PayloadError::quoted(&text)))
}
