//! The memory of fixes, searchable: an index in this process over what the store holds, kept up to date by
//! the store's list of changes, whoever made them.
//!
//! A change is in the [`index`] as soon as it is read, findable by its words. Where its embedding is missing
//! or out of date, [`embedding`] makes it afterwards, the newest memory first, and stores it; the store lists
//! that as a change, and with it the meaning arrives in the index.

mod embedding;
mod index;

use crate::remember;
use foghorn_domain::analyst::SimilarIncident;
use foghorn_domain::incident::Incident;
use foghorn_embed::Embedder;
use foghorn_recall::{Cut, Found, Weights};
use foghorn_store::model::MemoryItem;
use foghorn_store::{Result, Store};
use index::Index;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Recall for everybody in the process.
#[derive(Clone)]
pub struct Recollection {
    store: Store,
    embedder: Option<Embedder>,
    index: Arc<RwLock<Index>>,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct RecallRequest {
    /// The words; only the first [`MAX_QUERY`] characters are looked at.
    pub text: String,
    /// Only memories of this service.
    pub only_service: Option<String>,
    /// Only memories with all of these labels.
    pub only_labels: Vec<String>,
    /// The service the question is about; memories of others are found too.
    pub about_service: Option<String>,
    /// Not the memories of this incident.
    pub except_incident: Option<i64>,
    /// The fingerprint asked about: memories that have it come first.
    pub fingerprint: Option<String>,
    /// At most so many, up to [`MAX_RECALLED`].
    pub limit: usize,
    /// Another lowest similarity than the product's own.
    pub threshold: Option<f32>,
}

/// One memory that was recalled.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The memory.
    pub item: MemoryItem,
    /// 0 to 1; results are in this order.
    pub similarity: f32,
    /// The cosine behind it, 0 where there is no model.
    pub vector: f32,
    /// The lexical score behind it.
    pub lexical: f32,
    /// Whether it is called a weak match, because the memory is small.
    pub is_weak: bool,
}

impl Recalled {
    /// As the interface shows it: the memory, its similarity with three digits, and how sure that is.
    pub fn shown(&self) -> Value {
        let mut shown = remember::shown(&self.item);
        let has_solution = self.item.solution.as_deref().is_some_and(|solution| !solution.trim().is_empty());
        if let Value::Object(fields) = &mut shown {
            let id = fields.shift_remove("id").unwrap_or_default();
            let from = fields.shift_remove("incident_id").unwrap_or_default();
            fields.shift_insert(0, "incident_id".to_owned(), id);
            fields.insert("similarity".to_owned(), rounded(self.similarity).into());
            fields.insert("has_solution".to_owned(), has_solution.into());
            fields.insert("is_weak_match".to_owned(), self.is_weak.into());
            fields.insert("learned_from_incident".to_owned(), from);
        }
        shown
    }

    /// 1 - similarity.
    pub fn distance(&self) -> f64 {
        rounded(1.0 - self.similarity)
    }
}

fn rounded(number: f32) -> f64 {
    (f64::from(number) * 1000.0).round() / 1000.0
}

/// Characters of a question that are looked at. The model reads 256 tokens, and words are read this far.
pub const MAX_QUERY: usize = 8_000;

/// Memories that are recalled at once at most.
pub const MAX_RECALLED: usize = 50;

/// Fewer changes than this are taken in by who asks: their embeddings take a tenth of a second at most.
const FEW: u32 = 8;

/// Changes read from the store at a time.
const STEP: u32 = 500;

impl Recollection {
    /// An empty index over a store. Without an embedder, shared words alone decide.
    pub fn new(store: Store, embedder: Option<Embedder>) -> Self {
        let index = Arc::new(RwLock::new(Index::new(embedder.as_ref().map_or(384, Embedder::dimensions))));
        Self { store, embedder, index }
    }

    /// The model behind it, if there is one.
    pub fn model_name(&self) -> Option<&str> {
        self.embedder.as_ref().map(Embedder::model_name)
    }

    /// How many memories can be found.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many memories can be found by their words and wait for their embedding.
    pub fn waiting(&self) -> usize {
        self.read().waiting()
    }

    /// Takes in changes of the memory; once there are none, makes some of the embeddings that are missing.
    /// Returns how much was done: 0 when the index is as the store is.
    pub async fn refresh_step(&self) -> Result<usize> {
        let seq = self.read().seq();
        let changes = self.store.memory_changes(seq, STEP).await?;
        if changes.is_empty() {
            return self.embed_step().await;
        }
        let mut index = self.write();
        for change in &changes {
            index.take(change, self.embedder.as_ref());
        }
        Ok(changes.len())
    }

