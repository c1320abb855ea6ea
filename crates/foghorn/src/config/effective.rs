//! The configuration in force, as people and the API see it: secrets are `SET` or `NOT SET`, passwords in
//! addresses are masked, and each value says where it came from.

use super::keys::{Key, keys};
use super::layers::{Origin, Values};
use super::value::without_password;
use serde_json::{Map, Value};

/// One key as it may be shown.
#[derive(Debug)]
struct Shown {
    path: &'static str,
    value: Value,
    origin: Origin,
}

/// Every key as it may be shown, in the order of the default file.
#[derive(Debug)]
pub(crate) struct Effective(Vec<Shown>);

impl Effective {
    pub(super) fn of(values: &Values) -> Self {
        let shown = |key: &'static Key| {
            let said = values.said(&key.path);
            Shown { path: &key.path, value: value(key, &said.text), origin: said.origin }
        };
        Self(keys().iter().map(shown).collect())
    }

    /// A line for each key, with where its value came from unless it is the default.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let widest = self.0.iter().map(|shown| shown.path.len()).max().unwrap_or(0);
        self.0.iter().map(move |Shown { path, value, origin }| {
            let text = match value {
                Value::Null => "-".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match origin {
                Origin::Default => format!("{path:widest$}  {text}"),
                _ => format!("{path:widest$}  {text}  ({origin})"),
            }
        })
    }

    /// An object of objects, as in the file.
    pub(crate) fn json(&self) -> Value {
        let mut sections = Map::new();
        for Shown { path, value, .. } in &self.0 {
            let (section, name) = path.split_once('.').unwrap_or(("", path));
            let fields = sections.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(fields) = fields {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        Value::Object(sections)
    }
}

fn value(key: &Key, text: &str) -> Value {
    if key.is_secret {
        return Value::from(if text.is_empty() { "NOT SET" } else { "SET" });
    }
    if text.is_empty() {
        return Value::Null;
    }
    // What is a number or a switch in the default file stays one.
    match serde_json::from_str(&key.default) {
        Ok(Value::Number(_) | Value::Bool(_)) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        _ => Value::from(without_password(text)),
    }
}
