//! Checking an answer against its JSON schema here, because servers that promise to do so do not all keep it.
//!
//! Understood is the part of JSON Schema (2020-12) that answers need: `type`, `properties`, `required`,
//! `additionalProperties: false`, `items`, `enum`, `minItems`, `maxItems`, `minLength` and `maxLength` (in
//! characters). What is not understood is not checked. Objects in a schema are walked along with the value, so
//! a value cannot lead deeper than its schema.

use crate::tokens;
use serde_json::{Map, Value};

/// How long a text or a list without a bound is taken to be.
pub const UNBOUNDED: u64 = 100;
/// Texts with less room are words, and are not shortened.
const SHORT: u64 = 40;
/// The characters of a number at most.
const NUMBER: u64 = 24;

/// Checks a value.
///
/// # Errors
/// One sentence that names the place and what is wrong there, without quoting the value: it is told to the model.
pub fn check(value: &Value, schema: &Value) -> Result<(), String> {
    check_at(value, schema, "the answer")
}

/// The longest value that fits, in tokens, estimated as [`estimate_tokens`](crate::estimate_tokens) does: a limit
/// below it would cut off what was asked for. Texts and lists without a bound count as [`UNBOUNDED`] long.
pub fn most_tokens(schema: &Value) -> u32 {
    u32::try_from(tokens::of_characters(most_characters(schema), 0)).unwrap_or(u32::MAX)
}

/// The same schema with room for half the text in a third of the entries: for who has written on and on. Words as
/// short as an id keep their length.
pub(crate) fn shortened(schema: &Value) -> Value {
    let shorter = |(name, value): (&String, &Value)| {
        let value = match (name.as_str(), value.as_u64()) {
            ("maxLength", Some(most)) if most >= SHORT => (most / 2).into(),
            ("maxItems", Some(most)) => most.div_ceil(3).into(),
            _ => shortened(value),
        };
        (name.clone(), value)
    };
    match schema {
        Value::Object(fields) => Value::Object(fields.iter().map(shorter).collect()),
        other => other.clone(),
    }
}

fn most_characters(schema: &Value) -> u64 {
    let bound = |name| schema.get(name).and_then(Value::as_u64).unwrap_or(UNBOUNDED);
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        return allowed.iter().map(|value| value.to_string().len() as u64).max().unwrap_or_default();
    }
    // Quotation marks, colons, commas and spaces are counted with what they surround.
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let fields = schema.get("properties").and_then(Value::as_object);
            let of_field =
                |(name, field): (&String, &Value)| most_characters(field).saturating_add(name.len() as u64 + 6);
            fields.into_iter().flatten().map(of_field).fold(2, u64::saturating_add)
        }
        Some("array") => {
            let of_entry = schema.get("items").map_or(UNBOUNDED, most_characters);
            bound("maxItems").saturating_mul(of_entry.saturating_add(2)).saturating_add(2)
        }
        Some("string") => bound("maxLength").saturating_add(2),
        Some("boolean" | "null") => 5,
        _ => NUMBER,
    }
}

fn check_at(value: &Value, schema: &Value, place: &str) -> Result<(), String> {
    if let Some(wanted) = schema.get("type").and_then(Value::as_str)
        && !has_type(value, wanted)
    {
        return Err(format!("{place} must be of type {wanted}, and is {}", type_of(value)));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let names: Vec<String> = allowed.iter().map(Value::to_string).collect();
        return Err(format!("{place} must be one of {}", names.join(", ")));
    }
    match value {
        Value::Object(fields) => check_fields(fields, schema, place),
        Value::Array(entries) => {
            within(entries.len(), schema, ["minItems", "maxItems"], place, "entries")?;
            let Some(of_entry) = schema.get("items") else { return Ok(()) };
            let mut numbered = entries.iter().enumerate();
            numbered.try_for_each(|(index, entry)| check_at(entry, of_entry, &format!("{place}[{index}]")))
        }
        Value::String(text) => within(text.chars().count(), schema, ["minLength", "maxLength"], place, "characters"),
        _ => Ok(()),
    }
}

