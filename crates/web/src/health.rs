//! Liveness, readiness, status and metrics.

use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Object)))]
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Every dependency, and whether it is usable. 503 where one that is needed is not.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Object), (status = 503, body = Object)))]
pub(crate) async fn health(State(app): State<App>) -> Response {
    readiness(&app).await
}

/// The same, under the name that orchestrators ask for.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = Object), (status = 503, body = Object)))]
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    readiness(&app).await
}

async fn readiness(app: &App) -> Response {
    let store = app.store().newest_event().await;
    let (status, word) = match &store {
        Ok(_) => (StatusCode::OK, "healthy"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let of_store = if store.is_ok() { "ok" } else { "unavailable" };
    let body = json!({
        "status": word,
        "service": "foghorn",
        "version": env!("CARGO_PKG_VERSION"),
        "dependencies": { "store": { "status": of_store, "kind": "sqlite" }, "receivers": { "dashboard": "ok" } },
    });
    (status, Json(body)).into_response()
}

/// Counts of everything.
#[utoipa::path(get, path = "/status", tag = "health", responses((status = 200, body = Object), (status = 503, body = Problem)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let counts = app.store().counts().await?;
    let incidents: serde_json::Map<String, Value> =
        counts.incidents.into_iter().map(|(status, count)| (status, count.into())).collect();
    Ok(Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "events": counts.events,
        "events_untriaged": counts.untriaged,
        "incidents": incidents,
        "notifications_pending": counts.pending_notifications,
        "store": { "kind": "sqlite", "bytes": counts.bytes },
        "configuration": app.config.effective_config,
    })))
}

/// Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String)))]
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], app.pipeline.metrics.encode()).into_response()
}
