//! `GET /api/v1/audit`.

use super::{Paged, PagingQuery, parse_id, shapes};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::Value;

/// Which rows.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct AuditQuery {
    /// Only rows of this incident.
    incident_id: Option<String>,
}

/// Rows of the audit log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "list_audit", tag = "audit", params(AuditQuery, PagingQuery),
    responses((status = 200, description = "a page of audit rows", body = Object), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<AuditQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Json<Paged<Value>>, Problem> {
    let incident_id = match query.incident_id.as_deref() {
        None | Some("") => None,
        Some(text) => Some(parse_id(text, "incident")?),
    };
    let page = app.store().audit_entries(incident_id, paging.parse()?).await?;
    Ok(Json(Paged::of(page, shapes::audit_entry)))
}
