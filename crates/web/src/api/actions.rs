//! `POST /api/v1/incidents/{id}/actions`: what a person does to an incident.

use super::{parse_id, shapes};
use crate::body::Bounded;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use foghorn_domain::incident::Action;
use foghorn_pipeline::act::Actor;
use serde::Deserialize;
use serde_json::Value;

/// What to do, and who says so.
#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct ActionBody {
    /// `ack`, `info`, `resolve`, `false_positive` or `reopen`.
    action: String,
    /// Who, where no token says so.
    user: Option<String>,
    /// A note for the timeline.
    note: Option<String>,
    /// What fixed it, to be remembered.
    solution: Option<String>,
}

/// Does it, and answers the incident. The same action again is a success that changes nothing.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/actions", operation_id = "act_on_incident", tag = "incidents", params(("id" = i64, Path)),
    request_body = ActionBody, responses((status = 200, body = Object), (status = 400, body = Problem),
    (status = 404, body = Problem), (status = 409, description = "its state does not allow it", body = Problem)))]
pub(crate) async fn act(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bounded,
) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "incident")?;
    let wanted: ActionBody = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of an action: {error}")))?;
    let action = parse_action(&wanted.action)?;
    let actor = actor(&caller, wanted.user.as_deref(), "http");
    app.pipeline.acting.act(id, action, &actor, wanted.note.as_deref(), wanted.solution.as_deref()).await?;
    let detail = app.store().incident_detail(id).await?;
    let history = app.store().history(detail.incident.clone()).await?;
    Ok(Json(shapes::incident_alone(detail, &history)))
}

pub(crate) fn parse_action(word: &str) -> Result<Action, Problem> {
    Action::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        let word = super::paging::short(word);
        Problem::invalid("action", format!("action: `{word}` is none of {}", known.join(", ")))
    })
}

/// Who acts: what a token or session proves, else what was said, else `local`.
pub(crate) fn actor(caller: &Caller, said: Option<&str>, via: &'static str) -> Actor {
    let said = said.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    match &caller.proven {
        Some(proven) => Actor { who: proven.clone(), on_behalf_of: said, via },
        None => Actor { who: said.unwrap_or_else(|| "local".to_owned()), on_behalf_of: None, via },
    }
}
