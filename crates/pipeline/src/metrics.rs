//! Counters that the stages keep, served as Prometheus text.

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// One label, `outcome` or the like.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// Its value.
    pub outcome: Word,
}

/// A word of our own as a label value; nothing from outside ever becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word(pub &'static str);

impl prometheus_client::encoding::EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), std::fmt::Error> {
        prometheus_client::encoding::EncodeLabelValue::encode(&self.0, encoder)
    }
}

/// What became of a message to a receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeliveryOutcome {
    /// `slack`, `email`, `pagerduty`, `webhook`.
    pub kind: Word,
    /// `sent`, `sent_again`, `edited`, `put_off`, `given_up`, …
    pub outcome: Word,
}

/// How urgent refused events were.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Lane {
    /// `logs`, `alerts` or `criticals`.
    pub lane: Word,
}

/// What became of events that came with an access key. Names of keys are given by whoever runs Foghorn, and bounded
/// in number and letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KeyOutcome {
    /// The key's name.
    pub key: String,
    /// `taken` or `over_quota`.
    pub outcome: Word,
}

/// What became of a message of another program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LetterOutcome {
    /// `incident_ready`, `events_queue`.
    pub origin: Word,
    /// `handled`, `known`, or what was wrong.
    pub outcome: Word,
}

/// All counters of one process.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Events at intake, by what became of them: `stored`, `duplicate`, `refreshed`, `refused`.
    pub events: Family<Outcome, Counter>,
    /// Events that came with an access key, by its name and `taken` or `over_quota`.
    pub key_events: Family<KeyOutcome, Counter>,
    /// Events refused because too many wait for the store, by lane.
    pub crowded_out: Family<Lane, Counter>,
    /// Events on their way into the store.
    pub waiting: Gauge,
    /// Events that triage has been past.
    pub triaged: Counter,
    /// Triage batches, by `committed` or `failed`.
    pub batches: Family<Outcome, Counter>,
    /// Incidents opened.
    pub incidents_opened: Counter,
    /// Tellings, by `sent` or `joined`.
    pub tellings: Family<Outcome, Counter>,
    /// Messages to receivers beside the dashboard, by kind and outcome.
    pub deliveries: Family<DeliveryOutcome, Counter>,
    /// Criticals heard while the database is away, by what became of them.
    pub emergencies: Family<Outcome, Counter>,
    /// Messages of other programs, by origin and outcome.
    pub letters: Family<LetterOutcome, Counter>,
    /// Calls between the processes that share a database, by `made` and `heard`.
    pub calls: Family<Direction, Counter>,
    /// How many configurations the living processes go by; 1 where all are configured alike.
    pub configurations: Gauge,
    /// Edits of delivered messages.
    pub edits: Counter,
    /// What people did, by action.
    pub actions: Family<Outcome, Counter>,
    /// Seconds from acceptance of an event to the commit of the incident it opened.
    pub event_to_incident: Histogram,
    /// Events accepted and not yet triaged.
    pub untriaged: Gauge,
    /// Bytes in the database file.
    pub store_bytes: Gauge,
    /// What the language model costs and how well it answers.
    pub model: ModelMetrics,
}

/// Counters of the language model.
#[derive(Clone)]
pub struct ModelMetrics {
    /// Questions, by `ok`, `reused`, or why there is no answer.
    pub questions: Family<Outcome, Counter>,
    /// Calls, by outcome; a question may take several.
    pub calls: Family<Outcome, Counter>,
    /// Tokens, by `input` and `output`.
    pub tokens: Family<Direction, Counter>,
    /// Dollars.
    pub cost: Counter<f64, AtomicU64>,
    /// Seconds from a question to its answer or to the end of trying.
    pub took: Histogram,
    /// Whether the server is left alone for now.
    pub resting: Gauge,
    /// Questions that wait.
    pub waiting: Gauge,
}

/// One label, `direction`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Direction {
    /// `input` or `output`; `made` or `heard`.
    pub direction: Word,
}

