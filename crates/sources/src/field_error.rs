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
    /// A fault in one field. What is longer than a sentence is cut: a body of short wrong lines must not be
    /// answered by a book.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: cut(field.into(), LONGEST_FIELD), message: cut(message.into(), LONGEST_MESSAGE) }
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

/// Characters of a field's name and of a message, at most; one more where something was cut off.
const LONGEST_FIELD: usize = 60;
const LONGEST_MESSAGE: usize = 160;

fn cut(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push('…');
    }
    text
}

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
    cut(text.chars().take(LONGEST + 1).collect(), LONGEST)
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
    fn a_fault_is_never_longer_than_a_sentence() {
        let fault = FieldError::new("é".repeat(1000), "é".repeat(1000)).within("events[49999]");
        assert!(fault.to_string().chars().count() < 250, "{fault}");
    }

    #[test]
    fn a_quotation_is_cut_and_escaped() {
        assert_eq!(quote("a\n\"b\""), r#""a\n\"b\"""#);
        assert_eq!(quote(&"é".repeat(50)), format!("\"{}\"…", "é".repeat(40)));
    }
}
