//! The text of a matcher: `ATTRIBUTE SIGN VALUE`. The value may stand in single or double quotes, which keep
//! its outer spaces; nothing is escaped.

use super::{Attribute, Comparison, Matcher};
use crate::near;
use crate::spell::quoted;
use foghorn_domain::finding::Kind;
use foghorn_domain::severity::{Severity, Urgency};
use regex::RegexBuilder;

/// Bytes of a value; nothing that an incident has is longer.
const LONGEST: usize = 1_000;

/// Bytes that one compiled expression may take.
const COMPILED: usize = 1024 * 1024;

pub(super) fn matcher(text: &str) -> Result<Matcher, String> {
    let Some(at) = text.find(['=', '!', '<', '>']) else {
        return Err(format!("{} is no matcher; write it as \"service = checkout\"", quoted(text)));
    };
    let (name, rest) = text.split_at(at);
    let signs = Comparison::SIGNS.iter();
    let found = signs.filter_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison))).next();
    let Some((value, comparison)) = found else {
        return Err(format!("{} has no comparison; there are = != =~ !~ >= <=", quoted(text)));
    };
    of_parts(attribute(name.trim())?, comparison, unquoted(value.trim()))
}

pub(super) fn attribute(name: &str) -> Result<Attribute, String> {
    if let Some((_, plain)) = Attribute::PLAIN.iter().find(|(plain, _)| *plain == name) {
        return Ok(plain.clone());
    }
    if let Some(label) = name.strip_prefix("labels.") {
        let is_fit =
            |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '\'' | '=' | '!' | '<' | '>');
        if label.is_empty() || label.len() > 100 || !label.chars().all(is_fit) {
            return Err(format!("{} names no label", quoted(name)));
        }
        return Ok(Attribute::Named(label.to_owned()));
    }
    let plain = Attribute::PLAIN.iter().map(|(plain, _)| *plain);
    let hint = near::hint(name, plain.chain(["labels.NAME"]));
    Err(format!("nothing is called {}{hint}", quoted(name)))
}

pub(super) fn of_parts(attribute: Attribute, comparison: Comparison, value: &str) -> Result<Matcher, String> {
    if value.is_empty() {
        return Err(format!("{attribute} is compared with nothing"));
    }
    if value.len() > LONGEST {
        return Err(format!("the value of {attribute} is longer than {LONGEST} bytes"));
    }
    if value.contains(char::is_control) || (value.contains('"') && value.contains('\'')) {
        return Err(format!("the value of {attribute} has control characters or both kinds of quotes"));
    }
    let is_ordered = matches!(attribute, Attribute::Severity | Attribute::Urgency);
    let mut made = Matcher { attribute, comparison, value: value.to_owned(), pattern: None };
    match comparison {
        Comparison::Matches | Comparison::MatchesNot => made.pattern = Some(pattern(value)?),
        Comparison::AtLeast | Comparison::AtMost if !is_ordered => {
            return Err(format!("{} cannot be ordered; >= and <= are for severity and urgency", made.attribute));
        }
        _ => made.value = known_value(&made.attribute, value)?,
    }
    if let (Some(pattern), Some(universe)) = (&made.pattern, made.attribute.universe())
        && !universe.iter().any(|value| pattern.is_match(value))
    {
        return Err(format!("{} fits no {}; there are {}", quoted(value), made.attribute, universe.join(", ")));
    }
    Ok(made)
}

/// The value as incidents have it, where only some are possible.
fn known_value(attribute: &Attribute, value: &str) -> Result<String, String> {
    let known = match attribute {
        Attribute::Kind => Kind::parse(value).map(Kind::as_str),
        Attribute::Severity => Severity::parse(value).map(Severity::as_str),
        Attribute::Urgency => Urgency::parse(value).map(Urgency::as_str),
        _ => return Ok(value.to_owned()),
    };
    known.map(str::to_owned).ok_or_else(|| {
        let hint = near::hint(value, attribute.universe().unwrap_or_default().into_iter());
        format!("there is no {attribute} {}{hint}", quoted(value))
    })
}

fn pattern(value: &str) -> Result<regex::Regex, String> {
    let compiled = |text: &str| RegexBuilder::new(text).size_limit(COMPILED).dfa_size_limit(COMPILED).build();
    // Alone first: otherwise a lone ")" would close the group that anchors it.
    compiled(value).and_then(|_| compiled(&format!("^(?:{value})$"))).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("the regular expression {} is too large", quoted(value)),
        error => {
            let last = error.to_string();
            let why = last.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            format!("{} is no regular expression: {why}", quoted(value))
        }
    })
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// Whether a value can be read back only if quotes are put around it.
pub(super) fn needs_quotes(value: &str) -> bool {
    value.trim() != value || unquoted(value) != value
}
