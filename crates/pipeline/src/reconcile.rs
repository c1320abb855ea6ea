//! What time does: alerts that were not posted again, quiet, grace periods, forgetting, heads of the audit
//! chain, gauges. Each runs at its own pace and is safe to run twice.

use crate::doorbell::Doorbell;
use crate::heads::HeadPublisher;
use crate::metrics::Metrics;
use crate::settings::Settings;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_store::{Result, Store};
use std::sync::Arc;

/// Alerts are not taken for ended before their source had this long to post them again after a start.
const SOURCE_GRACE: SignedDuration = SignedDuration::from_mins(2);

/// The stage.
pub struct Reconcile {
    store: Store,
    metrics: Metrics,
    settings: Arc<Settings>,
    heads: HeadPublisher,
    listening_since: Timestamp,
    triage: Doorbell,
    notify: Doorbell,
}

impl Reconcile {
    pub(crate) fn new(
        store: Store,
        metrics: Metrics,
        settings: Arc<Settings>,
        heads: HeadPublisher,
        triage: Doorbell,
        notify: Doorbell,
    ) -> Self {
        let listening_since = store.clock().now();
        Self { store, metrics, settings, heads, listening_since, triage, notify }
    }

    /// Ends what time ends. Returns how much changed. Quiet is judged only where triage has caught up: an
    /// event that waits in the log has been heard, even if nobody has looked at it yet.
    pub async fn sweep_step(&self) -> Result<usize> {
        let mut changed = 0;
        if self.store.clock().now().duration_since(self.listening_since) >= SOURCE_GRACE {
            let expired = self.store.expire_alerts().await?;
            if expired > 0 {
                self.triage.ring();
            }
            changed += expired;
        }
        let counts = self.store.counts().await?;
        self.metrics.untriaged.set(counts.untriaged as i64);
        self.metrics.store_bytes.set(counts.bytes as i64);
        if counts.untriaged == 0 {
            changed += self.store.sweep(self.listening_since).await?;
        }
        if changed > 0 {
            self.notify.ring();
        }
        Ok(changed)
    }

    /// Takes up incidents that other programs have inserted. Returns how many.
    pub async fn pick_up_foreign(&self) -> Result<usize> {
        let taken = self.store.pick_up_foreign().await?;
        if taken > 0 {
            self.notify.ring();
        }
        Ok(taken)
    }

    /// Forgets what retention no longer keeps. Returns how many events went.
    pub async fn forget_step(&self) -> Result<usize> {
        let mut gone = 0;
        loop {
            let step = self.store.forget_step(self.settings.retention).await?;
            gone += step;
            if step == 0 {
                return Ok(gone);
            }
        }
    }

    /// Records what became of fixes whose incident stayed over for as long as it could have reopened.
    pub async fn settle_outcomes(&self) -> Result<usize> {
        self.store.settle_outcomes(self.store.policy().reopen_window).await
    }

    /// Publishes the audit chain's head if it has grown.
    pub async fn publish_head(&self) {
        if let Err(error) = self.heads.publish().await {
            tracing::error!(%error, "the head of the audit chain could not be published");
        }
    }
}
