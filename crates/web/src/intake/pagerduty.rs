//! PagerDuty Events API v2: every tool that can page through PagerDuty is a source by changing one URL.

use super::accept_one;
use crate::body::{Alerts, Bounded};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use foghorn_sources::pagerduty;
use serde::Serialize;

/// PagerDuty's answer.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Enqueued {
    status: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dedup_key: Option<String>,
}

/// Takes a trigger, an acknowledgement or a resolve.
#[utoipa::path(post, path = "/v2/enqueue", tag = "intake", request_body = Object,
    responses((status = 202, body = Enqueued), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn post_enqueue(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded<Alerts>,
) -> Result<(StatusCode, Json<Enqueued>), Problem> {
    within_limit(&body)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Problem::overloaded())?;
    let parsed = pagerduty::parse_enqueue(&body.bytes, app.store().clock().now(), u128::from_ne_bytes(random))?;
    accept_one(&app, &caller, parsed.event).await?;
    let dedup_key = Some(parsed.dedup_key);
    Ok((StatusCode::ACCEPTED, Json(Enqueued { status: "success", message: "Event processed", dedup_key })))
}

/// Takes a change event: a deploy, a flag, a configuration.
#[utoipa::path(post, path = "/v2/change/enqueue", tag = "intake", request_body = Object,
    responses((status = 202, body = Enqueued), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn post_change(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded<Alerts>,
) -> Result<(StatusCode, Json<Enqueued>), Problem> {
    within_limit(&body)?;
    let event = pagerduty::parse_change(&body.bytes, app.store().clock().now())?;
    accept_one(&app, &caller, event).await?;
    Ok((StatusCode::ACCEPTED, Json(Enqueued { status: "success", message: "Change event processed", dedup_key: None })))
}

fn within_limit(body: &Bounded<Alerts>) -> Result<(), Problem> {
    match body.bytes.len() > pagerduty::MAX_BODY_BYTES {
        true => Err(Problem::too_large(pagerduty::MAX_BODY_BYTES)),
        false => Ok(()),
    }
}
