//! Every route.

use crate::state::{App, WebConfig};
use crate::{api, guard, health, intake, live, mcp, pages, problem, slack};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use foghorn_pipeline::Handles;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(info(
    title = "Foghorn",
    description = "Events in, incidents out: intake, incidents, events, audit, health. Errors are RFC 9457 problems.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Document;

fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(documented_intake())
        .routes(routes!(intake::simulate::post_simulate))
        .routes(routes!(intake::simulate::get_scenarios))
        .routes(routes!(api::incidents::list))
        .routes(routes!(api::incidents::one))
        .routes(routes!(api::actions::act))
        .routes(routes!(api::analysis::ask))
        .routes(routes!(api::solution::post_solution))
        .routes(routes!(api::explain::incident))
        .routes(routes!(api::explain::event))
        .routes(routes!(api::events::list))
        .routes(routes!(api::events::one))
        .routes(routes!(api::audit::list))
        .routes(routes!(api::semantic_search::post_search))
        .routes(routes!(api::search::get_search))
        .routes(routes!(api::similar::list))
        .routes(routes!(api::memory::list))
        .routes(routes!(api::memory_transfer::import))
        .routes(routes!(api::memory_transfer::export))
        .routes(routes!(api::memory::one, api::memory::edit))
        .routes(routes!(api::silences::list, api::silences::add))
        .routes(routes!(api::silences::preview))
        .routes(routes!(api::silences::one, api::silences::end))
        .routes(routes!(api::keys::list, api::keys::add))
        .routes(routes!(api::keys::revoke))
        .routes(routes!(api::routing::info))
        .routes(routes!(api::routing::of_kind))
        .routes(routes!(api::routing::test))
        .routes(routes!(api::agent::take))
        .routes(routes!(api::dead_letters::list))
        .routes(routes!(api::dead_letters::replay))
        .routes(routes!(api::dead_letters::drop_letter))
        .routes(routes!(slack::post_actions))
        .routes(routes!(slack::post_commands))
        .routes(routes!(health::healthz))
        .routes(routes!(health::health))
        .routes(routes!(health::readyz))
        .routes(routes!(health::status))
        .routes(routes!(health::metrics))
}

fn documented_intake() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(intake::events::post_events))
        .routes(routes!(intake::events::post_webhook))
        .routes(routes!(intake::events::post_error_log))
        .routes(routes!(intake::alertmanager::post_alerts))
        .routes(routes!(intake::alertmanager::post_webhook))
        .routes(routes!(intake::alertmanager::post_grafana))
        .routes(routes!(intake::alertmanager::put_grafana))
        .routes(routes!(intake::pagerduty::post_enqueue))
        .routes(routes!(intake::pagerduty::post_change))
}

/// The largest form of a page, in bytes. Other bodies have the bounds of [`crate::body`].
const FORM_BYTES: usize = 256 * 1024;

/// The OpenAPI document, as `GET /openapi.json` serves it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

/// Every route behind the guard.
pub fn router(pipeline: Handles, config: WebConfig) -> Router {
    routes(App::new(pipeline, config, CancellationToken::new()))
}

pub(crate) fn routes(app: App) -> Router {
    let (documented, document) = documented().split_for_parts();
    let (intake_again, _) = documented_intake().split_for_parts();
    let document = serde_json::to_value(document).unwrap_or_default();
    let tools = mcp::service(documented.clone().with_state(app.clone()), app.stop.clone());
    documented
        .route_service("/mcp", tools)
        // For tools that cannot set a header: the same intake behind a key in the address.
        .nest("/in/{key}", intake_again)
        .route("/openapi.json", get(move || async move { axum::Json(document) }))
        .route("/", get(pages::list::get_page))
        .route("/incidents/{id}", get(pages::incident::get_page))
        .route("/incidents/{id}/actions", post(pages::incident::post_action))
        .route("/incidents/{id}/analysis", post(pages::incident::post_analysis))
        .route("/incidents/{id}/memory", post(pages::incident::post_memory))
        .route("/services", get(pages::services::get_page))
        .route("/memory", get(pages::memory::get_page))
        .route("/silences", get(pages::silences::get_page).post(pages::silences::post_page))
        .route("/silences/{id}/end", post(pages::silences::post_end))
        .route("/memory/act", post(pages::memory::post_act))
        .route("/memory/edit", get(pages::memory::get_edit).post(pages::memory::post_edit))
        .route("/audit", get(pages::audit::get_page))
        .route("/audit/verify", post(pages::audit::post_verify))
        .route("/settings", get(pages::settings::get_page))
        .route("/settings/test", post(pages::settings::post_test))
        .route("/settings/keys", post(pages::settings::post_key))
        .route("/settings/keys/{id}/revoke", post(pages::settings::post_revoke))
        .route("/live", get(live::get_stream))
        .route("/agent/notifications/stream", get(api::agent::get_stream))
        .route("/login", get(pages::login::get_page).post(pages::login::post_login).layer(DefaultBodyLimit::max(4096)))
        .route("/assets/{name}", get(pages::assets::get_asset))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .fallback(|| async { problem::Problem::not_found("there is nothing at this address") })
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| -> Response {
            tracing::error!("a handler panicked");
            problem::Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Foghorn made a mistake",
                "the request could not be handled; the log has more under the request's id",
            )
            .into_response()
        }))
        .layer(middleware::from_fn(problem::number_requests))
        .layer(middleware::from_fn(pages::error::for_browsers))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_page))
        .with_state(app)
}

/// Pages, and what belongs to them, compress to a tenth. Streams must not wait for a block to fill.
fn is_page(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["text/html", "text/css", "text/javascript"].iter().any(|known| content_type.starts_with(known))
}
