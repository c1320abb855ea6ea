//! `/api/v1/silences`: who asked for quiet over what, until when, and why.

use super::actions::{actor, via};
use super::parse_id;
use crate::body::{Bounded, Hands};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use foghorn_pipeline::act::Actor;
use foghorn_routing::{FieldFault, Silence};
use foghorn_store::mutes::Mute;
use serde::Deserialize;
use serde_json::{Value, json};

/// Which silences to list.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct SilenceQuery {
    /// `true` lists those that are over too.
    ended: Option<String>,
}

/// Silences that are not over, those that last longest first; in `mutes` the incidents whose like is not told because
/// somebody called them a false positive.
#[utoipa::path(get, path = "/api/v1/silences", operation_id = "list_silences", tag = "silences", params(SilenceQuery),
    responses((status = 200, body = Object)))]
pub(crate) async fn list(State(app): State<App>, Query(query): Query<SilenceQuery>) -> Result<Json<Value>, Problem> {
    let silences = app.pipeline.silences.list(query.ended.as_deref() == Some("true")).await?;
    let now = app.store().clock().now();
    let items: Vec<Value> = silences.iter().map(|silence| shape(silence, silence.is_active(now))).collect();
    let mutes: Vec<Value> = app.pipeline.silences.mutes().await?.iter().map(mute).collect();
    Ok(Json(json!({ "total": items.len(), "items": items, "next_cursor": null, "mutes": mutes })))
}

/// One silence, with what it would have hidden in the last 24 hours.
#[utoipa::path(get, path = "/api/v1/silences/{id}", operation_id = "get_silence", tag = "silences", params(("id" = i64, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let silence = app.pipeline.silences.one(parse_id(&id, "silence")?).await?;
    Ok(Json(whole(&app, &silence).await?))
}

/// What is to be silenced.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "the shape for the document; the routing rules read the body, so that a fault is named")]
pub(crate) struct SilenceBody {
    /// `service = checkout`, `team = payments`, `kind != sqli`; one must name a service or team.
    matchers: Vec<String>,
    /// `2h`; or `ends_at`.
    duration: Option<String>,
    /// Now, if not given.
    starts_at: Option<String>,
    /// At most 90 days after the start.
    ends_at: Option<String>,
    /// Why.
    comment: String,
    /// Who asks, where no token says so.
    created_by: Option<String>,
}

/// Begins a silence. Everything that it hides is recorded; when it ends, what still fires is told, once.
#[utoipa::path(post, path = "/api/v1/silences", operation_id = "add_silence", tag = "silences", request_body = SilenceBody,
    responses((status = 201, body = Object), (status = 400, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (wanted, actor) = read(&caller, &headers, &body.bytes)?;
    let silence = app.pipeline.silences.add(&wanted, &actor).await?.map_err(|fault| problem(&fault))?;
    Ok((StatusCode::CREATED, Json(whole(&app, &silence).await?)))
}

/// What a silence would be and would have hidden in the last 24 hours. Nothing begins; its `id` is 0.
#[utoipa::path(post, path = "/api/v1/silences/preview", operation_id = "preview_silence", tag = "silences",
    request_body = SilenceBody, responses((status = 200, body = Object), (status = 400, body = Problem)))]
pub(crate) async fn preview(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Json<Value>, Problem> {
    let (wanted, actor) = read(&caller, &headers, &body.bytes)?;
    let silence = app.pipeline.silences.preview(&wanted, &actor).map_err(|fault| problem(&fault))?;
    Ok(Json(whole(&app, &silence).await?))
}

/// The request without the name of who asks, and who asks.
fn read(caller: &Caller, headers: &HeaderMap, body: &[u8]) -> Result<(Value, Actor), Problem> {
    let mut wanted: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of a silence: {error}")))?;
    let said = ["created_by", "createdBy", "user"].iter().find_map(|name| wanted.get(name)?.as_str());
    let actor = actor(caller, said, via(headers))?;
    if let Value::Object(fields) = &mut wanted {
        fields.remove("user");
    }
    Ok((wanted, actor))
}

/// Who ends it.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct EndQuery {
    /// Who, where no token says so.
    user: Option<String>,
}

/// Ends a silence now. One that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/silences/{id}", operation_id = "end_silence", tag = "silences", params(("id" = i64, Path), EndQuery),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn end(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<EndQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&caller, query.user.as_deref(), via(&headers))?;
    let silence = app.pipeline.silences.end(parse_id(&id, "silence")?, &actor).await?;
    Ok(Json(shape(&silence, false)))
}

fn problem(fault: &FieldFault) -> Problem {
    Problem::invalid(fault.field.clone(), fault.to_string())
}

async fn whole(app: &App, silence: &Silence) -> Result<Value, Problem> {
    let mut shown = shape(silence, silence.is_active(app.store().clock().now()));
    shown["would_have_hidden"] = app.pipeline.silences.would_have_hidden(silence).await?.into();
    Ok(shown)
}

fn mute(mute: &Mute) -> Value {
    let incident = &mute.incident;
    json!({
        "kind": "false_positive",
        "incident_id": incident.id,
        "fingerprint": incident.fingerprint,
        "service": incident.service,
        "summary": incident.summary,
        "created_by": mute.muted_by,
        "starts_at": mute.starts_at,
        "ends_at": mute.ends_at,
        "link": format!("/incidents/{}", incident.id),
    })
}

fn shape(silence: &Silence, is_active: bool) -> Value {
    json!({
        "kind": "silence",
        "id": silence.id,
        "matchers": silence.matchers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "starts_at": silence.starts_at,
        "ends_at": silence.end(),
        "created_by": silence.created_by,
        "comment": silence.comment,
        "created_at": silence.created_at,
        "is_active": is_active,
    })
}
