//! What is in memory of each memory: its words, its meaning, and what filters and ageing need.

use super::embedding::usable;
use super::{MAX_RECALLED, RecallRequest};
use foghorn_domain::clock::Timestamp;
use foghorn_embed::Embedder;
use foghorn_recall::{Cut, Document, Found, Names, Query, Recall, Weights};
use foghorn_store::model::MemoryItem;
use foghorn_store::recollection::{IndexedMemory, MemoryChange};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Everything that can be found, by the store's number of it.
pub(super) struct Index {
    recall: Recall,
    facts: HashMap<i64, Facts>,
    names: Names,
    by_fingerprint: HashMap<Arc<str>, Vec<i64>>,
    /// Memories whose embedding is still to be made.
    waiting: BTreeSet<i64>,
    /// The last change that was taken in.
    seq: i64,
}

struct Facts {
    /// Lower case, as are the labels.
    service: Arc<str>,
    labels: Box<[Arc<str>]>,
    fingerprint: Option<Arc<str>>,
    incident_id: Option<i64>,
    created_at: Timestamp,
    weight: f32,
}

/// Found beside those asked for, because their order may still change.
const SPARE: usize = 20;

/// Memories of the very fingerprint that are put first.
const MAX_EXACT: usize = 3;

impl Index {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            recall: Recall::new(dimensions),
            facts: HashMap::new(),
            names: Names::default(),
            by_fingerprint: HashMap::new(),
            waiting: BTreeSet::new(),
            seq: 0,
        }
    }

    pub(super) fn set_weights(&mut self, weights: Weights) {
        self.recall.set_weights(weights);
    }

    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn newest_waiting(&self, count: usize) -> Vec<i64> {
        self.waiting.iter().rev().take(count).copied().collect()
    }

    pub(super) fn waits_no_more(&mut self, number: i64) {
        self.waiting.remove(&number);
    }

    /// Takes a change in.
    pub(super) fn take(&mut self, change: &MemoryChange, embedder: Option<&Embedder>) {
        self.seq = change.seq;
        self.remove(change.number);
        match &change.memory {
            Some(memory) => self.put(memory, embedder),
            None => self.recall.remove(change.number),
        }
    }

    fn put(&mut self, memory: &IndexedMemory, embedder: Option<&Embedder>) {
        let (item, number) = (&memory.item, memory.number);
        let vector = embedder.and_then(|embedder| usable(memory, embedder));
        if embedder.is_some() && vector.is_none() {
            self.waiting.insert(number);
        }
        let MemoryItem { service, summary, labels, solution, incident_type, .. } = item;
        let solution = solution.as_deref().unwrap_or_default();
        let text = format!("{service} {summary} {} {incident_type} {solution}", labels.join(" "));
        let document = Document { service: service.clone(), text, vector: vector.map(<[f32]>::to_vec) };
        if let Err(error) = self.recall.put(number, &document) {
            tracing::warn!(memory.id = item.id, %error, "a memory's embedding does not fit; its words alone are searched");
            let _ = self.recall.put(number, &Document { vector: None, ..document });
        }
        let facts = Facts::of(item, &mut self.names);
        if let Some(fingerprint) = &facts.fingerprint {
            self.by_fingerprint.entry(fingerprint.clone()).or_default().push(number);
        }
        self.facts.insert(number, facts);
    }

    /// Takes a memory out of everything but the words, which [`Recall`] keeps where they stay the same.
    fn remove(&mut self, number: i64) {
        self.waiting.remove(&number);
        let Some(facts) = self.facts.remove(&number) else { return };
        if let Some(fingerprint) = facts.fingerprint
            && let Some(numbers) = self.by_fingerprint.get_mut(&fingerprint)
        {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_fingerprint.remove(&fingerprint);
            }
        }
    }

    pub(super) fn search(&self, request: &RecallRequest, vector: Option<&[f32]>, now: Timestamp) -> (Vec<Found>, Cut) {
        let exact = self.exact(request);
        let only = self.only(request);
        let query = Query {
            text: &request.text,
            vector,
            service: request.about_service.as_deref(),
            only: only.as_deref(),
            threshold: request.threshold,
        };
        let weigh = |number: i64| {
            let facts = self.facts.get(&number).filter(|facts| facts.are_asked_for(request))?;
            (!exact.contains(&number)).then(|| facts.weight * age_weight(facts.created_at, now))
        };
        let limit = request.limit.clamp(1, MAX_RECALLED);
        let (found, cut) = self.recall.search(&query, limit + SPARE, weigh).unwrap_or_else(|error| {
            tracing::warn!(%error, "recall could not search its vectors");
            (Vec::new(), Cut { similarity: 1.0, is_weak: false })
        });
        let whole = |id: &i64| Found { id: *id, similarity: 1.0, vector: 1.0, lexical: 1.0 };
        let mut all: Vec<Found> = exact.iter().map(whole).collect();
        all.extend(found);
        all.truncate(limit);
        (all, cut)
    }

    /// Memories of the fingerprint asked about, newest first.
    fn exact(&self, request: &RecallRequest) -> Vec<i64> {
        let fingerprint = request.fingerprint.as_deref().unwrap_or_default();
        let numbers = self.by_fingerprint.get(fingerprint).map(Vec::as_slice).unwrap_or_default();
        let is_asked_for = |number: &&i64| self.facts.get(number).is_some_and(|facts| facts.are_asked_for(request));
        let mut exact: Vec<i64> = numbers.iter().filter(is_asked_for).copied().collect();
        exact.sort_unstable_by(|a, b| b.cmp(a));
        exact.truncate(MAX_EXACT);
        exact
    }

    /// Memories of a service with any of the labels, those with most of them first, then the newest.
    pub(super) fn with_labels(&self, service: Option<&str>, labels: &[String], limit: usize) -> Vec<i64> {
        let service = service.map(str::to_lowercase);
        let labels: Vec<String> = labels.iter().map(|label| label.to_lowercase()).collect();
        let shared =
            |facts: &Facts| facts.labels.iter().filter(|own| labels.iter().any(|label| **label == ***own)).count();
        let of_service = |facts: &&Facts| service.as_deref().is_none_or(|service| *service == *facts.service);
        let with_number = self.facts.iter().filter(|(_, facts)| of_service(facts));
        let mut found: Vec<_> = with_number
            .map(|(number, facts)| (shared(facts), facts.created_at, *number))
            .filter(|(shared, ..)| labels.is_empty() || *shared > 0)
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().take(limit).map(|(.., number)| number).collect()
    }

    /// The memories that a filter leaves; `None` where there is no filter.
    fn only(&self, request: &RecallRequest) -> Option<Vec<i64>> {
        if request.only_service.is_none() && request.only_labels.is_empty() {
            return None;
        }
        let are_left = self.facts.iter().filter(|(_, facts)| facts.are_asked_for(request));
        Some(are_left.map(|(number, _)| *number).collect())
    }
}

