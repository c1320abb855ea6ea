//! Both signals in one similarity.

use crate::cut::{Cut, cut_for};
use crate::lexical::LexicalIndex;
use foghorn_embed::{VectorError, VectorSet};
use std::collections::HashMap;

/// How much each signal counts; the similarity is their weighted mean.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    /// Cosine of the embeddings.
    pub vector: f32,
    /// Shared words, see [`LexicalIndex`].
    pub lexical: f32,
    /// Whether the query names the memory's service.
    pub service: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { vector: 1.0, lexical: 0.3, service: 0.1 }
    }
}

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
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    /// The words.
    pub text: &'a str,
    /// Their embedding, if there is a model.
    pub vector: Option<&'a [f32]>,
    /// The service asked about, where it is known apart from the words.
    pub service: Option<&'a str>,
}

/// One result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The owner's number of the document.
    pub id: i64,
    /// 0 to 1.
    pub similarity: f32,
    /// The cosine behind it.
    pub vector: f32,
    /// The lexical score behind it.
    pub lexical: f32,
}

/// Candidates taken from each signal.
const CANDIDATES: usize = 200;

/// Of two results as alike as this only the better one is shown.
const NEAR_DUPLICATE: f32 = 0.97;

/// All memories, searchable. Numbers of documents are the owner's.
pub struct Recall {
    weights: Weights,
    lexical: LexicalIndex,
    vectors: VectorSet,
    /// Sum of all vectors: its direction is what the memory as a whole is about.
    sum: Vec<f32>,
    slots: HashMap<i64, u32>,
    /// By slot: number and service; `None` where the document was removed.
    documents: Vec<Option<(i64, String)>>,
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
        }
    }

    /// The same with other weights.
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
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
    pub fn put(&mut self, id: i64, document: &Document) -> Result<(), VectorError> {
        self.remove(id);
        if let Some(vector) = &document.vector {
            self.vectors.push(id, vector)?;
            self.add_to_sum(vector, 1.0);
        }
        let slot = self.documents.len() as u32;
        self.lexical.insert(slot, &document.text);
        self.documents.push(Some((id, document.service.to_lowercase())));
        self.slots.insert(id, slot);
        Ok(())
    }

    /// Takes a document out.
    pub fn remove(&mut self, id: i64) {
        if let Some(vector) = self.vectors.vector(id) {
            self.add_to_sum(&vector, -1.0);
            self.vectors.remove(id);
        }
        if let Some(slot) = self.slots.remove(&id) {
            self.lexical.remove(slot);
            self.documents[slot as usize] = None;
        }
    }

    fn add_to_sum(&mut self, vector: &[f32], sign: f32) {
        for (total, value) in self.sum.iter_mut().zip(vector) {
            *total += sign * value;
        }
    }

    /// The `k` best documents for which `admits` holds, best first, without near-duplicates, and the cut
    /// below which they are not worth showing. Results below the cut are left out.
    pub fn search(
        &self,
        query: &Query<'_>,
        k: usize,
        admits: impl Fn(i64) -> bool,
    ) -> Result<(Vec<Found>, Cut), VectorError> {
        let ranked = self.ranked(query, admits)?;
        let best = ranked.first().map_or(0.0, |best| best.similarity);
        let cut = cut_for(best, self.at_home(query), self.len());
        Ok((self.above(ranked, cut.similarity, k), cut))
    }

    /// The same with a cut of the caller's.
    pub fn search_from(
        &self,
        query: &Query<'_>,
        k: usize,
        similarity: f32,
        admits: impl Fn(i64) -> bool,
    ) -> Result<(Vec<Found>, Cut), VectorError> {
        let found = self.above(self.ranked(query, admits)?, similarity, k);
        Ok((found, Cut { similarity, is_weak: false }))
    }

    fn ranked(&self, query: &Query<'_>, admits: impl Fn(i64) -> bool) -> Result<Vec<Found>, VectorError> {
        let mut found = self.candidates(query)?;
        found.retain(|candidate| admits(candidate.id));
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
        Ok(found)
    }

    fn above(&self, mut ranked: Vec<Found>, cut: f32, k: usize) -> Vec<Found> {
        ranked.retain(|candidate| candidate.similarity >= cut);
        self.without_near_duplicates(ranked, k)
    }

    fn candidates(&self, query: &Query<'_>) -> Result<Vec<Found>, VectorError> {
        let mut lexical = vec![0.0; self.documents.len()];
        self.lexical.score_into(query.text, &mut lexical);
        let mut ids: Vec<i64> = Vec::with_capacity(2 * CANDIDATES);
        if let Some(vector) = query.vector {
            ids.extend(self.vectors.search(vector, CANDIDATES)?.into_iter().map(|(id, _)| id));
        }
        ids.extend(
            best_slots(&lexical).into_iter().filter_map(|slot| self.documents[slot].as_ref()).map(|(id, _)| *id),
        );
        ids.sort_unstable();
        ids.dedup();
        let cosines = match query.vector {
            Some(vector) => self.vectors.similarities(vector, &ids)?,
            None => vec![None; ids.len()],
        };
        let asked = query.text.to_lowercase();
        let named = query.service.map(str::to_lowercase);
        // Without a model the words alone decide, on the same scale.
        let Weights { vector: of_vector, lexical: of_lexical, service: of_service } = match query.vector {
            Some(_) => self.weights,
            None => Weights { vector: 0.0, lexical: 1.0, service: self.weights.service },
        };
        let found = ids.into_iter().zip(cosines).filter_map(|(id, cosine)| {
            let slot = *self.slots.get(&id)? as usize;
            let (_, service) = self.documents[slot].as_ref()?;
            let is_named = named.as_deref() == Some(service) || names(&asked, service);
            let (cosine, lexical) = (cosine.unwrap_or(0.0).max(0.0), lexical[slot].min(1.0));
            let bonus = if is_named { of_service } else { 0.0 };
            let similarity =
                (of_vector * cosine + of_lexical * lexical + bonus) / (of_vector + of_lexical + of_service);
            Some(Found { id, similarity, vector: cosine, lexical })
        });
        Ok(found.collect())
    }

    /// The query's mean cosine with all memories, on the scale of similarities.
    fn at_home(&self, query: &Query<'_>) -> f32 {
        let Some(vector) = query.vector else { return 0.0 };
        let count = self.vectors.len().max(1) as f32;
        let mean: f32 = vector.iter().zip(&self.sum).map(|(a, b)| a * b).sum::<f32>() / count;
        let Weights { vector: of_vector, lexical, service } = self.weights;
        of_vector * mean / (of_vector + lexical + service)
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

/// Slots with the best scores above zero.
fn best_slots(scores: &[f32]) -> Vec<usize> {
    let mut slots: Vec<usize> = (0..scores.len()).filter(|slot| scores[*slot] > 0.0).collect();
    let by_score = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    if slots.len() > CANDIDATES {
        slots.select_nth_unstable_by(CANDIDATES, by_score);
        slots.truncate(CANDIDATES);
    }
    slots
}

/// Whether a text names a service as a word of its own.
fn names(text: &str, service: &str) -> bool {
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

/// The texts whose embeddings, added and brought to length 1, are a memory's vector: what happened, and what
/// happened with what fixed it, so that a query in either's words finds it.
pub fn embedded_text(service: &str, summary: &str, labels: &[String], solution: Option<&str>) -> [String; 2] {
    let labels = labels.join(" ");
    let solution = solution.unwrap_or_default();
    [format!("{service}: {summary} {labels}"), format!("{service}: {summary} {solution} {labels}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(service: &str, text: &str, vector: [f32; 2]) -> Document {
        Document { service: service.to_owned(), text: text.to_owned(), vector: Some(vector.to_vec()) }
    }

    fn memory() -> Recall {
        let mut recall = Recall::new(2);
        recall.put(10, &document("checkout", "pool exhausted under load", [1.0, 0.0])).unwrap();
        recall.put(11, &document("mail", "certificate expired", [0.0, 1.0])).unwrap();
        recall
    }

    fn ids(recall: &Recall, text: &str, vector: Option<&[f32]>) -> Vec<i64> {
        let query = Query { text, vector, service: None };
        recall.search(&query, 5, |_| true).unwrap().0.into_iter().map(|found| found.id).collect()
    }

    #[test]
    fn meaning_finds_what_shares_no_word_and_words_find_it_without_a_model() {
        let recall = memory();
        assert_eq!(ids(&recall, "no free connections", Some(&[0.9, 0.1])), [10]);
        assert_eq!(ids(&recall, "certificate expired", None), [11]);
        assert_eq!(ids(&recall, "nothing alike", None), Vec::<i64>::new());
    }

    #[test]
    fn a_named_service_counts() {
        let recall = memory();
        let query = Query { text: "mail is broken", vector: Some(&[0.7, 0.7]), service: None };
        let (found, _) = recall.search(&query, 5, |_| true).unwrap();
        assert_eq!(found[0].id, 11);
        assert!(!names("mailbox is broken", "mail"));
    }

    #[test]
    fn near_duplicates_do_not_crowd_out_the_rest_and_what_is_removed_is_gone() {
        let mut recall = memory();
        recall.put(12, &document("checkout", "pool exhausted under load", [1.0, 0.0])).unwrap();
        let found = ids(&recall, "pool exhausted and certificate expired", Some(&[0.8, 0.6]));
        assert_eq!(found.len(), 2, "{found:?}");
        recall.remove(10);
        recall.put(12, &document("mail", "other", [0.0, 1.0])).unwrap();
        assert!(!ids(&recall, "pool exhausted", Some(&[1.0, 0.0])).contains(&10));
        assert_eq!(recall.len(), 2);
    }
}
