//! Signed JSON to an address of a user's choice.
//!
//! After the Standard Webhooks specification, so that receivers find a library for it in their language: three
//! headers (`webhook-id`, `webhook-timestamp`, `webhook-signature`), a secret that begins with `whsec_`, and an
//! id that stays the same over all attempts, by which the receiver knows a repeat. `sign` holds the secret and
//! makes the signature, `body` what is sent; [`send`] posts it through the [guarded client](crate::guarded).

mod body;
mod sign;

pub use body::{WebhookEvent, WebhookKind, idempotency_key};
pub use sign::{SecretError, WebhookSecret};

use crate::guarded::GuardedClient;
use crate::outcome::{Code, Receipt, SendError};
use crate::reply::verdict;
use foghorn_domain::clock::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// Where webhooks go.
#[derive(Clone)]
pub struct WebhookTarget {
    /// The address. It may hold a secret of its own, so it shows nowhere.
    pub url: String,
    /// What the request is signed with, the newest first. While a secret is being replaced there are two, and
    /// a receiver that knows either is content.
    pub secrets: Vec<WebhookSecret>,
}

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

/// Posts an event once. The receiver took it when it answers 2xx.
pub async fn send(
    client: &GuardedClient,
    target: &WebhookTarget,
    event: &WebhookEvent,
    now: Timestamp,
) -> Result<Receipt, SendError> {
    let id = event.id();
    let body = event.body();
    let headers = headers(target, &id, &body, now)?;
    let answer = client.post(&target.url, headers, body).await?;
    // What it says is not repeated: it comes from wherever a user's address leads.
    verdict(answer.status, &answer.headers, "", now)
        .map_err(|error| SendError { detail: format!("the webhook's receiver {}", error.detail), ..error })?;
    Ok(Receipt { provider_id: Some(id), left_out: Vec::new() })
}

fn headers(target: &WebhookTarget, id: &str, body: &[u8], now: Timestamp) -> Result<HeaderMap, SendError> {
    if target.secrets.is_empty() {
        return Err(SendError::never(Code::BadReceiver, "a webhook needs a secret to be signed with"));
    }
    let seconds = now.as_second();
    let signatures: Vec<String> = target.secrets.iter().map(|secret| secret.sign(id, seconds, body)).collect();
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| SendError::never(Code::BadReceiver, "the id does not fit a header"))
    };
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("webhook-id"), value(id)?),
        (HeaderName::from_static("webhook-timestamp"), value(&seconds.to_string())?),
        (HeaderName::from_static("webhook-signature"), value(&signatures.join(" "))?),
    ]))
}
