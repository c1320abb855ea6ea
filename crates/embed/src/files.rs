//! A directory with a model → the bytes of its files, checked.

use crate::error::EmbedError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The most that is read of a model: several times the largest BERT sentence model.
const MODEL_LIMIT: u64 = 2 << 30;
/// The most that is read of a tokenizer; that of all-MiniLM-L6-v2 has 466 KB.
const TOKENIZER_LIMIT: u64 = 64 << 20;
/// The most that is read of `SHA256SUMS`.
const SUMS_LIMIT: u64 = 1 << 20;

/// The files of a model, in memory.
pub(crate) struct ModelFiles {
    /// Where the model was read from.
    pub(crate) model_path: PathBuf,
    /// The ONNX file.
    pub(crate) model: Vec<u8>,
    /// Where the tokenizer was read from.
    pub(crate) tokenizer_path: PathBuf,
    /// The tokenizer's JSON.
    pub(crate) tokenizer: Vec<u8>,
}

impl ModelFiles {
    /// Reads `tokenizer.json`, and `model.onnx` or `onnx/model.onnx` (where published sentence models
    /// keep it), and checks them against `SHA256SUMS` when that is there.
    pub(crate) fn read(directory: &Path) -> Result<Self, EmbedError> {
        let nested = directory.join("onnx").join("model.onnx");
        let model_path = Some(nested).filter(|path| path.is_file()).unwrap_or_else(|| directory.join("model.onnx"));
        let tokenizer_path = directory.join("tokenizer.json");
        let tokenizer = read_up_to(&tokenizer_path, TOKENIZER_LIMIT)?;
        let model = read_up_to(&model_path, MODEL_LIMIT)?;

        let sums_path = directory.join("SHA256SUMS");
        if sums_path.exists() {
            let sums = read_up_to(&sums_path, SUMS_LIMIT)?;
            let sums = String::from_utf8_lossy(&sums);
            for (path, content) in [(&model_path, &model), (&tokenizer_path, &tokenizer)] {
                check(directory, path, content, &sums)?;
            }
        }
        Ok(Self { model_path, model, tokenizer_path, tokenizer })
    }
}

fn read_up_to(path: &Path, limit: u64) -> Result<Vec<u8>, EmbedError> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => EmbedError::Missing { path: path.to_owned() },
        _ => EmbedError::Unreadable { path: path.to_owned(), source },
    };
    // Opening a pipe would wait for a writer that never comes.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(ErrorKind::InvalidInput.into()));
    }
    let too_large = |length| EmbedError::TooLarge { path: path.to_owned(), length, limit };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut content)).map_err(failed)?;
    if content.len() as u64 > limit {
        return Err(too_large(content.len() as u64));
    }
    Ok(content)
}

/// Compares a file with its line in the output of `sha256sum`, if it has one.
fn check(directory: &Path, path: &Path, content: &[u8], sums: &str) -> Result<(), EmbedError> {
    let name = path.strip_prefix(directory).unwrap_or(path).to_string_lossy();
    let line = sums.lines().filter_map(|line| line.split_once(char::is_whitespace));
    let Some((expected, _)) = line.into_iter().find(|(_, listed)| listed.trim_start_matches([' ', '*']) == name) else {
        return Ok(());
    };
    let actual: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    if actual.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(EmbedError::Checksum { path: path.to_owned(), expected: expected.to_owned(), actual })
}