impl Facts {
    fn of(item: &MemoryItem, names: &mut Names) -> Self {
        let mut lower = |text: &String| names.shared(&text.to_lowercase());
        Self {
            service: lower(&item.service),
            labels: item.labels.iter().map(&mut lower).collect(),
            fingerprint: item.fingerprint.as_deref().map(Into::into),
            incident_id: item.incident_id,
            created_at: item.created_at,
            weight: weight_of(item),
        }
    }

    fn are_asked_for(&self, request: &RecallRequest) -> bool {
        let is_of_service = request.only_service.as_ref().is_none_or(|service| service.to_lowercase() == *self.service);
        let has_label = |label: &String| self.labels.iter().any(|own| **own == *label.to_lowercase());
        let is_other = request.except_incident.is_none() || request.except_incident != self.incident_id;
        is_of_service && request.only_labels.iter().all(has_label) && is_other
    }
}

/// Confirmed fixes that held, and that people say helped, count more; those that did not hold count less.
/// Held means measured: it was quiet afterwards, for as long as the trouble could have come back.
fn weight_of(item: &MemoryItem) -> f32 {
    let mut weight = 1.0;
    if !item.confirmed {
        weight *= 0.9;
    }
    match item.outcome.as_deref() {
        Some(outcome) if outcome.starts_with("reopened") => weight *= 0.85,
        Some(outcome) if outcome.starts_with("quiet") => weight *= 1.03,
        _ => {}
    }
    let votes = item.helped as f32 - item.not_helped as f32;
    weight * (1.0 + 0.02 * votes.clamp(-5.0, 5.0))
}

