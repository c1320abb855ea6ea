//! `GET /live`: Server-Sent Events that tell an open page when to look again.
//!
//! One task watches the store's [`ChangeMark`] for all connections, and only while there is one. A stream
//! carries nothing but marks: the page that hears a new one asks for itself again, so that what it shows
//! goes the one way through templates and guard. Streams are bounded in number, send a comment every few
//! seconds so that dead peers are noticed, and end when the server stops.

use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use foghorn_store::Store;
use foghorn_store::dashboard::ChangeMark;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Streams open at once. A browser's tab has one, and lets go of it while it is hidden.
const MOST_STREAMS: usize = 256;
/// How often the store is asked.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a silent stream says that it is alive.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

type Marks = watch::Sender<Option<ChangeMark>>;

/// Watches the store for every open page.
pub(crate) struct Live {
    store: Store,
    stop: CancellationToken,
    room: Arc<Semaphore>,
    watching: Mutex<Option<Arc<Marks>>>,
}

impl Live {
    pub(crate) fn new(store: Store, stop: CancellationToken) -> Self {
        Self { store, stop, room: Arc::new(Semaphore::new(MOST_STREAMS)), watching: Mutex::new(None) }
    }

    /// Cancelled when the server stops.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// The marks from now on; starts the task that watches if it does not run.
    fn subscribe(self: &Arc<Self>) -> watch::Receiver<Option<ChangeMark>> {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(marks) = watching.as_ref() {
            return marks.subscribe();
        }
        let marks = Arc::new(Marks::new(None));
        let receiver = marks.subscribe();
        *watching = Some(Arc::clone(&marks));
        tokio::spawn(Arc::clone(self).watch(marks));
        receiver
    }

    async fn watch(self: Arc<Self>, marks: Arc<Marks>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! { () = self.stop.cancelled() => return, _ = ticks.tick() => {} }
            {
                let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
                if marks.receiver_count() == 0 {
                    *watching = None;
                    return;
                }
            }
            match self.store.change_mark().await {
                Ok(mark) => drop(marks.send_if_modified(|known| known.replace(mark) != Some(mark))),
                Err(error) => tracing::debug!(%error, "the store could not say whether anything changed"),
            }
        }
    }
}

/// What the page shows already.
#[derive(Deserialize)]
pub(crate) struct LiveQuery {
    mark: Option<String>,
}

pub(crate) async fn get_stream(
    State(app): State<App>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let permit = Arc::clone(&app.live.room).try_acquire_owned().map_err(|_| {
        let detail = "too many pages are being kept up to date; this one looks again by itself now and then";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too many open pages", detail)
    })?;
    // A browser that connects again says what it heard last.
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let shown = heard.or(query.mark).unwrap_or_default();
    let stream = marks(app.live.subscribe(), shown, app.live.stop.clone(), permit);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(COMMENT_EVERY).text("still here")))
}

/// An event for each mark that differs from the one before, and from what is shown already.
fn marks(
    receiver: watch::Receiver<Option<ChangeMark>>,
    shown: String,
    stop: CancellationToken,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((receiver, shown, stop, permit), |(mut receiver, mut shown, stop, permit)| async move {
        loop {
            let mark = receiver.borrow_and_update().map(|mark| mark.to_string());
            if let Some(mark) = mark.filter(|mark| *mark != shown) {
                let event = Event::default().event("incidents").id(&mark).retry(RETRY_AFTER).data(&mark);
                shown = mark;
                return Some((Ok(event), (receiver, shown, stop, permit)));
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                changed = receiver.changed() => changed.ok()?,
            }
        }
    })
}