impl ModelMetrics {
    fn registered(registry: &mut Registry) -> Self {
        let seconds = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 45.0];
        let metrics = Self {
            questions: Family::default(),
            calls: Family::default(),
            tokens: Family::default(),
            cost: Counter::default(),
            took: Histogram::new(seconds),
            resting: Gauge::default(),
            waiting: Gauge::default(),
        };
        registry.register("llm_questions", "Questions to the language model, by outcome", metrics.questions.clone());
        registry.register("llm_calls", "Calls of the language model, by outcome", metrics.calls.clone());
        registry.register("llm_tokens", "Tokens of the language model, by direction", metrics.tokens.clone());
        registry.register("llm_cost_dollars", "What the language model cost", metrics.cost.clone());
        registry.register("llm_question_seconds", "From a question to its answer", metrics.took.clone());
        registry.register("llm_resting", "1 while the model's server is left alone", metrics.resting.clone());
        registry.register("llm_waiting", "Questions that wait for the model", metrics.waiting.clone());
        metrics
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("foghorn");
        let latency = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let mut metrics = Self {
            registry: Arc::default(),
            events: Family::default(),
            key_events: Family::default(),
            crowded_out: Family::default(),
            waiting: Gauge::default(),
            triaged: Counter::default(),
            batches: Family::default(),
            incidents_opened: Counter::default(),
            tellings: Family::default(),
            deliveries: Family::default(),
            emergencies: Family::default(),
            letters: Family::default(),
            calls: Family::default(),
            configurations: Gauge::default(),
            edits: Counter::default(),
            actions: Family::default(),
            event_to_incident: Histogram::new(latency),
            untriaged: Gauge::default(),
            store_bytes: Gauge::default(),
            model: ModelMetrics::registered(&mut registry),
        };
        registry.register("events", "Events at intake, by outcome", metrics.events.clone());
        registry.register("key_events", "Events by access key and outcome", metrics.key_events.clone());
        registry.register(
            "events_crowded_out",
            "Events refused because too many wait for the store, by lane",
            metrics.crowded_out.clone(),
        );
        registry.register("events_waiting", "Events on their way into the store", metrics.waiting.clone());
        registry.register("events_triaged", "Events that triage has been past", metrics.triaged.clone());
        registry.register("triage_batches", "Batches of triage, by outcome", metrics.batches.clone());
        registry.register("incidents_opened", "Incidents opened", metrics.incidents_opened.clone());
        registry.register("tellings", "Tellings, by outcome", metrics.tellings.clone());
        registry.register("deliveries", "Messages to receivers, by kind and outcome", metrics.deliveries.clone());
        registry.register(
            "emergency_criticals",
            "Criticals heard while the database is away, by outcome",
            metrics.emergencies.clone(),
        );
        registry.register("letters", "Messages of other programs, by origin and outcome", metrics.letters.clone());
        registry.register(
            "calls",
            "Calls between processes that share a database, by direction",
            metrics.calls.clone(),
        );
        registry.register(
            "configurations",
            "How many configurations the living processes go by",
            metrics.configurations.clone(),
        );
        registry.register("message_edits", "Edits of delivered messages", metrics.edits.clone());
        registry.register("actions", "What people did to incidents", metrics.actions.clone());
        registry.register(
            "event_to_incident_seconds",
            "From acceptance of an event to the commit of the incident it opened",
            metrics.event_to_incident.clone(),
        );
        registry.register("events_untriaged", "Events accepted and not yet triaged", metrics.untriaged.clone());
        registry.register("store_bytes", "Bytes used in the database file", metrics.store_bytes.clone());
        metrics.registry = Arc::new(registry);
        metrics
    }
}

impl Metrics {
    /// Adds to a counter of a family.
    pub fn count(family: &Family<Outcome, Counter>, outcome: &'static str, by: u64) {
        if by > 0 {
            family.get_or_create(&Outcome { outcome: Word(outcome) }).inc_by(by);
        }
    }

    /// Adds to a counter of a family by direction.
    pub fn directed(family: &Family<Direction, Counter>, direction: &'static str, by: u64) {
        family.get_or_create(&Direction { direction: Word(direction) }).inc_by(by);
    }

    /// Counts what became of a message to a receiver.
    pub fn delivered(&self, kind: &'static str, outcome: &'static str) {
        self.deliveries.get_or_create(&DeliveryOutcome { kind: Word(kind), outcome: Word(outcome) }).inc();
    }

    /// Counts events that came with an access key.
    pub fn came_with_key(&self, key: &str, outcome: &'static str, events: u64) {
        self.key_events.get_or_create(&KeyOutcome { key: key.to_owned(), outcome: Word(outcome) }).inc_by(events);
    }

    /// A key is revoked: nothing is counted for it any more.
    pub fn forget_key(&self, key: &str) {
        for outcome in ["taken", "over_quota"] {
            self.key_events.remove(&KeyOutcome { key: key.to_owned(), outcome: Word(outcome) });
        }
    }

    /// Counts events that were refused because too many wait for the store.
    pub fn crowded_out(&self, lane: &'static str, events: u64) {
        self.crowded_out.get_or_create(&Lane { lane: Word(lane) }).inc_by(events);
    }

    /// Counts what became of a message of another program.
    pub fn received(&self, origin: &'static str, outcome: &'static str) {
        self.letters.get_or_create(&LetterOutcome { origin: Word(origin), outcome: Word(outcome) }).inc();
    }

    /// Everything, in the Prometheus text format (OpenMetrics).
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
