//! The texts met before and their vectors, as many as there is room for.
//!
//! A text is known again by its tokens: that is exact, where a hash of the text is not, and texts that
//! differ only in white space, in case or beyond the cut share an entry.

use hashlink::LruCache;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Tokens = Box<[u32]>;
type Vector = Box<[f32]>;

/// Vectors by tokens; the least recently used is forgotten first.
pub(crate) struct Remembered(Mutex<LruCache<Tokens, Vector>>);

impl Remembered {
    pub(crate) fn new(room: usize) -> Self {
        Self(Mutex::new(LruCache::new(room)))
    }

    pub(crate) fn get(&self, tokens: &[u32]) -> Option<Vec<f32>> {
        self.lock().get(tokens).map(|vector| vector.to_vec())
    }

    pub(crate) fn insert(&self, tokens: Vec<u32>, vector: &[f32]) {
        self.lock().insert(tokens.into(), vector.into());
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Tokens, Vector>> {
        // Whoever panicked while holding it left the cache whole: it is changed by single calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
