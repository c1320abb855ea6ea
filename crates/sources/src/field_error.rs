//! What is wrong with a body, and in which field.

use serde_json::Value;

/// A fault in what somebody sent. Reads as `payload: must be a non-blank string`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// The field at fault, as the sender knows it: `payload`, `metadata.level`, `alerts[3].labels`; or
    /// `body` where the fault is in the text as a whole.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl FieldError {
    /// A fault in one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// A fault in the text as a whole.
    pub(crate) fn body(message: impl Into<String>) -> Self {
        Self::new(BODY, message)
    }

    /// The same fault, seen from one level further out.
    pub(crate) fn within(self, outer: &str) -> Self {
        let field = if self.field == BODY { outer.to_owned() } else { format!("{outer}.{}", self.field) };
        Self { field, ..self }
    }
}

const BODY: &str = "body";

/// What a value is, in the words of an error message.
pub(crate) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A sender's own text for an error message: quoted, and cut to 40 characters.
pub(crate) fn quote(text: &str) -> String {
    let start = short(text);
    match start.strip_suffix('…') {
        Some(start) if !text.ends_with('…') => format!("{start:?}…"),
        _ => format!("{start:?}"),
    }
}

/// A sender's own name for something, cut to 40 characters.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_a_sentence_that_starts_with_the_field() {
        let fault = FieldError::new("payload", "must be a non-blank string");
        assert_eq!(fault.to_string(), "payload: must be a non-blank string");
        assert_eq!(fault.within("events[3]").field, "events[3].payload");
        assert_eq!(FieldError::body("is empty").within("alerts[0]").field, "alerts[0]");
    }

    #[test]
    fn a_quotation_is_cut_and_escaped() {
        assert_eq!(quote("a\n\"b\""), r#""a\n\"b\"""#);
        assert_eq!(quote(&"é".repeat(50)), format!("\"{}\"…", "é".repeat(40)));
    }
}
