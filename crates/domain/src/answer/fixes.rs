//! Which of the steps that a model proposes are shown as advice.

use super::causes::clean_text;
use super::quoting::Quoted;
use crate::analyst::is_risky;
use crate::prompt::identifiers::Placeholders;
use crate::prompt::suspicion;
use crate::text::cut;
use regex::Regex;
use std::sync::LazyLock;

/// The longest step that is shown, in characters.
const MAX_STEP: usize = 300;

/// Steps that take down what still runs, or take rights away. People may decide so; a model does not propose it.
static DISRUPTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\breboot|\bshut(?:ting|s)?[ -]?down\b|\bpower(?:ing)?[ -]?(?:off|cycle)|\bhalt\b|\bkill(?:all)?\s+-9|\bto (?:0|zero) replicas\b|\breplicas=0\b|\brevok(?:e|ing)\b|\bdrop\s+(?:table|database|all)|\bevery node\b.{0,40}\bat once\b|\ball (?:nodes|hosts|servers|replicas)\b.{0,20}\bat once\b|\bgrant\s+all\b|\bto the world\b|\b0\.0\.0\.0/0\b").ok()
});

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
    if DISRUPTIVE.as_ref().is_none_or(|disruptive| disruptive.is_match(&plain)) {
        return Err("it takes something out of service");
    }
    if suspicion::commands_the_reader(&plain) {
        return Err("it reads like an instruction to somebody else");
    }
    match quoted.repeats(step) || quoted.repeats(&plain) {
        true => Err("it repeats what a stranger wrote into the evidence"),
        false => Ok(cut(&plain, MAX_STEP)),
    }
}
