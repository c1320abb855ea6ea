//! Whether this process is the one that tells people. Where processes share a store several may have the role
//! `agent`; one of them is at work, the others look every few seconds whether it still is.

use foghorn_store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the lease is renewed, and how often others ask for it.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(2);

/// How long a renewal counts. Less than the lease lasts, so that whoever is late stops before another begins.
const COUNTS_FOR: Duration = Duration::from_secs(7);

/// The lease as this process knows it.
#[derive(Clone)]
pub(crate) struct AgentLease {
    store: Store,
    holder: String,
    began: Instant,
    /// Milliseconds after `began` up to which the lease counts.
    good_until: Arc<AtomicU64>,
}

impl AgentLease {
    pub(crate) fn new(store: Store, holder: String) -> Self {
        Self { store, holder, began: Instant::now(), good_until: Arc::default() }
    }

    /// Whether this process may tell people now. Where nobody shares the store it always may.
    pub(crate) fn is_held(&self) -> bool {
        !self.store.is_shared() || self.elapsed(Instant::now()) < self.good_until.load(Ordering::SeqCst)
    }

    /// Takes or renews it. Answers whether it is held.
    pub(crate) async fn renew(&self) -> bool {
        let (asked_at, was_held) = (Instant::now(), self.is_held());
        match self.store.hold_agent_lease(self.holder.clone()).await {
            Ok(true) => {
                let until = self.elapsed(asked_at + COUNTS_FOR);
                self.good_until.store(until, Ordering::SeqCst);
                if !was_held {
                    tracing::info!("this process tells people now");
                }
            }
            Ok(false) => self.good_until.store(0, Ordering::SeqCst),
            Err(error) => tracing::warn!(%error, "the lease on telling people could not be renewed"),
        }
        self.is_held()
    }

    /// Gives it back.
    pub(crate) async fn release(&self) {
        self.good_until.store(0, Ordering::SeqCst);
        if let Err(error) = self.store.release_agent_lease(self.holder.clone()).await {
            tracing::warn!(%error, "the lease on telling people could not be given back; it ends by itself");
        }
    }

    fn elapsed(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}
