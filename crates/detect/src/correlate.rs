//! What an event has in common with others: host, trace, database, deploy, upstream.
//!
//! Metadata comes first, because its fields say what they are; then the text, read by the forms in which
//! clients and servers name what they talk to. Values are lower case and without ports, so that two
//! services that fail on one database share a value although their drivers word it differently.

mod text;

use foghorn_domain::event::Event;
use foghorn_domain::incident::Correlation;
use serde_json::{Map, Value};

/// Most correlations of one event.
const MAX_CORRELATIONS: usize = 12;
/// Longest value, in characters.
const MAX_VALUE: usize = 100;
/// Metadata fields that are looked at, those in nested objects included.
const MAX_FIELDS: usize = 256;
/// How deep nested metadata is looked at.
const MAX_DEPTH: usize = 4;

/// Attributes by the metadata fields that give them, in the order in which they are taken.
const FIELDS: [(&str, Meaning, &[&str]); 5] = [
    (
        "database",
        Meaning::Database,
        &[
            "database",
            "db",
            "dbname",
            "db_name",
            "db.name",
            "db_host",
            "db.host",
            "db.instance",
            "db.namespace",
            "database_host",
            "database_name",
            "server.address",
        ],
    ),
    ("host", Meaning::Host, &["host", "hostname", "host.name", "instance", "node", "nodename", "k8s.node.name"]),
    ("trace", Meaning::Exact, &["trace_id", "traceid", "trace", "trace.id", "dd.trace_id"]),
    (
        "upstream",
        Meaning::Host,
        &["upstream", "upstream_addr", "upstream_host", "peer.service", "dependency", "net.peer.name"],
    ),
    (
        "deploy",
        Meaning::Deploy,
        &[
            "deploy",
            "deploy_id",
            "deployment_id",
            "release",
            "commit",
            "commit_id",
            "git_sha",
            "version",
            "service.version",
        ],
    ),
];

#[derive(Clone, Copy)]
enum Meaning {
    /// A host, with a port or in a URL perhaps.
    Host,
    /// A database's name or host.
    Database,
    /// A value to be taken as it is.
    Exact,
    /// A deploy; a bare version number means something only beside the service's name.
    Deploy,
}

/// What the event shares with others, at most 12 different entries, values lower case and at most
/// 100 characters long. The machine itself (`localhost`, loopback addresses) is left out.
pub fn correlations(event: &Event) -> Vec<Correlation> {
    let mut found = Found(Vec::new());
    let mut fields = Vec::new();
    flatten(&event.metadata, "", 0, &mut fields);
    for (attribute, meaning, names) in FIELDS {
        for name in names {
            for (_, value) in fields.iter().filter(|(field, _)| field == name) {
                match meaning {
                    Meaning::Host => found.host(attribute, value),
                    Meaning::Database => found.database(value),
                    Meaning::Exact => found.add(attribute, value),
                    Meaning::Deploy if is_version(value) => found.add(attribute, &format!("{} {value}", event.service)),
                    Meaning::Deploy => found.add(attribute, value),
                }
            }
        }
    }
    text::read(&event.payload, &mut found);
    found.0
}

/// The correlations so far.
struct Found(Vec<Correlation>);

impl Found {
    fn add(&mut self, attribute: &str, value: &str) {
        let value = value.trim().trim_matches(['"', '\'']).to_lowercase();
        let value: String = value.chars().take(MAX_VALUE).collect();
        let says_nothing =
            !value.chars().any(char::is_alphanumeric) || matches!(value.as_str(), "null" | "none" | "unknown" | "n/a");
        let correlation = Correlation { attribute: attribute.to_owned(), value };
        if !says_nothing && self.0.len() < MAX_CORRELATIONS && !self.0.contains(&correlation) {
            self.0.push(correlation);
        }
    }

    fn host(&mut self, attribute: &str, value: &str) {
        if let Some(host) = host(value) {
            self.add(attribute, host);
        }
    }

    /// A name, a host, or a URL with both.
    fn database(&mut self, value: &str) {
        self.host("database", value);
        let name = value.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, name)| name);
        if let Some(name) = name.and_then(|name| name.split(['?', ';', '/']).next()) {
            self.add("database", name);
        }
    }
}

/// The host in `host`, `host:port`, `user@host:port`, `[::1]:port` or a URL; `None` for the machine itself.
fn host(value: &str) -> Option<&str> {
    let value = value.trim().trim_matches(['"', '\'']);
    let value = value.split_once("://").map_or(value, |(_, rest)| rest);
    let value = value.split(['/', '?', ';', ',']).next().unwrap_or_default();
    let value = value.rsplit('@').next().unwrap_or_default();
    let host = if let Some(inside) = value.strip_prefix('[') {
        inside.split(']').next().unwrap_or_default()
    } else if value.bytes().filter(|byte| *byte == b':').count() == 1 {
        value.split(':').next().unwrap_or_default()
    } else {
        value
    };
    let host = host.trim_end_matches('.');
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.starts_with("localhost.")
        || host.starts_with("127.")
        || matches!(host, "::1" | "0.0.0.0" | "::" | "0:0:0:0:0:0:0:1");
    (!is_here && !host.is_empty()).then_some(host)
}

/// `1.2.3`, `v12`: digits and dots, which many services have in common by chance.
fn is_version(value: &str) -> bool {
    let value = value.trim().trim_start_matches(['v', 'V']);
    value.len() < 16 && value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
}

/// The fields of nested objects under dotted names, in lower case.
fn flatten(map: &Map<String, Value>, prefix: &str, depth: usize, fields: &mut Vec<(String, String)>) {
    for (key, value) in map {
        if fields.len() >= MAX_FIELDS {
            return;
        }
        let name = format!("{prefix}{}", key.to_ascii_lowercase());
        match value {
            Value::String(text) => fields.push((name, text.clone())),
            Value::Number(number) => fields.push((name, number.to_string())),
            Value::Object(inner) if depth < MAX_DEPTH => {
                // Labels, tags and attributes are fields like any other.
                let is_wrapper =
                    matches!(name.as_str(), "labels" | "tags" | "attributes" | "resource" | "fields" | "context");
                let prefix = if is_wrapper { String::new() } else { format!("{name}.") };
                flatten(inner, &prefix, depth + 1, fields);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
