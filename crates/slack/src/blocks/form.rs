//! The modal in which a fix is written down. Its other half is the
//! [`Submission`](crate::interaction::Submission) that comes back.

use super::part::plain_text;
use crate::interaction::{CALLBACK_ID, MAX_SOLUTION, RESOLVE, SOLUTION};
use serde_json::{Value, json};

/// The view for `views.open`.
pub fn render_modal(incident_id: i64) -> Value {
    json!({
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "private_metadata": incident_id.to_string(),
        // Titles and the words on the form's buttons are at most 24 characters.
        "title": plain_text("Add a solution", 24),
        "submit": plain_text("Save to memory", 24),
        "close": plain_text("Cancel", 24),
        "blocks": [
            {
                "type": "input",
                "block_id": SOLUTION,
                "label": plain_text(&format!("What fixed incident #{incident_id}?"), 150),
                "element": {
                    "type": "plain_text_input",
                    "action_id": SOLUTION,
                    "multiline": true,
                    "max_length": MAX_SOLUTION,
                    "placeholder": plain_text("raised max_connections from 100 to 200", 150),
                },
            },
            {
                "type": "input",
                "block_id": RESOLVE,
                "optional": true,
                "label": plain_text("And then", 150),
                "element": {
                    "type": "checkboxes",
                    "action_id": RESOLVE,
                    "options": [{ "text": plain_text("Mark as Resolved", 75), "value": RESOLVE }],
                },
            },
        ],
    })
}