    /// Weighs signals otherwise from now on: for finding out what weights are worth.
    pub fn set_weights(&self, weights: Weights) {
        self.write().set_weights(weights);
    }

    /// Takes in what was written just now, so that a fix is recalled by whoever asks next. A large import is left
    /// to [`Recollection::refresh_step`]: nobody waits for it.
    async fn catch_up(&self) -> Result<()> {
        let seq = self.read().seq();
        let changes = self.store.memory_changes(seq, FEW).await?;
        if changes.is_empty() || changes.len() == FEW as usize {
            return Ok(());
        }
        let waiting = {
            let mut index = self.write();
            changes.iter().for_each(|change| index.take(change, self.embedder.as_ref()));
            index.waiting()
        };
        if waiting < FEW as usize {
            self.embed_step().await?;
        }
        Ok(())
    }

    /// Recalls, best first. Below the product's cut (or the request's own threshold) it says nothing.
    pub async fn recall(&self, mut request: RecallRequest) -> Result<Vec<Recalled>> {
        if let Some((end, _)) = request.text.char_indices().nth(MAX_QUERY) {
            request.text.truncate(end);
        }
        // Where nothing is remembered, no model has to be asked what it means.
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let vector = match (&self.embedder, request.text.trim().is_empty()) {
            (Some(embedder), false) => {
                let (embedder, text) = (embedder.clone(), request.text.clone());
                tokio::task::spawn_blocking(move || embedder.embed(&text).ok()).await.ok().flatten()
            }
            _ => None,
        };
        self.recall_by(request, vector).await
    }

    /// The same for words whose embedding is at hand: [`recall`](Self::recall) without the time that the model
    /// takes.
    pub async fn recall_by(&self, request: RecallRequest, vector: Option<Vec<f32>>) -> Result<Vec<Recalled>> {
        let now = self.store.clock().now();
        let shared = self.clone();
        let searched =
            tokio::task::spawn_blocking(move || shared.read().search(&request, vector.as_deref(), now)).await;
        let (found, cut) = searched.unwrap_or_else(|_| (Vec::new(), Cut { similarity: 1.0, is_weak: false }));
        let numbers = found.iter().map(|found| found.id).collect();
        let mut by_number: HashMap<i64, MemoryItem> =
            self.store.memories_by_number(numbers).await?.into_iter().collect();
        Ok(found
            .into_iter()
            .filter_map(|found| {
                let item = by_number.remove(&found.id)?;
                let Found { similarity, vector, lexical, .. } = found;
                Some(Recalled { item, similarity, vector, lexical, is_weak: cut.is_weak && similarity < 1.0 })
            })
            .collect())
    }

    /// What is like an incident: memories of its own fingerprint first, then those alike.
    pub async fn like(&self, incident: &Incident, limit: usize) -> Result<Vec<Recalled>> {
        self.catch_up().await?;
        self.recall(RecallRequest {
            text: format!("{}: {} {}", incident.service, incident.summary, incident.labels.join(" ")),
            about_service: Some(incident.service.clone()),
            except_incident: Some(incident.id),
            fingerprint: Some(incident.fingerprint.as_str().to_owned()),
            limit,
            ..RecallRequest::default()
        })
        .await
    }

    /// Memories of a service (of all, where none is named) that have any of the labels (where any are named),
    /// those that have most of them first, and of those the newest.
    pub async fn with_labels(&self, service: Option<&str>, labels: &[String], limit: usize) -> Result<Vec<MemoryItem>> {
        let numbers = self.read().with_labels(service, labels, limit.min(MAX_RECALLED));
        let found = self.store.memories_by_number(numbers).await?;
        Ok(found.into_iter().map(|(_, item)| item).collect())
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A recalled memory as the analyst takes it.
pub(crate) fn as_similar(recalled: &Recalled) -> SimilarIncident {
    let item = &recalled.item;
    SimilarIncident {
        id: item.id.clone(),
        incident_id: item.incident_id,
        summary: item.summary.clone(),
        service: item.service.clone(),
        solution: item.solution.clone(),
        similarity: recalled.similarity,
        author: item.author.clone(),
        resolved_at: Some(item.created_at),
        outcome: item.outcome.clone(),
        confirmed: item.confirmed,
    }
}
