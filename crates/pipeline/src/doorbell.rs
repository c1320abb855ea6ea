//! Wakes a stage when there is work. A ring while nobody listens is kept, so none is missed; rings that
//! come close together are one.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[derive(Clone, Default)]
pub(crate) struct Doorbell {
    here: Arc<Notify>,
    /// For whoever wakes other processes.
    outward: Arc<Notify>,
}

impl Doorbell {
    /// Wakes the stage, in every process.
    pub(crate) fn ring(&self) {
        self.here.notify_one();
        self.outward.notify_one();
    }

    /// Wakes the stage in this process: another one has rung.
    pub(crate) fn ring_here(&self) {
        self.here.notify_one();
    }

    /// Waits for a ring, at most this long.
    pub(crate) async fn wait(&self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.here.notified()).await;
    }

    /// Waits until somebody in this process has rung.
    pub(crate) async fn rung(&self) {
        self.outward.notified().await;
    }
}
