//! JSON out of bytes nobody vouches for.
//!
//! [`Text`] is a body that is known to be UTF-8. [`read`] and [`read_array`] hand it to a seed, which is
//! either an event's ([`crate::event`]) or a [`value::ValueSeed`]. While they read, a [`Tracker`]
//! remembers what cannot be seen in the result. `serde_json` stops at the 128th level, which bounds the stack.

pub(crate) mod value;

use crate::field_error::{FieldError, short};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;

/// Levels of nesting that are read.
pub(crate) const DEEPEST: usize = 127;

/// How the error begins with which building stops.
const TOO_LARGE: &str = "too large";

/// Noted on an event in which NUL was replaced by U+FFFD.
pub(crate) const NUL_REPLACED: &str = "nul_replaced";

/// A body that is known to be UTF-8.
pub(crate) struct Text<'b> {
    text: Cow<'b, str>,
    may_hold_nul: bool,
}

impl<'b> Text<'b> {
    /// Takes a byte order mark off, and turns bytes of NUL, which JSON does not allow, into escapes,
    /// which it does: senders that cut buffers carelessly would otherwise retry for ever.
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Self, FieldError> {
        let text = std::str::from_utf8(bytes).map_err(|fault| {
            let at = fault.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            FieldError::body(format!("must be UTF-8; the byte at offset {at} (0x{byte:02x}) is not"))
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let holds_nul = text.as_bytes().contains(&0);
        let text = if holds_nul { Cow::Owned(text.replace('\0', r"\u0000")) } else { Cow::Borrowed(text) };
        let may_hold_nul = holds_nul || text.contains(r"\u0000");
        Ok(Self { text, may_hold_nul })
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// A tracker for reading this text. Building stops where an event has become larger than so many
    /// bytes as JSON beyond doubt, because a value in memory can be forty times its size as text.
    pub(crate) fn tracker(&self, most_bytes: usize) -> Tracker {
        Tracker {
            may_hold_nul: self.may_hold_nul,
            most_bytes,
            nul_replaced: Cell::new(false),
            weight: Cell::new(0),
            place: RefCell::new(None),
        }
    }
}

/// What cannot be seen in the result of reading.
pub(crate) struct Tracker {
    may_hold_nul: bool,
    most_bytes: usize,
    nul_replaced: Cell<bool>,
    /// Between a sixth of and three times the bytes that the built values take as JSON.
    weight: Cell<usize>,
    place: RefCell<Option<String>>,
}

impl Tracker {
    /// Forgets what was noted; to be called where an event begins.
    pub(crate) fn start_over(&self) {
        self.nul_replaced.set(false);
        self.weight.set(0);
    }

    /// Whether NUL was replaced since the event began.
    pub(crate) fn nul_replaced(&self) -> bool {
        self.nul_replaced.get()
    }

    /// Whether the values built since the event began may be too large. Sure only when it says no: a
    /// control character is one byte here and six as an escape.
    pub(crate) fn may_be_too_large(&self) -> bool {
        self.weight.get().saturating_mul(6) > self.most_bytes
    }

    /// Fails where they are too large for sure: nothing weighs more than three times its size as JSON.
    pub(crate) fn stop_if_too_large<E: Error>(&self) -> Result<(), E> {
        if self.weight.get() / 3 > self.most_bytes { Err(E::custom(TOO_LARGE)) } else { Ok(()) }
    }

    /// Remembers in which field reading stopped.
    pub(crate) fn stopped_at(&self, field: &str) {
        *self.place.borrow_mut() = Some(short(field));
    }

    /// Counts what was built.
    pub(crate) fn weigh(&self, bytes: usize) {
        self.weight.set(self.weight.get() + bytes);
    }

    /// A sender's text without NUL.
    pub(crate) fn clean(&self, text: String) -> String {
        if self.may_hold_nul && text.contains('\0') {
            self.nul_replaced.set(true);
            return text.replace('\0', "\u{fffd}");
        }
        text
    }

    /// A key without NUL that `serde_json` will take for a key.
    pub(crate) fn key(&self, key: String) -> String {
        let key = self.clean(key);
        if key.starts_with("$serde_json::private::") { format!("_{key}") } else { key }
    }

    fn fault(&self, fault: &serde_json::Error) -> FieldError {
        let text = fault.to_string();
        let place = self.place.borrow_mut().take();
        if text.starts_with(TOO_LARGE) {
            let field = if place.is_some() { "metadata" } else { "body" };
            return FieldError::new(field, format!("must be at most {} bytes as JSON, is larger", self.most_bytes));
        }
        let place = place.as_deref().unwrap_or("body");
        if text.starts_with("recursion limit exceeded") {
            FieldError::new(place, format!("nested deeper than {DEEPEST} levels"))
        } else if text.starts_with("number out of range") {
            FieldError::new(place, format!("holds a {text}"))
        } else if text.starts_with("trailing characters") {
            FieldError::body(format!(
                "holds more than one JSON value ({text}); send several events as an array, or one on each line as application/x-ndjson"
            ))
        } else {
            FieldError::body(format!("is not valid JSON: {text}"))
        }
    }
}

/// Reads one JSON value and insists that nothing follows it.
pub(crate) fn read<'de, S, T>(text: &'de str, tracker: &Tracker, seed: S) -> Result<T, FieldError>
where
    S: DeserializeSeed<'de, Value = Result<T, FieldError>>,
{
    if text.trim_ascii().is_empty() {
        return Err(FieldError::body("is empty"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|fault| tracker.fault(&fault))?
}

/// Reads an array of at most `most` elements, which fail one by one. The whole fails only where it has
/// more or is not JSON at all.
pub(crate) fn read_array<'de, S, T>(
    text: &'de str,
    tracker: &Tracker,
    seed: S,
    most: usize,
) -> Result<Vec<Result<T, FieldError>>, FieldError>
where
    S: DeserializeSeed<'de, Value = Result<T, FieldError>> + Copy,
{
    let mut reader = serde_json::Deserializer::from_str(text);
    let read_all = reader.deserialize_seq(Elements { seed, most }).and_then(|all| reader.end().map(|()| all));
    let (elements, count) = match read_all {
        Ok(all) => all,
        Err(fault) => {
            // Something in there cannot be read (too deep, a number beyond any float). If at least the
            // elements can be told apart, only the one at fault is lost.
            let (elements, count) = split(text, most).ok_or_else(|| tracker.fault(&fault))?;
            (elements.into_iter().map(|element| read(element, tracker, seed)).collect(), count)
        }
    };
    if count > most { Err(too_many(most, count)) } else { Ok(elements) }
}

/// The fault of a body that holds too much.
pub(crate) fn too_many(most: usize, count: usize) -> FieldError {
    FieldError::body(format!("must hold at most {most} events, holds {count}"))
}

/// The elements of an array and their number, told apart without reading them and without recursion. No
/// more than `most` are kept. `None` where the text is not an array.
fn split(text: &str, most: usize) -> Option<(Vec<&str>, usize)> {
    let mut rest = text.trim_ascii_start().strip_prefix('[')?.trim_ascii_start();
    let (mut elements, mut count) = (Vec::new(), 0);
    if let Some(after) = rest.strip_prefix(']') {
        return after.trim_ascii().is_empty().then_some((elements, count));
    }
    loop {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let (element, after) = rest.split_at_checked(values.byte_offset())?;
        count += 1;
        if count <= most {
            elements.push(element);
        }
        let after = after.trim_ascii_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_ascii_start(),
            None => return after.strip_prefix(']')?.trim_ascii().is_empty().then_some((elements, count)),
        }
    }
}

/// Reads the elements of an array and counts them; those beyond `most` are only counted.
struct Elements<S> {
    seed: S,
    most: usize,
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for Elements<S> {
    type Value = (Vec<S::Value>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < self.most {
            match seq.next_element_seed(self.seed)? {
                Some(element) => elements.push(element),
                None => break,
            }
        }
        let mut count = elements.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((elements, count))
    }
}
