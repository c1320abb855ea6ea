//! `POST /semantic-search`: what was like this, and what fixed it.

use super::paging::short;
use crate::body::{Bounded, Hands};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use foghorn_pipeline::recall::{MAX_QUERY, MAX_RECALLED, RecallRequest, Recalled};
use serde_json::{Map, Value, json};

/// What is looked for.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "the shape for the document; the body is read field by field, so that a fault is named")]
pub(crate) struct SearchBody {
    /// What is wrong, in anybody's words. Only the first 8,000 characters are looked at.
    query: Option<String>,
    /// The same under its other name.
    summary: Option<String>,
    /// 1 to 50; 3 if not given.
    limit: Option<u32>,
    /// The lowest similarity to show, 0 to 1, instead of Foghorn's own judgement.
    similarity_threshold: Option<f32>,
    /// Only memories of this service.
    service: Option<String>,
}

/// Memories like the query, the most alike first, without near-duplicates; none where nothing is like it.
#[utoipa::path(post, path = "/semantic-search", tag = "memory", request_body = SearchBody,
    responses((status = 200, body = Object), (status = 400, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn post_search(State(app): State<App>, body: Bounded<Hands>) -> Result<Json<Value>, Problem> {
    let fields: Map<String, Value> = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of a search: {error}")))?;
    let field = if fields.get("query").is_none_or(Value::is_null) { "summary" } else { "query" };
    let query = match fields.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => text,
        _ => return Err(Problem::invalid("query", "query: must be a non-blank string")),
    };
    let service = match fields.get("service") {
        None | Some(Value::Null) => None,
        Some(Value::String(service)) => Some(service.clone()).filter(|service| !service.trim().is_empty()),
        Some(_) => return Err(Problem::invalid("service", "service: must be a string")),
    };
    let (limit, threshold) = (limit(fields.get("limit"))?, threshold(fields.get("similarity_threshold"))?);
    let found = app
        .pipeline
        .recollection
        .recall(RecallRequest {
            text: query.clone(),
            only_service: service.clone(),
            limit,
            threshold,
            ..RecallRequest::default()
        })
        .await?;
    let looked_at: String = query.chars().take(MAX_QUERY).collect();
    let was_cut = looked_at.len() < query.len();
    Ok(Json(json!({
        "status": "success",
        "query": looked_at,
        "incidents": found.iter().map(Recalled::shown).collect::<Vec<_>>(),
        "total_found": found.len(),
        "search_params": {
            "limit": limit,
            "similarity_threshold": threshold,
            "service": service,
            "model": app.pipeline.recollection.model_name(),
            "query_was_cut": was_cut,
            "query_characters_used": looked_at.chars().count(),
        },
    })))
}

fn limit(value: Option<&Value>) -> Result<usize, Problem> {
    let number = match value {
        None | Some(Value::Null) => return Ok(3),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    match number.and_then(|number| usize::try_from(number).ok()) {
        Some(limit) if (1..=MAX_RECALLED).contains(&limit) => Ok(limit),
        _ => {
            let shown = value.map(ToString::to_string).unwrap_or_default();
            Err(Problem::unprocessable("limit", format!("limit: must be 1 to {MAX_RECALLED}, is {}", short(&shown))))
        }
    }
}

fn threshold(value: Option<&Value>) -> Result<Option<f32>, Problem> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_f64().filter(|number| (0.0..=1.0).contains(number)),
    };
    let wrong = || Problem::unprocessable("similarity_threshold", "similarity_threshold: must be a number from 0 to 1");
    number.map(|number| Some(number as f32)).ok_or_else(wrong)
}
