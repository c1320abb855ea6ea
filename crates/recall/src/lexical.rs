//! Shared words, weighed by how rare they are: BM25 (Robertson and Zaragoza, 2009; k1 = 1.2, b = 0.75),
//! divided by the most that the query could score. A document of average length that holds every word of
//! the query once scores 0.45, one that is about nothing else more, and none more than 1.
//!
//! A query is answered in two steps. [`LexicalIndex::best`] goes through the postings of its words, the
//! rarest first, as far as a bound on the work allows: a word that stands in half of all documents tells
//! little about any of them and would cost the most. [`LexicalIndex::score`] then gives the whole score
//! of a document, common words included.

use crate::tokens::each_word;
use std::collections::{HashMap, HashSet};

const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Words of a query that are looked up, the rarest ones.
const MAX_QUERY_WORDS: usize = 64;

/// Postings that a query goes through at most, the rarest word's always. Some five milliseconds.
const MAX_POSTINGS: usize = 300_000;

/// An inverted index over documents that are numbered, ascending, by their owner.
#[derive(Default)]
pub struct LexicalIndex {
    words: HashMap<Box<str>, u32>,
    postings: Vec<Postings>,
    /// For each document: how many words. 0 where it was removed.
    lengths: Vec<u32>,
    total_length: u64,
    documents: usize,
}

/// Where a word stands, documents ascending.
#[derive(Default)]
struct Postings {
    documents: Vec<u32>,
    /// How often, beside each document.
    counts: Vec<u8>,
}

impl Postings {
    fn push(&mut self, document: u32, count: u8) {
        if self.documents.len() == self.documents.capacity() {
            // Less room than a vector takes by itself: there are very many of these.
            let more = (self.documents.len() / 4).max(2);
            self.documents.reserve_exact(more);
            self.counts.reserve_exact(more);
        }
        self.documents.push(document);
        self.counts.push(count);
    }
}

/// A query's words, looked up.
pub struct Wanted {
    /// Rarity and postings of the words that are known, the rarest first.
    words: Vec<(f32, u32)>,
    /// What a document with all words, unknown ones included, would score.
    most: f32,
    /// Words in the average document.
    average: f32,
}

impl LexicalIndex {
    /// Adds a document. Its number must be above that of every other.
    pub fn insert(&mut self, document: u32, text: &str) {
        let mut counts: HashMap<u32, u8> = HashMap::new();
        let mut length = 0;
        each_word(text, |word| {
            length += 1;
            let id = match self.words.get(word) {
                Some(id) => *id,
                None => {
                    let id = self.postings.len() as u32;
                    self.words.insert(word.into(), id);
                    self.postings.push(Postings::default());
                    id
                }
            };
            let count = counts.entry(id).or_default();
            *count = count.saturating_add(1);
        });
        for (word, count) in counts {
            let postings = &mut self.postings[word as usize];
            postings.push(document, count);
        }
        let position = document as usize;
        if self.lengths.len() <= position {
            self.lengths.resize(position + 1, 0);
        }
        self.lengths[position] = length.max(1);
        self.total_length += u64::from(length.max(1));
        self.documents += 1;
    }

    /// Takes a document out of every result. Its postings stay until [`compact`](Self::compact).
    pub fn remove(&mut self, document: u32) {
        if let Some(length) = self.lengths.get_mut(document as usize).filter(|length| **length > 0) {
            self.total_length = self.total_length.saturating_sub(u64::from(*length));
            self.documents -= 1;
            *length = 0;
        }
    }

    /// Forgets what was removed and closes the gaps: documents are numbered from 0 in the same order.
    pub fn compact(&mut self) {
        let mut next = 0;
        let numbers: Vec<Option<u32>> = self
            .lengths
            .iter()
            .map(|length| {
                let number = (*length > 0).then_some(next);
                next += u32::from(*length > 0);
                number
            })
            .collect();
        let mut words: Vec<(Box<str>, u32)> = self.words.drain().collect();
        words.sort_unstable_by_key(|(_, word)| *word);
        let mut postings = Vec::with_capacity(words.len());
        for (text, word) in words {
            let old = std::mem::take(&mut self.postings[word as usize]);
            let pairs = old.documents.iter().zip(&old.counts);
            let kept = pairs.filter_map(|(document, count)| Some((numbers[*document as usize]?, *count)));
            let (documents, counts): (Vec<u32>, Vec<u8>) = kept.unzip();
            if !documents.is_empty() {
                self.words.insert(text, postings.len() as u32);
                postings.push(Postings { documents, counts });
            }
        }
        self.postings = postings;
        self.lengths.retain(|length| *length > 0);
    }

    /// Looks a query's words up.
    pub fn look_up(&self, query: &str) -> Wanted {
        let mut seen: HashSet<String> = HashSet::new();
        each_word(query, |word| {
            if !seen.contains(word) {
                seen.insert(word.to_owned());
            }
        });
        let known = |word: &String| self.words.get(word.as_str()).copied();
        let mut weighed: Vec<(f32, Option<u32>)> =
            seen.iter().map(|word| (self.rarity(known(word)), known(word))).collect();
        weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        weighed.truncate(MAX_QUERY_WORDS);
        let most = weighed.iter().map(|(rarity, _)| rarity * (K1 + 1.0)).sum();
        let average = (self.total_length as f32 / self.documents.max(1) as f32).max(1.0);
        Wanted {
            words: weighed.into_iter().filter_map(|(rarity, word)| Some((rarity, word?))).collect(),
            most,
            average,
        }
    }

