//! Telling of criticals while the database is away: at once, to the fallback receivers, without the store.
//!
//! Intake says what it put into the spool ([`Emergency::hear`]) and what it stored ([`Emergency::stored`]). [`critical`]
//! decides what of it is told and in which words, [`desk`] remembers what was told in this absence and what waits for
//! which receiver, [`telling`] makes one message of what waits. [`Emergency::step`] posts what is due. Nobody has an
//! outbox here: what goes wrong is tried again from memory, and what a crash takes is told in the ordinary way, as all
//! of it is, once the database is back.

mod critical;
mod desk;
mod telling;

use crate::deliver::Outcomes;
use crate::doorbell::Doorbell;
use crate::metrics::Metrics;
use crate::receivers::{Failure, Receiver, Retry};
use crate::routes::Routes;
use critical::Critical;
use desk::{Batch, Desk, Refused};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::NewEvent;
use foghorn_store::Store;
use foghorn_store::model::Appended;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telling::Telling;

/// The stage; clones share it.
#[derive(Clone)]
pub(crate) struct Emergency(Arc<Inner>);

struct Inner {
    store: Store,
    routes: Routes,
    metrics: Metrics,
    outcomes: Outcomes,
    bell: Doorbell,
    desk: Mutex<Desk>,
    /// The last number given to a message. No incident has it: it is below zero.
    last_number: AtomicI64,
    /// Somebody writes down what came of the last absence.
    is_settling: AtomicBool,
}

impl Emergency {
    pub(crate) fn new(store: Store, routes: Routes, metrics: Metrics, outcomes: Outcomes) -> Self {
        let last_number = AtomicI64::new(-store.clock().now().as_millisecond());
        let (bell, desk) = (Doorbell::default(), Mutex::default());
        let is_settling = AtomicBool::new(false);
        Self(Arc::new(Inner { store, routes, metrics, outcomes, bell, desk, last_number, is_settling }))
    }

    /// Takes note of what went into the spool.
    pub(crate) fn hear(&self, events: &[NewEvent]) {
        self.begin();
        let now = self.now();
        events.iter().filter(|event| critical::ends(event)).for_each(|event| self.desk().forget(event));
        let criticals: Vec<Critical> = events.iter().filter_map(|event| Critical::of(event, now)).collect();
        if criticals.is_empty() {
            return;
        }
        let receivers = self.receivers(now);
        if receivers.is_empty() {
            if self.desk().finds_nobody() {
                tracing::error!(
                    "the database is away and there is no receiver to tell of criticals: name one as the routing's fallback"
                );
            }
            Metrics::count(&self.0.metrics.emergencies, "nobody", criticals.len() as u64);
            return;
        }
        for critical in criticals {
            let outcome = self.desk().hear(critical, &receivers);
            Metrics::count(&self.0.metrics.emergencies, outcome.as_str(), 1);
        }
        self.0.bell.ring_here();
    }

    /// Takes note of what was stored, and so is told in the ordinary way.
    pub(crate) fn stored(&self, events: &[NewEvent], appended: &[Appended]) {
        let now = self.now();
        for (event, outcome) in events.iter().zip(appended) {
            if critical::ends(event) {
                self.desk().forget(event);
            } else if critical::is_called_so(event)
                && matches!(outcome, Appended::Stored(_) | Appended::Refreshed(_))
                && let Some(critical) = Critical::of(event, now)
            {
                self.desk().remember(critical);
            }
        }
    }

    /// The database does not answer. What was stored a moment ago may not have been told.
    pub(crate) fn begin(&self) {
        let now = self.now();
        let mut desk = self.desk();
        let has_to_tell = desk.begin(now) && desk.has_recent(now);
        drop(desk);
        if has_to_tell {
            let receivers = self.receivers(now);
            self.desk().tell_recent(now, &receivers);
            self.0.bell.ring_here();
        }
    }

    /// The database is back and has everything.
    pub(crate) fn end(&self) {
        let now = self.now();
        if self.desk().end(now) {
            self.0.bell.ring_here();
        }
    }

    /// Waits until there may be something to do.
    pub(crate) async fn wait(&self, at_most: Duration) {
        self.0.bell.wait(at_most).await;
    }

    /// Whether somebody has still to be told.
    pub(crate) fn has_to_tell(&self) -> bool {
        self.desk().has_to_tell()
    }

    /// Tells every receiver what is due, one after the other. Answers how many messages there were. For tests and for
    /// the last round before a stop.
    pub(crate) async fn step(&self) -> usize {
        let due = self.desk().due(self.now());
        let mut told = 0;
        for name in due {
            told += usize::from(self.visit(&name).await);
        }
        told + self.settle_up().await
    }

    /// The same, each receiver in a task of its own: one that is slow holds up no other.
    pub(crate) fn spread(&self) {
        for name in self.desk().due(self.now()) {
            let this = self.clone();
            tokio::spawn(async move { this.visit(&name).await });
        }
        // The store may take its time, or be away again.
        if self.desk().has_accounts() && !self.0.is_settling.swap(true, Ordering::SeqCst) {
            let this = self.clone();
            tokio::spawn(async move {
                this.settle_up().await;
                this.0.is_settling.store(false, Ordering::SeqCst);
            });
        }
    }

