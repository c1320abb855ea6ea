//! Which of the steps that a model proposes are shown as advice.

use super::causes::clean_text;
use super::quoting::Quoted;
use crate::analyst::is_risky;
use crate::prompt::identifiers::Placeholders;
use crate::prompt::suspicion;
use crate::text::cut;

/// The longest step that is shown, in characters.
const MAX_STEP: usize = 300;

/// A step that may be shown, or why it may not.
pub(super) fn checked(step: &str, placeholders: &Placeholders, quoted: &Quoted) -> Result<String, &'static str> {
    if let Some(reason) = is_risky(step) {
        return Err(reason);
    }
    let plain = clean_text(step, placeholders);
    if plain.trim().is_empty() {
        return Err("it says nothing");
    }
    if let Some(reason) = is_risky(&plain) {
        return Err(reason);
    }
    if suspicion::commands_the_reader(&plain) {
        return Err("it reads like an instruction to somebody else");
    }
    match quoted.repeats(step) || quoted.repeats(&plain) {
        true => Err("it repeats what a stranger wrote into the evidence"),
        false => Ok(cut(&plain, MAX_STEP)),
    }
}
