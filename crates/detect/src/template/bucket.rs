//! Where a message is looked up: by its number of tokens and its first steady word, and failing that by its last.
//!
//! Both are functions of the message alone. The second look finds lines that begin with a name:
//! `alice logged in`, `bob logged in`.

use super::WILDCARD;
use super::fold::cut;
use super::mask::{Masked, TokenKind};
use std::collections::HashMap;

/// Longest word that names a bucket, in bytes.
const MAX_WORD: usize = 64;
/// Clusters that begin alike, which bounds the comparisons for a line.
const MAX_BEGIN_ALIKE: usize = 128;
/// Clusters that end alike; those beyond are found by their first word only.
const MAX_END_ALIKE: usize = 128;

/// A message's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket<'a> {
    count: usize,
    /// The first word that the program's author must have written, or `<*>`.
    pub(super) first: &'a str,
    /// The last such word, or `<*>`.
    last: &'a str,
}

impl<'a> Bucket<'a> {
    pub(super) fn of(message: &'a Masked) -> Self {
        let mut words = message
            .tokens()
            .filter(|token| token.kind == TokenKind::Steady)
            .map(|token| cut(token.text, MAX_WORD))
            .filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic() || byte >= 0x80));
        let first = words.next().unwrap_or(WILDCARD);
        let last = words.last().unwrap_or(WILDCARD);
        Self { count: message.len(), first, last }
    }

    /// The name under which rows are stored: count, first and last word.
    pub(super) fn name(&self) -> String {
        format!("{} {} {}", self.count, self.first, self.last)
    }

    /// The names of the two coarse clusters a message can fall into.
    pub(super) fn coarse_names(&self) -> (String, String) {
        (format!("* {} {}", self.count, self.first), format!("* {}", self.count))
    }

    fn begins(&self) -> String {
        format!("{} {}", self.count, self.first)
    }

    fn ends(&self) -> Option<String> {
        (self.last != WILDCARD).then(|| format!("{} … {}", self.count, self.last))
    }

    fn parse(name: &'a str) -> Option<Self> {
        let mut parts = name.splitn(3, ' ');
        Some(Self { count: parts.next()?.parse().ok()?, first: parts.next()?, last: parts.next()? })
    }
}

/// Which clusters, by index, are where.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(HashMap<String, Vec<u32>>);

impl Buckets {
    fn members(&self, key: &str) -> &[u32] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn has_room(&self, bucket: &Bucket<'_>) -> bool {
        self.members(&bucket.begins()).len() < MAX_BEGIN_ALIKE
    }

    /// The clusters that begin as the message does, then the others that end as it does; each oldest first.
    pub(super) fn candidates(&self, bucket: &Bucket<'_>) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let begins = self.members(&bucket.begins());
        let ends = move || bucket.ends().map(|key| self.members(&key)).unwrap_or_default();
        [true, false].into_iter().map(move |is_first| {
            let members = if is_first { begins } else { ends() };
            let is_new = move |member: &&u32| is_first || begins.binary_search(member).is_err();
            members.iter().filter(is_new).map(|member| *member as usize)
        })
    }

    /// The cluster of a coarse name.
    pub(super) fn coarse(&self, name: &str) -> Option<usize> {
        self.members(name).first().map(|index| *index as usize)
    }

    /// Files a cluster under its row's bucket; indices only grow. Says whether it is a coarse one.
    pub(super) fn add(&mut self, name: &str, index: u32) -> bool {
        let Some(bucket) = Bucket::parse(name) else {
            self.0.entry(name.to_owned()).or_default().push(index);
            return true;
        };
        self.0.entry(bucket.begins()).or_default().push(index);
        if let Some(key) = bucket.ends() {
            let members = self.0.entry(key).or_default();
            if members.len() < MAX_END_ALIKE {
                members.push(index);
            }
        }
        false
    }
}
