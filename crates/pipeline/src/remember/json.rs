//! Memories as JSON: one object a line, or an array of them.

use super::Offered;
use super::clean::{checked_id, cleaned};
use foghorn_domain::clock::Timestamp;
use foghorn_store::memory_keeping::NewMemory;
use serde_json::{Map, Value};

/// One line (or element) and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Counted from 1.
    pub number: usize,
    /// The memory, or why it is none.
    pub outcome: Result<Offered, String>,
}

/// Reads a whole body: an array, or lines. Blank lines are passed over. The error is about the body as a whole.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Read>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        let elements: Vec<Value> =
            serde_json::from_slice(bytes).map_err(|error| format!("the body is no JSON array: {error}"))?;
        let read = |(number, element)| Read { number, outcome: from_json(element) };
        return Ok((1..).zip(elements).map(read).collect());
    }
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let held = lines.filter(|(_, line)| !is_blank(line));
    Ok(held.map(|(number, line)| Read { number, outcome: from_line(line) }).collect())
}

/// Reads one line.
pub fn from_line(line: &[u8]) -> Result<Offered, String> {
    let line = std::str::from_utf8(line).map_err(|fault| format!("is not UTF-8 from byte {}", fault.valid_up_to()))?;
    from_json(serde_json::from_str(line).map_err(|error| format!("is no JSON: {error}"))?)
}

/// Reads one object. `id` and `summary` are needed; `service`, `labels`, `incident_type`, `solution`,
/// `author`, `created_at`, `confirmed` and `fingerprint` may be there, and so may anything else.
pub fn from_json(value: Value) -> Result<Offered, String> {
    let Value::Object(fields) = value else { return Err("must be a JSON object".to_owned()) };
    let id = match fields.get("id") {
        Some(Value::Number(number)) => number.to_string(),
        _ => required(&fields, "id")?,
    };
    let memory = NewMemory {
        id: checked_id(&id)?,
        summary: required(&fields, "summary")?,
        service: text(&fields, "service")?.unwrap_or_default(),
        labels: labels(&fields)?,
        incident_type: text(&fields, "incident_type")?.unwrap_or_default(),
        solution: text(&fields, "solution")?,
        author: text(&fields, "author")?,
        embedding: None,
        fingerprint: text(&fields, "fingerprint")?.filter(|print| print.len() <= 200),
        created_at: moment(&fields, "created_at")?,
        is_draft: confirmed(&fields)? == Some(false),
    };
    Ok(cleaned(memory))
}

fn required(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    match text(fields, name)? {
        Some(text) => Ok(text),
        None => Err(format!("{name}: must be a non-blank string")),
    }
}

/// A text, if there is one that says anything.
fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(format!("{name}: must be a string")),
    }
}

fn labels(fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    let wrong = || "labels: must be a list of strings".to_owned();
    match fields.get("labels") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(labels)) => {
            labels.iter().map(|label| label.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn confirmed(fields: &Map<String, Value>) -> Result<Option<bool>, String> {
    match fields.get("confirmed") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(confirmed)) => Ok(Some(*confirmed)),
        Some(_) => Err("confirmed: must be true or false".to_owned()),
    }
}

fn moment(fields: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = text(fields, name)? else { return Ok(None) };
    let wrong = |_| format!("{name}: must be a time such as 2026-01-02T03:04:05Z");
    text.trim().parse::<Timestamp>().map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_everything_and_one_with_the_least_are_memories() {
        let line = br#"{"id":"inc-1","summary":"pool exhausted","service":"orders","labels":["db","pool"],
            "incident_type":"db","solution":"raised it","author":"ana","created_at":"2025-03-12T10:00:00Z","more":1}"#;
        let memory = from_line(line).unwrap().memory;
        assert_eq!((memory.id.as_str(), memory.labels.len(), memory.is_draft), ("inc-1", 2, false));
        assert_eq!(memory.created_at.unwrap().to_string(), "2025-03-12T10:00:00Z");
        let least = from_line(br#"{"id": 7, "summary": "x", "solution": null, "confirmed": false}"#).unwrap().memory;
        assert_eq!((least.id.as_str(), least.solution, least.is_draft), ("7", None, true));
    }

    #[test]
    fn what_is_no_memory_is_refused_by_name() {
        let check = |line: &str, expected: &str| {
            let error = from_line(line.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{line}: {error}");
        };
        check("", "is no JSON");
        check("{", "is no JSON");
        check("[]", "must be a JSON object");
        check("7", "must be a JSON object");
        check(r#"{"summary":"x"}"#, "id: must be a non-blank string");
        check(r#"{"id":"","summary":"x"}"#, "id: must be a non-blank string");
        check(r#"{"id":["a"],"summary":"x"}"#, "id: must be a string");
        check(r#"{"id":"a","summary":"  "}"#, "summary: must be a non-blank string");
        check(r#"{"id":"a","summary":7}"#, "summary: must be a string");
        check(r#"{"id":"a","summary":"x","labels":"db"}"#, "labels: must be a list of strings");
        check(r#"{"id":"a","summary":"x","labels":[1]}"#, "labels: must be a list of strings");
        check(r#"{"id":"a","summary":"x","solution":{}}"#, "solution: must be a string");
        check(r#"{"id":"a","summary":"x","confirmed":"yes"}"#, "confirmed: must be true or false");
        check(r#"{"id":"a","summary":"x","created_at":"yesterday"}"#, "created_at: must be a time");
        check(&format!(r#"{{"id":"a","summary":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000)), "is no JSON");
        assert!(from_line(b"{\"id\":\"a\xff\"}").unwrap_err().starts_with("is not UTF-8"));
    }

    #[test]
    fn a_bad_line_does_not_cost_the_others() {
        let lines = b"\xef\xbb\xbf{\"id\":\"a\",\"summary\":\"x\"}\n\nnot json\n{\"id\":\"b\",\"summary\":\"y\"}\r\n";
        let read = from_bytes(lines).unwrap();
        let numbers: Vec<(usize, bool)> = read.iter().map(|read| (read.number, read.outcome.is_ok())).collect();
        assert_eq!(numbers, [(1, true), (3, false), (4, true)]);

        let array = br#" [{"id":"a","summary":"x"}, 7]"#;
        let numbers: Vec<(usize, bool)> =
            from_bytes(array).unwrap().iter().map(|read| (read.number, read.outcome.is_ok())).collect();
        assert_eq!(numbers, [(1, true), (2, false)]);
        assert!(from_bytes(b"[{]").is_err());
        assert_eq!(from_bytes(b" \n\n"), Ok(Vec::new()));
    }
}
