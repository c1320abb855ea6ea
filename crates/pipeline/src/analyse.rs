//! Asking a language model about incidents that were told, beside everything else: nothing waits for it.
//!
//! The first telling says what the built-in analyst says. [`Asking::want`] then notes that an answer is wanted;
//! [`Analyse`] asks, keeps the answer in the store, and has the messages rendered again, which finds it there
//! ([`Asking::known`]). An answer is kept by what it rests on: fingerprint, evidence, prompt and model. The like
//! again, in this incident or the next, costs nothing.
//!
//! What is wanted is held in memory, bounded, and lost with the process: at the start, incidents that run are
//! looked through anew. What a person asks for is a row of the audit log, and found there. What failed for a reason that may pass is tried again with growing pauses, for as long as
//! somebody may still want to know.

mod wanted;

use crate::doorbell::Doorbell;
use crate::explain::{Explainer, Gathered};
use crate::metrics::{Direction, Metrics, Word};
use foghorn_domain::answer::{self, Answer, KeptAnswer};
use foghorn_domain::clock::{Clock, SignedDuration};
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::prompt::{self, Briefing, Prompt};
use foghorn_domain::redaction::redact;
use foghorn_domain::text::cut;
use foghorn_llm::{Asked, Exchange, Failure, Model, Question, Usage, budget, schema};
use foghorn_store::analyses::{AnalysisRequest, NewAnalysis};
use foghorn_store::{Result, Store};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wanted::{Job, TOO_LATE, Wanted};

/// Incidents that are looked through at the start.
const LOOKED_THROUGH: u32 = 200;
/// The longest prompt and the longest reply that are kept, in characters.
const MAX_KEPT: usize = 12_000;

/// What the other stages know of the model; clones share it.
#[derive(Clone)]
pub struct Asking {
    model: Model,
    clock: Clock,
    wanted: Arc<Mutex<Wanted>>,
    bell: Doorbell,
}

impl Asking {
    pub(crate) fn new(model: Model, clock: Clock, bell: Doorbell) -> Self {
        Self { model, clock, wanted: Arc::default(), bell }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        self.model.name()
    }

    /// Names what an answer about an incident rests on.
    pub(crate) fn key(&self, incident: &Incident, briefing: &Briefing) -> String {
        let model: String = self.model.name().chars().take(100).collect();
        format!("{}/{}/{}/{model}", incident.fingerprint, briefing.evidence_hash, prompt::VERSION)
    }

    /// The answer that is known already, if it can be read, and whether it rests on what is known now. One that
    /// does not is better than none while the next is on its way.
    pub(crate) async fn known(&self, store: &Store, key: &str, incident_id: IncidentId) -> Option<(KeptAnswer, bool)> {
        match store.answer_for(key.to_owned(), incident_id).await {
            Ok(answer) => {
                answer.and_then(|(answer, is_current)| Some((serde_json::from_value(answer).ok()?, is_current)))
            }
            Err(error) => {
                tracing::warn!(%error, "an answer of the model could not be looked up");
                None
            }
        }
    }

    /// Notes that an answer is wanted.
    pub(crate) fn want(&self, incident_id: IncidentId, key: String) {
        let now = self.clock.now();
        if self.wanted().add(incident_id, key, now) {
            self.bell.ring();
        }
    }

