//! Alerts as Prometheus posts them to an Alertmanager, and as Alertmanager and Grafana post them on.

use super::accept_each;
use crate::body::{Alerts, Bounded};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use foghorn_domain::event::NewEvent;
use foghorn_sources::{FieldError, alertmanager, alertmanager_webhook};

/// Refused alerts that an answer names; it says how many there are beyond them.
const MOST_NAMED: usize = 20;

/// Takes alerts as an Alertmanager does: valid ones are stored even where others are refused.
#[utoipa::path(post, path = "/api/v2/alerts", tag = "intake", request_body = Object, responses(
    (status = 200, description = "stored"), (status = 400, description = "some alerts are not valid; the others are stored", body = Problem),
    (status = 503, description = "not stored, try again", body = Problem)))]
pub(crate) async fn post_alerts(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded<Alerts>,
) -> Result<StatusCode, Problem> {
    let now = app.store().clock().now();
    store(&app, &caller, alertmanager::parse_alerts(&body.bytes, now)).await
}

/// Takes the webhook of Alertmanager (version 4).
#[utoipa::path(post, path = "/webhook/alertmanager", operation_id = "post_alertmanager_webhook", tag = "intake", request_body = Object,
    responses((status = 200, description = "stored"), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn post_webhook(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Bounded<Alerts>,
) -> Result<StatusCode, Problem> {
    let now = app.store().clock().now();
    store(&app, &caller, alertmanager_webhook::parse_webhook(&body.bytes, now)).await
}

/// Takes Grafana's webhook (version 1).
#[utoipa::path(post, path = "/webhook/grafana", operation_id = "post_grafana_webhook", tag = "intake",
    request_body = Object, responses((status = 200, description = "stored"), (status = 400, body = Problem)))]
pub(crate) async fn post_grafana(
    app: State<App>,
    caller: Extension<Caller>,
    body: Bounded<Alerts>,
) -> Result<StatusCode, Problem> {
    post_webhook(app, caller, body).await
}

/// Takes Grafana's webhook by the other method that Grafana can be told to use.
#[utoipa::path(put, path = "/webhook/grafana", operation_id = "put_grafana_webhook", tag = "intake",
    request_body = Object, responses((status = 200, description = "stored"), (status = 400, body = Problem)))]
pub(crate) async fn put_grafana(
    app: State<App>,
    caller: Extension<Caller>,
    body: Bounded<Alerts>,
) -> Result<StatusCode, Problem> {
    post_webhook(app, caller, body).await
}

async fn store(
    app: &App,
    caller: &Caller,
    parsed: Result<Vec<Result<NewEvent, FieldError>>, FieldError>,
) -> Result<StatusCode, Problem> {
    let refused: Vec<FieldError> =
        accept_each(app, caller, parsed?).await?.into_iter().filter_map(Result::err).collect();
    if refused.is_empty() {
        return Ok(StatusCode::OK);
    }
    let mut detail = refused.iter().take(MOST_NAMED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if refused.len() > MOST_NAMED {
        detail.push_str(&format!("; and {} more: {} alerts are refused", refused.len() - MOST_NAMED, refused.len()));
    }
    Err(Problem::invalid("alerts", detail))
}
