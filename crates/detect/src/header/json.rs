//! JSON objects, one a line.

use super::structured::{HOST, LEVEL, MESSAGE, PROGRAM, TIME};
use super::{Header, level, peel, timestamp};
use jiff::Timestamp;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// A JSON object with a message in it.
pub(super) fn parse(line: &str) -> Option<Header<'_>> {
    if !line.starts_with('{') || !line.ends_with('}') {
        return None;
    }
    let fields: HashMap<String, Field<'_>> = serde_json::from_str(line).ok()?;
    let first = |names: &[&str]| names.iter().find_map(|name| fields.get(*name));
    let text = |names: &[&str]| names.iter().filter_map(|name| fields.get(*name)).find_map(Field::borrowed);
    let is_message =
        |name: &&&str| fields.get(**name).is_some_and(|field| field.text().is_some_and(|text| !text.is_empty()));
    let name = MESSAGE.iter().find(is_message)?;
    let Some(Field::Text(message)) = fields.get(*name) else { return None };
    let level_word = text(&LEVEL);
    let header = Header {
        timestamp: first(&TIME).and_then(Field::moment),
        host: text(&HOST),
        program: text(&PROGRAM),
        level: level_word.and_then(level::written).or_else(|| first(&LEVEL)?.number()),
        level_word,
        message: message.clone(),
    };
    Some(if *name == "log" { wrapped(header) } else { header })
}

/// A container runtime's `log` field holds the whole line, header and all.
fn wrapped(outer: Header<'_>) -> Header<'_> {
    let inner = peel::peel(outer.message.trim());
    let (level, at, message) = (inner.level, inner.timestamp, inner.message.into_owned());
    Header { timestamp: outer.timestamp.or(at), level: outer.level.or(level), message: message.into(), ..outer }
}

/// A field's value, as far as a header can use it.
enum Field<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    /// The first text in an object (`{"$date":"…"}`).
    Inner(Cow<'a, str>),
    Other,
}

impl<'a> Field<'a> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, where nothing in it is escaped, so that the line itself holds it.
    fn borrowed(&self) -> Option<&'a str> {
        match self {
            Self::Text(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    fn moment(&self) -> Option<Timestamp> {
        let number;
        let text = match self {
            Self::Text(text) | Self::Inner(text) => text.as_ref(),
            Self::Number(value) => {
                number = value.to_string();
                &number
            }
            Self::Other => return None,
        };
        timestamp::read(text).and_then(|found| found.at)
    }

    fn number(&self) -> Option<foghorn_domain::severity::Severity> {
        match self {
            Self::Number(value) => level::number(*value as i64),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Number(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Field::Number(value as f64))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Number(value))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut inner = Field::Other;
        while let Some((_, value)) = entries.next_entry::<IgnoredAny, Field<'de>>()? {
            if let (Field::Other, Field::Text(text)) = (&inner, value) {
                inner = Field::Inner(text);
            }
        }
        Ok(inner)
    }
}
