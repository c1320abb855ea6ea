//! Who did it.

use super::PayloadError;
use super::payload::{name_at, text_at};
use serde_json::Value;

/// A person as a payload shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `U…` or `W…`.
    pub id: String,
    /// The name people know; the id where there is none.
    pub name: String,
    /// The workspace the person belongs to, which need not be the one in which it happened.
    pub team_id: Option<String>,
    /// The organisation of that workspace.
    pub enterprise_id: Option<String>,
    /// Whether the payload itself shows that the person belongs to another workspace than the app. That a person
    /// is a guest it does not show: that takes [`SlackClient::user`](crate::SlackClient::user).
    pub is_stranger: bool,
}

impl Person {
    /// Out of `user` of an interaction.
    pub(super) fn read(payload: &Value) -> Result<Self, PayloadError> {
        let id = text_at(payload, "/user/id", 64).ok_or(PayloadError::NoUser)?;
        let name = name_at(payload, "/user/username").or_else(|| name_at(payload, "/user/name"));
        let team_id = text_at(payload, "/user/team_id", 64);
        let here = text_at(payload, "/team/id", 64);
        let said = payload.pointer("/user/is_stranger").and_then(Value::as_bool).unwrap_or(false);
        let elsewhere = matches!((&team_id, &here), (Some(theirs), Some(here)) if theirs != here);
        Ok(Self {
            name: name.unwrap_or_else(|| id.clone()),
            id,
            team_id,
            enterprise_id: text_at(payload, "/enterprise/id", 64),
            is_stranger: said || elsewhere,
        })
    }
}
