//! `GET /incidents/similar`: what is remembered of a service or under the same labels.

use super::search::count;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Query, State};
use foghorn_pipeline::remember::shown;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the memories have in common.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct SimilarQuery {
    /// Only memories of this service.
    service: Option<String>,
    /// Labels with commas between them; memories that have any of them, those with most of them first.
    labels: Option<String>,
    /// 1 to 50; 10 if not given.
    limit: Option<String>,
}

/// Labels of a question that count.
const MOST_LABELS: usize = 20;

/// Memories of a service or with the same labels: those that share most labels first, and of those the newest.
#[utoipa::path(get, path = "/incidents/similar", operation_id = "similar_incidents", tag = "memory", params(SimilarQuery),
    responses((status = 200, body = Object), (status = 422, body = Problem)))]
pub(crate) async fn list(State(app): State<App>, Query(asked): Query<SimilarQuery>) -> Result<Json<Value>, Problem> {
    let limit = count("limit", asked.limit.as_deref(), 10)?;
    let service = asked.service.map(|text| text.trim().to_owned()).filter(|service| !service.is_empty());
    let labels = asked.labels.unwrap_or_default();
    let labels = labels.split(',').map(|label| label.trim().to_owned()).filter(|label| !label.is_empty());
    let labels: Vec<String> = labels.take(MOST_LABELS).collect();
    let found = app.pipeline.recollection.with_labels(service.as_deref(), &labels, limit).await?;
    let incidents: Vec<Value> = found.iter().map(shown).collect();
    Ok(Json(json!({
        "similar_incidents": incidents,
        "count": found.len(),
        "filters": { "service": service, "labels": labels, "limit": limit },
    })))
}
