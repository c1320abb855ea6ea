//! Reading fields of a JSON object that has been built, for formats whose messages are few.

use crate::field_error::{FieldError, describe, quote};
use crate::outside_json::value::serialised_bytes;
use crate::outside_time;
use foghorn_domain::clock::Timestamp;
use serde_json::{Map, Value};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// The value as an object, or a fault in `field`.
pub(crate) fn object(value: Value, field: &str) -> Result<Object, FieldError> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(FieldError::new(field, format!("must be an object, found {}", describe(&other)))),
    }
}

/// Takes an optional object out of `from`; missing and null are empty.
pub(crate) fn take_object(from: &mut Object, name: &str) -> Result<Object, FieldError> {
    match from.remove(name) {
        None | Some(Value::Null) => Ok(Object::new()),
        Some(value) => object(value, name),
    }
}

/// Takes an optional array out of `from`; missing and null are `None`.
pub(crate) fn take_array(from: &mut Object, name: &str) -> Result<Option<Vec<Value>>, FieldError> {
    match from.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(array)) => Ok(Some(array)),
        Some(other) => Err(FieldError::new(name, format!("must be an array, found {}", describe(&other)))),
    }
}

/// Takes an optional string out of `from`; missing, null and blank are `None`.
pub(crate) fn take_text(from: &mut Object, name: &str) -> Result<Option<String>, FieldError> {
    match from.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Some(other) => Err(FieldError::new(name, format!("must be a string, found {}", describe(&other)))),
    }
}

/// Takes a string that must be there and not blank.
pub(crate) fn take_required_text(from: &mut Object, name: &str) -> Result<String, FieldError> {
    let missing = !from.contains_key(name);
    let text = take_text(from, name)?;
    text.ok_or_else(|| {
        FieldError::new(name, if missing { "is required: a non-blank string" } else { "must be a non-blank string" })
    })
}

/// Takes an optional time; missing, null and blank are `None`.
pub(crate) fn take_time(from: &mut Object, name: &str) -> Result<Option<Timestamp>, FieldError> {
    let found = match from.remove(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => match outside_time::parse(&text) {
            Some(at) => return Ok(Some(at)),
            None => quote(&text),
        },
        Some(Value::Number(number)) => match outside_time::from_number(&number) {
            Some(at) => return Ok(Some(at)),
            None => number.to_string(),
        },
        Some(other) => describe(&other).to_owned(),
    };
    Err(FieldError::new(name, format!("{}, found {found}", outside_time::EXPECTED)))
}

/// A string in an object, without the spaces around it; `None` where there is none or it is blank.
pub(crate) fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// Keeps a value under its name, or where that is taken under `extra.` and its name.
pub(crate) fn keep(object: &mut Object, name: String, value: Value) {
    let mut name = name;
    while object.contains_key(&name) {
        name.insert_str(0, "extra.");
    }
    object.insert(name, value);
}

/// Refuses text of more than so many characters.
pub(crate) fn check_chars(text: &str, field: &str, limit: usize) -> Result<(), FieldError> {
    // No text has more characters than bytes, so most need no counting.
    if text.len() <= limit {
        return Ok(());
    }
    match text.chars().count() {
        count if count <= limit => Ok(()),
        count => Err(FieldError::new(field, format!("must be at most {limit} characters, is {count}"))),
    }
}

/// Refuses an object that takes more than so many bytes as JSON.
pub(crate) fn check_size(object: &Object, field: &str, limit: usize) -> Result<(), FieldError> {
    match serialised_bytes(object) {
        size if size <= limit => Ok(()),
        size => Err(FieldError::new(field, format!("must be at most {limit} bytes as JSON, is {size}"))),
    }
}
