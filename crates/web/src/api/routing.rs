//! `GET /routing/info[/{type}]` and `POST /test/notifications`: who would be told, and a trial of it.

use super::actions::{actor, via};
use super::paging::short;
use crate::body::{Bounded, Hands};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use foghorn_domain::finding::Kind;
use serde_json::{Value, json};

/// The routing in force.
#[utoipa::path(get, path = "/routing/info", operation_id = "routing_info", tag = "routing",
    responses((status = 200, body = Object)))]
pub(crate) async fn info(State(app): State<App>) -> Json<Value> {
    Json(app.pipeline.routes.table().routing.describe())
}

/// Who is told about one type of incident.
#[utoipa::path(get, path = "/routing/info/{incident_type}", operation_id = "routing_of_type", tag = "routing",
    params(("incident_type" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn of_kind(State(app): State<App>, Path(word): Path<String>) -> Result<Json<Value>, Problem> {
    let kind = parse_kind(&word).map_err(Problem::not_found)?;
    Ok(Json(app.pipeline.routes.table().routing.route_of_kind(kind)))
}

/// What to try.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "the shape for the document; the body is read field by field, so that a fault is named")]
pub(crate) struct TestBody {
    /// `xss`, `db_timeout`, …
    incident_type: String,
}

/// Sends a test notification, marked as one, to every receiver that incidents of a type are routed to, and says
/// what became of each.
#[utoipa::path(post, path = "/test/notifications", operation_id = "test_notifications", tag = "routing",
    request_body = TestBody, responses((status = 200, body = Object), (status = 400, body = Problem)))]
pub(crate) async fn test(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Json<Value>, Problem> {
    let wanted: Value = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of a test: {error}")))?;
    let Some(word) = wanted.get("incident_type").and_then(Value::as_str) else {
        return Err(Problem::invalid("incident_type", "incident_type: must be a string such as `xss`"));
    };
    let kind = parse_kind(word).map_err(|error| Problem::invalid("incident_type", error))?;
    let actor = actor(&caller, wanted.get("user").and_then(Value::as_str), via(&headers))?;
    let outcomes = app.pipeline.trial.run(kind, &actor).await?;
    let all_well = outcomes.iter().all(|outcome| outcome.error.is_none());
    let results: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            json!({
                "receiver": outcome.receiver, "kind": outcome.kind, "channel": outcome.channel, "route": outcome.route,
                "status": if outcome.error.is_some() { "failed" } else { "sent" }, "error": outcome.error,
            })
        })
        .collect();
    let status = if all_well { "success" } else { "failed" };
    Ok(Json(json!({ "status": status, "incident_type": kind, "results": results })))
}

/// The kind that a word names; the error lists those that there are.
pub(crate) fn parse_kind(word: &str) -> Result<Kind, String> {
    Kind::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("incident_type: `{}` is none of {}", short(word), known.join(", "))
    })
}
