//! Shared words, weighed by how rare they are: BM25 (Robertson and Zaragoza, 2009; k1 = 1.2, b = 0.75),
//! divided by the most that the query could score, so that 1 means "every word of the query stands in it".

use crate::tokens::each_word;
use std::collections::HashMap;

const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Words of a query that are looked up, the rarest ones.
const MAX_QUERY_WORDS: usize = 64;

/// An inverted index over documents that are numbered by their owner.
#[derive(Default)]
pub struct LexicalIndex {
    words: HashMap<String, u32>,
    /// For each word: (document, how often), in order of insertion.
    postings: Vec<Vec<(u32, u16)>>,
    /// For each document: how many words. 0 where it was removed.
    lengths: Vec<u32>,
    total_length: u64,
    documents: usize,
}

impl LexicalIndex {
    /// Adds a document. Its number must be new, and is best the next one.
    pub fn insert(&mut self, document: u32, text: &str) {
        let mut counts: HashMap<u32, u16> = HashMap::new();
        let mut length = 0;
        each_word(text, |word| {
            length += 1;
            let id = match self.words.get(word) {
                Some(id) => *id,
                None => {
                    let id = self.postings.len() as u32;
                    self.words.insert(word.to_owned(), id);
                    self.postings.push(Vec::new());
                    id
                }
            };
            let count = counts.entry(id).or_default();
            *count = count.saturating_add(1);
        });
        for (word, count) in counts {
            self.postings[word as usize].push((document, count));
        }
        let position = document as usize;
        if self.lengths.len() <= position {
            self.lengths.resize(position + 1, 0);
        }
        self.lengths[position] = length.max(1);
        self.total_length += u64::from(length);
        self.documents += 1;
    }

    /// Takes a document out of every result. Its words stay in the postings until the index is built anew.
    pub fn remove(&mut self, document: u32) {
        if let Some(length) = self.lengths.get_mut(document as usize).filter(|length| **length > 0) {
            self.total_length = self.total_length.saturating_sub(u64::from(*length));
            self.documents -= 1;
            *length = 0;
        }
    }

    /// The score, 0 to 1, of every document that shares a word with the query; `scores` is indexed by
    /// document and must be as long as the highest document number and zeroed.
    pub fn score_into(&self, query: &str, scores: &mut [f32]) {
        let mut wanted: Vec<Option<u32>> = Vec::new();
        let mut seen: HashMap<String, ()> = HashMap::new();
        each_word(query, |word| {
            if seen.insert(word.to_owned(), ()).is_none() {
                wanted.push(self.words.get(word).copied());
            }
        });
        let mut weighed: Vec<(f32, Option<u32>)> = wanted.into_iter().map(|word| (self.rarity(word), word)).collect();
        weighed.sort_by(|a, b| b.0.total_cmp(&a.0));
        weighed.truncate(MAX_QUERY_WORDS);
        let most: f32 = weighed.iter().map(|(rarity, _)| rarity * (K1 + 1.0)).sum();
        if most <= 0.0 || self.documents == 0 {
            return;
        }
        let average = self.total_length as f32 / self.documents as f32;
        for (rarity, word) in weighed {
            let Some(word) = word else { continue };
            for (document, count) in &self.postings[word as usize] {
                let length = self.lengths.get(*document as usize).copied().unwrap_or(0);
                if length == 0 {
                    continue;
                }
                let count = f32::from(*count);
                let norm = K1 * (1.0 - B + B * length as f32 / average.max(1.0));
                if let Some(score) = scores.get_mut(*document as usize) {
                    *score += rarity * count * (K1 + 1.0) / (count + norm) / most;
                }
            }
        }
    }

    /// Inverse document frequency; that of a word nobody has is the greatest.
    fn rarity(&self, word: Option<u32>) -> f32 {
        let having = word.map_or(0, |word| self.postings[word as usize].len()).min(self.documents) as f32;
        let all = self.documents as f32;
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(index: &LexicalIndex, query: &str) -> Vec<f32> {
        let mut scores = vec![0.0; 8];
        index.score_into(query, &mut scores);
        scores
    }

    #[test]
    fn rare_shared_words_weigh_more_and_nothing_exceeds_one() {
        let mut index = LexicalIndex::default();
        index.insert(0, "checkout times out on the orders database");
        index.insert(1, "search times out on the index");
        index.insert(2, "CoreDNS overloaded by ndots");
        let found = scores(&index, "ndots and CoreDNS");
        assert!(found[2] > 0.4 && found[2] <= 1.0 && found[0] == 0.0, "{found:?}");
        let found = scores(&index, "times out on orders");
        assert!(found[0] > found[1] && found[1] > 0.0, "{found:?}");
    }

    #[test]
    fn a_removed_document_is_found_no_more() {
        let mut index = LexicalIndex::default();
        index.insert(0, "disk full");
        index.insert(1, "disk full");
        index.remove(0);
        let found = scores(&index, "disk full");
        assert!(found[0] == 0.0 && found[1] > 0.0);
    }

    #[test]
    fn odd_queries_are_answered_with_nothing() {
        let mut index = LexicalIndex::default();
        assert!(scores(&index, "anything").iter().all(|score| *score == 0.0));
        index.insert(0, "disk full");
        for query in ["", "🙂🙂", "the of and", &"x ".repeat(100_000)] {
            assert!(scores(&index, query).iter().all(|score| *score == 0.0));
        }
    }
}
