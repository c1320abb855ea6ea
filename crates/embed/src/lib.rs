//! Sentence → vector, in process, and the nearest of many vectors.
//!
//! An [`Embedder`] takes a text to a unit vector whose cosine with another says how alike the two texts
//! are in meaning. The `tokenizer` cuts the text into word pieces, the `network` turns those into one
//! vector, `sessions` keep as many of them running side by side as there are processors to spare, and
//! a text met before is `remembered`. `files` reads a model from a directory, and a `trial` run says
//! what is wrong with one that does not fit. A [`VectorSet`] holds the vectors of everything remembered and
//! finds the nearest to a query by looking at all of them.
//!
//! The model runtime is hidden: no type of it appears in the interface. Nothing here knows what the
//! texts are about.

mod error;
mod embedder;
mod files;
mod tokenizer;
mod network;
mod sessions;
mod trial;
mod remembered;
mod scan;

pub use embedder::{CACHED_TEXTS, Embedder, MAX_TOKENS};
pub use error::EmbedError;
pub use scan::{VectorError, VectorSet};
