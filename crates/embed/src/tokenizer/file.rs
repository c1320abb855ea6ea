//! `tokenizer.json` → a tokenizer, or the reason why not.
//!
//! The format is that of the Hugging Face tokenizers library; only what BERT models use of it is read.

use super::{Cleaner, Tokenizer, Vocabulary};
use serde::Deserialize;
use std::collections::HashMap;

/// The most characters a word may have where a file asks for more; bounds the work on one word.
const LONGEST_WORD: usize = 200;

/// Read first: other kinds hold other things under the same names.
#[derive(Deserialize)]
struct Kinds {
    model: Kind,
    normalizer: Option<Kind>,
    pre_tokenizer: Option<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct File {
    model: Model,
    normalizer: Normalizer,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
    #[serde(default = "unknown_mark")]
    unk_token: String,
    #[serde(default = "continuation_prefix")]
    continuing_subword_prefix: String,
    #[serde(default = "longest_word")]
    max_input_chars_per_word: usize,
}

#[derive(Deserialize)]
struct Normalizer {
    #[serde(default = "yes")]
    clean_text: bool,
    #[serde(default = "yes")]
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    #[serde(default = "yes")]
    lowercase: bool,
}

fn unknown_mark() -> String {
    "[UNK]".to_owned()
}

fn continuation_prefix() -> String {
    "##".to_owned()
}

fn longest_word() -> usize {
    100
}

fn yes() -> bool {
    true
}

impl Tokenizer {
    /// Reads the content of a `tokenizer.json`; the error says what does not fit.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, String> {
        let kinds: Kinds = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        for (part, found, expected) in [
            ("model", Some(&kinds.model), "WordPiece"),
            ("normalizer", kinds.normalizer.as_ref(), "BertNormalizer"),
            ("pre_tokenizer", kinds.pre_tokenizer.as_ref(), "BertPreTokenizer"),
        ] {
            let found = found.map_or("missing", |found| &found.kind);
            if found != expected {
                return Err(format!("its {part} is {found}, not {expected}"));
            }
        }

        let File { model, normalizer } = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        let pieces = model.vocab;
        let mark = |mark: &str| pieces.get(mark).copied().ok_or_else(|| format!("its vocabulary has no {mark}"));
        let (unknown, start, end) = (mark(&model.unk_token)?, mark("[CLS]")?, mark("[SEP]")?);
        if pieces.values().any(|&id| i32::try_from(id).is_err()) {
            return Err("its vocabulary has an id above 2147483647".to_owned());
        }
        let cleaner = Cleaner {
            drops_controls: normalizer.clean_text,
            parts_chinese: normalizer.handle_chinese_chars,
            strips_accents: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
            lowers_case: normalizer.lowercase,
        };
        let longest_word = model.max_input_chars_per_word.min(LONGEST_WORD);
        let vocabulary = Vocabulary::new(pieces, &model.continuing_subword_prefix, unknown, longest_word);
        Ok(Self { cleaner, vocabulary, start, end })
    }
}
