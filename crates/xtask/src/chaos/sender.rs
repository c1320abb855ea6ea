//! Whoever sends: many at once, each event again until it is accepted, and a ledger of what was.
//!
//! New troubles begin until the last fault, since what dies while it tells needs something to tell. An event's
//! `idempotency_key` is its number, so sending it again after a broken connection is the same event.

use super::dice::Dice;
use super::fleet::Fleet;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const SERVICES: u64 = 12;
/// Troubles that begin at the same time.
const AT_ONCE: u64 = 4;
/// A new trouble begins this often, so that there is always somebody to tell. More would be told as one.
const NEW_TROUBLE_EVERY: Duration = Duration::from_secs(3);
/// When all that was asked for is sent and the faults go on, events come this often.
const THEN_EVERY: Duration = Duration::from_millis(200);
const SENDERS: usize = 8;

/// What is sent, by number, and when.
pub(super) struct Plan {
    seed: u64,
    /// Events that are sent at least.
    events: u64,
    /// When the last of these is due.
    length: Duration,
}

/// What belongs into one incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trouble {
    /// The number of its service.
    pub(super) service: u64,
    /// The number of its text.
    pub(super) text: u64,
}

impl Plan {
    pub(super) fn new(dice: &mut Dice, events: u64, length: Duration) -> Self {
        Self { seed: dice.roll(), events, length }
    }

    /// When an event is due, after the beginning.
    fn due(&self, number: u64) -> Duration {
        match number.checked_sub(self.events) {
            None => self.length.mul_f64(number as f64 / self.events as f64),
            Some(later) => self.length + THEN_EVERY.mul_f64(later as f64),
        }
    }

    /// What an event is of. Of every fourth text two services complain, on the same host: they are told together.
    fn trouble(&self, number: u64) -> Trouble {
        let mut dice = Dice::new(self.seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let begun = (self.due(number).as_secs_f64() / NEW_TROUBLE_EVERY.as_secs_f64()) as u64;
        let text = begun + dice.below(AT_ONCE);
        let is_shared = text.is_multiple_of(4) && dice.below(2) == 0;
        Trouble { service: (text + u64::from(is_shared) * 5) % SERVICES, text }
    }

    fn event(&self, number: u64) -> Value {
        let Trouble { service, text } = self.trouble(number);
        let words = sentence(&mut Dice::new(self.seed.wrapping_add(text)));
        let mut metadata =
            json!({ "level": "error", "service": format!("service-{service}"), "number": number, "text": text });
        if text.is_multiple_of(4) {
            metadata["host"] = json!(format!("host-{text}"));
        }
        json!({
            "source": format!("service-{service}"), "type": "log",
            "payload": format!("{words} after {} ms", number % 900 + 100),
            "metadata": metadata,
            "idempotency_key": format!("event-{number}"),
        })
    }
}

/// Words that no other sentence has, so that no two troubles can pass for one.
fn sentence(dice: &mut Dice) -> String {
    let syllables = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu"];
    let mut word = || {
        let count = 3 + dice.below(2);
        (0..count).filter_map(|_| dice.one(&syllables).copied()).collect::<String>()
    };
    (0..7).map(|_| word()).collect::<Vec<_>>().join(" ")
}

/// What was accepted.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Each accepted event's trouble, by number.
    pub(super) accepted: BTreeMap<u64, Trouble>,
    /// Attempts that got no answer or a refusal, and were made again.
    pub(super) again: u64,
}

impl Ledger {
    pub(super) fn len(&self) -> usize {
        self.accepted.len()
    }
}

/// The senders at work.
pub(super) struct Sender {
    accepted: Arc<AtomicU64>,
    events: u64,
    ledger: Arc<Mutex<Ledger>>,
    tasks: Vec<JoinHandle<()>>,
    is_over: watch::Sender<bool>,
}

impl Sender {
    /// Begins to send, and goes on until [`Self::finish`].
    pub(super) fn begin(plan: Plan, fleet: Arc<Fleet>) -> Self {
        let (events, plan) = (plan.events, Arc::new(plan));
        let (next, accepted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let is_over = watch::Sender::new(false);
        let began = Instant::now();
        let tasks = (0..SENDERS)
            .map(|sender| {
                let (plan, fleet, next) = (plan.clone(), fleet.clone(), next.clone());
                let (accepted, ledger, mut is_over) = (accepted.clone(), ledger.clone(), is_over.subscribe());
                tokio::spawn(async move {
                    let Ok(client) = reqwest::Client::builder().timeout(Duration::from_secs(20)).build() else {
                        return;
                    };
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let is_stopped = tokio::select! {
                            biased;
                            () = async { drop(is_over.wait_for(|is_over| *is_over).await) } => true,
                            () = tokio::time::sleep_until(began + plan.due(number)) => false,
                        };
                        if is_stopped && number >= plan.events {
                            return;
                        }
                        let again = deliver(&client, &fleet, sender as u64 + number, &plan.event(number)).await;
                        let mut ledger = ledger.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                        ledger.accepted.insert(number, plan.trouble(number));
                        ledger.again += again;
                        accepted.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        Self { accepted, events, ledger, tasks, is_over }
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Sends what is left of the plan, nothing beyond it, and waits until everything is accepted.
    pub(super) async fn finish(self, within: Duration) -> anyhow::Result<Ledger> {
        let _ = self.is_over.send(true);
        let everything = async {
            for task in self.tasks {
                task.await?;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(within, everything).await.context("events are not accepted")??;
        let accepted = self.accepted.load(Ordering::Relaxed);
        ensure!(accepted >= self.events, "only {accepted} of {} events were accepted", self.events);
        Ok(std::mem::take(&mut *self.ledger.lock().unwrap_or_else(|poisoned| poisoned.into_inner())))
    }
}

/// Sends until it is accepted, to one process after the other. Answers how often it had to be sent again.
async fn deliver(client: &reqwest::Client, fleet: &Fleet, first: u64, event: &Value) -> u64 {
    for attempt in 0.. {
        let addresses = fleet.addresses("ingest");
        let address = addresses.get(((first + attempt) % addresses.len().max(1) as u64) as usize);
        if let Some(address) = address {
            let sent = client.post(format!("http://{address}/webhook/error-log")).json(event).send().await;
            if sent.is_ok_and(|answer| answer.status().is_success()) {
                return attempt;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    0
}