    /// Has the stage look for what people asked for: a wish is a row of the audit log, so that any process may take
    /// it.
    pub fn ring(&self) {
        self.bell.ring();
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stage; clones share it.
#[derive(Clone)]
pub struct Analyse {
    store: Store,
    metrics: Metrics,
    explainer: Explainer,
    asking: Asking,
    /// The row of the audit log up to which people's wishes were taken up.
    heard_upto: Arc<Mutex<Option<i64>>>,
}

impl Analyse {
    pub(crate) fn new(store: Store, metrics: Metrics, explainer: Explainer, asking: Asking) -> Self {
        Self { store, metrics, explainer, asking, heard_upto: Arc::default() }
    }

    /// Takes up what a stop or crash left undone: what was spent, and incidents whose answer is not known.
    pub(crate) async fn resume(&self) -> Result<()> {
        for spent in self.store.spent_since(self.asking.clock.now() - budget::REMEMBERED_FOR).await? {
            let (input_tokens, output_tokens) = (spent.input_tokens, spent.output_tokens);
            let used = Usage { input_tokens, output_tokens, micro_dollars: spent.micro_dollars };
            self.asking.model.remember_spending(spent.at, spent.incident_id, used);
        }
        for incident_id in self.store.told_and_running(LOOKED_THROUGH).await? {
            let incident = self.store.incident(incident_id).await?;
            let gathered = self.explainer.gather(&incident).await?;
            let key = self.asking.key(&incident, &gathered.briefing);
            if !self.is_answered(&key, incident_id).await? {
                self.asking.want(incident_id, key);
            }
        }
        Ok(())
    }

    /// Takes up what people asked for since it was last called, here or in another process.
    pub(crate) async fn hear_people(&self) -> Result<()> {
        let heard_upto = *self.heard_upto.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, upto) = self.store.analysis_requests_after(heard_upto).await?;
        for AnalysisRequest { incident_id, at } in requests {
            let now = self.asking.clock.now();
            let newest = self.store.analyses_of(incident_id, 1).await?.into_iter().next();
            let is_answered = newest.is_some_and(|kept| at.is_none_or(|at| kept.created_at > at));
            let is_too_late = at.is_none_or(|at| now.duration_since(at) >= TOO_LATE);
            if !is_answered && !is_too_late {
                self.asking.wanted().add_anew(incident_id, now);
            }
        }
        *self.heard_upto.lock().unwrap_or_else(PoisonError::into_inner) = Some(upto);
        Ok(())
    }

    /// Asks what is due, one after the other. Returns how much was done. For tests.
    pub(crate) async fn step(&self) -> Result<usize> {
        self.hear_people().await?;
        let mut done = 0;
        while let Some(job) = self.next() {
            self.handle(job).await;
            done += 1;
        }
        Ok(done)
    }

    /// What is due next.
    pub(crate) fn next(&self) -> Option<Job> {
        let mut wanted = self.asking.wanted();
        let job = wanted.next(self.asking.clock.now());
        self.metrics.model.waiting.set(i64::try_from(wanted.len()).unwrap_or(i64::MAX));
        job
    }

    /// Waits until something may be due.
    pub(crate) async fn wait(&self, at_most: std::time::Duration) {
        self.asking.bell.wait(at_most).await;
    }

    /// Asks about one incident.
    pub(crate) async fn handle(&self, job: Job) {
        let _done = Done { asking: &self.asking, key: job.key.clone() };
        if let Err(error) = self.ask_about(job).await {
            tracing::error!(%error, "an incident could not be asked about");
        }
        let is_resting = self.asking.model.is_resting();
        match (self.metrics.model.resting.set(i64::from(is_resting)) != 0, is_resting) {
            (false, true) => tracing::warn!("the model's server keeps failing and is left alone for a while"),
            (true, false) => tracing::info!("the model's server answers again"),
            _ => {}
        }
    }

    async fn ask_about(&self, job: Job) -> Result<()> {
        let Some(incident_id) = job.incidents.first().copied() else { return Ok(()) };
        let incident = self.store.incident(incident_id).await?;
        if !job.is_anew && !incident.status.is_open() {
            return Ok(());
        }
        let gathered = self.explainer.gather(&incident).await?;
        let key = self.asking.key(&incident, &gathered.briefing);
        if !job.is_anew && self.is_answered(&key, incident_id).await? {
            Metrics::count(&self.metrics.model.questions, "reused", 1);
            return Ok(());
        }
        let prompt = gathered.briefing.render(&code()?);
        let asked = self.asking.model.ask(&question(incident_id, &prompt), answer::read).await;
        self.count(&asked);
        self.judge(&job, &asked);
        if asked.exchanges.is_empty() {
            // Nobody was asked, so there is nothing to keep.
            return Ok(());
        }
        self.keep(&incident, &gathered, key, &prompt, asked, job.incidents).await
    }

    fn count(&self, asked: &Asked<Answer>) {
        let metrics = &self.metrics.model;
        let outcome = asked.answer.as_ref().err().map_or("ok", Failure::outcome);
        Metrics::count(&metrics.questions, outcome, 1);
        for exchange in &asked.exchanges {
            Metrics::count(&metrics.calls, exchange.outcome, 1);
        }
        for (direction, tokens) in [("input", asked.usage.input_tokens), ("output", asked.usage.output_tokens)] {
            metrics.tokens.get_or_create(&Direction { direction: Word(direction) }).inc_by(tokens);
        }
        metrics.cost.inc_by(asked.usage.micro_dollars as f64 / 1e6);
        metrics.took.observe(asked.took.as_secs_f64());
    }

    /// What failed for a reason that may pass is wanted again later.
    fn judge(&self, job: &Job, asked: &Asked<Answer>) {
        let Err(failure) = &asked.answer else { return };
        let (outcome, calls) = (failure.outcome(), asked.exchanges.len());
        let incident_id = job.incidents.first().copied().unwrap_or_default();
        match calls {
            // Nobody was asked, of one incident after the other; why not was said when it began.
            0 => tracing::debug!(outcome, incident.id = incident_id, "the model was not asked"),
            _ => tracing::warn!(
                outcome,
                calls,
                incident.id = incident_id,
                "the model gave no answer; the built-in analyst's stands"
            ),
        }
        let pause = match failure {
            Failure::BreakerOpen => SignedDuration::from_secs(35),
            Failure::OverBudget(budget::Period::Hour) => SignedDuration::from_mins(10),
            Failure::Timeout | Failure::Unreachable | Failure::RateLimited { .. } | Failure::ServerError { .. } => {
                SignedDuration::from_secs(60 << job.attempts.min(4))
            }
            // The same question would come to the same end.
            _ => return self.asking.wanted().rest(job.key.clone(), self.asking.clock.now()),
        };
        let now = self.asking.clock.now();
        self.asking.wanted().add_again(job, now + pause, now);
    }

    async fn keep(
        &self,
        incident: &Incident,
        gathered: &Gathered,
        answer_key: String,
        prompt: &Prompt,
        asked: Asked<Answer>,
        shown_in: Vec<IncidentId>,
    ) -> Result<()> {
        let Asked { answer, exchanges, usage, took } = asked;
        let outcome = answer.as_ref().err().map_or("ok", Failure::outcome).to_owned();
        let answer = answer.ok().map(|answer| KeptAnswer { answer, legend: gathered.briefing.legend() });
        let answer = answer.map(|kept| serde_json::to_value(&kept)).transpose()?;
        let new = NewAnalysis {
            incident_id: incident.id,
            answer_key,
            model: self.asking.model.name().to_owned(),
            prompt_version: prompt::VERSION.to_owned(),
            outcome,
            answer: answer.as_ref().map(foghorn_domain::redaction::redact_json),
            sent: cut(redact(&prompt.user).as_str(), MAX_KEPT),
            exchanges: exchanges.iter().map(shown).collect(),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            micro_dollars: usage.micro_dollars,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        let has_answer = new.answer.is_some();
        self.store.keep_analysis(new, shown_in.clone()).await?;
        for incident_id in shown_in.into_iter().filter(|_| has_answer) {
            let incident = self.store.incident(incident_id).await?;
            let told = self.explainer.tell(&incident, None).await?;
            self.store.explain_again(incident_id, told.explanation).await?;
        }
        Ok(())
    }

    async fn is_answered(&self, key: &str, incident_id: IncidentId) -> Result<bool> {
        let known = self.store.answer_for(key.to_owned(), incident_id).await?;
        Ok(known.is_some_and(|(_, is_current)| is_current))
    }
}

/// Strikes a wish off whatever becomes of it.
struct Done<'a> {
    asking: &'a Asking,
    key: String,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.asking.wanted().is_done(&self.key);
    }
}

/// A call as it is kept.
fn shown(exchange: &Exchange) -> Value {
    let received = exchange.received.as_deref().map(|text| cut(redact(text).as_str(), MAX_KEPT));
    json!({
        "outcome": exchange.outcome,
        "format": exchange.rung.as_str(),
        "is_repair": exchange.is_repair,
        "received": received,
        "took_ms": u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn question(incident_id: IncidentId, prompt: &Prompt) -> Question {
    let asked_schema = answer::asked_schema();
    Question {
        system: prompt.system.clone(),
        user: prompt.user.clone(),
        schema_name: answer::SCHEMA_NAME,
        schema: answer::schema(),
        max_tokens: schema::most_tokens(&asked_schema),
        asked_schema,
        subject: incident_id,
    }
}

/// A code that nobody could have known when they wrote what the prompt quotes.
fn code() -> Result<String> {
    let mut bytes = [0_u8; 12];
    getrandom::fill(&mut bytes).map_err(|error| foghorn_store::Error::Database {
        doing: "drawing a random number",
        detail: error.to_string(),
    })?;
    Ok(bytes.iter().fold(String::new(), |mut code, byte| {
        let _ = write!(code, "{byte:02x}");
        code
    }))
}
