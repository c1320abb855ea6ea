//! Liveness, readiness, status and metrics.

use crate::exposition;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use foghorn_pipeline::overflow::{Overflow, Waiting};
use foghorn_redis::{LinkState, RedisFault};
use foghorn_store::Error;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a store is waited for by whoever only asks how things are.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

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
    let of_store = match soon(app.store().newest_event()).await {
        Err(Error::Unreachable { .. }) => "away",
        Err(_) => "unavailable",
        Ok(_) if !app.store().has_room().await => "full",
        Ok(_) => "ok",
    };
    let overflows = &app.pipeline.overflows;
    let spools = Spools {
        takes_events: app.pipeline.settings.roles.ingest && overflows.first().is_some_and(Overflow::has_room),
        is_in_use: overflows.iter().any(Overflow::is_in_use),
    };
    let model = app.pipeline.recollection.model_name();
    let (status, mut answer) = judge(of_store, &spools, &app.pipeline.vitals.stages(), model);
    if let Some(dependencies) = answer["dependencies"].as_object_mut() {
        dependencies.insert("spool".to_owned(), spool(app));
        dependencies.extend(receivers(app));
        dependencies.insert("redis".to_owned(), redis(app));
        dependencies.insert("replicas".to_owned(), replicas(app));
        if let Some(store) = dependencies.get_mut("store") {
            store["kind"] = app.store().kind().into();
        }
    }
    (status, answer).into_response()
}

/// An answer of the store, or that it does not answer.
async fn soon<T>(asked: impl Future<Output = foghorn_store::Result<T>>) -> foghorn_store::Result<T> {
    let detail = || format!("no answer within {} s", ANSWERS_WITHIN.as_secs());
    let late = |_| Error::Database { doing: "asking the store how it is", detail: detail() };
    tokio::time::timeout(ANSWERS_WITHIN, asked).await.map_err(late)?
}

/// What there is for a database that is away.
struct Spools {
    /// This process takes events, and has room for them.
    takes_events: bool,
    is_in_use: bool,
}