    /// The documents, at most `k`, that the rarest words of the query speak most for, in no order.
    pub fn best(&self, wanted: &Wanted, k: usize) -> Vec<u32> {
        let mut scores = vec![0.0f32; self.lengths.len()];
        let mut visited = 0;
        for (rarity, word) in &wanted.words {
            let Postings { documents, counts } = &self.postings[*word as usize];
            if visited > 0 && visited + documents.len() > MAX_POSTINGS {
                break;
            }
            visited += documents.len();
            for (document, count) in documents.iter().zip(counts) {
                let position = *document as usize;
                scores[position] += self.part(*rarity, *count, position, wanted.average);
            }
        }
        let mut found: Vec<u32> = (0..scores.len() as u32).filter(|slot| scores[*slot as usize] > 0.0).collect();
        if found.len() > k {
            let by_score = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
            found.select_nth_unstable_by(k, by_score);
            found.truncate(k);
        }
        found
    }

    /// The score of a document, 0 to 1.
    pub fn score(&self, wanted: &Wanted, document: u32) -> f32 {
        if wanted.most <= 0.0 {
            return 0.0;
        }
        let part = |(rarity, word): &(f32, u32)| {
            let postings = &self.postings[*word as usize];
            let place = postings.documents.binary_search(&document).ok()?;
            Some(self.part(*rarity, postings.counts[place], document as usize, wanted.average))
        };
        wanted.words.iter().filter_map(part).sum::<f32>() / wanted.most
    }

    /// What one word adds to the score of a document.
    fn part(&self, rarity: f32, count: u8, document: usize, average: f32) -> f32 {
        let length = self.lengths[document];
        if length == 0 {
            return 0.0;
        }
        let count = f32::from(count);
        rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length as f32 / average))
    }

    /// Inverse document frequency; that of a word nobody has is the greatest.
    fn rarity(&self, word: Option<u32>) -> f32 {
        let having = word.map_or(0, |word| self.postings[word as usize].documents.len()).min(self.documents) as f32;
        let all = self.documents as f32;
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(texts: &[&str]) -> LexicalIndex {
        let mut index = LexicalIndex::default();
        for (number, text) in (0..).zip(texts) {
            index.insert(number, text);
        }
        index
    }

    fn scores(index: &LexicalIndex, query: &str) -> Vec<f32> {
        let wanted = index.look_up(query);
        (0..index.lengths.len() as u32).map(|document| index.score(&wanted, document)).collect()
    }

    #[test]
    fn rare_shared_words_weigh_more_and_nothing_exceeds_one() {
        let index = index(&[
            "checkout times out on the orders database",
            "search times out on the index",
            "CoreDNS overloaded by ndots",
        ]);
        let found = scores(&index, "ndots and CoreDNS");
        assert!(found[2] > 0.4 && found[2] <= 1.0 && found[0] == 0.0, "{found:?}");
        let found = scores(&index, "times out on orders");
        assert!(found[0] > found[1] && found[1] > 0.0, "{found:?}");
    }

    #[test]
    fn the_best_are_those_with_the_highest_scores() {
        let index = index(&["disk full", "disk full on the mail host", "disk replaced", "certificate expired"]);
        let best = |query, k| {
            let mut best = index.best(&index.look_up(query), k);
            best.sort_unstable();
            best
        };
        assert_eq!(best("mail disk is full", 2), [0, 1]);
        assert_eq!(best("mail disk is full", 9), [0, 1, 2]);
        assert_eq!(best("nothing alike", 9), Vec::<u32>::new());
    }

    #[test]
    fn a_removed_document_is_found_no_more_and_compacting_changes_no_score() {
        let mut index = index(&["disk full", "disk full", "ndots"]);
        index.remove(0);
        let before = scores(&index, "disk full of ndots");
        assert!(before[0] == 0.0 && before[1] > 0.0);
        index.compact();
        // The removed document no longer counts among those that have the word.
        let after = scores(&index, "disk full of ndots");
        assert_eq!(after.len(), 2);
        assert!(after[0] > before[1] && after[1] > 0.0, "{before:?} {after:?}");
        index.insert(2, "disk full");
        assert!(scores(&index, "disk full")[2] > 0.0);
    }

    #[test]
    fn odd_queries_are_answered_with_nothing() {
        let empty = LexicalIndex::default();
        assert!(empty.best(&empty.look_up("anything"), 5).is_empty());
        let index = index(&["disk full"]);
        for query in ["", "🙂🙂", "the of and", &"x ".repeat(100_000)] {
            assert!(scores(&index, query).iter().all(|score| *score == 0.0));
            assert!(index.best(&index.look_up(query), 5).is_empty());
        }
    }

    #[test]
    fn words_that_nearly_all_have_are_left_out_of_a_long_search_and_not_out_of_the_score() {
        let mut index = LexicalIndex::default();
        for document in 0..200_000 {
            index.insert(document, if document == 777 { "error timeout ndots" } else { "error timeout" });
        }
        let wanted = index.look_up("error timeout by ndots");
        assert!(index.best(&wanted, 3).contains(&777));
        assert!(index.score(&wanted, 777) > 0.3 && index.score(&wanted, 778) > 0.0);
    }
}
