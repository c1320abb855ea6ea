//! What can go wrong between a directory with a model and a vector.

use std::io;
use std::path::PathBuf;

/// Why there is no embedder, or no vector. Every message names the file and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Foghorn was built without its own model.
    #[error(
        "this foghorn was built without a sentence model; set EMBED_MODEL_DIR to a directory with model.onnx and tokenizer.json, or build with the feature `bundled-model`"
    )]
    NotBundled,
    /// A file the model needs is not there.
    #[error(
        "{path} does not exist; EMBED_MODEL_DIR must hold model.onnx and tokenizer.json of a BERT sentence model, or be left unset for the built-in one"
    )]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("cannot read {path}: {source}; check that this user may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is longer than any model Foghorn can use.
    #[error("{path} is {length} bytes long and at most {limit} are read; use a smaller sentence model")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A file is not the one that the `SHA256SUMS` beside it names.
    #[error(
        "{path} has SHA-256 {actual}, and SHA256SUMS beside it says {expected}; the file is incomplete or was changed, fetch it again"
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The sum in `SHA256SUMS`, 64 hexadecimal digits.
        expected: String,
        /// The file's own sum.
        actual: String,
    },
    /// The model file is damaged or no ONNX model.
    #[error("{path} is not an ONNX model that can be run ({reason}); it may be cut short, fetch it again")]
    NotAModel {
        /// The model file.
        path: PathBuf,
        /// What the runtime says.
        reason: String,
    },
    /// The model loads, and is not a sentence model.
    #[error(
        "{path} is not a sentence model ({reason}); it must take input_ids, attention_mask and perhaps token_type_ids, and give one vector for each token or text"
    )]
    NotASentenceModel {
        /// The model file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The tokenizer file is damaged, or of a kind Foghorn does not know.
    #[error("{path} cannot be used ({reason}); it must be the tokenizer.json of a BERT (WordPiece) model")]
    NotATokenizer {
        /// The tokenizer file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Each file is good, and they belong to different models.
    #[error(
        "{tokenizer} does not fit {model} ({reason}); take model.onnx and tokenizer.json from the same sentence model"
    )]
    TokenizerDoesNotFit {
        /// The tokenizer file.
        tokenizer: PathBuf,
        /// The model file.
        model: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The model failed on one text.
    #[error("the sentence model {model} failed on a text of {tokens} tokens: {reason}")]
    Run {
        /// The model's name.
        model: String,
        /// How many tokens the text was cut into.
        tokens: usize,
        /// What the runtime says.
        reason: String,
    },
}
