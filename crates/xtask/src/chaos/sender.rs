//! Whoever sends: many at once, each event again until it is accepted, and a ledger of what was.
//!
//! An event's `idempotency_key` is its number, so sending it again after a broken connection is the same event.

use super::dice::Dice;
use super::fleet::Fleet;
use anyhow::ensure;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const SERVICES: u64 = 12;
const TROUBLES: u64 = 24;
/// Troubles that go on at the same time: new ones begin, and so people are told, until the end.
const AT_ONCE: u64 = 4;
const SENDERS: usize = 8;

/// Everything that will be sent, by number.
pub(super) struct Plan {
    /// Which trouble each event is of.
    of: Vec<Trouble>,
    words: Vec<String>,
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
    pub(super) fn new(dice: &mut Dice, events: u64) -> Self {
        let words = (0..TROUBLES).map(|_| sentence(dice)).collect();
        let trouble = |number: u64| {
            let begun = number * (TROUBLES - AT_ONCE) / events.max(1);
            Trouble { service: dice.below(SERVICES), text: begun + dice.below(AT_ONCE) }
        };
        let of = (0..events).map(trouble).collect();
        Self { of, words }
    }

    fn event(&self, number: u64) -> Value {
        let Trouble { service, text } = self.of[number as usize];
        json!({
            "source": format!("service-{service}"), "type": "log",
            "payload": format!("{} after {} ms", self.words[text as usize], number % 900 + 100),
            "metadata": { "level": "error", "service": format!("service-{service}"), "number": number, "text": text },
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
}

impl Sender {
    /// Begins to send; the last event is due when `length` has passed.
    pub(super) fn begin(plan: Plan, fleet: Arc<Fleet>, length: Duration) -> Self {
        let (plan, events) = (Arc::new(plan), 0);
        let total = plan.of.len() as u64;
        let (next, accepted) = (Arc::new(AtomicU64::new(events)), Arc::new(AtomicU64::new(0)));
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let began = Instant::now();
        let tasks = (0..SENDERS)
            .map(|sender| {
                let (plan, fleet, next) = (plan.clone(), fleet.clone(), next.clone());
                let (accepted, ledger) = (accepted.clone(), ledger.clone());
                tokio::spawn(async move {
                    let Ok(client) = reqwest::Client::builder().timeout(Duration::from_secs(20)).build() else {
                        return;
                    };
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= total {
                            return;
                        }
                        tokio::time::sleep_until(began + length.mul_f64(number as f64 / total as f64)).await;
                        let again = deliver(&client, &fleet, sender as u64 + number, &plan.event(number)).await;
                        let mut ledger = ledger.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                        ledger.accepted.insert(number, plan.of[number as usize]);
                        ledger.again += again;
                        accepted.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        Self { accepted, events: total, ledger, tasks }
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Waits until everything is accepted.
    pub(super) async fn finish(self, within: Duration) -> anyhow::Result<Ledger> {
        let give_up = Instant::now() + within;
        while self.accepted() < self.events {
            ensure!(Instant::now() < give_up, "only {} of {} events were accepted", self.accepted(), self.events);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for task in self.tasks {
            task.await?;
        }
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
