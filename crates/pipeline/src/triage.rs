//! Triage: events after the cursor become signals about incidents.
//!
//! [`Triage::step`] reads the next events of the log, lets [`judge`] look at each with the memory of its
//! service ([`service::ServiceMemory`]), and commits everything the batch led to, memory and cursor
//! included, in one transaction. If that fails, or the process dies, what was only in memory is thrown
//! away and read back from the store, and the same events are judged again with the same result.

mod campaign;
mod fresh;
mod fold;
mod judge;
mod numbers;
mod service;
mod silence;
mod success;
mod urgency;

pub use judge::{Judge, Judgement};
pub use service::ServiceMemory;

use crate::crash;
use crate::metrics::Metrics;
use crate::settings::Settings;
use foghorn_domain::event::Event;
use foghorn_store::model::{TemplateRow, TriageBatch, TriageOutcome, Unclaimed, scope};
use foghorn_store::triage::Holding;
use foghorn_store::{Error, Result, Store};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The stage. One per process. It holds every partition, or, where processes share a store, its share of them.
pub struct Triage {
    store: Store,
    metrics: Metrics,
    settings: Arc<Settings>,
    judge: Judge,
    services: HashMap<String, ServiceMemory>,
    known_services: HashSet<String>,
    batch: u64,
    /// Names this process among those that share the partitions.
    worker: String,
    /// The partitions that are held and where triage is in them, and when that was last asked for.
    place: Option<(Holding, Instant)>,
}

/// How often a process that shares the partitions says that it lives and asks for its share.
const BALANCE_EVERY: Duration = Duration::from_secs(3);

/// What a step did.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Events judged.
    pub events: usize,
    /// What they led to.
    pub outcome: TriageOutcome,
}

impl Triage {
    /// A stage that has not read anything yet.
    pub fn new(store: Store, metrics: Metrics, settings: Arc<Settings>) -> Self {
        let judge = Judge::new(Arc::clone(&settings));
        Self {
            store,
            metrics,
            settings,
            judge,
            services: HashMap::new(),
            known_services: HashSet::new(),
            batch: 0,
            worker: worker_name(),
            place: None,
        }
    }

    /// Judges and commits the next batch. An empty log makes an empty step.
    pub async fn step(&mut self) -> Result<Step> {
        let (from, since) = self.take_place().await?;
        let (events, to) = self.store.read_held(from.clone(), self.settings.triage_batch).await?;
        let count = events.len();
        if count == 0 {
            return Ok(Step::default());
        }
        let committed = self.judge_and_commit(from, to.clone(), events).await;
        match committed {
            Ok(outcome) => {
                self.place = Some((to, since));
                self.metrics.triaged.inc_by(count as u64);
                Metrics::count(&self.metrics.batches, "committed", 1);
                self.metrics.incidents_opened.inc_by(outcome.opened.len() as u64);
                let now = self.store.clock().now();
                for (_, arrived_at) in &outcome.opened {
                    self.metrics.event_to_incident.observe(now.duration_since(*arrived_at).as_secs_f64());
                }
                Ok(Step { events: count, outcome })
            }
            Err(error) => {
                Metrics::count(&self.metrics.batches, "failed", 1);
                self.forget();
                Err(error)
            }
        }
    }

    async fn take_place(&mut self) -> Result<(Holding, Instant)> {
        let is_due = |since: &Instant| self.store.is_shared() && since.elapsed() >= BALANCE_EVERY;
        if let Some(place) = self.place.as_ref().filter(|(_, since)| !is_due(since)) {
            return Ok(place.clone());
        }
        let since = Instant::now();
        let holding = self.store.take_partitions(self.worker.clone()).await?;
        let holding = match self.place.take() {
            // The cursors in hand are those that were committed last, and the share of each is worth keeping.
            Some((held, _)) if held.is_same_as(&holding) => held,
            _ => {
                tracing::debug!(partitions = holding.count(), "triage has its share of the event log");
                self.forget();
                self.known_services = self.store.known_services().await?;
                holding
            }
        };
        self.place = Some((holding.clone(), since));
        Ok((holding, since))
    }

    /// Whether other processes write the same log.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Gives the partitions back, for others to take at once.
    pub async fn release(&mut self) {
        self.forget();
        if let Err(error) = self.store.release_partitions(self.worker.clone()).await {
            tracing::warn!(%error, "the partitions could not be given back; they are free when the lease has ended");
        }
    }

    /// Forgets everything that the store also knows.
    fn forget(&mut self) {
        self.services.clear();
        self.place = None;
    }