fn check_fields(fields: &Map<String, Value>, schema: &Value, place: &str) -> Result<(), String> {
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for name in required.iter().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Err(format!("{place} lacks the field {name:?}"));
        }
    }
    let known = schema.get("properties").and_then(Value::as_object);
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    for (name, value) in fields {
        match known.and_then(|known| known.get(name)) {
            Some(of_field) => check_at(value, of_field, &format!("{place}.{name}"))?,
            None if is_closed => return Err(format!("{place} has a field that is not allowed")),
            None => {}
        }
    }
    Ok(())
}

fn within(length: usize, schema: &Value, [least, most]: [&str; 2], place: &str, what: &str) -> Result<(), String> {
    let bound = |name| schema.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    match (bound(least), bound(most)) {
        (Some(least), _) if length < least => Err(format!("{place} must have at least {least} {what}")),
        (_, Some(most)) if length > most => Err(format!("{place} must have at most {most} {what}, and has {length}")),
        _ => Ok(()),
    }
}

fn has_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_is_named_in_its_place() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["word", "list"],
            "properties": {
                "word": { "type": "string", "enum": ["low", "high"] },
                "text": { "type": "string", "minLength": 1, "maxLength": 3 },
                "list": { "type": "array", "maxItems": 2, "items": { "type": "integer" } },
            },
        });
        let check = |value: Value, wrong: Option<&str>| {
            assert_eq!(super::check(&value, &schema).err().as_deref(), wrong, "{value}");
        };
        check(json!({ "word": "low", "list": [1, 2], "text": "äöü" }), None);
        check(json!([]), Some("the answer must be of type object, and is an array"));
        check(json!({ "word": "low" }), Some(r#"the answer lacks the field "list""#));
        check(json!({ "word": "mid", "list": [] }), Some(r#"the answer.word must be one of "low", "high""#));
        check(json!({ "word": 1, "list": [] }), Some("the answer.word must be of type string, and is a number"));
        check(
            json!({ "word": "low", "list": [1, "2"] }),
            Some("the answer.list[1] must be of type integer, and is a string"),
        );
        check(
            json!({ "word": "low", "list": [1, 2, 3] }),
            Some("the answer.list must have at most 2 entries, and has 3"),
        );
        check(
            json!({ "word": "low", "list": [], "text": "" }),
            Some("the answer.text must have at least 1 characters"),
        );
        check(
            json!({ "word": "low", "list": [], "text": "four" }),
            Some("the answer.text must have at most 3 characters, and has 4"),
        );
        check(json!({ "word": "low", "list": [], "more": 1 }), Some("the answer has a field that is not allowed"));
    }

    #[test]
    fn who_wrote_on_and_on_gets_less_room_for_texts_and_lists_and_not_for_words() {
        let text = |most: u64| json!({ "type": "string", "minLength": 1, "maxLength": most });
        let list = |most: u64, of: Value| json!({ "type": "array", "maxItems": most, "items": of });
        let object = |fields: Value| json!({ "type": "object", "properties": fields });
        let before =
            object(json!({ "causes": list(3, object(json!({ "cause": text(200), "ids": list(5, text(4)) }))) }));
        let after =
            object(json!({ "causes": list(1, object(json!({ "cause": text(100), "ids": list(2, text(4)) }))) }));
        assert_eq!(shortened(&before), after);
    }

    #[test]
    fn the_longest_answer_finds_room_in_the_tokens_that_are_counted_for_it() {
        let text = json!({ "type": "string", "maxLength": 40 });
        let schema = json!({ "type": "object", "properties": {
            "level": { "enum": ["low", "medium"] },
            "steps": { "type": "array", "maxItems": 3, "items": text },
        } });
        let longest = json!({ "level": "medium", "steps": ["x".repeat(40), "x".repeat(40), "x".repeat(40)] });
        super::check(&longest, &schema).unwrap();
        let (most, wanted) = (u64::from(most_tokens(&schema)), tokens::estimate(&longest.to_string()));
        assert!(most >= wanted && most < wanted * 3 / 2, "{most} for {wanted}");
        assert_eq!(most_tokens(&json!({ "type": "array", "maxItems": u64::MAX, "items": text })), u32::MAX);
    }
}
