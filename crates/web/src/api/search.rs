//! `GET /search`: the same recall in a line.

use super::paging::short;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Query, State};
use foghorn_pipeline::recall::{MAX_QUERY, MAX_RECALLED, RecallRequest, Recalled};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is looked for. Read as text, so that a wrong value is answered by name.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct SearchQuery {
    /// What is wrong, in anybody's words. Only the first 8,000 characters are looked at.
    q: Option<String>,
    /// Only memories of this service.
    service: Option<String>,
    /// How many at most, 1 to 50; 5 if not given.
    k: Option<String>,
}

/// Memories like `q`, the nearest first; `distance` is 1 - similarity.
#[utoipa::path(get, path = "/search", tag = "memory", params(SearchQuery),
    responses((status = 200, body = Object), (status = 400, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn get_search(
    State(app): State<App>,
    Query(asked): Query<SearchQuery>,
) -> Result<Json<Value>, Problem> {
    let q = asked.q.filter(|q| !q.trim().is_empty());
    let Some(q) = q else { return Err(Problem::invalid("q", "q: must be a non-blank string")) };
    let k = count("k", asked.k.as_deref(), 5)?;
    let found = app
        .pipeline
        .recollection
        .recall(RecallRequest {
            text: q.clone(),
            only_service: asked.service.filter(|service| !service.trim().is_empty()),
            limit: k,
            ..RecallRequest::default()
        })
        .await?;
    let looked_at: String = q.chars().take(MAX_QUERY).collect();
    Ok(Json(json!({
        "query": looked_at,
        "query_was_cut": looked_at.len() < q.len(),
        "count": found.len(),
        "results": found.iter().map(result).collect::<Vec<_>>(),
    })))
}

fn result(found: &Recalled) -> Value {
    let memory = found.shown();
    json!({
        "id": memory["incident_id"],
        "service": memory["service"],
        "type": memory["incident_type"],
        "distance": found.distance(),
        "summary": memory["summary"],
        "similarity": memory["similarity"],
        "solution": memory["solution"],
    })
}

/// A number of results.
pub(super) fn count(field: &'static str, text: Option<&str>, default: usize) -> Result<usize, Problem> {
    match text {
        None | Some("") => Ok(default),
        Some(text) => match text.parse::<usize>() {
            Ok(count) if (1..=MAX_RECALLED).contains(&count) => Ok(count),
            _ => {
                let detail = format!("{field}: must be 1 to {MAX_RECALLED}, is `{}`", short(text));
                Err(Problem::unprocessable(field, detail))
            }
        },
    }
}
