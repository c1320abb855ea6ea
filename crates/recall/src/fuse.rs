//! Everything remembered, and what of it is most like a query.

use crate::cut::{Cut, Nearness, cut_for};
use crate::lexical::LexicalIndex;
use crate::names::Names;
use crate::weights::{Signals, Weights, sameness};
use foghorn_embed::{VectorError, VectorSet};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Something to be recalled.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its service, as the query may name it.
    pub service: String,
    /// All its words.
    pub text: String,
    /// Its embedding, if there is a model.
    pub vector: Option<Vec<f32>>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    /// The words.
    pub text: &'a str,
    /// Their embedding, if there is a model.
    pub vector: Option<&'a [f32]>,
    /// The service asked about, where it is known apart from the words.
    pub service: Option<&'a str>,
    /// Only these documents; all of them where there is no list.
    pub only: Option<&'a [i64]>,
    /// Another lowest similarity than the product's own cut.
    pub threshold: Option<f32>,
}

/// One result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The owner's number of the document.
    pub id: i64,
    /// 0 to 1; results are in this order.
    pub similarity: f32,
    /// The cosine behind it, 0 where there is no model.
    pub vector: f32,
    /// The share of the query's words behind it.
    pub lexical: f32,
}

/// Candidates taken from each signal.
const CANDIDATES: usize = 200;

/// Of two results as alike as this only the better one is shown.
const NEAR_DUPLICATE: f32 = 0.97;

/// Room for removed documents before the index is made tight again.
const LOOSE: usize = 1_000;

/// All memories, searchable. Numbers of documents are the owner's.
pub struct Recall {
    weights: Weights,
    lexical: LexicalIndex,
    vectors: VectorSet,
    /// Sum of all vectors: its direction is what the memory as a whole is about, its length how alike they are.
    sum: Vec<f32>,
    slots: HashMap<i64, u32>,
    /// By slot; `None` where the document was removed.
    documents: Vec<Option<Held>>,
    names: Names,
    hasher: RandomState,
}

/// What is kept of a document.
struct Held {
    id: i64,
    /// Lower case.
    service: Arc<str>,
    /// Of its text, so that the same text is not read twice.
    text_hash: u64,
}

impl Recall {
    /// An empty memory for embeddings of this width.
    pub fn new(dimensions: usize) -> Self {
        Self {
            weights: Weights::default(),
            lexical: LexicalIndex::default(),
            vectors: VectorSet::new(dimensions),
            sum: vec![0.0; dimensions],
            slots: HashMap::new(),
            documents: Vec::new(),
            names: Names::default(),
            hasher: RandomState::new(),
        }
    }

    /// Weighs signals otherwise from now on: for finding out what weights are worth.
    pub fn set_weights(&mut self, weights: Weights) {
        self.weights = weights;
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Adds a document, or replaces the one with its number.
    ///
    /// # Errors
    /// When its vector is refused; the document is then not there.
    pub fn put(&mut self, id: i64, document: &Document) -> Result<(), VectorError> {
        let held = Held {
            id,
            service: self.names.shared(&document.service.to_lowercase()),
            text_hash: self.hasher.hash_one(&document.text),
        };
        self.remove_vector(id);
        let known = self.slots.get(&id).and_then(|slot| self.documents[*slot as usize].as_mut());
        match known {
            Some(known) if known.text_hash == held.text_hash => known.service = held.service,
            _ => {
                self.remove_text(id);
                let slot = self.documents.len() as u32;
                self.lexical.insert(slot, &document.text);
                self.documents.push(Some(held));
                self.slots.insert(id, slot);
            }
        }
        if let Some(vector) = &document.vector {
            if let Err(error) = self.vectors.push(id, vector) {
                self.remove_text(id);
                return Err(error);
            }
            self.add_to_sum(id, 1.0);
        }
        Ok(())
    }

    /// Takes a document out.
    pub fn remove(&mut self, id: i64) {
        self.remove_vector(id);
        self.remove_text(id);
    }

    fn remove_vector(&mut self, id: i64) {
        self.add_to_sum(id, -1.0);
        self.vectors.remove(id);
    }

    fn remove_text(&mut self, id: i64) {
        let Some(slot) = self.slots.remove(&id) else { return };
        self.lexical.remove(slot);
        self.documents[slot as usize] = None;
        if self.documents.len() > 2 * self.slots.len() + LOOSE {
            self.lexical.compact();
            self.documents.retain(Option::is_some);
            let held = self.documents.iter().flatten();
            self.slots = held.zip(0..).map(|(held, slot)| (held.id, slot)).collect();
        }
    }

    /// Adds the vector of a document to the sum, or takes it out; nothing if it has none.
    fn add_to_sum(&mut self, id: i64, sign: f32) {
        for (total, value) in self.sum.iter_mut().zip(self.vectors.vector(id).unwrap_or_default()) {
            *total += sign * value;
        }
    }

    /// The `k` documents most like the query, best first, without near-duplicates, and the cut below which
    /// they are not worth showing. What is below the cut is left out.
    ///
    /// `weigh` gives what a document's similarity is multiplied by, `None` for one that must not be found.
    /// It changes the order and not the decision whether there is anything to show.
    ///
    /// # Errors
    /// When the query's vector does not fit.
    pub fn search(
        &self,
        query: &Query<'_>,
        k: usize,
        weigh: impl Fn(i64) -> Option<f32>,
    ) -> Result<(Vec<Found>, Cut), VectorError> {
        let at_home = self.at_home(query);
        let sameness = sameness(&self.sum, self.vectors.len());
        let mut nearness = Nearness { at_home, sameness, memories: self.len(), ..Nearness::default() };
        let mut found = Vec::new();
        for (id, signals) in self.candidates(query)? {
            let Some(weight) = weigh(id) else { continue };
            let similarity = self.weights.similarity(&signals, sameness);
            nearness.best = nearness.best.max(similarity);
            if let Some(cosine) = signals.vector {
                let meaning = cosine + if signals.names_service { self.weights.service } else { 0.0 };
                nearness.meaning = Some(nearness.meaning.map_or(meaning, |best| best.max(meaning)));
            }
            nearness.words = nearness.words.max(signals.lexical);
            let (vector, lexical) = (signals.vector.unwrap_or(0.0).max(0.0), signals.lexical);
            found.push((similarity, Found { id, similarity: (similarity * weight).clamp(0.0, 1.0), vector, lexical }));
        }
        let cut = match query.threshold {
            Some(similarity) => Cut { similarity, is_weak: false },
            None => cut_for(&nearness),
        };
        found.retain(|(similarity, _)| *similarity >= cut.similarity);
        let mut found: Vec<Found> = found.into_iter().map(|(_, found)| found).collect();
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(b.id.cmp(&a.id)));
        Ok((self.without_near_duplicates(found, k), cut))
    }

