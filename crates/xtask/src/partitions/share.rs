//! How much of the work each process of triage does, by its own counter. A counter ends with its process, so all are
//! asked several times a second; a place's share is that of all processes it has had.

use crate::chaos::fleet::Fleet;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

const ASK_EVERY: Duration = Duration::from_millis(200);

/// The counter in the answer to `GET /metrics`.
const COUNTER: &str = "foghorn_events_triaged_total ";

/// What each process has said last, by its place and its address.
type Said = Arc<Mutex<HashMap<(usize, String), u64>>>;

/// Somebody who asks.
pub(super) struct Shares {
    fleet: Arc<Fleet>,
    client: reqwest::Client,
    said: Said,
    asking: JoinHandle<()>,
}

impl Shares {
    /// Begins to ask.
    pub(super) fn watch(fleet: Arc<Fleet>) -> Self {
        let (client, said) = (reqwest::Client::new(), Said::default());
        let (of, through, into) = (fleet.clone(), client.clone(), said.clone());
        let asking = tokio::spawn(async move {
            loop {
                ask(&of, &through, &into).await;
                tokio::time::sleep(ASK_EVERY).await;
            }
        });
        Self { fleet, client, said, asking }
    }

    /// Asks now.
    pub(super) async fn ask(&self) {
        ask(&self.fleet, &self.client, &self.said).await;
    }

    /// Asks for the last time. Answers the share of each place.
    pub(super) async fn finish(self) -> Vec<u64> {
        self.asking.abort();
        self.ask().await;
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let places = self.fleet.slots().iter().filter(|slot| slot.role == "triage").count();
        let of = |place: usize| said.iter().filter(|((at, _), _)| *at == place).map(|(_, count)| count).sum();
        (0..places).map(of).collect()
    }
}

async fn ask(fleet: &Fleet, client: &reqwest::Client, said: &Said) {
    for (place, slot) in fleet.slots().iter().filter(|slot| slot.role == "triage").enumerate() {
        let Some(address) = slot.address() else { continue };
        let asked = client.get(format!("http://{address}/metrics")).timeout(Duration::from_secs(5)).send();
        let Ok(answer) = asked.await else { continue };
        let Ok(text) = answer.text().await else { continue };
        let count = text.lines().find_map(|line| line.strip_prefix(COUNTER)?.trim().parse::<f64>().ok());
        if let Some(count) = count {
            said.lock().unwrap_or_else(PoisonError::into_inner).insert((place, address), count as u64);
        }
    }
}
