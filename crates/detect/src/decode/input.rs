//! An [`Input`]: a text that somebody outside may have chosen, and where it stood.

use std::borrow::Cow;

/// Where an input comes from, as bits: a rule names the kinds of places it may speak about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach(u8);

impl Reach {
    /// A value (or an odd name) of a query, form, body or cookie, or a bare value.
    pub(crate) const PARAMETER: Self = Self(1);
    /// The path of a request.
    pub(crate) const PATH: Self = Self(2);
    /// A header.
    pub(crate) const HEADER: Self = Self(4);
    /// The name of an uploaded file.
    pub(crate) const FILE: Self = Self(8);
    /// A line of a log, most of which an application wrote itself.
    pub(crate) const LOG: Self = Self(16);

    /// A parameter or a header.
    pub(crate) const PH: Self = Self(1 | 4);
    /// A parameter, a header or the path.
    pub(crate) const REQUEST: Self = Self(1 | 2 | 4 | 8);
    /// A parameter or the path.
    pub(crate) const PP: Self = Self(1 | 2);
    /// Anything.
    pub(crate) const ALL: Self = Self(31);

    /// The places of both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have a place in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Where an input stood, written as `part.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// `query`, `header`, `payload`, …
    pub(crate) part: &'static str,
    /// The parameter's or header's name; may be empty.
    pub(crate) name: Cow<'a, str>,
    /// Whether the text was found inside base64.
    pub(crate) inside_base64: bool,
}

impl<'a> Place<'a> {
    /// The whole payload.
    pub(crate) const PAYLOAD: Place<'static> = Place { part: "payload", name: Cow::Borrowed(""), inside_base64: false };

    /// A named part.
    pub(crate) fn new(part: &'static str, name: impl Into<Cow<'a, str>>) -> Self {
        Self { part, name: name.into(), inside_base64: false }
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.part)?;
        if !self.name.is_empty() {
            // Names are the sender's too: cut and kept printable, so that evidence stays one short word.
            let name: String = self.name.chars().filter(|c| !c.is_control()).take(64).collect();
            write!(f, ".{}", name.to_ascii_lowercase())?;
        }
        if self.inside_base64 { f.write_str(" (base64)") } else { Ok(()) }
    }
}

/// A text that somebody outside may have chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input<'a> {
    /// The text, still encoded.
    pub(crate) raw: Cow<'a, str>,
    /// Where it stood.
    pub(crate) place: Place<'a>,
    /// What kind of place that is.
    pub(crate) reach: Reach,
    /// Whether `+` means a space here.
    pub(crate) plus_is_space: bool,
}

impl<'a> Input<'a> {
    /// An input in which `+` means itself.
    pub(crate) fn new(raw: impl Into<Cow<'a, str>>, place: Place<'a>, reach: Reach) -> Self {
        Self { raw: raw.into(), place, reach, plus_is_space: false }
    }

    /// An input in which `+` means a space, as in a query or a form.
    pub(crate) fn form(raw: impl Into<Cow<'a, str>>, place: Place<'a>) -> Self {
        Self { raw: raw.into(), place, reach: Reach::PARAMETER, plus_is_space: true }
    }
}
