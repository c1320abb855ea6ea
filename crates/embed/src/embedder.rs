//! The embedder: a model, its tokenizer, its sessions and the texts it remembers.

use crate::error::EmbedError;
use crate::files::ModelFiles;
use crate::network::{LoadProblem, ModelBytes, Network};
use crate::remembered::Remembered;
use crate::sessions::Sessions;
use crate::tokenizer::Tokenizer;
use crate::trial::{TrialProblem, try_out};
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The most tokens of a text that are looked at, the marks at both ends included; what follows is
/// cut off. It is the length all-MiniLM-L6-v2 is published with.
pub const MAX_TOKENS: usize = 256;

/// How many texts an embedder remembers the vectors of, the least recently used forgotten first.
/// With 384 dimensions they take 7 MB, and up to 4 MB more when all are long.
pub const CACHED_TEXTS: usize = 4_096;

#[cfg(feature = "bundled-model")]
const BUNDLED_NAME: &str = "all-MiniLM-L6-v2";

/// Sentence → vector. Cheap to clone; clones share the model, the sessions and the memory of texts.
#[derive(Clone)]
pub struct Embedder {
    shared: Arc<Shared>,
    sessions: Arc<Sessions>,
}

struct Shared {
    model_name: String,
    dimensions: usize,
    tokenizer: Tokenizer,
    network: Network,
    remembered: Remembered,
}

impl Embedder {
    /// The model that is part of the program: all-MiniLM-L6-v2, 384 dimensions. Takes about 0.15 s, and
    /// 115 MB beside the 25 MB of the file.
    ///
    /// # Errors
    /// [`EmbedError::NotBundled`] when it was built without the feature `bundled-model`.
    #[cfg(feature = "bundled-model")]
    pub fn bundled() -> Result<Self, EmbedError> {
        Self::load(
            BUNDLED_NAME,
            (PathBuf::from("the built-in model.onnx"), ModelBytes::CompiledIn(include_bytes!("../model/model.onnx"))),
            (PathBuf::from("the built-in tokenizer.json"), include_bytes!("../model/tokenizer.json")),
        )
    }

    /// The model that is part of the program; this program was built without one.
    ///
    /// # Errors
    /// Always [`EmbedError::NotBundled`].
    #[cfg(not(feature = "bundled-model"))]
    pub fn bundled() -> Result<Self, EmbedError> {
        Err(EmbedError::NotBundled)
    }

    /// A model from a directory, to be known as `name`: `model.onnx` (or `onnx/model.onnx`) and
    /// `tokenizer.json` of a BERT sentence model that is pooled by the mean, as published ones are
    /// laid out. Weights must be inside the file. `SHA256SUMS`, when present, is checked.
    ///
    /// # Errors
    /// Says which file is missing, damaged or does not fit, and what to do.
    pub fn from_dir(directory: &Path, name: &str) -> Result<Self, EmbedError> {
        let files = ModelFiles::read(directory)?;
        let model = (files.model_path, ModelBytes::Read(files.model));
        Self::load(name, model, (files.tokenizer_path, &files.tokenizer))
    }

    fn load(name: &str, model: (PathBuf, ModelBytes), tokenizer: (PathBuf, &[u8])) -> Result<Self, EmbedError> {
        let (model_path, model) = model;
        let (tokenizer_path, tokenizer) = tokenizer;
        let tokenizer = Tokenizer::parse(tokenizer)
            .map_err(|reason| EmbedError::NotATokenizer { path: tokenizer_path.clone(), reason })?;
        let sessions = Sessions::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
        let session = sessions.borrow();
        let network = Network::load(model, &session).map_err(|problem| match problem {
            LoadProblem::NotAModel(reason) => EmbedError::NotAModel { path: model_path.clone(), reason },
            LoadProblem::NotASentenceModel(reason) => {
                EmbedError::NotASentenceModel { path: model_path.clone(), reason }
            }
        })?;
        let dimensions = try_out(&network, &tokenizer, &session).map_err(|problem| match problem {
            TrialProblem::Model(reason) => EmbedError::NotASentenceModel { path: model_path.clone(), reason },
            TrialProblem::Fit(reason) => {
                let (tokenizer, model) = (tokenizer_path.clone(), model_path.clone());
                EmbedError::TokenizerDoesNotFit { tokenizer, model, reason }
            }
        })?;
        drop(session);
        let remembered = Remembered::new(CACHED_TEXTS);
        let shared = Shared { model_name: name.to_owned(), dimensions, tokenizer, network, remembered };
        Ok(Self { shared: Arc::new(shared), sessions: Arc::new(sessions) })
    }

    /// The same embedder working on at most `count` texts at the same time, one thread each. The
    /// default is the number of processors.
    #[must_use]
    pub fn with_parallelism(self, count: NonZeroUsize) -> Self {
        Self { sessions: Arc::new(Sessions::new(count)), ..self }
    }

    /// The length of every vector.
    pub fn dimensions(&self) -> usize {
        self.shared.dimensions
    }

    /// The model's name, to be stored beside its vectors: those of different models do not compare.
    pub fn model_name(&self) -> &str {
        &self.shared.model_name
    }

    /// The vector of a text: [`dimensions`](Self::dimensions) finite numbers of length one together.
    /// Any text has one, the empty text too. Works for some milliseconds without yielding, and waits
    /// while all sessions are busy, so an async caller hands it to a blocking thread.
    ///
    /// # Errors
    /// [`EmbedError::Run`] when the model fails on this text.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let tokens = self.shared.tokenizer.encode(text, MAX_TOKENS);
        if let Some(vector) = self.shared.remembered.get(&tokens) {
            return Ok(vector);
        }
        let vector = self.shared.network.run(&tokens, &self.sessions.borrow()).and_then(|vector| {
            let expected = self.shared.dimensions;
            if vector.len() == expected {
                Ok(vector)
            } else {
                Err(format!("it gave {} dimensions and not {expected}", vector.len()))
            }
        });
        let failed = |reason| EmbedError::Run { model: self.model_name().to_owned(), tokens: tokens.len(), reason };
        let vector = vector.map_err(failed)?;
        self.shared.remembered.insert(tokens, &vector);
        Ok(vector)
    }

    /// The vectors of several texts, in their order, worked on side by side. A text has the same
    /// vector here as alone.
    ///
    /// # Errors
    /// As [`embed`](Self::embed): the first text that fails, fails all.
    pub fn embed_batch(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let workers = self.sessions.count().get().min(texts.len());
        if workers <= 1 {
            return texts.iter().map(|text| self.embed(text)).collect();
        }
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let Some((index, text)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                texts.get(index).map(|text| (index, text))
            } {
                let vector = self.embed(text);
                // The others stop at their next text.
                if vector.is_err() {
                    next.store(texts.len(), Ordering::Relaxed);
                }
                done.push((index, vector));
            }
            done
        };
        let mut done = thread::scope(|scope| {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        });
        done.sort_unstable_by_key(|&(index, _)| index);
        done.into_iter().map(|(_, vector)| vector).collect()
    }
}

impl fmt::Debug for Embedder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Embedder")
            .field("model_name", &self.shared.model_name)
            .field("dimensions", &self.shared.dimensions)
            .finish_non_exhaustive()
    }
}
