//! Socket Mode: what Slack would post to an address comes over a connection that Foghorn opens, so that it needs no
//! public address (docs.slack.dev/apis/events-api/using-socket-mode).
//!
//! [`run`] asks for an address, opens the connection and hands every envelope's payload to the same parser that reads
//! HTTP. An envelope is acknowledged when its handler has answered, and at [`ACKNOWLEDGE_WITHIN`] in any case: Slack
//! shows the person a warning after three seconds and delivers again. Slack renews connections now and then and says
//! so with `disconnect`; that is followed at once, anything else with a growing wait.

mod connection;
mod envelope;

pub use envelope::Delivery;

use crate::client::SlackClient;
use crate::error::{Retry, SlackError};
use connection::{Ended, serve};
use foghorn_domain::secret::Secret;
use serde_json::Value;
use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// When an envelope is acknowledged at the latest.
pub const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(2_500);
/// The first wait after a failure, which doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Receives until `shutdown` is cancelled, or until Slack says that the token will never do.
///
/// The handler's answer goes out with the acknowledgement where Slack takes one there (forms and commands); a click
/// is answered through its `response_url`. Handlers that are still running at shutdown are waited for no longer than
/// their acknowledgement takes.
pub async fn run<Handler, Answer>(
    client: &SlackClient,
    app_token: &Secret,
    handler: Handler,
    shutdown: CancellationToken,
) -> Result<(), SlackError>
where
    Handler: Fn(Delivery) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Option<Value>> + Send + 'static,
{
    let mut failures = 0_u32;
    loop {
        let opened = Instant::now();
        let wait = match connect_and_serve(client, app_token, &handler, &shutdown).await {
            Ok(Ended::Shutdown) => return Ok(()),
            Ok(Ended::Renew) => {
                failures = 0;
                // A connection that is renewed at once, again and again, is no reason to call without a pause.
                if opened.elapsed() < FIRST_WAIT { FIRST_WAIT } else { Duration::ZERO }
            }
            Ok(Ended::Broken { was_useful }) => {
                failures = if was_useful { 0 } else { failures.saturating_add(1) };
                tracing::warn!(failures, "The connection to Slack broke; opening another");
                grown(failures)
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::warn!(failures, code = error.code(), "Slack gives no connection");
                match error.retry() {
                    Retry::Never => return Err(error),
                    Retry::After(wait) => wait.max(grown(failures)),
                    Retry::Backoff => grown(failures),
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn connect_and_serve<Handler, Answer>(
    client: &SlackClient,
    app_token: &Secret,
    handler: &Handler,
    shutdown: &CancellationToken,
) -> Result<Ended, SlackError>
where
    Handler: Fn(Delivery) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Option<Value>> + Send + 'static,
{
    let address = tokio::select! {
        () = shutdown.cancelled() => return Ok(Ended::Shutdown),
        address = client.open_connection(app_token) => address?,
    };
    // Only a double of Slack on the same machine speaks in the clear.
    if !(address.starts_with("wss://") || client.is_in_the_clear() && address.starts_with("ws://")) {
        return Err(SlackError::BadAddress);
    }
    serve(&address, handler, shutdown).await
}

/// Half a second, doubled with each failure, at most a minute; between half of that and all of it by chance, so that
/// replicas do not come in step.
fn grown(failures: u32) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << failures.min(7)).min(LONGEST_WAIT);
    // The keys of a new map's hasher are drawn by chance.
    let chance = RandomState::new().build_hasher().finish() % 1_000;
    longest / 2 + longest * u32::try_from(chance).unwrap_or(0) / 2_000
}
