//! What Slack is answered.

use crate::escape;
use crate::interaction::SOLUTION;
use serde_json::{Value, json};

/// The answer to a click or command, seen only by whoever did it: `Incident 123 acknowledged by john.doe`.
pub fn render_confirmation(text: &str) -> Value {
    json!({ "response_type": "ephemeral", "replace_original": false, "text": escape::mrkdwn(text, 2_900) })
}

/// The answer to a form that cannot be taken: it stays open and says why.
pub fn render_form_error(text: &str) -> Value {
    json!({ "response_action": "errors", "errors": { SOLUTION: escape::plain(text, 150) } })
}
