//! Builds a [`Value`].
//!
//! `Built` differs from `Value`'s own reader in three ways: NUL becomes U+FFFD, the size is measured
//! on the way, and the keys under which `serde_json` smuggles raw values to itself are ordinary keys (its
//! reader would fail on them, and so would everybody who reads the stored event later; they get a `_` in
//! front).

use super::{Text, Tracker, read};
use crate::field_error::FieldError;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads a body that is one JSON value.
pub(crate) fn read_value(bytes: &[u8]) -> Result<Found, FieldError> {
    let text = Text::new(bytes)?;
    let tracker = text.tracker(usize::MAX);
    read(text.as_str(), &tracker, ValueSeed(&tracker))
}

/// A value that was built, and what happened on the way.
pub(crate) struct Found {
    pub(crate) value: Value,
    pub(crate) nul_replaced: bool,
}

/// Builds a whole message or an element of an array, see [`Built`].
#[derive(Clone, Copy)]
pub(crate) struct ValueSeed<'t>(pub(crate) &'t Tracker);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Result<Found, FieldError>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        self.0.start_over();
        let value = Built(self.0).deserialize(reader)?;
        Ok(Ok(Found { value, nul_replaced: self.0.nul_replaced() }))
    }
}

/// Builds a [`Value`]. Of a key that is there twice, the last one counts.
#[derive(Clone, Copy)]
pub(crate) struct Built<'t>(pub(crate) &'t Tracker);

impl<'de> DeserializeSeed<'de> for Built<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Built<'_> {
    fn number(self, number: Number) -> Value {
        self.0.weigh(5);
        Value::Number(number)
    }
}

impl<'de> Visitor<'de> for Built<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.0.weigh(2);
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.0.weigh(2);
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(self.number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(self.number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, |number| self.number(number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.0.weigh(value.len() + 4);
        Ok(Value::String(self.0.clean(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        self.0.weigh(2);
        while let Some(element) = seq.next_element_seed(self)? {
            all.push(element);
            self.0.stop_if_too_large()?;
        }
        // Hostile bodies are full of arrays of one, and a vector makes room for four.
        all.shrink_to_fit();
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        self.0.weigh(2);
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            self.0.weigh(key.len() + 4);
            object.insert(self.0.key(key), value);
            self.0.stop_if_too_large()?;
        }
        Ok(Value::Object(object))
    }
}

/// The bytes that a value takes as compact JSON.
pub(crate) fn serialised_bytes(object: &Map<String, Value>) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting cannot fail, and every key of an object is a string.
    let _ = serde_json::to_writer(&mut counter, object);
    counter.0
}
