//! The embedder: a model, its tokenizer, its sessions and the texts it remembers.

use crate::error::EmbedError;
use crate::files::ModelFiles;
use crate::network::{LoadProblem, ModelBytes, Network};
use crate::sessions::{Session, Sessions};
use crate::tokenizer::Tokenizer;
use hashlink::LruCache;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The most tokens of a text that are looked at, the marks at both ends included; what follows is
/// cut off. It is the length all-MiniLM-L6-v2 is published with.
pub const MAX_TOKENS: usize = 256;

/// How many texts an embedder remembers the vectors of, the least recently used forgotten first.
/// With 384 dimensions they take 7 MB, and up to 4 MB more when all are long.
pub const CACHED_TEXTS: usize = 4_096;

#[cfg(feature = "bundled-model")]
const BUNDLED_NAME: &str = "all-MiniLM-L6-v2";

/// Published tables have more rows than there are word pieces, up to the next multiple of this.
const TABLE_ROUNDING: u32 = 128;

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
    /// By the tokens rather than the text: that is exact, and texts that differ only in white space,
    /// case or beyond the cut share an entry.
    vectors: Mutex<LruCache<Box<[u32]>, Arc<[f32]>>>,
}

impl Embedder {
    /// The model that is part of the program: all-MiniLM-L6-v2, 384 dimensions. Takes about 0.1 s and
    /// 110 MB.
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
        let vectors = Mutex::new(LruCache::new(CACHED_TEXTS));
        let shared = Shared { model_name: name.to_owned(), dimensions, tokenizer, network, vectors };
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
        let remembered = || self.shared.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(vector) = remembered().get(tokens.as_slice()) {
            return Ok(vector.to_vec());
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
        remembered().insert(tokens.into_boxed_slice(), Arc::from(vector.as_slice()));
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

enum TrialProblem {
    Model(String),
    Fit(String),
}

/// Runs the network on the longest text there can be and on tokens that should not exist, and answers
/// with the number of dimensions.
fn try_out(network: &Network, tokenizer: &Tokenizer, session: &Session<'_>) -> Result<usize, TrialProblem> {
    let [start, end] = tokenizer.marks();
    let highest = tokenizer.highest_id();
    let mut tokens = vec![start, end];
    let dimensions = network.run(&tokens, session).map_err(TrialProblem::Model)?.len();

    tokens.insert(1, highest);
    network.run(&tokens, session).map_err(|reason| {
        TrialProblem::Fit(format!("the model does not know token {highest} of the tokenizer: {reason}"))
    })?;
    // Where the model knows far more tokens than the tokenizer, its numbers mean other words.
    tokens[1] = (highest + 1).next_multiple_of(TABLE_ROUNDING);
    if network.run(&tokens, session).is_ok() {
        return Err(TrialProblem::Fit(format!(
            "the model knows more tokens than the {} of the tokenizer",
            highest + 1
        )));
    }
    tokens.resize(MAX_TOKENS, end);
    tokens[1] = end;
    let longest = network
        .run(&tokens, session)
        .map_err(|reason| TrialProblem::Model(format!("it does not take a text of {MAX_TOKENS} tokens: {reason}")))?;
    if longest.len() != dimensions {
        return Err(TrialProblem::Model(format!("it gives {dimensions} dimensions once and {} then", longest.len())));
    }
    Ok(dimensions)
}
