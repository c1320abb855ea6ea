//! Text → token ids, as BERT's own tokenizer makes them.
//!
//! A [`Cleaner`] makes plain words of the text: no control characters, no accents, lower case,
//! punctuation and Chinese characters apart. The [`Vocabulary`] cuts each word into the longest pieces
//! it knows (Wu et al., "Google's Neural Machine Translation System", 2016, section 4.1). Reading
//! stops as soon as the wanted number of tokens is reached, so that a text of a megabyte costs what a
//! page does, and no word takes more memory than the longest one the vocabulary would look at.
//!
//! One difference is meant: text that spells a mark of the model, such as `[SEP]`, stays text.

mod cleaner;
mod vocabulary;
mod file;
#[cfg(test)]
mod tests;

use cleaner::Cleaner;
use vocabulary::Vocabulary;

/// A tokenizer with its vocabulary.
pub(crate) struct Tokenizer {
    cleaner: Cleaner,
    vocabulary: Vocabulary,
    /// The mark before a text, `[CLS]`.
    start: u32,
    /// The mark after a text, `[SEP]`.
    end: u32,
}

impl Tokenizer {
    /// The token ids of a text, marks included, at most `limit` of them (and at least the two marks).
    pub(crate) fn encode(&self, text: &str, limit: usize) -> Vec<u32> {
        let mut tokens = vec![self.start];
        let room = limit.saturating_sub(2);
        let mut words = self.cleaner.words(text, self.vocabulary.longest_word());
        while tokens.len() <= room
            && let Some(word) = words.next_word()
        {
            self.vocabulary.cut(word, &mut tokens);
        }
        tokens.truncate(room + 1);
        tokens.push(self.end);
        tokens
    }

    /// The highest token id there is.
    pub(crate) fn highest_id(&self) -> u32 {
        self.vocabulary.highest_id()
    }

    /// The mark before and the mark after every text.
    pub(crate) fn marks(&self) -> [u32; 2] {
        [self.start, self.end]
    }
}
