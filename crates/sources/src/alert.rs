//! One alert, as Prometheus posts it and as Alertmanager and Grafana post it on.
//!
//! Its identity is its label set: the same labels are the same alert, through whichever door they come.
//! When it began tells one occurrence from the next.

use crate::field_error::{FieldError, describe, short};
use crate::fields::{self, Object};
use crate::limits::Limits;
use crate::outside_json::NUL_REPLACED;
use crate::outside_json::value::Found;
use crate::outside_time;
use crate::stable_hash::hex16;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::NewEvent;
use foghorn_domain::severity::Severity;
use serde_json::Value;
use std::collections::BTreeMap;

/// An alert whose labels have been checked.
pub(crate) struct Alert {
    /// Not empty, and no value is empty.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: Object,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) generator_url: Option<String>,
    /// Fields that only some senders know, as they came.
    pub(crate) others: Object,
    nul_replaced: bool,
}

impl Alert {
    /// Reads an alert out of an element of an array.
    pub(crate) fn parse(found: Found) -> Result<Self, FieldError> {
        let mut object = match found.value {
            Value::Object(object) => object,
            other => return Err(FieldError::body(format!("must be an object, found {}", describe(&other)))),
        };
        Ok(Self {
            labels: labels(object.remove("labels"))?,
            annotations: annotations(&mut object)?,
            starts_at: moment(&mut object, "startsAt")?,
            ends_at: moment(&mut object, "endsAt")?,
            generator_url: fields::take_text(&mut object, "generatorURL")?,
            others: object,
            nul_replaced: found.nul_replaced,
        })
    }

    /// The alert as an event, with neither status nor end: what those mean differs from door to door.
    /// Its timestamp is left out as well, because an alert that is posted is a statement about now,
    /// however long ago it began.
    pub(crate) fn into_event(self, now: Timestamp) -> Result<NewEvent, FieldError> {
        let mut event = NewEvent::new("alertmanager", "alert", self.line());
        event.dedup_key = Some(self.identity());
        event.episode = self.starts_at.map(|at| at.to_string());
        event.severity = self.label(&["severity"]).and_then(Severity::parse);
        if self.starts_at.is_some_and(|at| !outside_time::is_plausible(at, now)) {
            event.notes.push(outside_time::IMPLAUSIBLE);
        }
        if self.nul_replaced {
            event.notes.push(NUL_REPLACED);
        }
        let service = self.label(&["service", "job", "namespace", "instance", "alertname"]).map(str::to_owned);
        let environment = self.label(&["environment", "env"]).unwrap_or("default").to_owned();
        let host = self.label(&["instance", "host", "hostname", "node"]).map(without_port);

        let metadata = &mut event.metadata;
        metadata.insert("service".to_owned(), service.unwrap_or_else(|| "alertmanager".to_owned()).into());
        metadata.insert("environment".to_owned(), environment.into());
        let times = [("startsAt", self.starts_at), ("endsAt", self.ends_at)];
        let times = times.map(|(name, at)| (name, at.map(|at| at.to_string())));
        for (name, text) in times.into_iter().chain([("host", host), ("generatorURL", self.generator_url)]) {
            if let Some(text) = text {
                metadata.insert(name.to_owned(), text.into());
            }
        }
        metadata.insert("labels".to_owned(), self.labels.into_iter().map(|(k, v)| (k, Value::from(v))).collect());
        metadata.insert("annotations".to_owned(), Value::Object(self.annotations));
        for (name, value) in self.others {
            fields::keep(metadata, name, value);
        }
        fields::check_size(metadata, "body", Limits::default().metadata_bytes)?;
        Ok(event)
    }

    /// A name for the label set, the same whatever the order of the labels.
    fn identity(&self) -> String {
        let parts = self.labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        format!("am-{}", hex16(parts))
    }

    /// What people read: the alert's name and what its author wrote about it.
    fn line(&self) -> String {
        let name = self.label(&["alertname"]);
        let said = ["summary", "description", "message"].into_iter().find_map(|at| fields::text(&self.annotations, at));
        match (name, said) {
            (Some(name), Some(said)) if name != said => format!("{name}: {said}"),
            (_, Some(text)) | (Some(text), None) => text.to_owned(),
            (None, None) => {
                let pairs: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }

    fn label(&self, names: &[&str]) -> Option<&str> {
        let values = names.iter().filter_map(|name| self.labels.get(*name));
        values.map(|value| value.trim()).find(|value| !value.is_empty())
    }
}

/// The label set without the labels whose value is empty: to Prometheus they are not there.
fn labels(value: Option<Value>) -> Result<BTreeMap<String, String>, FieldError> {
    let object = match value {
        Some(Value::Object(object)) => object,
        None | Some(Value::Null) => return Err(FieldError::new("labels", "is required: an object of strings")),
        Some(other) => {
            return Err(FieldError::new("labels", format!("must be an object of strings, found {}", describe(&other))));
        }
    };
    let mut labels = BTreeMap::new();
    for (name, value) in object {
        match value {
            Value::String(value) if value.is_empty() => {}
            Value::String(_) if name.is_empty() => {
                return Err(FieldError::new("labels", "must not hold a label without a name"));
            }
            Value::String(value) => drop(labels.insert(name, value)),
            other => {
                let message = format!("must be a string, found {}", describe(&other));
                return Err(FieldError::new(format!("labels.{}", short(&name)), message));
            }
        }
    }
    if labels.is_empty() {
        return Err(FieldError::new("labels", "must hold at least one label that is not empty"));
    }
    Ok(labels)
}

fn annotations(object: &mut Object) -> Result<Object, FieldError> {
    let annotations = fields::take_object(object, "annotations")?;
    match annotations.iter().find(|(_, value)| !value.is_string()) {
        None => Ok(annotations),
        Some((name, value)) => {
            let message = format!("must be a string, found {}", describe(value));
            Err(FieldError::new(format!("annotations.{}", short(name)), message))
        }
    }
}

/// A moment, where Go's zero time (`0001-01-01T00:00:00Z`) means that there is none.
fn moment(object: &mut Object, name: &str) -> Result<Option<Timestamp>, FieldError> {
    const YEAR_TWO: i64 = -62_104_060_800;
    Ok(fields::take_time(object, name)?.filter(|at| at.as_second() >= YEAR_TWO))
}

/// `db1:9100` is the host `db1`; `[::1]:9100` is `::1`.
fn without_port(instance: &str) -> String {
    let host = match instance.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => instance,
    };
    // Without brackets, more colons are an IPv6 address and the last part is no port.
    let host = if host.contains(':') && !host.ends_with(']') { instance } else { host };
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) if !inner.is_empty() => inner.to_owned(),
        _ if host.is_empty() => instance.to_owned(),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_without_its_port_is_a_host() {
        let check = |instance, expected: &str| assert_eq!(without_port(instance), expected, "{instance}");
        check("db1:9100", "db1");
        check("db1", "db1");
        check("10.0.0.1:80", "10.0.0.1");
        check("[::1]:9100", "::1");
        check("fe80::1:9100", "fe80::1:9100");
        check("http://db1/probe", "http://db1/probe");
        check(":9100", ":9100");
        check("[]", "[]");
    }
}
