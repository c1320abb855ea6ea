//! How much each signal counts, and the similarity made of them.
//!
//! Where memories are unlike each other, meaning alone tells them apart. Where they all read alike (the
//! post-mortems of one company on the outages of one product), their embeddings lie close together and
//! what tells them apart is the words: names, codes, regions. So the weight of shared words grows with
//! the memory's *sameness*, the mean cosine of its embeddings with each other. docs/recall.md has the
//! measurements behind every number here.

/// How much each signal counts beside the cosine of the embeddings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Shared words in a memory without any sameness.
    pub lexical: f32,
    /// What full sameness adds to it.
    pub lexical_by_sameness: f32,
    /// Whether the query names the memory's service.
    pub service: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { lexical: 0.2, lexical_by_sameness: 1.2, service: 0.1 }
    }
}

/// What speaks for a memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// Cosine of the embeddings, -1 to 1; `None` where there is no model.
    pub vector: Option<f32>,
    /// Shared words, 0 to 1.
    pub lexical: f32,
    /// Whether the query names its service, or was asked about it.
    pub names_service: bool,
}

/// What a memory scores that holds all words of the query, see [`crate::LexicalIndex`].
const GOOD_LEXICAL: f32 = 0.5;

/// Without a model, how fast shared words add up to a similarity, and what the service's name adds to them.
const WORDS_STEEPNESS: f32 = 3.5;
const WORDS_SERVICE: f32 = 0.02;

impl Weights {
    /// One number for all signals, 0 to 1.
    ///
    /// With a model: the weighted sum over what a memory would get that says the same in the same words.
    /// Without one: `1 - exp(-3.5 × lexical score)`, so that 0.3 is a fifth of the query's words, by rarity,
    /// and 0.8 all of them.
    pub fn similarity(&self, signals: &Signals, sameness: f32) -> f32 {
        let named = f32::from(u8::from(signals.names_service));
        let Some(cosine) = signals.vector else {
            return 1.0 - (-WORDS_STEEPNESS * (signals.lexical + WORDS_SERVICE * named)).exp();
        };
        let lexical = self.lexical + self.lexical_by_sameness * sameness;
        let sum = cosine.max(0.0) + lexical * signals.lexical + self.service * named;
        (sum / (1.0 + lexical * GOOD_LEXICAL + self.service)).clamp(0.0, 1.0)
    }
}

/// Pairs that are assumed before any is seen, and how alike they are: what a mixed memory measures.
const ASSUMED_PAIRS: f32 = 200.0;
const ASSUMED_SAMENESS: f32 = 0.25;

/// The mean cosine, 0 to 1, of unit vectors with each other, by the length of their sum.
pub fn sameness(sum: &[f32], count: usize) -> f32 {
    let count = count as f32;
    let pairs = count * (count - 1.0).max(0.0);
    let cosines = (sum.iter().map(|value| value * value).sum::<f32>() - count).max(0.0);
    ((cosines + ASSUMED_SAMENESS * ASSUMED_PAIRS) / (pairs + ASSUMED_PAIRS)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_raises_the_similarity_and_none_leaves_its_range() {
        let weights = Weights::default();
        let mut all = Vec::new();
        for vector in [None, Some(-1.0), Some(0.4), Some(1.0)] {
            for names_service in [false, true] {
                let of = |lexical| weights.similarity(&Signals { vector, lexical, names_service }, 0.3);
                assert!(of(0.0) < of(0.3) || of(0.3) >= 1.0);
                all.extend([of(0.0), of(0.3), of(1.0)]);
            }
        }
        assert!(all.iter().all(|similarity| (0.0..=1.0).contains(similarity)), "{all:?}");
    }

    #[test]
    fn words_count_more_where_memories_are_alike() {
        let weights = Weights::default();
        let meaning = Signals { vector: Some(0.6), lexical: 0.0, names_service: false };
        let words = Signals { vector: Some(0.45), lexical: 0.25, names_service: false };
        let is_by_words = |sameness| weights.similarity(&words, sameness) > weights.similarity(&meaning, sameness);
        assert!(!is_by_words(0.1) && is_by_words(0.7));
    }

    #[test]
    fn sameness_is_the_mean_cosine_once_there_are_enough_pairs() {
        assert_eq!(sameness(&[0.0, 0.0], 0), ASSUMED_SAMENESS);
        assert!((sameness(&[1.0, 0.0], 1) - ASSUMED_SAMENESS).abs() < 1e-6);
        assert!((sameness(&[1000.0, 0.0], 1000) - 1.0).abs() < 0.01);
        assert!((sameness(&[500.0, 500.0], 1000) - 0.5).abs() < 0.01);
    }
}
