//! A line of input: an id, and the text to examine.

use serde::Deserialize;
use serde_json::Value;

/// A text and its name.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    /// A string or a number, answered as it was given.
    pub(super) id: Value,
    pub(super) text: String,
}

/// Why a line is no record.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    /// The line's id, if it has one that can be answered.
    pub(super) id: Option<Value>,
    pub(super) what: String,
}

#[derive(Deserialize)]
struct Raw {
    id: Option<Value>,
    text: Option<Value>,
}

impl Record {
    /// Reads a line.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Fault> {
        let fault = |id: Option<Value>, what: &str| Fault { id, what: what.to_owned() };
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err(fault(None, "is no JSON object"));
        }
        let Raw { id, text } = serde_json::from_slice(line)
            .map_err(|error| Fault { id: None, what: format!("is no JSON object: {error}") })?;
        let Some(id) = id.filter(|id| id.is_string() || id.is_number()) else {
            return Err(fault(None, "id: must be a string or a number"));
        };
        match text {
            Some(Value::String(text)) => Ok(Self { id, text }),
            _ => Err(fault(Some(id), "text: must be a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_a_record_or_says_why_not() {
        let check = |line: &str, expected: Result<(Value, &str), (Option<Value>, &str)>| {
            let found = Record::parse(line.as_bytes()).map(|record| (record.id, record.text));
            match (found, expected) {
                (Ok((id, text)), Ok(expected)) => assert_eq!((id, text.as_str()), expected, "{line}"),
                (Err(fault), Err((id, what))) => {
                    assert!(fault.id == id && fault.what.starts_with(what), "{line}: {fault:?}");
                }
                (found, _) => panic!("{line}: {found:?}"),
            }
        };
        check(r#"{"id":"x","text":"a\u0000b","n":{}}"#, Ok((json!("x"), "a\0b")));
        check(r#" {"text":"","id":1.5}"#, Ok((json!(1.5), "")));
        check(r#"{"id":1}"#, Err((Some(json!(1)), "text: must be a string")));
        check(r#"{"id":1,"text":5}"#, Err((Some(json!(1)), "text: must be a string")));
        check(r#"{"id":null,"text":"a"}"#, Err((None, "id: must be")));
        check(r#"{"text":"a"}"#, Err((None, "id: must be")));
        check(r#"[1,"a"]"#, Err((None, "is no JSON object")));
        check("{", Err((None, "is no JSON object: EOF")));
        check("\u{1f600}", Err((None, "is no JSON object")));
    }
}
