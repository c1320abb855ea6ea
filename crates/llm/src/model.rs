//! A model that can be asked.

use crate::backoff::Backoff;
use crate::breaker::Breaker;
use crate::budget::Budget;
use crate::extract;
use crate::failure::{Complaint, Failure};
use crate::ladder::{Ladder, Rung};
use crate::question::{Asked, Exchange, Question, Usage};
use crate::reply::{self, Reply};
use crate::schema;
use crate::scripted::Script;
use crate::server::{HttpServer, Server};
use crate::settings::ModelSettings;
use crate::tokens;
use crate::wire::{self, Repair};
use foghorn_domain::clock::{Clock, Timestamp};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Repeats of a call whose server was busy or failing.
const MAX_REPEATS: u32 = 2;
/// Calls for one question at most, whatever they were for.
const MAX_CALLS: usize = 8;
/// The longest reply that is kept, in characters.
const KEPT: usize = 8_000;

/// A model behind a server; clones share what is known of it.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    settings: ModelSettings,
    server: Server,
    clock: Clock,
    ladder: Ladder,
    breaker: Mutex<Breaker>,
    budget: Mutex<Budget>,
    backoff: Backoff,
    under_way: Semaphore,
}

impl Model {
    /// A model behind a real server. The seed is for jitter.
    ///
    /// # Errors
    /// A sentence for people where the address cannot be used.
    pub fn new(settings: ModelSettings, clock: Clock, seed: u64) -> Result<Self, String> {
        let server = Server::Http(HttpServer::new(&settings)?);
        Ok(Self::with(settings, server, clock, seed))
    }

    /// A model that is a script.
    pub fn scripted(script: Script, settings: ModelSettings, clock: Clock) -> Self {
        Self::with(settings, Server::Scripted(script), clock, 1)
    }

    fn with(settings: ModelSettings, server: Server, clock: Clock, seed: u64) -> Self {
        Self(Arc::new(Inner {
            under_way: Semaphore::new(settings.concurrency.max(1)),
            budget: Mutex::new(Budget::new(settings.limits)),
            breaker: Mutex::default(),
            ladder: Ladder::default(),
            backoff: Backoff::new(seed),
            settings,
            server,
            clock,
        }))
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.0.settings.model
    }

    /// Whether the server is left alone for now.
    pub fn is_resting(&self) -> bool {
        lock(&self.0.breaker).is_open()
    }

    /// Takes note of what was spent before a restart, oldest first.
    pub fn remember_spending(&self, at: Timestamp, subject: i64, used: Usage) {
        lock(&self.0.budget).remember(at, subject, used);
    }

    /// Asks. The answer fits the question's schema, and `read` made of it what is wanted; a sentence from `read`
    /// says what does not fit and is told to the model, once. Takes no longer than the settings allow.
    pub async fn ask<T>(&self, question: &Question, read: impl Fn(&Value) -> Result<T, String>) -> Asked<T> {
        let started = Instant::now();
        let mut asking =
            Asking { model: &self.0, question, exchanges: Vec::new(), usage: Usage::default(), started, trial: None };
        let answer = match timeout(self.0.settings.question_deadline, asking.answer(read)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Timeout),
        };
        let Asking { exchanges, usage, .. } = asking;
        Asked { answer, exchanges, usage, took: started.elapsed() }
    }
}

/// One question on its way.
struct Asking<'a> {
    model: &'a Inner,
    question: &'a Question,
    exchanges: Vec<Exchange>,
    usage: Usage,
    started: Instant,
    /// A rung below the known one, tried because a refusal did not say what it was about.
    trial: Option<Rung>,
}

