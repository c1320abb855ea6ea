//! Recall: which past troubles are like this one, and how much.
//!
//! `tokens` makes words of text, [`LexicalIndex`] scores shared words (BM25 over the most that the query
//! could score), a vector set scores meaning (cosine of the vectors that [`embedded_texts`] leads to), and
//! [`Weights`] makes both, and whether the query names the memory's service, into one similarity between 0
//! and 1. [`Recall`] holds everything and searches it; [`cut_for`] says from which similarity on a result is
//! worth showing.
//!
//! Pure and in memory: whoever owns the memories feeds it and can build it anew at any time. Both stores
//! therefore recall alike.

mod names;
mod tokens;
mod lexical;
mod embedded;
mod weights;
mod cut;
mod fuse;

pub use cut::{Cut, Nearness, cut_for};
pub use embedded::{EMBEDDED_SHARES, EMBEDDING_RECIPE, blend, embedded_texts};
pub use fuse::{Document, Found, Query, Recall};
pub use lexical::{LexicalIndex, Wanted};
pub use names::Names;
pub use tokens::MAX_WORDS;
pub use weights::{Signals, Weights, sameness};
