//! `/api/v1/dead-letters`: messages of other programs that could not be used, and what an operator does with them.

use super::actions::{actor, via};
use super::{Paged, PagingQuery, parse_id};
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use foghorn_store::dead_letters::DeadLetter;
use serde::Deserialize;
use serde_json::{Value, json};

/// Messages that were kept, newest first.
#[utoipa::path(get, path = "/api/v1/dead-letters", operation_id = "list_dead_letters", tag = "dead letters", params(PagingQuery),
    responses((status = 200, body = Object), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<PagingQuery>,
) -> Result<Json<Paged<Value>>, Problem> {
    let page = app.pipeline.mailbox.dead_letters(query.parse()?).await?;
    Ok(Json(Paged::of(page, |letter| shape(&letter))))
}

/// Who does it.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct HandQuery {
    /// Who, where no token says so.
    user: Option<String>,
}

/// Handles a message again. It goes where that works; 409 with what is still wrong where it does not.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/replay", operation_id = "replay_dead_letter", tag = "dead letters",
    params(("id" = i64, Path), HandQuery),
    responses((status = 200, body = Object), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn replay(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<HandQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&caller, query.user.as_deref(), via(&headers))?;
    let id = parse_id(&id, "dead letter")?;
    let replayed = app.pipeline.mailbox.replay(id).await?;
    let details = json!({ "dead_letter_id": id, "via": actor.via, "is_handled": replayed.is_ok() });
    app.store().note_in_audit("dead_letter_replayed", actor.who, details).await?;
    match replayed {
        Ok(()) => Ok(Json(json!({ "id": id, "status": "handled" }))),
        Err(letter) => {
            let detail = format!("{}; it was tried {} times", letter.why, letter.attempts);
            Err(Problem::new(StatusCode::CONFLICT, "conflict", "It still cannot be used", detail))
        }
    }
}

/// Forgets a message.
#[utoipa::path(delete, path = "/api/v1/dead-letters/{id}", operation_id = "drop_dead_letter", tag = "dead letters",
    params(("id" = i64, Path), HandQuery), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn drop_letter(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<HandQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&caller, query.user.as_deref(), via(&headers))?;
    let id = parse_id(&id, "dead letter")?;
    if !app.pipeline.mailbox.drop_letter(id).await? {
        return Err(Problem::not_found("there is no such dead letter"));
    }
    let details = json!({ "dead_letter_id": id, "via": actor.via });
    app.store().note_in_audit("dead_letter_dropped", actor.who, details).await?;
    Ok(Json(json!({ "id": id, "status": "dropped" })))
}

/// What it says is shown as text that commands nothing, with secrets masked.
fn shape(letter: &DeadLetter) -> Value {
    let body = foghorn_domain::text::outside_text(&letter.body[..letter.body.floor_char_boundary(4096)]);
    json!({
        "id": letter.id, "origin": letter.origin, "body": foghorn_domain::text::cut(&body, 1_000), "why": letter.why,
        "attempts": letter.attempts, "created_at": letter.created_at, "last_at": letter.last_at,
    })
}
