//! `/agent/notifications`: what has opened, for programs that ask for it. Where Redis is shared, it is the list there
//! that they take from; else the store keeps how far they have come.

use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use foghorn_pipeline::shared_redis::body_of;
use foghorn_store::Store;
use foghorn_store::announcements::Audience;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// How many to take.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct TakeQuery {
    /// 1 to 200; 10 if not given.
    limit: Option<String>,
}

/// Takes what has opened, oldest first: nobody else who asks here gets it.
#[utoipa::path(get, path = "/agent/notifications", operation_id = "take_agent_notifications", tag = "agent", params(TakeQuery),
    responses((status = 200, body = Object), (status = 400, body = Problem), (status = 403, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn take(
    State(app): State<App>,
    Query(query): Query<TakeQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    // Asking takes. A page of another site can have a browser ask, though it could not read the answer.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        let detail = "a page of another site asks for this";
        return Err(Problem::new(StatusCode::FORBIDDEN, "wrong-origin", "The request comes from another site", detail));
    }
    let limit: u32 = match query.limit.as_deref() {
        None => 10,
        Some(text) => {
            let number = text.parse().ok().filter(|number| (1..=200).contains(number));
            number.ok_or_else(|| Problem::invalid("limit", "limit: must be a number from 1 to 200"))?
        }
    };
    let bodies: Vec<Vec<u8>> = match &app.pipeline.redis {
        Some(redis) => redis.pop_notifications(limit as usize).await.map_err(|fault| {
            let detail = format!("Redis cannot be used: {fault}");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Redis cannot be used", detail)
        })?,
        None => {
            let taken = app.store().take_announcements(Audience::Http, limit).await?;
            taken.iter().map(|one| body_of(one).into_bytes()).collect()
        }
    };
    // Another program may have pushed something there that is no JSON.
    let notifications: Vec<Value> = bodies.iter().filter_map(|body| serde_json::from_slice(body).ok()).collect();
    Ok(Json(json!({ "status": "success", "count": notifications.len(), "notifications": notifications })))
}

/// Streams open at once.
const MOST_STREAMS: usize = 64;
static ROOM: Semaphore = Semaphore::const_new(MOST_STREAMS);
/// How often the store is asked.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a silent stream says that it is alive.
const COMMENT_EVERY: Duration = Duration::from_secs(15);

/// What opens from now on, as Server-Sent Events. Nothing is taken from anybody; who connects again with
/// `Last-Event-ID` misses nothing.
pub(crate) async fn get_stream(State(app): State<App>, headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    let permit = ROOM.try_acquire().map_err(|_| {
        let detail = "too many programs are listening";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too many open streams", detail)
    })?;
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let after = match heard {
        Some(heard) => heard,
        None => app.store().newest_incident().await?,
    };
    let stream = openings(app.store().clone(), after, app.live.stop(), permit);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(COMMENT_EVERY).text("still here")))
}

fn openings(
    store: Store,
    after: i64,
    stop: CancellationToken,
    permit: SemaphorePermit<'static>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let ready = std::collections::VecDeque::new();
    stream::unfold((store, after, ready, stop, permit), |(store, mut after, mut ready, stop, permit)| async move {
        loop {
            if let Some((id, body)) = ready.pop_front() {
                after = id;
                let event = Event::default().event("new_incident").id(id.to_string()).data(body);
                return Some((Ok(event), (store, after, ready, stop, permit)));
            }
            match store.announcements_after(after, 100).await {
                Ok(found) => ready.extend(found.iter().map(|one| (one.incident_id, body_of(one)))),
                Err(error) => tracing::debug!(%error, "the store could not say what has opened"),
            }
            if ready.is_empty() {
                tokio::select! { () = stop.cancelled() => return None, () = tokio::time::sleep(LOOK_EVERY) => {} }
            }
        }
    })
}
