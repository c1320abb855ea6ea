//! `POST /incidents/{id}/solution`: what really fixed it, written down.

use super::actions::{actor, via};
use super::parse_id;
use crate::body::{Bounded, Hands};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

/// The fix and who wrote it.
#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct SolutionBody {
    solution: Option<String>,
    user: Option<String>,
}

/// Stores a fix in memory and in the audit log.
#[utoipa::path(post, path = "/incidents/{id}/solution", tag = "incidents", params(("id" = i64, Path)),
    request_body = SolutionBody, responses((status = 200, body = Object),
    (status = 400, description = "empty", body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn post_solution(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "incident")?;
    let written: SolutionBody = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of a solution: {error}")))?;
    let solution = written.solution.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let Some(solution) = solution else {
        return Err(Problem::invalid("solution", "solution: must be a non-blank string"));
    };
    let actor = actor(&caller, written.user.as_deref(), via(&headers))?;
    let memory_id = app.pipeline.acting.add_solution(id, &actor, solution).await?;
    Ok(Json(json!({ "status": "success", "incident_id": id, "memory_id": memory_id })))
}
