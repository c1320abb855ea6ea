//! `/api/v1/memory`: what is remembered, kept in order by people.

use super::actions::{actor, via};
use super::{Paged, PagingQuery};
use crate::body::{Bounded, Hands};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use foghorn_pipeline::remember::{cleaned_edit, shown};
use foghorn_store::memory_keeping::MemoryEdit;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a list of memories can be narrowed by.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct MemoryQuery {
    /// Words that stand in summary, solution, service, kind, author, labels or id.
    q: Option<String>,
}

/// What is remembered, newest first.
#[utoipa::path(get, path = "/api/v1/memory", operation_id = "list_memory", tag = "memory", params(MemoryQuery, PagingQuery),
    responses((status = 200, description = "a page of memories", body = Object), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<MemoryQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Json<Paged<Value>>, Problem> {
    let q = query.q.filter(|q| !q.trim().is_empty());
    let page = app.store().memories(q, paging.parse()?).await?;
    Ok(Json(Paged::of(page, |item| shown(&item))))
}

/// One memory.
#[utoipa::path(get, path = "/api/v1/memory/{id}", operation_id = "get_memory", tag = "memory", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(shown(&app.store().memory(id).await?)))
}

/// What to change. What is not there stays as it is.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "the shape for the document; the body is read field by field, so that a fault is named")]
pub(crate) struct EditBody {
    /// What had been wrong.
    summary: Option<String>,
    /// What fixed it.
    solution: Option<String>,
    /// Whether a person stands behind it.
    confirmed: Option<bool>,
    /// Whether it is out of recall.
    retired: Option<bool>,
    /// `true` for one more whom it helped, `false` for one more whom it did not.
    helped: Option<bool>,
    /// Who, where no token says so.
    user: Option<String>,
}

/// Changes a memory: its texts, whether it is confirmed or retired, whether it helped. Answers it.
#[utoipa::path(patch, path = "/api/v1/memory/{id}", operation_id = "edit_memory", tag = "memory", params(("id" = String, Path)),
    request_body = EditBody, responses((status = 200, body = Object), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn edit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Json<Value>, Problem> {
    let fields: Map<String, Value> = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of a change: {error}")))?;
    let wanted = MemoryEdit {
        summary: text(&fields, "summary")?,
        solution: text(&fields, "solution")?,
        confirmed: switch(&fields, "confirmed")?,
        retired: switch(&fields, "retired")?,
        helped: switch(&fields, "helped")?,
    };
    if wanted == MemoryEdit::default() {
        let detail = "the body must change something: summary, solution, confirmed, retired or helped";
        return Err(Problem::invalid("body", detail));
    }
    let actor = actor(&caller, text(&fields, "user")?.as_deref(), via(&headers))?;
    let details = actor.details();
    let item = app.store().edit_memory(id, cleaned_edit(wanted), actor.who, details).await?;
    Ok(Json(shown(&item)))
}

fn text(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(Problem::invalid(name, format!("{name}: must be a non-blank string"))),
    }
}

fn switch(fields: &Map<String, Value>, name: &'static str) -> Result<Option<bool>, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(switch)) => Ok(Some(*switch)),
        Some(_) => Err(Problem::invalid(name, format!("{name}: must be true or false"))),
    }
}
