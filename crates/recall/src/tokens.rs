//! Words of a text: lower case, letters and digits, without the words that every text has, and without the
//! endings that make one word look like two.

/// Words that say nothing about a trouble.
const STOP_WORDS: [&str; 68] = [
    "a", "after", "again", "all", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before", "but",
    "by", "did", "do", "does", "every", "for", "from", "had", "has", "have", "if", "in", "into", "is", "it", "its",
    "just", "no", "not", "of", "on", "only", "or", "our", "out", "over", "so", "some", "still", "than", "that", "the",
    "their", "then", "there", "they", "this", "to", "too", "up", "us", "very", "was", "we", "were", "what", "when",
    "which", "while", "who", "with", "you", "your",
];

/// Endings that are taken off, the longest first, where at least four letters remain.
const ENDINGS: [&str; 12] = ["ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly", "s"];

/// Words that are read of one text at most.
pub const MAX_WORDS: usize = 2_000;

/// Letters of a word that are read at most.
const MAX_LETTERS: usize = 40;

/// Calls `visit` with every word of a text, in order.
pub(crate) fn each_word(text: &str, mut visit: impl FnMut(&str)) {
    let mut word = String::new();
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    for raw in words.take(MAX_WORDS) {
        word.clear();
        word.extend(raw.chars().take(MAX_LETTERS).flat_map(char::to_lowercase));
        if STOP_WORDS.binary_search(&word.as_str()).is_err() {
            visit(stem(&word));
        }
    }
}

fn stem(word: &str) -> &str {
    ENDINGS.iter().find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() >= 4)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_their_endings_and_stop_words_are_left_out() {
        let check = |text: &str, expected: &[&str]| {
            let mut words = Vec::new();
            each_word(text, |word| words.push(word.to_owned()));
            assert_eq!(words, expected, "{text}");
        };
        check("The connections were refused", &["connection", "refus"]);
        check("orders-db TIMED out, ndots:5", &["order", "db", "timed", "ndot", "5"]);
        check("ist Überlastung 🙂", &["ist", "überlastung"]);
        check("", &[]);
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn no_text_is_read_without_end() {
        let mut words = 0;
        each_word(&"wort ".repeat(100_000), |_| words += 1);
        assert_eq!(words, MAX_WORDS);
        let mut longest = 0;
        each_word(&"x".repeat(1_000_000), |word| longest = longest.max(word.len()));
        assert_eq!(longest, MAX_LETTERS);
    }
}
