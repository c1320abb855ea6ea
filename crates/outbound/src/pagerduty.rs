//! PagerDuty's Events API v2, which rings phones.
//!
//! An incident of ours is one alert of theirs: every event about it carries the same dedup key, so triggering
//! twice rings once, and acknowledging or resolving here does so there. `event` draws the requests; [`PagerDuty`]
//! sends them. The address is the operator's to set, so it is not guarded; redirects are not followed, so that
//! the routing key goes nowhere else.

mod event;

pub use event::{EventAction, Facts, trigger};

use crate::fit::quoted;
use crate::outcome::{Code, Receipt, SendError};
use crate::reply::verdict;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::IncidentId;
use foghorn_domain::message::Message;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// PagerDuty's own address; customers in the European region have `https://events.eu.pagerduty.com`.
pub const EVENTS_URL: &str = "https://events.pagerduty.com";
/// The longest dedup key, in characters.
const MAX_DEDUP_KEY: usize = 255;
/// What is read of an answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024;

/// Where events go and what they are called.
#[derive(Clone, Debug)]
pub struct PagerDutySettings {
    /// The base of the address (`PAGERDUTY_EVENTS_URL`); `/v2/enqueue` is added.
    pub events_url: String,
    /// What dedup keys begin with, `foghorn` by default. Two Foghorns that tell one service need two.
    pub dedup_prefix: String,
    /// How long a sending may take.
    pub answer_within: Duration,
}

impl Default for PagerDutySettings {
    fn default() -> Self {
        Self {
            events_url: EVENTS_URL.to_owned(),
            dedup_prefix: "foghorn".to_owned(),
            answer_within: Duration::from_secs(15),
        }
    }
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PagerDutyError {
    /// The address is none.
    #[error("PAGERDUTY_EVENTS_URL cannot be used: {detail}; its default is {EVENTS_URL}")]
    EventsUrl {
        /// What is wrong.
        detail: String,
    },
    /// A routing key has 32 letters and digits.
    #[error("a PagerDuty integration key is 32 letters and digits; this one is {length} characters long")]
    RoutingKey {
        /// How long it is.
        length: usize,
    },
    /// The prefix does not fit.
    #[error("the dedup prefix {prefix:?} must be 1 to 100 letters, digits, dots, dashes and underscores")]
    DedupPrefix {
        /// The prefix.
        prefix: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {detail}")]
    Client {
        /// What the library says.
        detail: String,
    },
}

/// The key of a service's integration. It lets whoever has it ring that service's phones, so it shows nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct RoutingKey(String);

impl RoutingKey {
    /// The key as PagerDuty shows it.
    pub fn parse(text: &str) -> Result<Self, PagerDutyError> {
        let key = text.trim();
        match key.len() == 32 && key.chars().all(|character| character.is_ascii_alphanumeric()) {
            true => Ok(Self(key.to_owned())),
            false => Err(PagerDutyError::RoutingKey { length: key.chars().count() }),
        }
    }
}

impl fmt::Debug for RoutingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoutingKey(…)")
    }
}

/// Sends events.
#[derive(Clone, Debug)]
pub struct PagerDuty {
    client: Client,
    enqueue: Url,
    dedup_prefix: String,
}

