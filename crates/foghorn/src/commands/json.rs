//! Reading answers of the API. Fields may be added to them at any time, so nothing here minds what it does
//! not know, and a missing field reads as empty.

use crate::terminal::harmless;
use serde_json::Value;

/// A text or number as one harmless text; empty where there is none.
pub(crate) fn text(value: &Value, field: &str) -> String {
    match value.get(field) {
        Some(Value::String(text)) => harmless(text),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The elements of a list; none where there is no list.
pub(crate) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub(crate) fn texts(value: &Value, field: &str) -> Vec<String> {
    list(value, field).iter().filter_map(Value::as_str).map(harmless).collect()
}

/// A whole number; 0 where there is none.
pub(crate) fn number(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap_or(0)
}

/// A time as people read it, `12 Mar 14:02 UTC`; as it stands where it is no time.
pub(crate) fn moment(value: &Value, field: &str) -> String {
    let text = text(value, field);
    let now = foghorn_domain::clock::Timestamp::now();
    text.parse().map(|at| foghorn_domain::words::moment(at, now)).unwrap_or(text)
}

/// How long ago, `4 min ago`.
pub(crate) fn ago(value: &Value, field: &str) -> String {
    let text = text(value, field);
    let now = foghorn_domain::clock::Timestamp::now();
    text.parse().map(|at| foghorn_domain::words::ago(at, now)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn missing_and_odd_fields_read_as_something_harmless() {
        let value = json!({"a": "x\u{1b}[2J", "n": 7, "list": ["p", 3], "at": "2020-01-02T03:04:05Z"});
        assert_eq!(
            (text(&value, "a"), text(&value, "n"), text(&value, "none")),
            ("x".into(), "7".into(), String::new())
        );
        assert_eq!((number(&value, "n"), number(&value, "a")), (7, 0));
        assert_eq!((list(&value, "a").len(), texts(&value, "list")), (0, vec!["p".to_owned()]));
        assert_eq!(moment(&value, "at"), "2 Jan 2020 03:04 UTC");
        assert_eq!(moment(&value, "a"), "x");
    }
}
