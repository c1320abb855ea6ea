//! The one gate between text from outside and everything that leaves: a message, a prompt, an audit
//! row, our own logs, the API and its pages. What passes it is a [`Redacted`], and only this module can
//! make one, so a function that takes `Redacted` cannot be handed raw text.
//!
//! The cast, in the order in which they work:
//!
//! * `scan` walks over the text once. An automaton of literal triggers (key prefixes such as
//!   `ghp_`, words such as `password`, `://`, `-----BEGIN`) and two searches that skip ahead (runs of
//!   digits, runs of base64) find the few places worth a look; text without any is returned as it came.
//! * At each place one small judge decides: `formats` (keys known by their prefix), `pem`, `url`,
//!   `header` (`Authorization`), `pair` (a name, a separator, a value), `command` (`mysql -p…`), `card`
//!   and `wrapped` (base64 of any of these).
//! * `pair` asks `extent` where the value ends, `name` whether the name promises a secret, and `value`
//!   and `shape` whether the value keeps the promise: `token=expired` and `password=****` stay,
//!   `password: hunter2` does not. The words they go by are in `words`.
//! * `encoding` lets the judges read through `%3D`, `\"`, `\u003d` and `&quot;`.
//! * `split` looks for what a line break cuts in two.
//! * `span` merges what was found and writes `[REDACTED:kind]` in its place.
//!
//! Every judge looks at a bounded stretch or shares what it measured with the next one, so the time is
//! linear in the text whatever the text is. Redacting twice is the same as redacting once.

mod base64;
mod card;
mod command;
mod encoding;
mod extent;
mod formats;
mod header;
mod json;
mod kind;
mod name;
mod pair;
mod pem;
mod scan;
mod shape;
mod span;
mod split;
#[cfg(test)]
mod tests;
mod url;
mod value;
mod words;
mod wrapped;

pub(crate) use base64::decode as decode_base64;
pub use json::redact_json;
pub use kind::SecretKind;

use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Text in which every listed kind of secret has been replaced by `[REDACTED:kind]`.
///
/// Only [`redact`] makes one, and there is no way back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The masked text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl AsRef<str> for Redacted {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Redacted> for String {
    fn from(redacted: Redacted) -> Self {
        redacted.0
    }
}

/// Masks every secret in `text`.
pub fn redact(text: &str) -> Redacted {
    Redacted(redact_cow(text).into_owned())
}

/// Masks every secret in `text`; borrowed, without a copy, when there is none.
pub fn redact_cow(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    // First, because the first half of a secret may look like a whole one.
    let spans = split::find(&masked);
    if !spans.is_empty() {
        masked = Cow::Owned(span::mask(&masked, &spans));
    }
    for _ in 0..PASSES {
        let spans = scan::find(&masked);
        if spans.is_empty() {
            break;
        }
        masked = Cow::Owned(span::mask(&masked, &spans));
    }
    masked
}

/// How many secrets of which kind are in `text`: what may be logged about a redaction. Never values.
pub fn counts(text: &str) -> BTreeMap<SecretKind, usize> {
    let mut counts = BTreeMap::new();
    for span in scan::find(text) {
        *counts.entry(span.kind).or_insert(0) += 1;
    }
    counts
}

/// A mask may bring two pieces of text together that only now read as a name and its value, so the
/// masked text is looked at again until nothing more is found. Two looks do for all but text made to need
/// more; the bound keeps such text from buying many.
const PASSES: usize = 6;
