//! A cluster: the messages of one statement, as the template they have in common.

use super::WILDCARD;
use super::mask::{Masked, TokenKind};
use serde::{Deserialize, Serialize};

/// A cluster as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRow {
    /// Where a message must fall to be compared with it.
    pub bucket: String,
    /// Its name for ever: 16 hexadecimal digits.
    pub birth_key: String,
    /// The order of creation within its miner, from 0.
    pub sequence: u32,
    /// The template as it reads now, `<*>` where messages differ.
    pub tokens: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) row: ClusterRow,
}

/// How a message compares with a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// It belongs; so many tokens are equal.
    Belongs(usize),
    /// One steady word differs, at this place.
    DiffersAt(usize),
    /// Something else.
    Differs,
}

impl Cluster {
    pub(super) fn compare(&self, message: &Masked) -> Comparison {
        let mut equal = 0;
        let mut differs_at = None;
        for (index, (token, ours)) in message.tokens().zip(&self.row.tokens).enumerate() {
            if ours == token.text {
                equal += 1;
            } else if ours != WILDCARD && token.kind == TokenKind::Steady {
                if differs_at.is_some() {
                    return Comparison::Differs;
                }
                differs_at = Some(index);
            }
        }
        match differs_at {
            Some(index) => Comparison::DiffersAt(index),
            None => Comparison::Belongs(equal),
        }
    }

    /// Takes a message in: tokens that differ become `<*>`. Says whether the template changed.
    pub(super) fn absorb(&mut self, message: &Masked) -> bool {
        let mut changed = false;
        for (token, ours) in message.tokens().zip(&mut self.row.tokens) {
            if ours != token.text && ours != WILDCARD {
                *ours = WILDCARD.to_owned();
                changed = true;
            }
        }
        changed
    }
}
