//! `POST /simulate/{scenario}` and `GET /scenarios`: made-up events, to see what Foghorn does with them.

use super::accept_one;
use crate::body::Bounded;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use foghorn_domain::event::EventId;
use foghorn_sources::simulate::{self, SCENARIOS, Scenario};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// How many events, and how far apart.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Simulation {
    /// 1 to 100.
    count: u32,
    /// 0 to 60.
    delay_seconds: f64,
}

impl Default for Simulation {
    fn default() -> Self {
        Self { count: 1, delay_seconds: 0.0 }
    }
}

/// What was started.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Simulated {
    status: &'static str,
    scenario: &'static str,
    count: u32,
    /// The events stored so far; those of a run with a delay follow one by one.
    event_ids: Vec<EventId>,
    message: String,
}

/// Makes up events of a scenario and stores them.
#[utoipa::path(post, path = "/simulate/{scenario}", tag = "simulation", request_body = Simulation,
    params(("scenario" = String, Path, description = "see GET /scenarios")),
    responses((status = 200, body = Simulated), (status = 400, description = "names the known scenarios", body = Problem)))]
pub(crate) async fn post_simulate(
    State(app): State<App>,
    Path(name): Path<String>,
    body: Bounded,
) -> Result<Json<Simulated>, Problem> {
    let scenario = simulate::scenario(&name).map_err(|error| Problem::invalid("scenario", error.to_string()))?;
    let Simulation { count, delay_seconds } = parse(&body)?;
    let seed = app.store().clock().now().as_microsecond() as u64;
    let mut event_ids = Vec::new();
    let name = scenario.name;
    if delay_seconds == 0.0 {
        for index in 0..count {
            event_ids.extend(accept_one(&app, &Caller::default(), scenario.event(index, seed)).await?.event_id());
        }
    } else {
        event_ids.extend(accept_one(&app, &Caller::default(), scenario.event(0, seed)).await?.event_id());
        tokio::spawn(trickle(app, scenario, count, seed, Duration::from_secs_f64(delay_seconds)));
    }
    let message = match delay_seconds {
        0.0 => format!("{count} events queued for processing"),
        pause => format!("{count} events, one every {pause} s"),
    };
    Ok(Json(Simulated { status: "success", scenario: name, count, event_ids, message }))
}

/// What can be simulated.
#[utoipa::path(get, path = "/scenarios", tag = "simulation", responses((status = 200, body = Object)))]
pub(crate) async fn get_scenarios() -> Json<Value> {
    let list: Vec<Value> = SCENARIOS
        .iter()
        .map(|scenario| json!({ "name": scenario.name, "description": scenario.description }))
        .collect();
    Json(json!({ "scenarios": list, "count": list.len() }))
}

fn parse(body: &Bounded) -> Result<Simulation, Problem> {
    if body.bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Simulation::default());
    }
    let wanted: Simulation = serde_json::from_slice(&body.bytes).map_err(|error| {
        Problem::unprocessable("body", format!("{error}; expected {{\"count\":1..100,\"delay_seconds\":0..60}}"))
    })?;
    if !(1..=100).contains(&wanted.count) {
        return Err(Problem::unprocessable("count", format!("count: must be 1 to 100, is {}", wanted.count)));
    }
    if !(0.0..=60.0).contains(&wanted.delay_seconds) {
        let detail = format!("delay_seconds: must be 0 to 60, is {}", wanted.delay_seconds);
        return Err(Problem::unprocessable("delay_seconds", detail));
    }
    Ok(wanted)
}

async fn trickle(app: App, scenario: Scenario, count: u32, seed: u64, pause: Duration) {
    for index in 1..count {
        tokio::time::sleep(pause).await;
        if let Err(problem) = accept_one(&app, &Caller::default(), scenario.event(index, seed)).await {
            tracing::warn!(status = %StatusCode::as_str(&problem.status()), detail = problem.detail(), "a simulation ended early");
            return;
        }
    }
}
