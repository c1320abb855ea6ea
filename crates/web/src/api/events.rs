//! `GET /api/v1/events` and `GET /api/v1/events/{id}`.

use super::{Paged, PagingQuery, parse_id, shapes};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::Value;

/// Which events, and how.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct EventQuery {
    /// Only events of this incident.
    incident_id: Option<String>,
    /// `true` shows the text as it came, secrets included; every such reading is written to the audit log.
    raw: Option<String>,
}

impl EventQuery {
    fn wants_raw(&self) -> bool {
        matches!(self.raw.as_deref(), Some("true" | "1"))
    }
}

/// Events, newest first.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "list_events", tag = "events", params(EventQuery, PagingQuery),
    responses((status = 200, description = "a page of events", body = Object), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<EventQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Json<Paged<Value>>, Problem> {
    let incident_id = match query.incident_id.as_deref() {
        None | Some("") => None,
        Some(text) => Some(parse_id(text, "incident")?),
    };
    let page = app.store().events(incident_id, paging.parse()?).await?;
    Ok(Json(Paged::of(page, |stored| shapes::event(stored, false))))
}

/// One event.
#[utoipa::path(get, path = "/api/v1/events/{id}", operation_id = "get_event", tag = "events", params(("id" = i64, Path), EventQuery),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn one(
    State(app): State<App>,
    caller: axum::Extension<crate::guard::Caller>,
    Path(id): Path<String>,
    Query(query): Query<EventQuery>,
) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "event")?;
    let stored = app.store().event(id).await?;
    if query.wants_raw() {
        let who = caller.proven.clone().unwrap_or_else(|| "local".to_owned());
        let details = serde_json::json!({ "event_id": id });
        app.store().record(stored.incident_id, who, "raw_event_read", details).await?;
    }
    Ok(Json(shapes::event(stored, query.wants_raw())))
}
