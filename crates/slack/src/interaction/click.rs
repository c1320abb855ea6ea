//! A button under a message.

use super::payload::{incident_id, text_at};
use super::{PayloadError, Person};
use foghorn_domain::incident::Action;
use serde_json::Value;

/// A button that Foghorn puts under its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Button {
    /// One that acts on the incident at once.
    Act(Action),
    /// One that opens the form in which a fix is written down.
    AddSolution,
}

impl Button {
    /// Its `action_id`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Act(action) => action.as_str(),
            Self::AddSolution => "add_solution",
        }
    }

    /// The reverse of [`Button::as_str`].
    pub fn parse(action_id: &str) -> Option<Self> {
        match action_id {
            "add_solution" => Some(Self::AddSolution),
            _ => Action::parse(action_id).map(Self::Act),
        }
    }
}

/// Somebody pressed a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Which one.
    pub action: Button,
    /// The incident it stands for.
    pub incident_id: i64,
    /// Who.
    pub person: Person,
    /// The workspace of the app that the message belongs to.
    pub team_id: Option<String>,
    /// The channel.
    pub channel_id: Option<String>,
    /// The message, which is its time.
    pub message_ts: Option<String>,
    /// Good for three seconds, to open a form.
    pub trigger_id: Option<String>,
    /// Good for thirty minutes and five answers.
    pub response_url: Option<String>,
}

pub(super) fn read(payload: &Value) -> Result<Click, PayloadError> {
    let action = payload.pointer("/actions/0").filter(|action| action.is_object()).ok_or(PayloadError::NoActions)?;
    let person = Person::read(payload)?;
    let action_id = action.get("action_id").and_then(Value::as_str).unwrap_or_default();
    let button =
        Button::parse(action_id).ok_or_else(|| PayloadError::UnknownAction(PayloadError::quoted(action_id)))?;
    let either = |one: &str, other: &str| text_at(payload, one, 64).or_else(|| text_at(payload, other, 64));
    Ok(Click {
        action: button,
        incident_id: incident_id(action.get("value"), PayloadError::BadValue)?,
        team_id: text_at(payload, "/team/id", 64).or_else(|| person.team_id.clone()),
        person,
        channel_id: either("/channel/id", "/container/channel_id"),
        message_ts: either("/message/ts", "/container/message_ts"),
        trigger_id: text_at(payload, "/trigger_id", 256),
        response_url: text_at(payload, "/response_url", 2_048),
    })
}
