//! Log templates: which statement of a program a line came from.
//!
//! A message is folded to the lines that say what it is about and masked, so that
//! numbers, ids, addresses, paths and values become `<*>`. The [`Miner`] then puts it into a bucket, by its number of
//! tokens and its first or last steady word, and looks there for a cluster whose words agree; if none does, the
//! line starts a cluster. Words that may well be names (behind `user`, `host` and the like) may differ,
//! and turn into `<*>` in the template when they do. This is streaming clustering in the manner of
//! Drain (He, Zhu, Zheng, Lyu: Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017),
//! with two differences. The bucket is a function of the message alone, so that a miner rebuilt from
//! its [`ClusterRow`]s goes on exactly as the one that never stopped. And a cluster keeps the key it was
//! born with, so that a fingerprint made of it does not change while the template learns.

mod bucket;
mod cluster;
mod fold;
mod mask;
mod miner;
mod shapes;
mod vocabulary;

pub use cluster::ClusterRow;
pub use miner::{Learned, Miner};

/// What stands in a template for the parts that vary.
pub const WILDCARD: &str = "<*>";

/// The masked text of a message: what it says with numbers, ids, addresses and values taken out, at
/// most 200 words of the first 4 KB. Stack traces are folded to their first line, cause and frame.
pub fn masked(message: &str) -> String {
    let masked = mask::mask(&fold::fold(message));
    let words: Vec<&str> = masked.tokens().map(|token| token.text).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
