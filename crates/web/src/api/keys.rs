//! `/api/v1/keys`: which programs may call, and what each may do. Keys are made and revoked with the API token, in
//! the dashboard, or on loopback; never with a key.

use super::actions::{actor, via};
use super::parse_id;
use crate::body::{Bounded, Hands};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use foghorn_pipeline::access_keys::{Wanted, WantedFault, shown};
use foghorn_store::Error;
use serde::Deserialize;
use serde_json::{Value, json};

/// Which keys to list.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct KeysQuery {
    /// `true` lists those that are revoked too.
    revoked: Option<String>,
}

/// Keys that are live, by name. No answer but the one that makes a key holds it; `prefix` is how it begins.
#[utoipa::path(get, path = "/api/v1/keys", operation_id = "list_keys", tag = "keys", params(KeysQuery),
    responses((status = 200, body = Object)))]
pub(crate) async fn list(State(app): State<App>, Query(query): Query<KeysQuery>) -> Result<Json<Value>, Problem> {
    let keys = app.pipeline.keys.list(query.revoked.as_deref() == Some("true")).await?;
    let items: Vec<Value> = keys.iter().map(shown).collect();
    Ok(Json(json!({ "total": items.len(), "items": items, "next_cursor": null })))
}

/// What a key is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// 1 to 60 small letters, digits, `.`, `_` and `-`; no live key has it.
    name: String,
    /// `intake`, `read` or `act`, which includes reading.
    scope: String,
    /// The source of events that name none; for intake.
    source: Option<String>,
    /// `500/s`: events a second that may come with it; for intake.
    quota: Option<String>,
    /// Events at once, after a pause; what two seconds allow, if not given.
    burst: Option<u32>,
    /// Who asks, where no token says so.
    user: Option<String>,
}

/// Makes a key. The answer holds it as `key`, and nothing shows it again.
#[utoipa::path(post, path = "/api/v1/keys", operation_id = "add_key", tag = "keys", request_body = KeyBody, responses(
    (status = 201, body = Object), (status = 400, body = Problem),
    (status = 403, description = "called with a key", body = Problem),
    (status = 409, description = "the name is taken", body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may_manage_keys()?;
    let wanted: KeyBody = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of a key: {error}")))?;
    let actor = actor(&caller, wanted.user.as_deref(), via(&headers))?;
    let KeyBody { name, scope, source, quota, burst, .. } = wanted;
    let wanted =
        Wanted::parse(&name, &scope, source.as_deref(), quota.as_deref(), burst).map_err(|fault| wrong(&fault))?;
    let (row, key) = app.pipeline.keys.add(wanted, &actor).await.map_err(refused)?;
    let mut answer = shown(&row);
    answer["key"] = key.expose().into();
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Who revokes it.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeBody {
    /// Who, where no token says so.
    user: Option<String>,
}

/// Revokes a key, for good. One that is revoked already stays as it is.
#[utoipa::path(post, path = "/api/v1/keys/{id}/revoke", operation_id = "revoke_key", tag = "keys", params(("id" = i64, Path)),
    request_body = RevokeBody, responses((status = 200, body = Object),
    (status = 403, description = "called with a key", body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Json<Value>, Problem> {
    caller.may_manage_keys()?;
    let wanted: RevokeBody = match body.bytes.trim_ascii() {
        [] => RevokeBody::default(),
        bytes => serde_json::from_slice(bytes)
            .map_err(|error| Problem::invalid("body", format!("expected {{\"user\":…}} or nothing: {error}")))?,
    };
    let actor = actor(&caller, wanted.user.as_deref(), via(&headers))?;
    let row = app.pipeline.keys.revoke(parse_id(&id, "key")?, &actor).await?;
    Ok(Json(shown(&row)))
}

fn wrong(fault: &WantedFault) -> Problem {
    Problem::invalid(fault.field, format!("{}: {}", fault.field, fault.message))
}

/// Why the store would not have it.
pub(crate) fn refused(error: Error) -> Problem {
    match error {
        Error::Conflict(why) => Problem::new(StatusCode::CONFLICT, "conflict", "The key cannot be made", why),
        error => error.into(),
    }
}
