//! What a person did in Slack: pressed a button, sent a form, typed a command.
//!
//! [`parse`] reads the form that Slack posts to the address for interactions, [`read`] the same payload as Socket
//! Mode delivers it, [`parse_command`] and [`read_command`] a slash command in both ways. Bytes are bounded by
//! [`MAX_BODY`], nesting by the JSON parser, and every text that is kept by a length of its own; whatever comes, the
//! answer is an [`Interaction`] or a [`PayloadError`] that names what is wrong.

mod click;
mod command;
mod error;
mod payload;
mod person;
mod submission;

pub use click::{Button, Click};
pub use command::{SlashCommand, parse_command, read_command};
pub use error::PayloadError;
pub use person::Person;
pub(crate) use submission::{CALLBACK_ID, RESOLVE, SOLUTION};
pub use submission::{MAX_SOLUTION, Submission};

use payload::text_at;
use serde_json::Value;

/// The longest body read. Slack sends the whole message with a click, which is far below it.
pub const MAX_BODY: usize = 1024 * 1024;

/// One thing a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// A button under a message.
    Click(Click),
    /// The form in which a fix is written down.
    Submission(Submission),
    /// Something that Foghorn does not act on and answers with 200: another form, a closed one, a shortcut.
    Ignored {
        /// The payload's type: `view_closed`, `shortcut`, …
        kind: String,
    },
}

/// Reads the body of `POST /slack/actions`: a form whose field `payload` is JSON.
pub fn parse(body: &[u8]) -> Result<Interaction, PayloadError> {
    if body.len() > MAX_BODY {
        return Err(PayloadError::TooLarge);
    }
    let mut fields = form_urlencoded::parse(body);
    let payload = fields.find(|(name, _)| name == "payload").map(|(_, value)| value);
    let payload = payload.filter(|text| !text.trim().is_empty()).ok_or(PayloadError::MissingPayload)?;
    let payload: Value = serde_json::from_str(&payload).map_err(|_| PayloadError::NotJson)?;
    read(&payload)
}

/// Reads a payload that is JSON already.
pub fn read(payload: &Value) -> Result<Interaction, PayloadError> {
    if !payload.is_object() {
        return Err(PayloadError::NotAnObject);
    }
    match text_at(payload, "/type", 40).as_deref() {
        Some("block_actions") => click::read(payload).map(Interaction::Click),
        Some("view_submission") => submission::read(payload),
        Some(kind) => Ok(Interaction::Ignored { kind: kind.to_owned() }),
        None => Err(PayloadError::NoType),
    }
}

#[cfg(test)]
mod tests;
