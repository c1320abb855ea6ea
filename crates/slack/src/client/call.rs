//! One call, and what its failure was.

use super::SlackClient;
use crate::error::SlackError;
use foghorn_domain::secret::Secret;
use foghorn_domain::text::{cut, plain_text};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// The longest answer read. A page of history with its blocks stays below it.
const MAX_ANSWER: usize = 1024 * 1024;
/// What to wait where Slack asks to wait and does not say how long.
const UNSAID_WAIT: Duration = Duration::from_secs(5);
/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

impl SlackClient {
    /// Calls a method with arguments as JSON.
    pub(super) async fn call(&self, method: &str, arguments: &Value) -> Result<Value, SlackError> {
        read(self.request(method, &self.token)?.json(arguments)).await
    }

    /// Calls a method that takes its arguments as a form alone: those that read.
    pub(super) async fn ask(&self, method: &str, arguments: &[(&str, &str)]) -> Result<Value, SlackError> {
        read(self.request(method, &self.token)?.form(arguments)).await
    }

    /// An address for Socket Mode, which is asked with a token of its own.
    pub(crate) async fn open_connection(&self, app_token: &Secret) -> Result<String, SlackError> {
        let answer = read(self.request("apps.connections.open", app_token)?.form(&[("", ""); 0])).await?;
        text(&answer, "/url").ok_or(SlackError::NotJson)
    }

    /// Whether answers come in the clear, as from a double of Slack on the same machine.
    pub(crate) fn is_in_the_clear(&self) -> bool {
        self.base.scheme() == "http"
    }

    fn request(&self, method: &str, token: &Secret) -> Result<RequestBuilder, SlackError> {
        let address = self.base.join(method).map_err(|_| SlackError::BadAddress)?;
        Ok(self.http.post(address).bearer_auth(token.expose()))
    }
}

/// Sends a call and reads the answer, which is an object with `ok: true`.
async fn read(request: RequestBuilder) -> Result<Value, SlackError> {
    let response = request.send().await.map_err(|error| broken(&error))?;
    let (status, wait) = (response.status(), retry_after(response.headers()));
    success(status, wait)?;
    let body = body(response).await?;
    let answer: Value = serde_json::from_slice(&body).map_err(|_| SlackError::NotJson)?;
    match answer.get("ok").and_then(Value::as_bool) {
        Some(true) => Ok(answer),
        Some(false) => Err(refusal(&answer, wait)),
        None => Err(SlackError::NotJson),
    }
}

/// What the status alone says.
pub(super) fn success(status: StatusCode, wait: Option<Duration>) -> Result<(), SlackError> {
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => Err(SlackError::RateLimited { retry_after: wait.unwrap_or(UNSAID_WAIT) }),
        _ => Err(SlackError::Http { status: status.as_u16(), retry_after: wait }),
    }
}

/// What broke on the way. The error itself holds the address, so it goes no further than here.
pub(super) fn broken(error: &reqwest::Error) -> SlackError {
    match error {
        _ if error.is_builder() => SlackError::BadAddress,
        _ if error.is_connect() => SlackError::Unreachable,
        _ if error.is_timeout() => SlackError::Timeout,
        _ => SlackError::Cut,
    }
}

/// `Retry-After` in seconds, at most an hour.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

async fn body(mut response: Response) -> Result<Vec<u8>, SlackError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(SlackError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refusal(answer: &Value, wait: Option<Duration>) -> SlackError {
    let code = answer.get("error").and_then(Value::as_str).unwrap_or("unknown_error");
    if matches!(code, "ratelimited" | "rate_limited") {
        return SlackError::RateLimited { retry_after: wait.unwrap_or(UNSAID_WAIT) };
    }
    let word = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let code: String = code.chars().filter(word).take(60).collect();
    let detail = answer.get("needed").or_else(|| answer.pointer("/response_metadata/messages/0"));
    let detail = detail.and_then(Value::as_str).map(|detail| cut(&plain_text(detail), 200));
    SlackError::Refused { code: if code.is_empty() { "unknown_error".to_owned() } else { code }, detail }
}

/// A non-empty text in an answer.
pub(super) fn text(answer: &Value, place: &str) -> Option<String> {
    answer.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}
