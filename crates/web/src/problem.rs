//! The one place that turns errors into HTTP: RFC 9457 problem bodies with a stable `type`, the field at
//! fault and the request's id. What is inside stays in the log.

use crate::crowd::Rank;
use crate::seldom::Seldom;
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use foghorn_pipeline::access_keys::OverQuota;
use foghorn_sources::FieldError;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A problem body.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// Stable, for programs: `urn:foghorn:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// What this type of problem is.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened here, for people.
    detail: String,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// To be found in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Seconds, for the header `Retry-After`; 0 where trying again does not help.
    #[serde(skip)]
    retry_after: u32,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: format!("urn:foghorn:problem:{name}"),
            title,
            status: status.as_u16(),
            detail,
            field: None,
            request_id: None,
            retry_after: u32::from(status == StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// The same, to be tried again after so many seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = u32::try_from(seconds).unwrap_or(u32::MAX);
        self
    }

    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid-field", "A field is not as it must be", detail);
        problem.field = Some(field.into());
        problem
    }

    pub(crate) fn unprocessable(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "A field is not as it must be", detail);
        problem.field = Some(field.into());
        problem
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            format!("the body is larger than {limit} bytes; send it in parts, or raise intake.max_body_bytes"),
        )
    }

    pub(crate) fn overloaded() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too much at once",
            "too many bytes are on their way in; try again in a second",
        )
    }

    /// Events are turned away while those before them wait for the store.
    pub(crate) fn crowded(rank: Rank) -> Self {
        let detail = match rank {
            Rank::Logs => "the store is behind, and logs wait first so that alerts get through; nothing was stored",
            Rank::Alerts => "the store is far behind, and only what is critical gets through; nothing was stored",
            Rank::Criticals => "the store is behind by all there is room for; nothing was stored",
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much at once", detail)
            .retry_after(rank.retry_after())
    }

    /// More events came with a key than its quota allows.
    pub(crate) fn over_quota(over: &OverQuota) -> Self {
        let OverQuota { key, quota, events, are_alerts, retry_after } = over;
        let (what, burst) = (if *are_alerts { "alerts" } else { "events" }, quota.burst());
        let remedy = match over.never_fits() {
            true => format!("these are {events} {what}, and no more than {burst} are ever taken at once; send fewer"),
            false => format!("send these {events} {what} again in {retry_after} s"),
        };
        let detail =
            format!("the quota of the key `{key}` is {quota}, and it is used up: {remedy}; nothing was stored");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "over-quota", "The key's quota is used up", detail)
            .retry_after(*retry_after)
    }

    /// What is asked for is in the store, which does not answer.
    pub(crate) fn no_store() -> Self {
        let detail = "the store does not answer; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "The store is not available", detail)
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The outermost layer: gives every request an id, writes it into problem bodies, and turns refusals of the
/// framework itself, which are plain text, into problems.
pub(crate) async fn number_requests(request: Request, next: Next) -> Response {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:x}-{:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut response = next.run(request).await;
    let status = response.status();
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.request_id = Some(id.clone());
        let headers = std::mem::take(response.headers_mut());
        response = problem.into_response();
        for (name, value) in headers.iter().filter(|(name, _)| **name != header::CONTENT_LENGTH) {
            response.headers_mut().insert(name, value.clone());
        }
    } else if status.is_client_error() && !has_json_or_html(&response) {
        let (parts, body) = response.into_parts();
        let text = axum::body::to_bytes(body, 4096).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        let detail = if text.is_empty() { status.canonical_reason().unwrap_or("refused").to_owned() } else { text };
        let mut problem = Problem::new(status, "invalid-request", "The request cannot be understood", detail);
        problem.request_id = Some(id.clone());
        response = problem.into_response();
        for name in [header::ALLOW, header::CONTENT_SECURITY_POLICY] {
            if let Some(value) = parts.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn has_json_or_html(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| content_type.contains("json") || content_type.contains("html"))
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::invalid(error.field.clone(), error.to_string())
    }
}

impl From<foghorn_store::Error> for Problem {
    fn from(error: foghorn_store::Error) -> Self {
        use foghorn_store::Error;
        match &error {
            Error::NotFound { .. } => Self::not_found(error.to_string()),
            Error::Conflict(why) => {
                Self::new(StatusCode::CONFLICT, "conflict", "The incident's state does not allow it", why.clone())
            }
            Error::Full | Error::ServerFull { .. } => {
                static FULL: Seldom = Seldom::new();
                if let Some(held_back) = FULL.pass(Instant::now()) {
                    tracing::error!(held_back, "nothing can be stored until there is room: {error}");
                }
                let whose =
                    if matches!(error, Error::Full) { "that holds the data directory" } else { "under the database" };
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "storage-full",
                    "There is no room left",
                    format!("the disk {whose} is full; nothing was stored, try again once there is room"),
                )
            }
            Error::Unreachable { .. } => {
                static AWAY: Seldom = Seldom::new();
                if let Some(held_back) = AWAY.pass(Instant::now()) {
                    tracing::error!(%error, held_back, "the database is away: what was asked needs it");
                }
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "store-unavailable",
                    "The database cannot be reached",
                    "nothing was changed and nothing was stored; events are taken all the same, as long as there is room \
                     on disk. Try again in a moment",
                )
            }
            _ => {
                static FAILED: Seldom = Seldom::new();
                if let Some(held_back) = FAILED.pass(Instant::now()) {
                    tracing::error!(%error, held_back, "the store did not do what was asked");
                }
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "store-unavailable",
                    "The store is not available",
                    "nothing was stored; try again in a moment",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let retry_after = self.retry_after;
        let mut response = (status, Json(&self)).into_response();
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if retry_after > 0 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
