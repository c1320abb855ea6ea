//! The attributes of an incident that is not in a store: an expectation of a file, or what somebody wants to
//! know the route of. In JSON they are those of an incident of the API.

use crate::near;
use crate::spell::quoted;
use crate::subject::Subject;
use foghorn_domain::finding::Kind;
use foghorn_domain::severity::{Severity, Urgency};
use serde_json::{Map, Value};

/// Attributes that own what they hold; [`Attributes::subject`] is what is routed.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributes {
    /// What kind of trouble; `alert` where it is not said.
    pub kind: Kind,
    /// How bad; `error` where it is not said.
    pub severity: Severity,
    /// Whom to disturb; `notify` where it is not said.
    pub urgency: Urgency,
    /// The service.
    pub service: String,
    /// The environment; `default` where it is not said.
    pub environment: String,
    /// Bare labels, and labels with a name.
    pub labels: Vec<String>,
    /// What is wrong.
    pub summary: String,
}

pub(crate) const DEFAULT_ENVIRONMENT: &str = "default";

impl Default for Attributes {
    fn default() -> Self {
        Self {
            kind: Kind::Alert,
            severity: Severity::Error,
            urgency: Urgency::Notify,
            service: String::new(),
            environment: DEFAULT_ENVIRONMENT.to_owned(),
            labels: Vec::new(),
            summary: String::new(),
        }
    }
}

impl Attributes {
    /// What routes look at.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            kind: self.kind,
            severity: self.severity,
            urgency: self.urgency,
            service: &self.service,
            environment: &self.environment,
            labels: &self.labels,
            summary: &self.summary,
            team: None,
        }
    }

    /// Reads them out of a JSON object, such as an incident of the API; what it holds besides is left alone.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn from_json(object: &Map<String, Value>) -> Result<Self, String> {
        let text = |field: &str| match object.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{field} must be a text")),
        };
        let mut made = Self::default();
        if let Some(word) = text("kind")? {
            let known = Kind::ALL.iter().map(|kind| kind.as_str());
            made.kind = Kind::parse(&word).ok_or_else(|| unknown("kind", &word, known))?;
        }
        if let Some(word) = text("severity")? {
            let known = ["critical", "error", "warning", "info"].into_iter();
            made.severity = Severity::parse(&word).ok_or_else(|| unknown("severity", &word, known))?;
        }
        if let Some(word) = text("urgency")? {
            let known = ["page", "notify", "record"].into_iter();
            made.urgency = Urgency::parse(&word).ok_or_else(|| unknown("urgency", &word, known))?;
        }
        made.service = text("service")?.unwrap_or_default();
        made.environment = text("environment")?.unwrap_or(made.environment);
        made.summary = text("summary")?.unwrap_or_default();
        made.labels = match object.get("labels") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => {
                let texts = list.iter().map(|label| label.as_str().map(str::to_owned));
                texts.collect::<Option<_>>().ok_or("labels must be a list of texts")?
            }
            Some(Value::Object(map)) => {
                let named = map.iter().map(|(name, value)| Some(format!("{name}={}", value.as_str()?)));
                named.collect::<Option<_>>().ok_or("every label must have a text")?
            }
            Some(_) => return Err("labels must be a list of texts, or an object".to_owned()),
        };
        Ok(made)
    }
}

fn unknown<'a>(field: &str, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    format!("there is no {field} {}{}", quoted(word), near::hint(word, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Attributes, String> {
        Attributes::from_json(value.as_object().unwrap())
    }

    #[test]
    fn an_incident_of_the_api_is_read_and_what_is_missing_is_usual() {
        let incident = json!({"id": 7, "kind": "db_timeout", "severity": "crit", "urgency": "page", "status": "open",
            "service": "checkout", "environment": "production", "labels": ["db_timeout", "team=payments"]});
        let read = read(incident).unwrap();
        assert_eq!((read.kind, read.severity, read.urgency), (Kind::DbTimeout, Severity::Critical, Urgency::Page));
        assert_eq!(read.subject().label_values("team").collect::<Vec<_>>(), ["payments"]);
        assert_eq!(Attributes::from_json(&Map::new()), Ok(Attributes::default()));
    }

    #[test]
    fn a_field_that_cannot_be_used_is_named() {
        let check = |value: Value, expected: &str| assert_eq!(read(value.clone()).unwrap_err(), expected, "{value}");
        check(json!({"kind": "db_timout"}), "there is no kind \"db_timout\"; did you mean db_timeout?");
        check(json!({"severity": "bad"}), "there is no severity \"bad\"; there are critical, error, warning, info");
        check(json!({"service": 7}), "service must be a text");
        check(json!({"labels": "a"}), "labels must be a list of texts, or an object");
        check(json!({"labels": {"a": 1}}), "every label must have a text");
    }
}
