//! The doorbell between processes that share a Postgres and no Redis: what is rung here is called out, and what others
//! call rings here. Whatever is missed while the connection is away is found by those who look by themselves.

use crate::doorbell::Doorbell;
use crate::metrics::Metrics;
use foghorn_redis::backoff;
use foghorn_store::postgres::calls::{Call, Caller};
use foghorn_store::{Error, Store};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Calls go out no more often than this, whatever is stored meanwhile.
const CALL_EVERY: Duration = Duration::from_millis(20);

/// How often it is asked whether the server still answers where nothing is called.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Calls {
    store: Store,
    metrics: Metrics,
    triage: Doorbell,
    notify: Doorbell,
}

impl Calls {
    pub(crate) fn new(store: Store, metrics: Metrics, (triage, notify): (Doorbell, Doorbell)) -> Self {
        Self { store, metrics, triage, notify }
    }

    /// Calls and hears until the stop, on a new connection whenever one has ended.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let began = tokio::time::Instant::now();
            let error = tokio::select! { () = stop.cancelled() => return, error = self.until_it_ends() => error };
            // One that had worked for a while is opened again at once.
            failures = if began.elapsed() > Duration::from_secs(30) { 0 } else { failures + 1 };
            tracing::debug!(%error, "processes cannot wake each other; each looks by itself, and it is tried again");
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(backoff(failures)) => {} }
        }
    }

    async fn until_it_ends(&self) -> Error {
        let here = self.clone();
        match self.store.caller(move |call| here.hear(call)).await {
            Ok(Some(mut caller)) => self.call_out(&mut caller).await.err().unwrap_or(Error::Closed),
            Ok(None) => Error::Closed,
            Err(error) => error,
        }
    }

    fn hear(&self, call: Call) {
        Metrics::directed(&self.metrics.calls, "heard", 1);
        match call {
            Call::Events => self.triage.ring_here(),
            Call::Tellings => self.notify.ring_here(),
        }
    }

    async fn call_out(&self, caller: &mut Caller) -> Result<(), Error> {
        loop {
            let call = tokio::select! {
                error = caller.ended() => return Err(error),
                () = self.triage.rung() => Some(Call::Events),
                () = self.notify.rung() => Some(Call::Tellings),
                () = tokio::time::sleep(LOOK_AFTER_EVERY) => None,
            };
            match call {
                Some(call) => {
                    caller.call(call).await?;
                    Metrics::directed(&self.metrics.calls, "made", 1);
                    tokio::time::sleep(CALL_EVERY).await;
                }
                None => caller.look_after().await?,
            }
        }
    }
}