    async fn judge_and_commit(&mut self, from: Holding, to: Holding, events: Vec<Event>) -> Result<TriageOutcome> {
        let mut batch = TriageBatch { from, to, ..TriageBatch::default() };
        let mut touched: Vec<String> = Vec::new();
        self.batch += 1;
        self.judge.follow_rules();
        for event in &events {
            let key = self.remember_service(event).await?;
            let Some(memory) = self.services.get_mut(&key) else { continue };
            memory.used_in = self.batch;
            match self.judge_safely(event, &key) {
                Judgement::Nothing => {}
                Judgement::Round => batch.round = Some(event.id),
                Judgement::Unclaimed(unclaimed) => batch.unclaimed.push(unclaimed),
                Judgement::Signal(signal) => batch.signals.push(*signal),
            }
            let Some(memory) = self.services.get_mut(&key) else { continue };
            if memory.is_dirty() && !memory.listed {
                memory.listed = true;
                touched.push(key);
            }
        }
        for key in touched {
            if let Some(memory) = self.services.get_mut(&key) {
                memory.listed = false;
                let (templates, state) = memory.take_changes(&key)?;
                batch.templates.extend(templates);
                batch.states.extend(state);
            }
        }
        crash::point("triage before commit");
        let outcome = self.store.commit_triage(batch).await?;
        crash::point("triage after commit");
        self.bound_memory();
        Ok(outcome)
    }

    /// A judgement, whatever the event is: one that makes a detector panic is kept, counted and passed over,
    /// for it would stop its partition for ever.
    fn judge_safely(&mut self, event: &Event, key: &str) -> Judgement {
        let Some(memory) = self.services.get_mut(key) else { return Judgement::Nothing };
        let judge = &self.judge;
        catch_unwind(AssertUnwindSafe(|| judge.judge(event, memory))).unwrap_or_else(|_| {
            tracing::error!(event.id = event.id, "an event could not be judged and opens nothing");
            Metrics::count(&self.metrics.batches, "unjudged_event", 1);
            let decision = "it could not be judged: a detector failed on it".to_owned();
            Judgement::Unclaimed(Unclaimed { event_id: event.id, findings: Vec::new(), decision })
        })
    }

    /// The key of the memory that an event of this service uses, loaded if need be. A source that invents
    /// services must not be able to fill the memory: beyond the cap they share one.
    async fn remember_service(&mut self, event: &Event) -> Result<String> {
        let mut key = self.scope_of(event);
        if self.services.contains_key(&key) {
            return Ok(key);
        }
        if !self.known_services.contains(&key) && self.known_services.len() >= self.settings.max_services {
            key = scope("", "(further services)");
            if self.services.contains_key(&key) {
                return Ok(key);
            }
        }
        let memory = match self.known_services.insert(key.clone()) {
            true => ServiceMemory::new(event.partition, event.created_at),
            false => self.restore_service(event, &key).await?,
        };
        self.services.insert(key.clone(), memory);
        Ok(key)
    }

    /// Under which name an event's service is remembered. Where processes share the partitions, events with keys of
    /// their own may lie in another partition than the lines of their service, and each holder remembers its own.
    fn scope_of(&self, event: &Event) -> String {
        let key = scope(&event.environment, &event.service);
        let is_apart = self.store.is_shared() && event.partition != event.home_partition();
        if is_apart { format!("{key}\u{1f}{}", event.partition) } else { key }
    }

    async fn restore_service(&self, event: &Event, key: &str) -> Result<ServiceMemory> {
        let parts = self.store.service_state(key.to_owned()).await?;
        let clusters = self.store.templates(key.to_owned()).await?.into_iter().map(|row| row.cluster);
        ServiceMemory::restore(event.partition, event.created_at, &parts, clusters).or_else(|error| {
            tracing::error!(%error, service = event.service, "what was remembered of a service cannot be read; it is learned anew");
            Ok(ServiceMemory::new(event.partition, event.created_at))
        })
    }

    /// Keeps at most a thousand services in memory, the last used ones; the others are in the store.
    fn bound_memory(&mut self) {
        const IN_MEMORY: usize = 1_000;
        if self.services.len() > IN_MEMORY {
            let mut batches: Vec<u64> = self.services.values().map(|memory| memory.used_in).collect();
            let middle = batches.len() / 2;
            let (_, median, _) = batches.select_nth_unstable(middle);
            let oldest_kept = (*median).min(self.batch);
            self.services.retain(|_, memory| memory.used_in >= oldest_kept);
        }
    }

    /// Judges events without committing, for `explain` and `replay`.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }
}

impl Triage {
    /// Whether an error means that another worker has the partitions now.
    pub fn is_fenced(error: &Error) -> bool {
        matches!(error, Error::Fenced(_))
    }
}

/// A name that no other process has: where it runs, which one it is, and when this stage was made.
pub(crate) fn worker_name() -> String {
    static STAGES: AtomicU64 = AtomicU64::new(0);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let began = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros();
    let stage = STAGES.fetch_add(1, Ordering::Relaxed);
    format!("{}-{}-{began:x}-{stage}", host.trim(), std::process::id())
}

/// A template row for the store.
fn template_row(scope: &str, birth_key: String, cluster: String) -> TemplateRow {
    TemplateRow { scope: scope.to_owned(), birth_key, cluster }
}
