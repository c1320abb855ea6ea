//! `POST /api/v1/incidents/{id}/actions`: what a person does to an incident.

use super::{incidents, parse_id};
use crate::body::{Bounded, Hands};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::{Extension, Json};
use foghorn_domain::audit::is_name_of_the_system;
use foghorn_domain::incident::Action;
use foghorn_domain::text::plain_text;
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
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "incident")?;
    let wanted: ActionBody = serde_json::from_slice(&body.bytes)
        .map_err(|error| Problem::invalid("body", format!("the body is not the JSON of an action: {error}")))?;
    let action = parse_action(&wanted.action)?;
    let actor = actor(&caller, wanted.user.as_deref(), via(&headers))?;
    app.pipeline.acting.act(id, action, &actor, wanted.note.as_deref(), wanted.solution.as_deref()).await?;
    let detail = app.store().incident_detail(id).await?;
    Ok(Json(incidents::whole(&app, detail).await?))
}

pub(crate) fn parse_action(word: &str) -> Result<Action, Problem> {
    Action::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        let word = super::paging::short(word);
        Problem::invalid("action", format!("action: `{word}` is none of {}", known.join(", ")))
    })
}

/// Characters of a name that count.
const MOST_NAME_CHARACTERS: usize = 100;

/// Who acts: what a token or session proves, else what was said, else `local`. Nobody may say that they are
/// the system.
pub(crate) fn actor(caller: &Caller, said: Option<&str>, via: &'static str) -> Result<Actor, Problem> {
    // As it will stand in the log, so that no invisible character makes another name of it.
    let said = said.map(|name| plain_text(name).trim().chars().take(MOST_NAME_CHARACTERS).collect::<String>());
    let said = said.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(name) = &said
        && is_name_of_the_system(name)
    {
        let detail = format!("user: `{name}` is a name of the system in the audit log; give your own");
        return Err(Problem::invalid("user", detail));
    }
    Ok(match &caller.proven {
        Some(proven) => Actor { who: proven.clone(), on_behalf_of: said, via },
        None => Actor { who: said.unwrap_or_else(|| "local".to_owned()), on_behalf_of: None, via },
    })
}

/// Through what a call of the API came: Foghorn's own commands say so.
pub(crate) fn via(headers: &HeaderMap) -> &'static str {
    let agent = headers.get(header::USER_AGENT).map(|agent| agent.as_bytes());
    if agent.is_some_and(|agent| agent.starts_with(b"foghorn/")) { "cli" } else { "http" }
}
