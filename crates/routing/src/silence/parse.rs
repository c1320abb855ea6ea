//! Reading a request for a silence.

use super::FieldFault;
use crate::matcher::{Attribute, Comparison, Matcher};
use crate::near;
use crate::spell::{self, quoted};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::text::{outside_text, plain_text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A silence that somebody asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewSilence {
    /// What it is about.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who asks.
    pub created_by: String,
    /// Why; secrets are masked.
    pub comment: String,
}

const LONGEST_BODY: usize = 64 * 1024;
const MOST_MATCHERS: usize = 20;
/// Each is compiled for as long as the silence holds.
const MOST_EXPRESSIONS: usize = 4;
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Fields by our name, then by Alertmanager's.
const FIELDS: [[&str; 2]; 7] = [
    ["matchers", "matchers"],
    ["starts_at", "startsAt"],
    ["ends_at", "endsAt"],
    ["duration", "duration"],
    ["created_by", "createdBy"],
    ["comment", "comment"],
    ["id", "id"],
];

pub(super) fn silence(body: &[u8], now: Timestamp) -> Result<NewSilence, FieldFault> {
    if body.len() > LONGEST_BODY {
        return Err(fault("body", format!("has more than {LONGEST_BODY} bytes")));
    }
    let object: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| fault("body", format!("is no JSON object: {}", plain_text(&error.to_string()))))?;
    for name in object.keys() {
        if !FIELDS.iter().flatten().any(|known| known == name) {
            let hint = near::hint(name, FIELDS.iter().map(|[ours, _]| *ours));
            return Err(fault("body", format!("has an unknown field {}{hint}", quoted(name))));
        }
    }
    if field(&object, "id").is_some_and(|id| id.as_str() != Some("")) {
        return Err(fault("id", "is given by the store; end the old silence and ask for a new one"));
    }
    let matchers = matchers(&object)?;
    let created_by = words(&object, "created_by", "say who asks", 200, plain_text)?;
    let comment = words(&object, "comment", "say why", 1_000, outside_text)?;
    let starts_at = moment(&object, "starts_at")?.unwrap_or(now);
    let ends_at = end(&object, starts_at)?;
    if ends_at <= starts_at {
        return Err(fault("ends_at", "must be after starts_at"));
    }
    if ends_at <= now {
        return Err(fault("ends_at", "has passed"));
    }
    if ends_at.duration_since(starts_at) > LONGEST {
        return Err(fault("ends_at", "is more than 90 days after starts_at; what lasts longer is a route"));
    }
    Ok(NewSilence { matchers, starts_at, ends_at, created_by, comment })
}

fn matchers(object: &Map<String, Value>) -> Result<Vec<Matcher>, FieldFault> {
    let Some(Value::Array(list)) = field(object, "matchers") else {
        return Err(fault("matchers", "must be a list such as [\"service = checkout\"]"));
    };
    if list.len() > MOST_MATCHERS {
        return Err(fault("matchers", format!("has more than {MOST_MATCHERS} elements")));
    }
    let each = list.iter().enumerate().map(|(index, value)| {
        let made = match value {
            Value::String(text) => Matcher::parse(text),
            Value::Object(parts) => of_parts(parts),
            _ => Err("must be a text such as \"service = checkout\"".to_owned()),
        };
        made.map_err(|message| fault(&format!("matchers[{index}]"), message))
    });
    let matchers: Vec<Matcher> = each.collect::<Result<_, _>>()?;
    let is_expression =
        |matcher: &&Matcher| matches!(matcher.comparison(), Comparison::Matches | Comparison::MatchesNot);
    if matchers.iter().filter(is_expression).count() > MOST_EXPRESSIONS {
        return Err(fault(
            "matchers",
            format!("have more than {MOST_EXPRESSIONS} regular expressions; join them with |"),
        ));
    }
    let is_narrow = |matcher: &Matcher| {
        let names_one = matches!(matcher.attribute(), Attribute::Service | Attribute::Team)
            || *matcher.attribute() == Attribute::Named("team".to_owned());
        names_one && matcher.comparison() == Comparison::Equal
    };
    if !matchers.iter().any(is_narrow) {
        let message = "need an equality on service or team, such as \"service = checkout\", so that a slip silences \
                       no more than one of them";
        return Err(fault("matchers", message));
    }
    Ok(matchers)
}

/// `{"name", "value", "isRegex", "isEqual"}`, as Alertmanager writes a matcher. A name that is none of our
/// attributes is that of a label.
fn of_parts(parts: &Map<String, Value>) -> Result<Matcher, String> {
    let text = |name: &str| parts.get(name).and_then(Value::as_str).ok_or_else(|| format!("needs a text {name}"));
    let flag = |ours: &str, theirs: &str, otherwise: bool| match parts.get(ours).or_else(|| parts.get(theirs)) {
        None | Some(Value::Null) => Ok(otherwise),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(format!("{theirs} must be true or false")),
    };
    let (name, value) = (text("name")?, text("value")?);
    let comparison = match (flag("is_equal", "isEqual", true)?, flag("is_regex", "isRegex", false)?) {
        (true, false) => Comparison::Equal,
        (false, false) => Comparison::NotEqual,
        (true, true) => Comparison::Matches,
        (false, true) => Comparison::MatchesNot,
    };
    let as_label = || Matcher::new(&format!("labels.{name}"), comparison, value);
    match Matcher::new(name, comparison, value) {
        Err(_) if !Attribute::is_known(name) => as_label(),
        made => made,
    }
}

fn end(object: &Map<String, Value>, starts_at: Timestamp) -> Result<Timestamp, FieldFault> {
    let duration = match field(object, "duration") {
        None => None,
        Some(Value::String(text)) => Some(spell::parse(text).map_err(|why| fault("duration", why))?),
        Some(_) => return Err(fault("duration", "must be a text such as \"2h\"")),
    };
    match (moment(object, "ends_at")?, duration) {
        (Some(ends_at), None) => Ok(ends_at),
        (None, Some(length)) => starts_at.checked_add(length).map_err(|_| fault("duration", "ends after all time")),
        (None, None) => Err(fault("ends_at", "is missing; say when it ends, or for how long: \"duration\": \"2h\"")),
        (Some(_), Some(_)) => Err(fault("duration", "cannot be given beside ends_at")),
    }
}

fn moment(object: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, FieldFault> {
    let Some(value) = field(object, name) else { return Ok(None) };
    let time = value.as_str().filter(|text| text.len() <= 60).and_then(|text| text.parse().ok());
    time.map(|time| Some(foghorn_domain::clock::truncate(time)))
        .ok_or_else(|| fault(name, "must be a time such as 2026-01-02T03:04:05Z"))
}

fn words(
    object: &Map<String, Value>,
    name: &str,
    ask: &str,
    most: usize,
    clean: impl Fn(&str) -> String,
) -> Result<String, FieldFault> {
    let text = match field(object, name) {
        Some(Value::String(text)) => clean(text),
        None => String::new(),
        Some(_) => return Err(fault(name, "must be a text")),
    };
    if text.is_empty() {
        return Err(fault(name, format!("is blank; {ask}")));
    }
    if text.chars().count() > most {
        return Err(fault(name, format!("has more than {most} characters")));
    }
    Ok(text)
}

/// A field by either of its names; `null` means that it is not there.
fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let names = FIELDS.iter().find(|[ours, _]| *ours == name)?;
    names.iter().find_map(|name| object.get(*name)).filter(|value| !value.is_null())
}

fn fault(field: &str, message: impl Into<String>) -> FieldFault {
    FieldFault { field: field.to_owned(), message: message.into() }
}
