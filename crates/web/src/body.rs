//! Reading a body: bounded, gunzipped within the same bound, and under a budget over all requests, so that
//! memory stays flat whatever is sent.
//!
//! The budget is taken as bytes arrive, never for bytes that are only announced. There is one for each
//! [`Lane`], so that alerts are not refused because of logs, and a person's hand because of neither. What was read
//! then waits for the store, and [`Budgets::crowd`] bounds that.

use crate::crowd::Crowd;
use crate::paced::TooSlow;
use crate::problem::Problem;
use crate::state::{App, WebConfig};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use std::error::Error;
use std::io::Read;
use std::marker::PhantomData;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MIB: usize = 1024 * 1024;

/// What a body is read for, and so from which budget.
pub(crate) trait Lane {
    /// Its budget.
    fn budget(budgets: &Budgets) -> &Arc<Semaphore>;
    /// The largest body, in bytes.
    fn limit(config: &WebConfig) -> usize {
        config.max_body_bytes
    }
}

/// Events of every kind, and what has no lane of its own.
pub(crate) enum Logs {}
/// The doors that only alerting tools use.
pub(crate) enum Alerts {}
/// What people do.
pub(crate) enum Hands {}

impl Lane for Logs {
    fn budget(budgets: &Budgets) -> &Arc<Semaphore> {
        &budgets.logs
    }
}

impl Lane for Alerts {
    fn budget(budgets: &Budgets) -> &Arc<Semaphore> {
        &budgets.alerts
    }
}

impl Lane for Hands {
    fn budget(budgets: &Budgets) -> &Arc<Semaphore> {
        &budgets.hands
    }

    fn limit(config: &WebConfig) -> usize {
        config.max_body_bytes.min(MIB)
    }
}

/// What may be held at once: bytes of bodies, a lane each (a permit is a KiB), and events that wait for the store.
pub(crate) struct Budgets {
    logs: Arc<Semaphore>,
    alerts: Arc<Semaphore>,
    hands: Arc<Semaphore>,
    /// Events that wait for the store.
    pub(crate) crowd: Arc<Crowd>,
}

impl Budgets {
    /// Every lane has room for its largest body, packed and unpacked, at least.
    pub(crate) fn new(max_body_bytes: usize, crowd: Arc<Crowd>) -> Self {
        let budget = |bytes: usize| Arc::new(Semaphore::new(bytes / 1024));
        Self {
            logs: budget((32 * MIB).max(4 * max_body_bytes)),
            alerts: budget((16 * MIB).max(3 * max_body_bytes)),
            hands: budget(8 * MIB),
            crowd,
        }
    }
}

/// A body, read.
pub(crate) struct Bounded<L = Logs> {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: Option<String>,
    // Held until the handler has let go of the bytes.
    _share: Share,
    _lane: PhantomData<L>,
}

impl<L: Lane> FromRequest<App> for Bounded<L> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let limit = L::limit(&app.config);
        let (parts, body) = request.into_parts();
        if length(&parts.headers).is_some_and(|length| length > limit) {
            return Err(Problem::too_large(limit));
        }
        let mut share = Share::of(L::budget(&app.budgets));
        let mut bytes = read(body, &mut share, limit).await?;
        match parts.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
            None | Some(b"" | b"identity") => {}
            Some(b"gzip" | b"x-gzip") => (bytes, share) = gunzip(bytes, share, limit).await?,
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
        Ok(Self { bytes, content_type, _share: share, _lane: PhantomData })
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// One body's share of a budget.
struct Share {
    budget: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// KiB that are taken at once, so that a body in many small pieces does not ask for each of them.
    const STEP: usize = 64;

    fn of(budget: &Arc<Semaphore>) -> Self {
        Self { budget: Arc::clone(budget), permits: None }
    }

    /// Makes sure of room for so many bytes in all.
    fn cover(&mut self, bytes: usize) -> Result<(), Problem> {
        let wanted = bytes.div_ceil(1024);
        let held = self.permits.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted <= held {
            return Ok(());
        }
        let wanted = if held == 0 { wanted } else { wanted.next_multiple_of(Self::STEP) };
        let more = u32::try_from(wanted - held).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.budget).try_acquire_many_owned(more).map_err(|_| Problem::overloaded())?;
        match &mut self.permits {
            Some(permits) => permits.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

async fn read(mut body: Body, share: &mut Share, limit: usize) -> Result<Bytes, Problem> {
    // Most bodies come in one piece, which then is not copied.
    let mut first = Bytes::new();
    let mut gathered = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|error| unreadable(&error))?.into_data() else { continue };
        let length = first.len() + gathered.len() + piece.len();
        if length > limit {
            return Err(Problem::too_large(limit));
        }
        share.cover(length)?;
        if length == piece.len() {
            first = piece;
        } else {
            gathered.extend_from_slice(&std::mem::take(&mut first));
            gathered.extend_from_slice(&piece);
        }
    }
    Ok(if gathered.is_empty() { first } else { gathered.into() })
}

fn unreadable(error: &axum::Error) -> Problem {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body-too-slow",
                "The body did not arrive in time",
                "the body came too slowly and was given up; nothing was stored, send it again",
            );
        }
        cause = error.source();
    }
    Problem::invalid("body", "the body ended before it was complete")
}

async fn gunzip(packed: Bytes, mut share: Share, limit: usize) -> Result<(Bytes, Share), Problem> {
    let unpack = move || {
        let mut decoder = MultiGzDecoder::new(&packed[..]);
        let mut unpacked = Vec::new();
        let mut piece = vec![0; Share::STEP * 1024];
        loop {
            let read = decoder
                .read(&mut piece)
                .map_err(|error| Problem::invalid("body", format!("the body is not readable gzip: {error}")))?;
            let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else { break };
            if unpacked.len() + piece.len() > limit {
                return Err(Problem::too_large(limit));
            }
            share.cover(packed.len() + unpacked.len() + piece.len())?;
            unpacked.extend_from_slice(piece);
        }
        Ok((Bytes::from(unpacked), share))
    };
    tokio::task::spawn_blocking(unpack).await.unwrap_or_else(|_| Err(Problem::overloaded()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_grows_in_steps_and_is_given_back() {
        let budget = Arc::new(Semaphore::new(200));
        let mut share = Share::of(&budget);
        let mut taken = |bytes| share.cover(bytes).map(|()| 200 - budget.available_permits()).ok();
        assert_eq!(taken(0), Some(0));
        assert_eq!(taken(100), Some(1));
        assert_eq!(taken(1024), Some(1));
        assert_eq!(taken(1025), Some(64));
        assert_eq!(taken(128 * 1024), Some(128));
        assert_eq!(taken(193 * 1024), None);
        drop(share);
        assert_eq!(budget.available_permits(), 200);
    }

    #[test]
    fn every_lane_has_room_for_its_largest_body_packed_and_unpacked() {
        for max in [1, 100 * 1024, 10 * MIB, 1024 * MIB] {
            let budgets = Budgets::new(max, Crowd::new(1, foghorn_pipeline::metrics::Metrics::default()));
            let rooms = [Logs::budget(&budgets), Alerts::budget(&budgets), Hands::budget(&budgets)];
            for (room, largest) in rooms.into_iter().zip([max, max, max.min(MIB)]) {
                assert!(Share::of(room).cover(2 * largest).is_ok(), "{max}");
            }
        }
    }
}
