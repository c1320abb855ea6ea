//! `POST /api/v1/incidents/{id}/analysis`: asks the language model about an incident anew.

use super::actions::{actor, via};
use super::parse_id;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use foghorn_domain::incident::IncidentId;
use foghorn_pipeline::act::Actor;
use serde_json::{Value, json};

/// Asks anew, whatever is known. The answer is edited into the messages when it comes.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/analysis", operation_id = "ask_about_incident", tag = "incidents",
    params(("id" = i64, Path)), responses((status = 200, body = Object), (status = 404, body = Problem),
    (status = 409, description = "no language model is set", body = Problem)))]
pub(crate) async fn ask(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "incident")?;
    let actor = actor(&caller, None, via(&headers))?;
    ask_anew(&app, id, &actor).await?;
    Ok(Json(json!({ "status": "success", "incident_id": id })))
}

/// Notes the wish as an audit row, in which the process that asks the model finds it.
pub(crate) async fn ask_anew(app: &App, id: IncidentId, actor: &Actor) -> Result<(), Problem> {
    app.store().incident(id).await?;
    let Some(asking) = app.pipeline.explainer.asking() else {
        let why = "no language model is set: set llm.base_url or llm.api_key";
        return Err(foghorn_store::Error::Conflict(why.to_owned()).into());
    };
    app.store().record_analysis_request(id, actor.who.clone()).await?;
    asking.ring();
    Ok(())
}
