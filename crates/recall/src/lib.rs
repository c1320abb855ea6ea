//! Recall: which past troubles are like this one, and how much.
//!
//! [`tokens`] makes words of text, [`LexicalIndex`] scores shared words (BM25 over the most that the query
//! could score), a vector set scores meaning (cosine), and [`Recall`] fuses both, with whether the query
//! names the memory's service, into one similarity from 0 to 1. [`cut`] says from which similarity on a
//! result is worth showing.
//!
//! Pure and in memory: whoever owns the memories feeds it and can build it anew at any time. Both stores
//! therefore recall alike.

mod tokens;
mod lexical;
mod fuse;
mod cut;

pub use cut::{Cut, cut_for};
pub use fuse::{Document, Found, Query, Recall, Weights, embedded_text};
pub use lexical::LexicalIndex;