    fn candidates(&self, query: &Query<'_>) -> Result<Vec<(i64, Signals)>, VectorError> {
        let wanted = self.lexical.look_up(query.text);
        let ids = match query.only {
            Some(only) => only.to_vec(),
            None => {
                let by_words = self.lexical.best(&wanted, CANDIDATES);
                let mut ids: Vec<i64> =
                    by_words.into_iter().filter_map(|slot| Some(self.documents[slot as usize].as_ref()?.id)).collect();
                if let Some(vector) = query.vector {
                    ids.extend(self.vectors.search(vector, CANDIDATES)?.into_iter().map(|(id, _)| id));
                }
                ids.sort_unstable();
                ids.dedup();
                ids
            }
        };
        let cosines = match query.vector {
            Some(vector) => self.vectors.similarities(vector, &ids)?,
            None => vec![None; ids.len()],
        };
        let asked = query.text.to_lowercase();
        let named = query.service.map(str::to_lowercase);
        let mut names: HashMap<&str, bool> = HashMap::new();
        let mut signals = |(id, cosine): (i64, Option<f32>)| {
            let slot = *self.slots.get(&id)?;
            let service = &*self.documents[slot as usize].as_ref()?.service;
            let names_service = *names
                .entry(service)
                .or_insert_with(|| named.as_deref() == Some(service) || names_word(&asked, service));
            // Of a memory whose embedding is not made yet its words are all that is known.
            Some((id, Signals { vector: cosine, lexical: self.lexical.score(&wanted, slot), names_service }))
        };
        Ok(ids.into_iter().zip(cosines).filter_map(&mut signals).collect())
    }

    /// The query's mean cosine with all memories.
    fn at_home(&self, query: &Query<'_>) -> f32 {
        let Some(vector) = query.vector else { return 0.0 };
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let sum: f32 = vector.iter().zip(&self.sum).map(|(a, b)| a * b).sum();
        sum / length / self.vectors.len().max(1) as f32
    }

    fn without_near_duplicates(&self, found: Vec<Found>, k: usize) -> Vec<Found> {
        let mut kept: Vec<Found> = Vec::new();
        let mut vectors: Vec<Vec<f32>> = Vec::new();
        for candidate in found {
            if kept.len() >= k {
                break;
            }
            let vector = self.vectors.vector(candidate.id).unwrap_or_default();
            let is_alike = |other: &Vec<f32>| {
                !vector.is_empty() && other.iter().zip(&vector).map(|(a, b)| a * b).sum::<f32>() > NEAR_DUPLICATE
            };
            if !vectors.iter().any(is_alike) {
                kept.push(candidate);
                vectors.push(vector);
            }
        }
        kept
    }
}

/// Whether a text names a service as a word of its own.
fn names_word(text: &str, service: &str) -> bool {
    if service.len() < 3 {
        return false;
    }
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(service).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + service.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests;
