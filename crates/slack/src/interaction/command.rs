//! A slash command: `/foghorn ack 7`.

use super::payload::{name_at, text_at};
use super::{MAX_BODY, PayloadError, Person};
use foghorn_domain::text::cut;
use serde_json::{Map, Value};

/// The longest text after the command that is read, in characters.
const MAX_TEXT: usize = 3_000;
/// The fields that are read; the rest of a form is passed over.
const FIELDS: [&str; 9] =
    ["command", "text", "user_id", "user_name", "team_id", "enterprise_id", "channel_id", "trigger_id", "response_url"];

/// Somebody typed a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlashCommand {
    /// The command itself: `/foghorn`.
    pub command: String,
    /// What followed it, trimmed.
    pub text: String,
    /// Who. Slack does not show here whether the person belongs to another workspace.
    pub person: Person,
    /// The workspace in which it was typed.
    pub team_id: Option<String>,
    /// Where it was typed.
    pub channel_id: Option<String>,
    /// Good for three seconds, to open a form.
    pub trigger_id: Option<String>,
    /// Good for thirty minutes and five answers.
    pub response_url: Option<String>,
}

/// Reads the body of `POST /slack/commands`, a form.
pub fn parse_command(body: &[u8]) -> Result<SlashCommand, PayloadError> {
    if body.len() > MAX_BODY {
        return Err(PayloadError::TooLarge);
    }
    let mut payload = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        if FIELDS.contains(&&*name) && !payload.contains_key(&*name) {
            payload.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }
    read_command(&Value::Object(payload))
}

/// Reads a command as Socket Mode delivers it.
pub fn read_command(payload: &Value) -> Result<SlashCommand, PayloadError> {
    let command = name_at(payload, "/command").ok_or(PayloadError::MissingCommand)?;
    let id = text_at(payload, "/user_id", 64).ok_or(PayloadError::NoUser)?;
    let team_id = text_at(payload, "/team_id", 64);
    let text = payload.pointer("/text").and_then(Value::as_str).unwrap_or_default();
    Ok(SlashCommand {
        command,
        text: cut(text.trim(), MAX_TEXT),
        person: Person {
            name: name_at(payload, "/user_name").unwrap_or_else(|| id.clone()),
            id,
            team_id: team_id.clone(),
            enterprise_id: text_at(payload, "/enterprise_id", 64),
            is_stranger: false,
        },
        team_id,
        channel_id: text_at(payload, "/channel_id", 64),
        trigger_id: text_at(payload, "/trigger_id", 256),
        response_url: text_at(payload, "/response_url", 2_048),
    })
}
