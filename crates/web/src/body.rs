//! Reading a body: bounded, gunzipped within the same bound, and under a budget over all requests, so that
//! memory stays flat whatever is sent.

use crate::problem::Problem;
use crate::state::App;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::io::Read;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// A body, read.
pub(crate) struct Bounded {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: Option<String>,
    // Held until the handler has let go of the bytes.
    _permits: Vec<OwnedSemaphorePermit>,
}

impl FromRequest<App> for Bounded {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let limit = app.config.max_body_bytes;
        let (parts, body) = request.into_parts();
        let declared = length(&parts.headers);
        if declared.is_some_and(|length| length > limit) {
            return Err(Problem::too_large(limit));
        }
        let mut permits = vec![reserve(app, declared.unwrap_or(limit))?];
        let mut bytes = read(body, limit).await?;
        match parts.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
            None | Some(b"" | b"identity") => {}
            Some(b"gzip" | b"x-gzip") => {
                permits.push(reserve(app, limit)?);
                bytes = gunzip(bytes, limit).await?;
            }
            Some(_) => {
                return Err(Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported-encoding",
                    "The content encoding is not understood",
                    "send the body as it is, or with Content-Encoding: gzip",
                ));
            }
        }
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self { bytes, content_type, _permits: permits })
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn reserve(app: &App, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
    let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
    Arc::clone(&app.body_budget).try_acquire_many_owned(kib).map_err(|_| Problem::overloaded())
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(_) => Err(Problem::invalid("body", "the body ended before it was complete")),
    }
}

async fn gunzip(compressed: Bytes, limit: usize) -> Result<Bytes, Problem> {
    let unpack = move || {
        let mut unpacked = Vec::new();
        let mut decoder = MultiGzDecoder::new(&compressed[..]).take(limit as u64 + 1);
        match decoder.read_to_end(&mut unpacked) {
            Ok(_) if unpacked.len() > limit => Err(Problem::too_large(limit)),
            Ok(_) => Ok(Bytes::from(unpacked)),
            Err(error) => Err(Problem::invalid("body", format!("the body is not readable gzip: {error}"))),
        }
    };
    tokio::task::spawn_blocking(unpack).await.unwrap_or_else(|_| Err(Problem::overloaded()))
}
