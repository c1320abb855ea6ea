//! Words → the ids of the longest pieces that are known.

use std::collections::HashMap;

/// The word pieces of a model.
pub(crate) struct Vocabulary {
    /// Pieces that start a word.
    first: HashMap<Box<str>, u32>,
    /// Pieces that continue one, without the prefix that marks them in the file.
    following: HashMap<Box<str>, u32>,
    /// The id of a word that cannot be put together.
    unknown: u32,
    /// The longest piece, in characters.
    longest_piece: usize,
    /// The longest word that is looked at, in characters.
    longest_word: usize,
    highest_id: u32,
}

impl Vocabulary {
    /// Sorts the pieces of a file; `prefix` marks those that continue a word.
    pub(crate) fn new(pieces: HashMap<String, u32>, prefix: &str, unknown: u32, longest_word: usize) -> Self {
        let longest_piece = pieces.keys().map(|piece| piece.chars().count()).max().unwrap_or(0);
        let highest_id = pieces.values().copied().max().unwrap_or(0);
        let (mut first, mut following) = (HashMap::with_capacity(pieces.len()), HashMap::new());
        for (piece, id) in pieces {
            if let Some(rest) = piece.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
                following.insert(rest.into(), id);
            }
            // A word is looked up as it stands, whether or not it looks like a continuation.
            first.insert(piece.into_boxed_str(), id);
        }
        Self { first, following, unknown, longest_piece, longest_word, highest_id }
    }

    /// The longest word that is looked at, in characters; a longer one is unknown.
    pub(crate) fn longest_word(&self) -> usize {
        self.longest_word
    }

    /// The highest id of all pieces.
    pub(crate) fn highest_id(&self) -> u32 {
        self.highest_id
    }

    /// Appends the ids of a word's pieces, or the one that says the word is unknown.
    pub(crate) fn cut(&self, word: &str, tokens: &mut Vec<u32>) {
        let before = tokens.len();
        let mut rest = word;
        if word.chars().nth(self.longest_word).is_some() {
            return tokens.push(self.unknown);
        }
        while !rest.is_empty() {
            let pieces = if tokens.len() == before { &self.first } else { &self.following };
            let Some((length, id)) = self.longest_prefix(rest, pieces) else {
                tokens.truncate(before);
                return tokens.push(self.unknown);
            };
            tokens.push(id);
            rest = &rest[length..];
        }
    }

    /// The longest start of `rest` among the pieces: its length in bytes, and its id.
    fn longest_prefix(&self, rest: &str, pieces: &HashMap<Box<str>, u32>) -> Option<(usize, u32)> {
        let longest = rest.char_indices().nth(self.longest_piece).map_or(rest.len(), |(end, _)| end);
        let ends = rest[..longest].char_indices().rev().map(|(start, character)| start + character.len_utf8());
        ends.into_iter().find_map(|end| pieces.get(&rest[..end]).map(|&id| (end, id)))
    }
}