/// A memory of a year ago counts for 97 of 100, one of long ago for 95.
fn age_weight(created_at: Timestamp, now: Timestamp) -> f32 {
    let years = (now.duration_since(created_at).as_hours().max(0) as f32) / (24.0 * 365.0);
    0.95 + 0.05 * (-years).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(seq: i64, id: &str, service: &str, summary: &str) -> MemoryChange {
        let item = MemoryItem {
            id: id.to_owned(),
            summary: summary.to_owned(),
            labels: vec!["Pool".to_owned()],
            service: service.to_owned(),
            incident_type: "db".to_owned(),
            solution: Some("raised it".to_owned()),
            incident_id: Some(seq),
            fingerprint: Some(format!("print-{service}")),
            author: None,
            confirmed: true,
            created_at: Timestamp::UNIX_EPOCH,
            origin: "import".to_owned(),
            retired_at: None,
            outcome: None,
            helped: 0,
            not_helped: 0,
        };
        let memory = IndexedMemory { number: seq, item, embedding: None, embedded_text: None, model: String::new() };
        MemoryChange { seq, number: seq, memory: Some(memory) }
    }

    fn index() -> Index {
        let mut index = Index::new(2);
        index.take(&change(1, "a", "orders", "connection pool exhausted"), None);
        index.take(&change(2, "b", "search", "connection pool exhausted at night"), None);
        index.take(&change(3, "c", "orders", "disk full"), None);
        index
    }

    fn found(index: &Index, request: RecallRequest) -> Vec<i64> {
        let request = RecallRequest { limit: 10, ..request };
        index.search(&request, None, Timestamp::UNIX_EPOCH).0.into_iter().map(|found| found.id).collect()
    }

    fn about(text: &str) -> RecallRequest {
        RecallRequest { text: text.to_owned(), ..RecallRequest::default() }
    }

    #[test]
    fn filters_leave_what_was_asked_for() {
        let index = index();
        let pool = || about("connection pool exhausted");
        assert_eq!(found(&index, pool()), [1, 2]);
        assert_eq!(found(&index, RecallRequest { only_service: Some("Search".to_owned()), ..pool() }), [2]);
        assert_eq!(found(&index, RecallRequest { only_labels: vec!["pool".to_owned()], ..pool() }), [1, 2]);
        assert_eq!(found(&index, RecallRequest { only_labels: vec!["tls".to_owned()], ..pool() }), [] as [i64; 0]);
        assert_eq!(found(&index, RecallRequest { except_incident: Some(1), ..pool() }), [2]);
    }

    #[test]
    fn labels_and_service_alone_find_too() {
        let index = index();
        let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
        assert_eq!(index.with_labels(None, &labels(&["POOL", "tls"]), 2), [3, 2]);
        assert_eq!(index.with_labels(Some("Orders"), &[], 9), [3, 1]);
        assert_eq!(index.with_labels(Some("orders"), &labels(&["tls"]), 9), [] as [i64; 0]);
    }

    #[test]
    fn the_same_fingerprint_comes_first_whatever_the_words_say() {
        let request = RecallRequest { fingerprint: Some("print-orders".to_owned()), ..about("night pool exhausted") };
        assert_eq!(found(&index(), request), [3, 1, 2]);
    }

    #[test]
    fn a_memory_that_is_gone_or_changed_is_no_longer_found_as_it_was() {
        let mut index = index();
        index.take(&MemoryChange { seq: 4, number: 1, memory: None }, None);
        let mut changed = change(5, "b", "search", "certificate expired");
        changed.number = 2;
        if let Some(memory) = &mut changed.memory {
            memory.number = 2;
        }
        index.take(&changed, None);
        assert_eq!(found(&index, about("connection pool exhausted at night")), [] as [i64; 0]);
        assert_eq!(found(&index, about("certificate expired")), [2]);
        assert_eq!((index.len(), index.recall.len(), index.seq()), (2, 2, 5));
    }

    #[test]
    fn outcome_votes_and_age_weigh_in() {
        let item = |outcome: Option<&str>, helped, not_helped, confirmed| {
            let mut item = change(1, "a", "orders", "x").memory.unwrap().item;
            item.outcome = outcome.map(str::to_owned);
            (item.helped, item.not_helped, item.confirmed) = (helped, not_helped, confirmed);
            weight_of(&item)
        };
        assert_eq!(item(None, 0, 0, true), 1.0);
        assert!(item(Some("reopened after 5 min"), 0, 0, true) < item(None, 0, 0, false));
        assert!(item(Some("quiet at once"), 0, 0, true) > item(None, 0, 0, true));
        assert!(item(Some("quiet after 5 min"), 3, 0, true) > 1.0 && item(None, 0, 9, true) >= 0.9);
        let year = |years: i64| {
            let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
            age_weight(now - foghorn_domain::clock::SignedDuration::from_hours(24 * 365 * years), now)
        };
        assert!(year(0) == 1.0 && (year(1) - 0.975).abs() < 1e-3 && year(30) > 0.949);
    }
}