/// Ready is who can take an event, and has every stage at work that then handles it: also who can only keep it until
/// the database is back.
/// Without a model similar incidents are found by shared words: that is said, and no reason to be unready.
fn judge(
    of_store: &str,
    spools: &Spools,
    stages: &[(&'static str, bool)],
    model: Option<&str>,
) -> (StatusCode, Json<Value>) {
    let takes_events = of_store == "ok" || (of_store == "away" && spools.takes_events);
    let (status, word) = match takes_events && stages.iter().all(|(_, is_alive)| *is_alive) {
        true if of_store == "away" || spools.is_in_use => (StatusCode::OK, "degraded"),
        true => (StatusCode::OK, "healthy"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let stage = |(name, is_alive): &(&'static str, bool)| {
        ((*name).to_owned(), Value::from(if *is_alive { "ok" } else { "ended" }))
    };
    let body = json!({
        "status": word,
        "service": "foghorn",
        "version": env!("CARGO_PKG_VERSION"),
        "dependencies": {
            "store": { "status": of_store, "kind": "sqlite" },
            "receivers": { "dashboard": "ok" },
            "embeddings": {
                "status": if model.is_some() { "ok" } else { "none" },
                "model": model,
                "search": searched_by(model),
            },
        },
        "stages": stages.iter().map(stage).collect::<serde_json::Map<String, Value>>(),
    });
    (status, Json(body))
}

/// Each kind of receiver: whether one is set up, and what became of the last message to one. A receiver that
/// does not take messages is no reason to be unready: they wait in the store.
fn receivers(app: &App) -> Vec<(String, Value)> {
    let kinds = app.pipeline.routes.table().kinds();
    let shape = |kind: &str| {
        let last = app.pipeline.outcomes.last(kind);
        let status = match (kinds.contains(kind), &last) {
            (false, _) => "not_configured",
            (true, Some(last)) if last.error.is_some() => "failing",
            (true, _) => "ok",
        };
        let last = last.map(|last| json!({ "at": last.at, "outcome": last.outcome, "error": last.error }));
        (kind.to_owned(), json!({ "status": status, "configured": kinds.contains(kind), "last_outcome": last }))
    };
    ["slack", "email", "pagerduty", "webhook"].map(shape).to_vec()
}

/// What waits for a database that is, or was, away.
fn waiting(app: &App) -> Waiting {
    app.pipeline.overflows.iter().map(Overflow::waiting).fold(Waiting::default(), Waiting::with)
}

fn spool(app: &App) -> Value {
    let overflows = &app.pipeline.overflows;
    let status = match overflows.first() {
        None => return json!({ "status": "not_configured" }),
        Some(own) if !own.has_room() => "full",
        Some(_) if overflows.iter().any(Overflow::is_in_use) => "in_use",
        Some(_) => "ok",
    };
    let Waiting { events, bytes, oldest } = waiting(app);
    json!({ "status": status, "events": events, "bytes": bytes, "oldest_received_at": oldest })
}

/// Redis, where it is shared. That it is away is no reason to be unready: everything goes on without it.
fn redis(app: &App) -> Value {
    let Some(redis) = &app.pipeline.redis else { return json!({ "status": "not_configured" }) };
    let states = redis.states();
    let link = |(name, state): &(&'static str, LinkState)| {
        let fault = state.fault.as_ref().map(ToString::to_string);
        let status = if fault.is_none() { "ok" } else { "unavailable" };
        ((*name).to_owned(), json!({ "status": status, "fault": fault, "since": state.since }))
    };
    let status = match states.iter().find_map(|(_, state)| state.fault.as_ref()) {
        Some(RedisFault::Full) => "full",
        Some(_) => "unavailable",
        None if states.is_empty() => "connecting",
        None => "ok",
    };
    let links: serde_json::Map<String, Value> = states.iter().map(link).collect();
    json!({ "status": status, "address": redis.address().to_string(), "links": links })
}

/// The processes that share the database. That they are configured differently makes none of them unready.
fn replicas(app: &App) -> Value {
    let replicas = &app.pipeline.replicas;
    let hosts: Vec<String> = replicas.living().into_iter().map(|process| process.host).collect();
    let differences: Vec<String> = replicas.differences().iter().map(ToString::to_string).collect();
    let status = match (app.store().is_shared(), differences.is_empty()) {
        (false, _) => "alone",
        (true, true) => "ok",
        (true, false) => "configured_differently",
    };
    json!({ "status": status, "processes": hosts, "differences": differences })
}

/// What similar incidents are found by.
fn searched_by(model: Option<&str>) -> &'static str {
    match model {
        Some(_) => "meaning and words",
        None => "words alone",
    }
}

/// Counts of everything; none while the database is away.
#[utoipa::path(get, path = "/status", tag = "health", responses((status = 200, body = Object), (status = 503, body = Problem)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let counts = match soon(app.store().counts()).await {
        Err(Error::Unreachable { .. }) => None,
        counts => Some(counts?),
    };
    let is_degraded = counts.is_none() || app.pipeline.overflows.iter().any(Overflow::is_in_use);
    let incidents = counts.as_ref().map(|counts| {
        let incidents = counts.incidents.iter().map(|(status, count)| (status.clone(), Value::from(*count)));
        incidents.collect::<serde_json::Map<String, Value>>()
    });
    Ok(Json(json!({
        "status": if is_degraded { "degraded" } else { "ok" },
        "version": env!("CARGO_PKG_VERSION"),
        "events": counts.as_ref().map(|counts| counts.events),
        "events_untriaged": counts.as_ref().map(|counts| counts.untriaged),
        "incidents": incidents,
        "notifications_pending": counts.as_ref().map(|counts| counts.pending_notifications),
        "spool": spool(&app),
        "receivers": receivers(&app).into_iter().collect::<serde_json::Map<String, Value>>(),
        "redis": redis(&app),
        "replicas": replicas(&app),
        "routing": { "file": app.pipeline.routes.file(), "fault": app.pipeline.routes.fault() },
        "detection_rules": {
            "file": app.pipeline.settings.rules.file(),
            "in_force": app.pipeline.settings.rules.in_force().len(),
            "fault": app.pipeline.settings.rules.fault(),
        },
        "store": { "kind": app.store().kind(), "bytes": counts.as_ref().map(|counts| counts.bytes) },
        "memory": {
            "model": app.pipeline.recollection.model_name(),
            "search": searched_by(app.pipeline.recollection.model_name()),
            "memories": app.pipeline.recollection.len(),
            "waiting_for_embeddings": app.pipeline.recollection.waiting(),
        },
        "configuration": app.config.effective_config,
    })))
}

/// Counters and gauges in the Prometheus text format, or as OpenMetrics where that is asked for.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String)))]
pub(crate) async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut text = app.pipeline.metrics.encode();
    let stages = app.pipeline.vitals.stages();
    let stages: Vec<_> = stages.iter().map(|(name, is_alive)| (*name, u8::from(*is_alive))).collect();
    exposition::add_gauge(&mut text, "foghorn_stage_up", "Whether a stage runs", "stage", &stages);
    let room = [("store", u8::from(app.store().has_room().await))];
    exposition::add_gauge(&mut text, "foghorn_disk_has_room", "Whether writes find room", "of", &room);
    if !app.pipeline.overflows.is_empty() {
        add_spool(&mut text, &app);
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (content_type, text) = match accept.contains("application/openmetrics-text") {
        true => ("application/openmetrics-text; version=1.0.0; charset=utf-8", text),
        false => ("text/plain; version=0.0.4; charset=utf-8", exposition::as_text_format(&text)),
    };
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

fn add_spool(text: &mut String, app: &App) {
    let Waiting { events, bytes, oldest } = waiting(app);
    let now = app.store().clock().now();
    let age = oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0).unsigned_abs());
    let is_away = u64::from(app.store().is_away());
    for (name, help, value) in [
        ("foghorn_database_away", "1 while the database does not answer", is_away),
        ("foghorn_spool_events", "Events that wait on disk for the database", events),
        ("foghorn_spool_bytes", "Bytes on disk that they take", bytes),
        ("foghorn_spool_oldest_seconds", "Since when the oldest of them waits", age),
    ] {
        exposition::add_number(text, name, help, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_can_keep_events_is_ready_while_the_database_is_away() {
        let check = |store, takes_events, is_in_use, expected: (u16, &str)| {
            let (status, Json(body)) = judge(store, &Spools { takes_events, is_in_use }, &[("spool", true)], None);
            assert_eq!((status.as_u16(), body["status"].as_str().unwrap()), expected, "{store} {takes_events}");
        };
        check("away", true, true, (200, "degraded"));
        check("away", true, false, (200, "degraded"));
        check("away", false, true, (503, "unhealthy"));
        check("ok", true, true, (200, "degraded"));
        check("ok", false, false, (200, "healthy"));
        check("unavailable", true, false, (503, "unhealthy"));
    }

    #[test]
    fn ready_is_who_can_store_and_has_every_stage_at_work() {
        let check = |store, stages: &[(&'static str, bool)], expected: u16| {
            let (status, Json(body)) = judge(store, &NO_SPOOL, stages, None);
            assert_eq!(status.as_u16(), expected, "{body}");
            assert_eq!(body["status"], if expected == 200 { "healthy" } else { "unhealthy" });
            assert_eq!(body["dependencies"]["store"]["status"], store);
        };
        check("ok", &[("triage", true), ("notify", true)], 200);
        check("ok", &[("triage", true), ("notify", false)], 503);
        check("full", &[("triage", true)], 503);
        check("unavailable", &[], 503);
        const NO_SPOOL: Spools = Spools { takes_events: false, is_in_use: false };
        let embeddings = |model| judge("ok", &NO_SPOOL, &[], model).1.0["dependencies"]["embeddings"].clone();
        assert_eq!(embeddings(None), json!({ "status": "none", "model": null, "search": "words alone" }));
        assert_eq!(embeddings(Some("tiny"))["search"], "meaning and words");
        assert_eq!(judge("ok", &NO_SPOOL, &[("notify", false)], None).1.0["stages"]["notify"], "ended");
    }
}
