//! `POST /slack/actions` and `POST /slack/commands`: a person's hand in Slack. The signature over the raw body
//! is all that proves who calls, so these addresses ask for no token and take nothing unsigned.

use crate::body::{Bounded, Hands};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use foghorn_pipeline::slack_hand::Reply;
use foghorn_slack::interaction::{PayloadError, parse, parse_command};
use foghorn_slack::signature::verify;
use serde_json::json;

/// Clicks and forms.
#[utoipa::path(post, path = "/slack/actions", tag = "slack",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "the field `payload`"),
    responses((status = 200, body = Object), (status = 400, description = "what is wrong is named", body = Problem),
    (status = 401, description = "the signature is missing, wrong or old", body = Problem), (status = 404, body = Object)))]
pub(crate) async fn post_actions(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Response, Problem> {
    let key = proven(&app, &headers, &body.bytes)?;
    let interaction = parse(&body.bytes).map_err(|error| malformed(&error))?;
    answer(app.pipeline.slack.interact(interaction, &key).await)
}

/// `/foghorn …`.
#[utoipa::path(post, path = "/slack/commands", tag = "slack",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Object), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub(crate) async fn post_commands(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bounded<Hands>,
) -> Result<Response, Problem> {
    let key = proven(&app, &headers, &body.bytes)?;
    let command = parse_command(&body.bytes).map_err(|error| malformed(&error))?;
    answer(app.pipeline.slack.command(command, &key).await)
}

/// What makes the request the same one when it comes again, once it has proved to come from Slack.
fn proven(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
    let Some(secret) = &app.pipeline.settings.receivers.slack.signing_secret else {
        return Err(refused("no signing secret is configured; set slack.signing_secret (SLACK_SIGNING_SECRET)"));
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (timestamp, signature) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    let now = app.store().clock().now();
    verify(secret, timestamp, signature, body, now).map_err(|error| refused(&error.to_string()))?;
    Ok(signature.unwrap_or_default().to_ascii_lowercase())
}

fn refused(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unsigned", "The request does not prove to come from Slack", detail)
}

fn malformed(error: &PayloadError) -> Problem {
    Problem::invalid("payload", error.to_string())
}

fn answer(reply: foghorn_store::Result<Reply>) -> Result<Response, Problem> {
    // Slack shows people nothing of a 500; that nothing was recorded they must read.
    let Reply { status, body } = match reply {
        Ok(reply) => reply,
        Err(error) => {
            tracing::error!(%error, "a hand in Slack could not be recorded");
            let text = "not recorded, try again";
            Reply {
                status: 200,
                body: json!({ "response_type": "ephemeral", "replace_original": false, "text": text }),
            }
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Ok((status, Json(body)).into_response())
}
