//! Takes an event's JSON apart in one pass. No type is wrong here: a value that cannot be what its
//! field needs is passed over and remembered as [`Scalar::Wrong`], so that the elements after it in an
//! array can still be read.

use super::rules;
use crate::field_error::FieldError;
use crate::limits::Limits;
use crate::outside_json::Tracker;
use crate::outside_json::value::Built;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{NewEvent, Origin};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A string or a number, or what stands there instead.
#[derive(Default)]
pub(super) enum Scalar {
    /// Missing or null.
    #[default]
    Absent,
    Text(String),
    Number(Number),
    /// Something else, named in words.
    Wrong(&'static str),
}

/// The fields of an event, before anything is asked of them.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) source: Scalar,
    pub(super) event_type: Scalar,
    pub(super) payload: Scalar,
    pub(super) metadata: Value,
    pub(super) event_timestamp: Scalar,
    pub(super) status: Scalar,
    pub(super) dedup_key: Scalar,
    pub(super) episode: Scalar,
    pub(super) idempotency_key: Scalar,
    /// Everything else.
    pub(super) unknown: Map<String, Value>,
}

/// Reads one event.
#[derive(Clone, Copy)]
pub(super) struct EventSeed<'c> {
    pub(super) tracker: &'c Tracker,
    pub(super) door: Origin,
    pub(super) now: Timestamp,
    pub(super) limits: &'c Limits,
    /// Whose events these are where they name no source.
    pub(super) default_source: Option<&'c str>,
}

impl<'de> DeserializeSeed<'de> for EventSeed<'_> {
    type Value = Result<NewEvent, FieldError>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl EventSeed<'_> {
    fn no_object<T, E>(self, found: &str) -> Result<Result<T, FieldError>, E> {
        Ok(Err(FieldError::body(format!("must be a JSON object, found {found}"))))
    }
}

impl<'de> Visitor<'de> for EventSeed<'_> {
    type Value = Result<NewEvent, FieldError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let tracker = self.tracker;
        tracker.start_over();
        let mut fields = Fields::default();
        while let Some(Key(name)) = map.next_key()? {
            let (scalar, name) = match name {
                Name::Source => (&mut fields.source, "source"),
                Name::Type => (&mut fields.event_type, "type"),
                Name::Payload => (&mut fields.payload, "payload"),
                Name::EventTimestamp => (&mut fields.event_timestamp, "event_timestamp"),
                Name::Status => (&mut fields.status, "status"),
                Name::DedupKey => (&mut fields.dedup_key, "dedup_key"),
                Name::Episode => (&mut fields.episode, "episode"),
                Name::IdempotencyKey => (&mut fields.idempotency_key, "idempotency_key"),
                Name::Metadata => {
                    let read = map.next_value_seed(Built(tracker));
                    fields.metadata = read.inspect_err(|_| tracker.stopped_at("metadata"))?;
                    continue;
                }
                Name::Unknown(name) => {
                    let read = map.next_value_seed(Built(tracker));
                    let value = read.inspect_err(|_| tracker.stopped_at(&name))?;
                    tracker.weigh(name.len() + 4);
                    tracker.stop_if_too_large().inspect_err(|_| tracker.stopped_at(&name))?;
                    fields.unknown.insert(tracker.key(name), value);
                    continue;
                }
            };
            let read = map.next_value_seed(ScalarSeed(tracker));
            *scalar = read.inspect_err(|_| tracker.stopped_at(name))?;
        }
        Ok(rules::event_of(fields, self))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.no_object("null")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        self.no_object("a boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        self.no_object("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        self.no_object("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        self.no_object("a number")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        self.no_object("a string")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.no_object("an array")
    }
}

enum Name {
    Source,
    Type,
    Payload,
    Metadata,
    EventTimestamp,
    Status,
    DedupKey,
    Episode,
    IdempotencyKey,
    Unknown(String),
}

/// The name of a field; known ones are not copied.
struct Key(Name);

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                Ok(Key(match name {
                    "source" => Name::Source,
                    "type" => Name::Type,
                    "payload" => Name::Payload,
                    "metadata" => Name::Metadata,
                    "event_timestamp" => Name::EventTimestamp,
                    "status" => Name::Status,
                    "dedup_key" => Name::DedupKey,
                    "episode" => Name::Episode,
                    "idempotency_key" => Name::IdempotencyKey,
                    other => Name::Unknown(other.to_owned()),
                }))
            }
        }
        reader.deserialize_str(KeyVisitor)
    }
}

struct ScalarSeed<'t>(&'t Tracker);

impl<'de> DeserializeSeed<'de> for ScalarSeed<'_> {
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Scalar, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed<'_> {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Absent)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Wrong("a boolean"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Number::from_f64(value).map_or(Scalar::Absent, Scalar::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(self.0.clean(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Wrong("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Wrong("an object"))
    }
}
