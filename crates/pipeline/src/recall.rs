//! The memory of fixes, searchable: an index in this process over what the store holds, kept up to date by
//! the store's list of changes, whoever made them.

use foghorn_domain::analyst::SimilarIncident;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::Incident;
use foghorn_embed::Embedder;
use foghorn_recall::{Cut, Document, Found, Query, Recall, embedded_text};
use foghorn_store::model::MemoryItem;
use foghorn_store::sqlite::recollection::IndexedMemory;
use foghorn_store::{Result, Store};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// Recall for everybody in the process.
#[derive(Clone)]
pub struct Recollection {
    store: Store,
    embedder: Option<Embedder>,
    index: Arc<RwLock<Index>>,
}

struct Index {
    recall: Recall,
    /// What filters and ageing need, by number.
    facts: HashMap<i64, Facts>,
    seq: i64,
}

struct Facts {
    service: String,
    labels: Vec<String>,
    fingerprint: Option<String>,
    incident_id: Option<i64>,
    created_at: Timestamp,
    weight: f32,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct RecallRequest {
    /// The words.
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
    /// At most so many.
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

/// Changes read from the store at a time.
const STEP: u32 = 500;

impl Recollection {
    /// An empty index over a store. Without an embedder, shared words alone decide.
    pub fn new(store: Store, embedder: Option<Embedder>) -> Self {
        let dimensions = embedder.as_ref().map_or(384, Embedder::dimensions);
        let index = Index { recall: Recall::new(dimensions), facts: HashMap::new(), seq: 0 };
        Self { store, embedder, index: Arc::new(RwLock::new(index)) }
    }

    /// The model behind it, if there is one.
    pub fn model_name(&self) -> Option<&str> {
        self.embedder.as_ref().map(Embedder::model_name)
    }

    /// Takes in changes of the memory, making embeddings where they are missing. Returns how many changes.
    pub async fn refresh_step(&self) -> Result<usize> {
        let seq = self.index.read().unwrap_or_else(|poisoned| poisoned.into_inner()).seq;
        let changes = self.store.memory_changes(seq, STEP).await?;
        let count = changes.len();
        for change in changes {
            let document = match &change.memory {
                Some(memory) => Some(self.document(memory).await?),
                None => None,
            };
            let mut index = self.index.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            index.seq = change.seq;
            match (document, change.memory) {
                (Some(document), Some(memory)) => index.put(&memory, document),
                _ => index.remove(change.number),
            }
        }
        Ok(count)
    }

    /// A memory as the index takes it. An embedding that is missing, or was made of another text, is made
    /// and stored; the store lists that as a change again, which then finds nothing to do.
    async fn document(&self, memory: &IndexedMemory) -> Result<Document> {
        let MemoryItem { service, summary, labels, solution, incident_type, .. } = &memory.item;
        let text =
            format!("{service} {summary} {} {incident_type} {}", labels.join(" "), solution.as_deref().unwrap_or(""));
        let mut vector = memory.embedding.clone();
        if let Some(embedder) = self.embedder.clone() {
            let texts = embedded_text(service, summary, labels, solution.as_deref());
            let hash = text_hash(&texts);
            let is_ours = memory.embedded_text.is_some();
            let is_stale = is_ours && memory.embedded_text.as_deref() != Some(hash.as_str());
            let fits = vector.as_ref().is_some_and(|vector| vector.len() == embedder.dimensions());
            if !fits || is_stale {
                let model = embedder.model_name().to_owned();
                let made = tokio::task::spawn_blocking(move || embed_both(&embedder, &texts)).await;
                vector = made.ok().flatten();
                if let Some(vector) = &vector {
                    self.store.save_embedding(memory.number, vector.clone(), model, hash).await?;
                }
            }
        } else {
            vector = None;
        }
        Ok(Document { service: service.clone(), text, vector })
    }

    /// Recalls, best first. Below the product's cut (or the request's own threshold) it says nothing.
    pub async fn recall(&self, request: RecallRequest) -> Result<Vec<Recalled>> {
        let vector = match (&self.embedder, request.text.trim().is_empty()) {
            (Some(embedder), false) => {
                let (embedder, text) = (embedder.clone(), bounded(&request.text));
                tokio::task::spawn_blocking(move || embedder.embed(&text).ok()).await.ok().flatten()
            }
            _ => None,
        };
        let now = self.store.clock().now();
        let index = Arc::clone(&self.index);
        let searched = tokio::task::spawn_blocking(move || {
            let index = index.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            index.search(&request, vector.as_deref(), now)
        });
        let (found, cut) = searched.await.unwrap_or_else(|_| (Vec::new(), Cut { similarity: 1.0, is_weak: false }));
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
}

impl Index {
    fn put(&mut self, memory: &IndexedMemory, document: Document) {
        let item = &memory.item;
        if let Err(error) = self.recall.put(memory.number, &document) {
            tracing::warn!(memory.id = item.id, %error, "a memory's embedding does not fit; its words alone are searched");
            let _ = self.recall.put(memory.number, &Document { vector: None, ..document });
        }
        let facts = Facts {
            service: item.service.to_lowercase(),
            labels: item.labels.iter().map(|label| label.to_lowercase()).collect(),
            fingerprint: item.fingerprint.clone(),
            incident_id: item.incident_id,
            created_at: item.created_at,
            weight: weight_of(item),
        };
        self.facts.insert(memory.number, facts);
    }

    fn remove(&mut self, number: i64) {
        self.recall.remove(number);
        self.facts.remove(&number);
    }

    fn search(&self, request: &RecallRequest, vector: Option<&[f32]>, now: Timestamp) -> (Vec<Found>, Cut) {
        let admits = |number: i64| self.facts.get(&number).is_some_and(|facts| facts.are_asked_for(request));
        let query = Query { text: &request.text, vector, service: request.about_service.as_deref() };
        let limit = request.limit.clamp(1, 50);
        // More than asked for, because age and outcome may still change the order.
        let searched = match request.threshold {
            Some(threshold) => self.recall.search_from(&query, limit + 20, threshold, admits),
            None => self.recall.search(&query, limit + 20, admits),
        };
        let (mut found, cut) = searched.unwrap_or_else(|error| {
            tracing::warn!(%error, "recall could not search its vectors");
            (Vec::new(), Cut { similarity: 1.0, is_weak: false })
        });
        for found in &mut found {
            if let Some(facts) = self.facts.get(&found.id) {
                found.similarity = (found.similarity * facts.weight * age_weight(facts.created_at, now)).min(1.0);
            }
        }
        self.put_exact_first(request, &mut found);
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(b.id.cmp(&a.id)));
        found.truncate(limit);
        (found, cut)
    }

    fn put_exact_first(&self, request: &RecallRequest, found: &mut Vec<Found>) {
        let Some(fingerprint) = &request.fingerprint else { return };
        let mut exact: Vec<i64> = self
            .facts
            .iter()
            .filter(|(_, facts)| facts.fingerprint.as_ref() == Some(fingerprint) && facts.are_asked_for(request))
            .map(|(number, _)| *number)
            .collect();
        exact.sort_unstable_by(|a, b| b.cmp(a));
        found.retain(|found| !exact.contains(&found.id));
        let whole = |id| Found { id, similarity: 1.0, vector: 1.0, lexical: 1.0 };
        found.extend(exact.into_iter().take(3).map(whole));
    }
}

impl Facts {
    fn are_asked_for(&self, request: &RecallRequest) -> bool {
        let is_of_service = request.only_service.as_ref().is_none_or(|service| service.to_lowercase() == self.service);
        let has_labels = request.only_labels.iter().all(|label| self.labels.contains(&label.to_lowercase()));
        let is_other = request.except_incident.is_none() || request.except_incident != self.incident_id;
        is_of_service && has_labels && is_other
    }
}

/// Confirmed fixes that held, and that people say helped, count more; those that did not hold count less.
fn weight_of(item: &MemoryItem) -> f32 {
    let mut weight = 1.0;
    if !item.confirmed {
        weight *= 0.9;
    }
    if item.outcome.as_deref().is_some_and(|outcome| outcome.starts_with("reopened")) {
        weight *= 0.85;
    }
    let votes = item.helped as f32 - item.not_helped as f32;
    weight * (1.0 + 0.02 * votes.clamp(-5.0, 5.0))
}

/// A memory of a year ago counts for 97 of 100, one of long ago for 95.
fn age_weight(created_at: Timestamp, now: Timestamp) -> f32 {
    let years = (now.duration_since(created_at).as_hours().max(0) as f32) / (24.0 * 365.0);
    0.95 + 0.05 * (-years).exp2()
}

fn embed_both(embedder: &Embedder, texts: &[String; 2]) -> Option<Vec<f32>> {
    let parts = texts.iter().map(|text| embedder.embed(&bounded(text)).ok()).collect::<Option<Vec<_>>>()?;
    let mut sum: Vec<f32> = parts[0].iter().zip(&parts[1]).map(|(a, b)| a + b).collect();
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.iter_mut().for_each(|value| *value /= length);
    Some(sum)
}

/// The model reads 256 tokens; more than this is never looked at.
fn bounded(text: &str) -> String {
    text.chars().take(8_000).collect()
}

fn text_hash(texts: &[String; 2]) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hash = DefaultHasher::new();
    texts.hash(&mut hash);
    format!("{:016x}", hash.finish())
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
