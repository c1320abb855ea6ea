//! Telling receivers beside the dashboard: Slack, mail, PagerDuty, webhooks.
//!
//! What is to be told and edited stands in the outbox, one lane for each channel of a receiver. [`Deliver::step`]
//! visits every lane that has work. [`lane`] is what happens in one: the next message when the [`pace`] of the
//! lane allows it, pages first, posts before edits, many as one in a [`storm`]. Intent is written before
//! anything leaves and the outcome after; what was begun and not recorded is looked for at the receiver first.
//!
//! Nothing here remembers what was told: a restart reads it from the store and goes on.

mod edit;
mod heartbeat;
mod lane;
mod outcomes;
mod pace;
mod patience;
mod post;
mod storm;
mod thread;

pub use outcomes::{LastOutcome, Outcomes};
pub(crate) use storm::Storm;

use crate::explain::Explainer;
use crate::metrics::Metrics;
use crate::quiet::Quiet;
use crate::routes::Routes;
use crate::settings::Settings;
use foghorn_store::Store;
use foghorn_store::outbox::Lane;
use heartbeat::Heartbeat;
use pace::Pace;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The stage; clones share it.
#[derive(Clone)]
pub struct Deliver {
    store: Store,
    metrics: Metrics,
    explainer: Explainer,
    routes: Routes,
    quiet: Quiet,
    public_url: Option<String>,
    heartbeat: Option<Heartbeat>,
    outcomes: Outcomes,
    lanes: Arc<Mutex<HashMap<Lane, LaneState>>>,
    /// Edits in Slack, which counts them for all channels together.
    slack_edits: Arc<Mutex<Pace>>,
}

#[derive(Default)]
struct LaneState {
    pace: Pace,
    /// Whether what was sent before the start has been counted.
    is_primed: bool,
    /// Somebody is in it.
    is_taken: bool,
}

impl Deliver {
    pub(crate) fn new(
        store: Store,
        metrics: Metrics,
        explainer: Explainer,
        routes: Routes,
        quiet: Quiet,
        settings: &Settings,
    ) -> Result<Self, String> {
        let public_url = settings.public_url.clone();
        let heartbeat = settings.heartbeat_url.as_deref().map(Heartbeat::new).transpose()?;
        Ok(Self {
            store,
            metrics,
            explainer,
            routes,
            quiet,
            public_url,
            heartbeat,
            outcomes: Outcomes::default(),
            lanes: Arc::default(),
            slack_edits: Arc::default(),
        })
    }

    /// What became of messages last.
    pub fn outcomes(&self) -> Outcomes {
        self.outcomes.clone()
    }

    /// Visits every lane that has work, one after the other. Returns how much was done. For tests and for the
    /// last round before a stop.
    pub async fn step(&self) -> foghorn_store::Result<usize> {
        let mut done = 0;
        for lane in self.store.lanes().await? {
            done += self.visit(lane, false).await?;
        }
        Ok(done)
    }

    /// Visits every lane that has work and in which nobody is, each in a task of its own: a receiver that is
    /// slow holds up no other.
    pub async fn spread(&self) -> foghorn_store::Result<()> {
        for lane in self.store.lanes().await? {
            let is_free = !self.lanes().get(&lane).is_some_and(|state| state.is_taken);
            if is_free {
                let this = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = this.visit(lane.clone(), true).await {
                        tracing::error!(%error, receiver = lane.receiver, "a receiver's tellings could not be handled and will be tried again");
                    }
                });
            }
        }
        Ok(())
    }

    /// Waits until nothing is on its way, for so long at most.
    pub async fn finish(&self, at_most: Duration) {
        let until = tokio::time::Instant::now() + at_most;
        while self.lanes().values().any(|state| state.is_taken) && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn visit(&self, lane: Lane, may_wait: bool) -> foghorn_store::Result<usize> {
        if self.lane(&lane, |state| std::mem::replace(&mut state.is_taken, true)) {
            return Ok(0);
        }
        let _leave = Leave { lanes: Arc::clone(&self.lanes), lane: lane.clone() };
        self.work_in(&lane, may_wait).await
    }

    /// Looks at a lane's state, for a moment.
    fn lane<T>(&self, lane: &Lane, look: impl FnOnce(&mut LaneState) -> T) -> T {
        look(self.lanes().entry(lane.clone()).or_default())
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, HashMap<Lane, LaneState>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees a lane whatever happens in it.
struct Leave {
    lanes: Arc<Mutex<HashMap<Lane, LaneState>>>,
    lane: Lane,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = lanes.get_mut(&self.lane) {
            state.is_taken = false;
        }
    }
}