impl Asking<'_> {
    async fn answer<T>(&mut self, read: impl Fn(&Value) -> Result<T, String>) -> Result<T, Failure> {
        let estimate = tokens::estimate(&self.question.system) + tokens::estimate(&self.question.user);
        if estimate > self.model.settings.max_prompt_tokens {
            return Err(Failure::PromptTooLong);
        }
        let _place = self.model.under_way.acquire().await.map_err(|_| Failure::Unreachable)?;
        let mut repair = None;
        loop {
            let (rung, reply) = self.reply(repair.as_ref()).await?;
            let wrote = reply.as_ref().map_or_else(|(_, wrote)| wrote.clone(), |reply| Some(reply.clone()));
            let answer = reply.map_err(|(failure, _)| failure).and_then(|text| {
                let object = extract::object(&text).ok_or(Failure::NoObject)?;
                schema::check(&object, &self.question.schema).and_then(|()| read(&object)).map_err(Failure::Invalid)
            });
            self.model.ladder.answered(rung, answer.is_ok());
            let Err(failure) = answer else {
                lock(&self.model.breaker).succeeded();
                return answer;
            };
            if let Some(last) = self.exchanges.last_mut() {
                last.outcome = failure.outcome();
            }
            let is_last = repair.is_some() || !failure.can_be_repaired() || self.exchanges.len() >= MAX_CALLS;
            self.judge(&failure, is_last);
            if is_last {
                return Err(failure);
            }
            repair = Some(Repair::of(&failure, &wrote.unwrap_or_default()));
        }
    }

    /// What a failure says about the server. A first nonsense says nothing yet.
    fn judge(&self, failure: &Failure, is_last: bool) {
        let mut breaker = lock(&self.model.breaker);
        if is_last && failure.is_the_servers() {
            breaker.failed(self.model.clock.now());
        } else {
            breaker.ended();
        }
    }

    /// A reply to the question, after as many calls as it takes: the outer error is final, the inner one is about
    /// the reply, with what was written.
    async fn reply(
        &mut self,
        repair: Option<&Repair>,
    ) -> Result<(Rung, Result<String, (Failure, Option<String>)>), Failure> {
        let mut repeats = 0;
        loop {
            let rung = self.trial.unwrap_or_else(|| self.model.ladder.rung());
            let failure = match self.call(rung, repair).await? {
                Ok(reply) => {
                    if self.trial.is_some() {
                        self.model.ladder.settle_on(rung);
                    }
                    return Ok((rung, Ok(reply.text)));
                }
                Err((failure, Some(reply))) => return Ok((rung, Err((failure, Some(reply.text))))),
                Err((failure @ Failure::Empty, None)) => return Ok((rung, Err((failure, None)))),
                Err((failure, None)) => failure,
            };
            let can_go_on = self.exchanges.len() < MAX_CALLS;
            if can_go_on && self.adapts_to(&failure, rung) {
                lock(&self.model.breaker).ended();
                continue;
            }
            self.judge(&failure, true);
            let is_resting = lock(&self.model.breaker).is_open();
            repeats += 1;
            let wait = self.model.backoff.wait(repeats, failure.retry_after());
            let time_left = self.model.settings.question_deadline.saturating_sub(self.started.elapsed());
            if !can_go_on || repeats > MAX_REPEATS || is_resting || !failure.is_worth_repeating() || wait >= time_left {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// One call. The outer error is that none was made.
    async fn call(
        &mut self,
        rung: Rung,
        repair: Option<&Repair>,
    ) -> Result<Result<Reply, (Failure, Option<Reply>)>, Failure> {
        let model = self.model;
        let body = wire::body(&model.settings.model, self.question, rung, repair, &model.ladder);
        let estimated = tokens::estimate(&body["messages"].to_string());
        let most = model.usage(estimated, self.question.max_tokens.into());
        let admission = Admission::ask_for(model)?;
        let reserved = lock(&model.budget).reserve(model.clock.now(), self.question.subject, most);
        let reservation = reserved.map_err(Failure::OverBudget)?;

        let started = Instant::now();
        let answered = match timeout(model.settings.call_deadline, model.server.call(&body)).await {
            Ok(answered) => answered,
            Err(_) => Err(Failure::Timeout),
        };
        let read = match &answered {
            Ok(answered) => reply::read(answered),
            Err(failure) => Err((failure.clone(), None)),
        };
        let reply = read.as_ref().ok().or_else(|| read.as_ref().err().and_then(|(_, reply)| reply.as_ref()));
        // What a server does not count is estimated, and so is what it took before it fell silent.
        let used = match (reply, &answered) {
            (Some(Reply { usage: Some((input, output)), .. }), _) => model.usage(*input, *output),
            (Some(Reply { text, .. }), _) => model.usage(estimated, tokens::estimate(text)),
            (None, Err(Failure::Timeout | Failure::TooLarge(_))) => model.usage(estimated, 0),
            (None, _) => Usage::default(),
        };
        lock(&model.budget).settle(reservation, used);
        self.usage.add(used);
        let unread = answered.as_ref().ok().map(|answered| String::from_utf8_lossy(&answered.body));
        let received = reply.map(|reply| cut(&reply.text)).or_else(|| unread.map(|body| cut(&body)));
        self.exchanges.push(Exchange {
            outcome: read.as_ref().err().map_or("ok", |(failure, _)| failure.outcome()),
            rung,
            is_repair: repair.is_some(),
            received,
            took: started.elapsed(),
        });
        admission.end();
        Ok(read)
    }
}

impl Asking<'_> {
    /// Whether the server refused a part of the call that can be put otherwise, and will be.
    fn adapts_to(&mut self, failure: &Failure, rung: Rung) -> bool {
        let Failure::Refused { status, complaint } = failure else { return false };
        let ladder = &self.model.ladder;
        match complaint {
            Some(Complaint::MaxTokens) => ladder.use_completion_tokens(),
            Some(Complaint::Temperature) => ladder.leave_temperature(),
            Some(Complaint::Format) => ladder.step_down(rung),
            // Some say only that they did not understand. Whether it was the format, the next call shows.
            None if matches!(status, 400 | 415 | 422 | 501) && rung != Rung::Text => {
                self.trial = Some(rung.below());
                true
            }
            None | Some(Complaint::Length) => false,
        }
    }
}

impl Inner {
    fn usage(&self, input_tokens: u64, output_tokens: u64) -> Usage {
        let micro_dollars = self.settings.prices.of(input_tokens, output_tokens);
        Usage { input_tokens, output_tokens, micro_dollars }
    }
}

/// The breaker's leave to call. A call that is dropped on its way has failed.
struct Admission<'a> {
    model: &'a Inner,
    is_over: bool,
}

impl<'a> Admission<'a> {
    fn ask_for(model: &'a Inner) -> Result<Self, Failure> {
        let mut breaker = lock(&model.breaker);
        let was_ill = breaker.is_open();
        match breaker.admit(model.clock.now()) {
            true => {
                if was_ill {
                    model.ladder.trust_again();
                }
                Ok(Self { model, is_over: false })
            }
            false => Err(Failure::BreakerOpen),
        }
    }

    fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            lock(&self.model.breaker).ended();
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(KEPT).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What it guards is whole at every moment, also after a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("settings", &self.0.settings).finish()
    }
}

#[cfg(test)]
mod tests;
