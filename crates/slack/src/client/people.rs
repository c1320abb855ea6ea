//! Who we are to Slack, and who others are.

use super::SlackClient;
use super::call::text;
use crate::error::SlackError;
use foghorn_domain::text::{cut, plain_text};
use serde_json::Value;

/// What a bot token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The workspace.
    pub team_id: String,
    /// Its name.
    pub team: String,
    /// The bot's user.
    pub user_id: String,
    /// The bot that messages bear.
    pub bot_id: Option<String>,
}

/// A person, as far as it matters for whether their clicks count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: String,
    /// The name people know; the id where there is none.
    pub name: String,
    /// The workspace the person belongs to.
    pub team_id: Option<String>,
    /// A guest of one or several channels.
    pub is_guest: bool,
    /// Of a connected workspace.
    pub is_stranger: bool,
    /// A program.
    pub is_bot: bool,
    /// No longer there.
    pub is_deleted: bool,
}

impl SlackClient {
    /// Whether the token is good, and for what. What it answers makes [`SlackClient::find`] more certain.
    pub async fn auth_test(&self) -> Result<Identity, SlackError> {
        let answer = self.ask("auth.test", &[]).await?;
        let identity = Identity {
            team_id: text(&answer, "/team_id").ok_or(SlackError::NotJson)?,
            team: shown(&answer, "/team").unwrap_or_default(),
            user_id: text(&answer, "/user_id").ok_or(SlackError::NotJson)?,
            bot_id: text(&answer, "/bot_id"),
        };
        self.known().bot_id = identity.bot_id.clone();
        Ok(identity)
    }

    /// A person by id.
    pub async fn user(&self, id: &str) -> Result<User, SlackError> {
        let answer = self.ask("users.info", &[("user", id)]).await?;
        // A success that says nothing of the person would say it again.
        let nobody = || SlackError::Refused { code: "no_user".to_owned(), detail: None };
        let user = answer.get("user").filter(|user| user.is_object()).ok_or_else(nobody)?;
        let holds = |name: &str| user.get(name).and_then(Value::as_bool).unwrap_or(false);
        Ok(User {
            id: text(user, "/id").ok_or(SlackError::NotJson)?,
            name: shown(user, "/name").or_else(|| shown(user, "/real_name")).unwrap_or_else(|| id.to_owned()),
            team_id: text(user, "/team_id"),
            is_guest: holds("is_restricted") || holds("is_ultra_restricted"),
            is_stranger: holds("is_stranger"),
            is_bot: holds("is_bot"),
            is_deleted: holds("deleted"),
        })
    }
}

fn shown(answer: &Value, place: &str) -> Option<String> {
    let name = cut(&plain_text(&text(answer, place)?), 80);
    (!name.is_empty()).then_some(name)
}