impl PagerDuty {
    /// A sender; nothing is sent yet.
    pub fn new(settings: PagerDutySettings) -> Result<Self, PagerDutyError> {
        let wrong = |detail: &str| PagerDutyError::EventsUrl { detail: detail.to_owned() };
        let base = Url::parse(settings.events_url.trim()).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("it must begin with http: or https:"));
        }
        let path = base.path().trim_end_matches('/');
        let mut enqueue = base.clone();
        enqueue.set_path(&format!("{}/v2/enqueue", path.strip_suffix("/v2/enqueue").unwrap_or(path)));
        let prefix = settings.dedup_prefix;
        let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
        if prefix.is_empty() || prefix.len() > 100 || !prefix.chars().all(fits) {
            return Err(PagerDutyError::DedupPrefix { prefix });
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(settings.answer_within)
            .user_agent(concat!("foghorn/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PagerDutyError::Client { detail: error.to_string() })?;
        Ok(Self { client, enqueue, dedup_prefix: prefix })
    }

    /// What PagerDuty knows an incident by.
    pub fn dedup_key(&self, incident_id: IncidentId) -> String {
        let key = format!("{}-incident-{incident_id}", self.dedup_prefix);
        debug_assert!(key.len() <= MAX_DEDUP_KEY, "the prefix is bounded");
        key
    }

    /// Rings: opens an alert, or adds to the one that is open under the same key.
    pub async fn trigger(
        &self,
        key: &RoutingKey,
        message: &Message,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Receipt, SendError> {
        let dedup_key = self.dedup_key(facts.incident_id);
        let mut event = trigger(message, facts);
        event["dedup_key"] = json!(dedup_key);
        self.send(key, EventAction::Trigger, dedup_key, event, now).await
    }

    /// Says that somebody took it. An alert that is not open there is left alone, and that is a success.
    pub async fn acknowledge(
        &self,
        key: &RoutingKey,
        incident_id: IncidentId,
        now: Timestamp,
    ) -> Result<Receipt, SendError> {
        let dedup_key = self.dedup_key(incident_id);
        let event = json!({ "dedup_key": dedup_key });
        self.send(key, EventAction::Acknowledge, dedup_key, event, now).await
    }

    /// Says that it is over, likewise.
    pub async fn resolve(
        &self,
        key: &RoutingKey,
        incident_id: IncidentId,
        now: Timestamp,
    ) -> Result<Receipt, SendError> {
        let dedup_key = self.dedup_key(incident_id);
        let event = json!({ "dedup_key": dedup_key });
        self.send(key, EventAction::Resolve, dedup_key, event, now).await
    }

    async fn send(
        &self,
        key: &RoutingKey,
        action: EventAction,
        dedup_key: String,
        mut event: Value,
        now: Timestamp,
    ) -> Result<Receipt, SendError> {
        event["routing_key"] = json!(key.0);
        event["event_action"] = json!(action.as_str());
        let response = self.client.post(self.enqueue.clone()).json(&event).send().await;
        let response = response.map_err(|error| not_answered(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // The status decides; an answer that breaks off after it has still been given.
        let said =
            if status.is_success() { String::new() } else { what_it_said(response).await.replace(&key.0, "…") };
        verdict(status, &headers, &said, now).map_err(|error| named(error, "PagerDuty "))?;
        Ok(Receipt { provider_id: Some(dedup_key), left_out: Vec::new() })
    }
}

fn named(error: SendError, who: &str) -> SendError {
    SendError { detail: format!("{who}{}", error.detail), ..error }
}

fn not_answered(error: &reqwest::Error) -> SendError {
    let mut deepest: &(dyn std::error::Error + 'static) = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    let said = quoted(&deepest.to_string());
    match error {
        error if error.is_connect() => {
            SendError::later(Code::Unreachable, format!("PagerDuty cannot be reached: {said}"))
        }
        error if error.is_timeout() => SendError::unknown(Code::Deadline, "no answer from PagerDuty in time"),
        error if error.is_builder() => SendError::never(Code::BadReceiver, said),
        _ => SendError::unknown(Code::Interrupted, format!("the connection to PagerDuty broke: {said}")),
    }
}

/// `Event object is invalid: 'payload.severity' is missing`, or the start of what is no such answer.
async fn what_it_said(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(MAX_ANSWER - body.len())]);
        if body.len() >= MAX_ANSWER {
            break;
        }
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&body) else { return quoted(&String::from_utf8_lossy(&body)) };
    let message = answer["message"].as_str().into_iter();
    let errors = answer["errors"].as_array().into_iter().flatten().take(10).filter_map(Value::as_str);
    quoted(&message.chain(errors).collect::<Vec<_>>().join(": "))
}

#[cfg(test)]
mod tests;
