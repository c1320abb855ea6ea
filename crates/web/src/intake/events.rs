//! `POST /events`, `POST /webhook/event`, `POST /webhook/error-log`: Foghorn's own event.

use super::{accept_each, accept_one};
use crate::body::Bounded;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use foghorn_domain::event::{EventId, Origin};
use foghorn_sources::event::{Body, parse_body_of};
use foghorn_store::model::Appended;
use serde::Serialize;

/// The answer to one event.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Accepted {
    /// `success`.
    status: &'static str,
    /// The event that stands for what was sent; null while it waits in the spool for a database that is away.
    event_id: Option<EventId>,
    /// For people.
    message: &'static str,
    /// `stored`, `duplicate` (its idempotency key was seen), `refreshed` (an unchanged re-post of an alert) or
    /// `spooled` (on disk, and stored as soon as the database answers).
    outcome: &'static str,
}

/// The answer to a list of events.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ManyAccepted {
    /// One entry an event, in order.
    results: Vec<OneOfMany>,
}

/// What became of one event of a list.
#[derive(Serialize, utoipa::ToSchema)]
struct OneOfMany {
    index: usize,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Stores one event (an object) or many (an array, or JSON lines as `application/x-ndjson`).
#[utoipa::path(post, path = "/events", tag = "intake", request_body = Object, responses(
    (status = 200, description = "stored, every one", body = Accepted),
    (status = 207, description = "some were stored", body = ManyAccepted),
    (status = 400, description = "not readable, or a field is wrong", body = Problem),
    (status = 408, description = "the body came too slowly", body = Problem),
    (status = 413, description = "too large", body = Problem),
    (status = 422, description = "none was stored", body = ManyAccepted),
    (status = 429, description = "the quota of the key is used up; nothing was stored", body = Problem),
    (status = 503, description = "not stored, try again", body = Problem)))]
pub(crate) async fn post_events(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded,
) -> Result<Response, Problem> {
    accept(&app, &caller, body, Origin::Events).await
}

/// Stores one event, as a webhook.
#[utoipa::path(post, path = "/webhook/event", tag = "intake", request_body = Object,
    responses((status = 200, body = Accepted), (status = 400, body = Problem)))]
pub(crate) async fn post_webhook(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded,
) -> Result<Response, Problem> {
    accept(&app, &caller, body, Origin::Webhook).await
}

/// Stores an error that somebody chose to report; without any finding it still is an operational error.
#[utoipa::path(post, path = "/webhook/error-log", tag = "intake", request_body = Object,
    responses((status = 200, body = Accepted), (status = 400, body = Problem)))]
pub(crate) async fn post_error_log(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded,
) -> Result<Response, Problem> {
    accept(&app, &caller, body, Origin::ErrorLog).await
}

async fn accept(app: &App, caller: &Caller, body: Bounded, door: Origin) -> Result<Response, Problem> {
    let now = app.store().clock().now();
    let source = caller.key.as_ref().and_then(|key| key.source.as_deref());
    let parsed = parse_body_of(source, &body.bytes, body.content_type.as_deref(), door, now, &app.config.limits);
    // The events are copies; the bytes would only wait with them for the store.
    drop(body);
    match parsed {
        Ok(Body::One(event)) => {
            let appended = accept_one(app, caller, *event).await?;
            let (event_id, outcome) = (appended.event_id(), word(appended));
            let message = "Event queued for processing";
            Ok(Json(Accepted { status: "success", event_id, message, outcome }).into_response())
        }
        Ok(Body::Many(parsed)) => {
            let results: Vec<OneOfMany> = accept_each(app, caller, parsed)
                .await?
                .into_iter()
                .enumerate()
                .map(|(index, result)| match result {
                    Ok(appended) => {
                        OneOfMany { index, status: word(appended), event_id: appended.event_id(), error: None }
                    }
                    Err(error) => {
                        OneOfMany { index, status: "refused", event_id: None, error: Some(error.to_string()) }
                    }
                })
                .collect();
            let accepted = results.iter().filter(|result| result.error.is_none()).count();
            let status = match accepted {
                n if n == results.len() => StatusCode::OK,
                0 => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::MULTI_STATUS,
            };
            Ok((status, Json(ManyAccepted { results })).into_response())
        }
        Err(error) => {
            app.pipeline.ingest.refused(1);
            Err(error.into())
        }
    }
}

fn word(appended: Appended) -> &'static str {
    match appended {
        Appended::Stored(_) => "stored",
        Appended::Duplicate(_) => "duplicate",
        Appended::Refreshed(_) => "refreshed",
        Appended::Spooled => "spooled",
    }
}
