//! A [`Rule`]: one pattern, what it is worth, and where it may speak.

use crate::decode::Reach;
use crate::decode::view::View;
use foghorn_domain::finding::Kind;

/// A pattern for one kind of trouble.
#[derive(Debug)]
pub(crate) struct Rule {
    /// `kind.what`, unique; operators see it as the reason of a finding.
    pub(crate) name: &'static str,
    /// The finding it counts towards.
    pub(crate) kind: Kind,
    /// How much it adds, 0 to 1: the chance that a text with nothing else in it is that trouble.
    /// Weights of different rules combine as independent chances do.
    pub(crate) weight: f32,
    /// The places it may speak about.
    pub(crate) reach: Reach,
    /// How it wants the text read.
    pub(crate) view: View,
    /// Words of which the pattern always contains at least one; without case. Empty: any text.
    pub(crate) anchors: &'static [&'static str],
    /// At least one of these characters stands in every text that the pattern matches; saves running
    /// it on prose. Empty: no such character is known.
    pub(crate) needs: &'static str,
    /// The pattern, over bytes, without case.
    pub(crate) pattern: &'static str,
    /// A text it matches.
    #[cfg_attr(not(test), expect(dead_code, reason = "the rule's own test case"))]
    pub(crate) hit: &'static str,
    /// A near miss: a text it does not match.
    #[cfg_attr(not(test), expect(dead_code, reason = "the rule's own test case"))]
    pub(crate) miss: &'static str,
}

/// Shorthand by which the tables stay readable; the fields in the order of [`Rule`].
#[expect(clippy::too_many_arguments, reason = "a row of a table, written some two hundred times")]
pub(crate) const fn rule(
    name: &'static str,
    kind: Kind,
    weight: f32,
    reach: Reach,
    view: View,
    anchors: &'static [&'static str],
    pattern: &'static str,
    hit: &'static str,
    miss: &'static str,
) -> Rule {
    Rule { name, kind, weight, reach, view, anchors, needs: "", pattern, hit, miss }
}

/// The rule with [`Rule::needs`] set.
pub(crate) const fn needing(characters: &'static str, mut rule: Rule) -> Rule {
    rule.needs = characters;
    rule
}

/// The ASCII characters of a text, as bits; what lies beyond ASCII is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Characters(u128);

impl Characters {
    /// The characters that stand in `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut bits = [0u64; 4];
        for &byte in text.as_bytes() {
            bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        Self(u128::from(bits[0]) | u128::from(bits[1]) << 64)
    }

    /// The same for a constant, which must be ASCII.
    pub(crate) const fn from_ascii(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut bits = 0u128;
        let mut at = 0;
        while at < bytes.len() {
            bits |= 1 << bytes[at];
            at += 1;
        }
        Self(bits)
    }

    /// Whether the two have a character in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are none.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}