    /// Posts one message to a receiver. `false` where there was nothing to tell, or somebody is at it.
    async fn visit(&self, name: &str) -> bool {
        let Some(batch) = self.desk().take(name, self.now()) else { return false };
        let _leave = Leave { emergency: self.clone(), name: name.to_owned() };
        let Some(receiver) = self.0.routes.receiver(name) else {
            self.give_up(name, batch, "no receiver is called so any more");
            return true;
        };
        let number = self.0.last_number.fetch_sub(1, Ordering::SeqCst) - 1;
        let Some(telling) = Telling::new(&batch, number, name, receiver.channel(), self.now()) else { return false };
        match receiver.post(&telling.outgoing()).await {
            Ok(_) => self.told(name, &receiver, &batch, number),
            Err(failure) => self.refused(name, &receiver, batch, failure),
        }
        true
    }

    fn told(&self, name: &str, receiver: &Receiver, batch: &Batch, number: i64) {
        let now = self.now();
        self.note(receiver, "sent", None);
        Metrics::count(&self.0.metrics.emergencies, "told", batch.criticals.len() as u64);
        tracing::info!(receiver = name, criticals = batch.criticals.len(), "told without the database");
        let rung = receiver.says_changes().then_some(number);
        self.desk().told(name, batch, now + pause_between(receiver), rung);
    }

    fn refused(&self, name: &str, receiver: &Receiver, batch: Batch, failure: Failure) {
        self.note(receiver, "put_off", Some(&failure.code));
        tracing::warn!(receiver = name, code = failure.code, detail = failure.detail, "criticals could not be told");
        let now = self.now();
        let may_repeat = failure.may_have_landed;
        let refused = match failure.retry {
            Retry::After(pause) => Refused { not_before: Some(now + pause), counts: false, may_repeat },
            Retry::Backoff => Refused { not_before: Some(now + desk::backoff(batch.tries)), counts: true, may_repeat },
            Retry::Never => Refused { not_before: None, counts: true, may_repeat },
        };
        if let Err(batch) = self.desk().put_back(name, batch, refused) {
            self.give_up(name, batch, &failure.detail);
        }
    }

    fn give_up(&self, name: &str, batch: Batch, why: &str) {
        let criticals = batch.criticals.len();
        tracing::error!(receiver = name, criticals, why, "a receiver cannot be told of criticals without the database");
        Metrics::count(&self.0.metrics.emergencies, "given_up", criticals as u64);
        self.desk().gave_up(name, &batch);
    }

    fn note(&self, receiver: &Receiver, outcome: &'static str, code: Option<&str>) {
        self.0.metrics.delivered(receiver.kind(), outcome);
        self.0.outcomes.note(receiver.kind(), self.now(), outcome, code);
    }

    /// Once the database is back: says to those that keep it open that it is over, and writes down who was told.
    async fn settle_up(&self) -> usize {
        if self.0.store.is_away() {
            return 0;
        }
        let accounts = self.desk().accounts();
        let settled = accounts.len();
        for mut account in accounts {
            for number in std::mem::take(&mut account.rung) {
                self.say_that_it_is_over(&account.receiver, number).await;
            }
            let details = json!({
                "receiver": account.receiver, "criticals": account.told, "given_up": account.given_up,
                "left_out": account.left_out, "away_since": account.began, "back_at": account.ended,
            });
            let noted = self.0.store.note_in_audit("told_in_emergency", "foghorn".to_owned(), details).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "who was told without the database will be written down later");
                self.desk().keep(account);
                return 0;
            }
        }
        settled
    }

    async fn say_that_it_is_over(&self, name: &str, number: i64) {
        let Some(receiver) = self.0.routes.receiver(name) else { return };
        let Some(telling) = Telling::over(number, name, receiver.channel(), self.now()) else { return };
        if let Err(failure) = receiver.edit(&telling.outgoing()).await {
            tracing::warn!(receiver = name, code = failure.code, "a receiver could not be told that it is over");
        }
    }

    /// Those whom the routing names for what could not be told otherwise; else those of an alert that pages.
    fn receivers(&self, now: Timestamp) -> Vec<String> {
        let mut found = self.0.routes.fallback();
        if found.is_empty() {
            found = telling::routed_otherwise(&self.0.routes, now);
        }
        found.into_iter().map(|routed| routed.lane.receiver).collect()
    }

    fn now(&self) -> Timestamp {
        self.0.store.clock().now()
    }

    /// Held for a moment.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Slack allows one message a second and channel, and there is no burst here: what comes meanwhile goes together.
fn pause_between(receiver: &Receiver) -> SignedDuration {
    SignedDuration::try_from_secs_f64(1.0 / receiver.per_second().max(0.1)).unwrap_or(SignedDuration::from_secs(1))
}

/// Frees a receiver whatever happened.
struct Leave {
    emergency: Emergency,
    name: String,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.emergency.desk().leave(&self.name);
    }
}
