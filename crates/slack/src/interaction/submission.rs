//! The form in which a fix is written down, sent. Its other half is [`render_modal`](crate::blocks::render_modal).

use super::payload::{incident_id, text_at};
use super::{Interaction, PayloadError, Person};
use serde_json::Value;

/// The form's `callback_id`.
pub(crate) const CALLBACK_ID: &str = "add_solution";
/// `block_id` and `action_id` of the text field.
pub(crate) const SOLUTION: &str = "solution";
/// `block_id`, `action_id` and value of the tick box.
pub(crate) const RESOLVE: &str = "resolve";
/// The longest fix, in characters: Slack's own bound for a text field.
pub const MAX_SOLUTION: usize = 3_000;

/// Somebody wrote down what fixed an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The incident.
    pub incident_id: i64,
    /// The fix as it was written, trimmed and not empty, at most 3,000 characters.
    pub solution: String,
    /// Whether the incident is over as well.
    pub resolve: bool,
    /// Who.
    pub person: Person,
    /// The workspace of the app.
    pub team_id: Option<String>,
}

pub(super) fn read(payload: &Value) -> Result<Interaction, PayloadError> {
    let callback = text_at(payload, "/view/callback_id", 255);
    if callback.as_deref() != Some(CALLBACK_ID) {
        return Ok(Interaction::Ignored { kind: "view_submission".to_owned() });
    }
    let person = Person::read(payload)?;
    let solution = payload.pointer(&format!("/view/state/values/{SOLUTION}/{SOLUTION}/value"));
    let solution = solution.and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let solution: String = solution.chars().filter(|character| *character != '\0').take(MAX_SOLUTION).collect();
    if solution.is_empty() {
        return Err(PayloadError::NoSolution);
    }
    let ticked = payload.pointer(&format!("/view/state/values/{RESOLVE}/{RESOLVE}/selected_options"));
    Ok(Interaction::Submission(Submission {
        incident_id: incident_id(payload.pointer("/view/private_metadata"), PayloadError::BadMetadata)?,
        solution,
        resolve: ticked.and_then(Value::as_array).is_some_and(|options| !options.is_empty()),
        team_id: text_at(payload, "/team/id", 64).or_else(|| person.team_id.clone()),
        person,
    }))
}
