//! What can be wrong with a payload.

use foghorn_domain::text::{cut, plain_text};

/// What is wrong, in words that may be answered with 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// More than [`MAX_BODY`](super::MAX_BODY).
    #[error("the body is too large")]
    TooLarge,
    /// No form field `payload`, or an empty one.
    #[error("payload is missing")]
    MissingPayload,
    /// The field is no JSON.
    #[error("payload is not JSON")]
    NotJson,
    /// It is JSON, and no object.
    #[error("payload is not an object")]
    NotAnObject,
    /// It does not say what it is.
    #[error("payload has no type")]
    NoType,
    /// A click on nothing.
    #[error("payload has no actions")]
    NoActions,
    /// Nobody did it.
    #[error("payload has no user")]
    NoUser,
    /// The button's value is no incident.
    #[error("the action's value is not a positive integer: {0}")]
    BadValue(String),
    /// A button that Foghorn does not have.
    #[error("unknown action: {0}")]
    UnknownAction(String),
    /// The form does not say which incident it is about.
    #[error("the form's private_metadata is not a positive integer: {0}")]
    BadMetadata(String),
    /// The form came back without a fix in it.
    #[error("the form has no solution")]
    NoSolution,
    /// A slash command without a command.
    #[error("command is missing")]
    MissingCommand,
}

impl PayloadError {
    /// A stranger's text as an error may quote it.
    pub(super) fn quoted(text: &str) -> String {
        cut(&plain_text(text), 60)
    }
}
