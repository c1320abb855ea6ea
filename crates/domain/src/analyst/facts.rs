//! What the placeholders of playbooks stand for in one incident.

use crate::clock::Timestamp;
use crate::incident::Incident;
use crate::playbook::Placeholder;
use crate::text::{cut, outside_text, plain_text, start_of};
use crate::words;
use regex::Regex;
use std::net::IpAddr;
use std::sync::LazyLock;

/// The longest value put into a sentence, in characters.
const MAX_VALUE: usize = 80;
/// How much of each line is looked at, in bytes.
const MAX_LINE: usize = 4_096;

/// Values read out of an incident. Everything in it is one plain line, and bounded.
pub(crate) struct Facts {
    service: Option<String>,
    environment: Option<String>,
    count: String,
    first_seen: String,
    latency_ms: Option<String>,
    /// Distinct addresses, in order of appearance.
    clients: Vec<String>,
    database: Option<String>,
    matched: Option<String>,
    now: Timestamp,
}

impl Facts {
    pub(crate) fn of(incident: &Incident) -> Self {
        let entries = || incident.evidence.iter();
        let lines: Vec<&str> =
            entries().flat_map(|entry| [&entry.line[..], &entry.text]).map(|line| start_of(line, MAX_LINE)).collect();
        let own = entries().filter(|entry| entry.kind == incident.kind);
        let strongest = own.reduce(|best, entry| if entry.score > best.score { entry } else { best });
        let database = incident.correlations.iter().find(|shared| shared.attribute == "database");
        Self {
            service: value(&incident.service),
            environment: value(&incident.environment).filter(|name| name != "default"),
            count: words::with_thousands(incident.event_count),
            first_seen: words::moment(incident.first_seen, incident.last_seen),
            latency_ms: lines.iter().find_map(|line| latency_in(line)),
            clients: clients_in(&lines),
            database: database
                .and_then(|shared| value(&shared.value))
                .or_else(|| lines.iter().find_map(|line| database_in(line))),
            matched: strongest.and_then(|entry| value(&entry.text)).or_else(|| value(&incident.summary)),
            now: incident.last_seen,
        }
    }

    /// What a sentence says for a placeholder.
    pub(crate) fn text(&self, placeholder: Placeholder) -> Option<String> {
        match placeholder {
            Placeholder::Client => {
                let first = self.clients.first()?;
                Some(match self.clients.len() {
                    1 => first.clone(),
                    several => format!("{first} and {} more", several - 1),
                })
            }
            // "1×" says nothing; an optional part with it is left out.
            Placeholder::Count => (self.count != "1").then(|| self.count.clone()),
            _ => self.value(placeholder),
        }
    }

    /// The bare value of a placeholder, for commands.
    pub(crate) fn value(&self, placeholder: Placeholder) -> Option<String> {
        match placeholder {
            Placeholder::Service => self.service.clone(),
            Placeholder::Environment => self.environment.clone(),
            Placeholder::Count => Some(self.count.clone()),
            Placeholder::FirstSeen => Some(self.first_seen.clone()),
            Placeholder::LatencyMs => self.latency_ms.clone(),
            Placeholder::Client => self.clients.first().cloned(),
            Placeholder::Database => self.database.clone(),
            Placeholder::Matched => self.matched.clone(),
        }
    }

    /// Outside text as one line, fit to leave.
    pub(crate) fn one_line(&self, text: &str) -> String {
        outside_text(text)
    }

    /// A day, seen from the incident's latest event.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        words::day(at, self.now)
    }
}

fn value(text: &str) -> Option<String> {
    let plain = cut(&plain_text(start_of(text, MAX_LINE)), MAX_VALUE);
    (!plain.is_empty()).then_some(plain)
}

fn pattern(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// A duration in milliseconds, with its thousands set apart. A field that says so comes first, then
/// a number with a unit after a word that speaks of waiting.
fn latency_in(line: &str) -> Option<String> {
    static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:latency|duration|elapsed|response_?time|query_?time|timeout)(_?ms|_?s(?:ec(?:onds)?)?)?["']?\s*[=:]\s*["']?(\d{1,9}(?:\.\d{1,6})?)\s*(ms|milliseconds?|s|sec|seconds?|m|min|minutes?)?\b"#,
        )
    });
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:after|took|for|of|in|exceeded|than|limit|waited)\s+(?:about\s+)?(\d{1,9}(?:\.\d{1,6})?)\s*(ms|msec|milliseconds?|s|secs?|seconds?|m|min|minutes?)\b",
        )
    });
    let (number, unit) = if let Some(found) = FIELD.as_ref()?.captures(line) {
        // `latency=0.5` without any unit could be either; only a stated unit is believed.
        let unit = found.get(3).or(found.get(1))?.as_str();
        (found.get(2)?.as_str(), unit)
    } else {
        let found = WORD.as_ref()?.captures(line)?;
        (found.get(1)?.as_str(), found.get(2)?.as_str())
    };
    let unit = unit.trim_start_matches('_').to_ascii_lowercase();
    let milliseconds = match &unit[..] {
        "ms" | "msec" => 1.0,
        unit if unit.starts_with("milli") => 1.0,
        unit if unit.starts_with('m') => 60_000.0,
        _ => 1_000.0,
    };
    let number: f64 = number.parse().ok()?;
    Some(words::with_thousands((number * milliseconds).round() as u64))
}

/// Client addresses, each once. Fields and words that name a client are preferred to any address.
fn clients_in(lines: &[&str]) -> Vec<String> {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:client(?:_?(?:ip|addr(?:ess)?))?|remote_?(?:ip|addr(?:ess)?)|src(?:_?ip)?|source_?ip|rhost|x-forwarded-for|\bfrom|\bip)["']?\s*[=: ]\s*["'\[]?([0-9a-f.:]{3,45})"#,
        )
    });
    static ANY: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"));
    let mut clients: Vec<String> = Vec::new();
    let mut add = |candidate: &str| {
        let address: Option<IpAddr> = candidate.trim_end_matches(['.', ':']).parse().ok();
        if let Some(address) = address.map(|address| address.to_string()).filter(|text| !clients.contains(text)) {
            clients.push(address);
        }
    };
    for line in lines {
        for found in NAMED.iter().flat_map(|named| named.captures_iter(line)).filter_map(|found| found.get(1)) {
            add(found.as_str());
        }
    }
    if clients.is_empty() {
        // An access log begins with the client; an address inside a request is what somebody asked for.
        for line in lines {
            let first = ANY.iter().find_map(|any| any.find(start_of(line, 64)));
            first.filter(|found| found.start() == 0).into_iter().for_each(|found| match found.as_str().parse() {
                Ok(IpAddr::V4(address)) if !clients.contains(&address.to_string()) => clients.push(address.to_string()),
                _ => {}
            });
        }
    }
    clients.truncate(20);
    clients
}

/// A database's name: `database "orders"`, `dbname=orders`, `jdbc:postgresql://host/orders`.
fn database_in(line: &str) -> Option<String> {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r#"(?i)\b(?:database|db|dbname|db_name|datname|schema)(?:["']?\s*[=:]\s*["']?|\s+["'“«])([a-z][a-z0-9_.-]{0,62})"#,
        )
    });
    static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|sqlserver|oracle)://[^\s/]{1,200}/([a-z][a-z0-9_-]{0,62})",
        )
    });
    let named = NAMED.iter().chain(ADDRESS.iter()).find_map(|named| named.captures(line)?.get(1));
    named.map(|found| found.as_str().trim_end_matches(['.', '-']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_milliseconds_where_a_unit_is_stated() {
        let check = |line, expected: Option<&str>| assert_eq!(latency_in(line).as_deref(), expected, "{line}");
        check("Database connection timeout after 30s", Some("30,000"));
        check("timed out after 5000ms (pool size 10)", Some("5,000"));
        check(r#"{"latency_ms": 1234.4}"#, Some("1,234"));
        check("duration: 2.5 s statement: select 1", Some("2,500"));
        check("request took 2 minutes", Some("120,000"));
        check("latency=0.5", None);
        check("timeout after 3 retries", None);
        check("after 999999999999999999999 s", None);
    }

    #[test]
    fn clients_are_addresses_that_a_line_names_as_such() {
        let check = |line, expected: &[&str]| assert_eq!(clients_in(&[line]), expected, "{line}");
        check("Failed password for root from 203.0.113.9 port 22 ssh2", &["203.0.113.9"]);
        check("rhost=2001:db8::1 user=root", &["2001:db8::1"]);
        check(r#"{"client_ip":"203.0.113.9","src":"203.0.113.9"}"#, &["203.0.113.9"]);
        check("198.51.100.7 - - [01/Jan] \"GET / HTTP/1.1\"", &["198.51.100.7"]);
        check("GET /fetch?url=http://169.254.169.254/", &[]);
        check("from 999.1.1.1", &[]);
    }

    #[test]
    fn several_clients_are_counted_in_sentences_and_the_first_stands_in_commands() {
        let mut incident = crate::analyst::samples::xss();
        incident.evidence.push(incident.evidence[0].clone());
        incident.evidence[1].line = "client=198.51.100.7".to_owned();
        let facts = Facts::of(&incident);
        assert_eq!(facts.text(Placeholder::Client).as_deref(), Some("198.51.100.7"));
        incident.evidence[0].line = "client=203.0.113.9".to_owned();
        let facts = Facts::of(&incident);
        assert_eq!(facts.text(Placeholder::Client).as_deref(), Some("203.0.113.9 and 1 more"));
        assert_eq!(facts.value(Placeholder::Client).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn a_database_is_named_by_field_quotes_or_address() {
        let check = |line, expected: Option<&str>| assert_eq!(database_in(line).as_deref(), expected, "{line}");
        check("FATAL: database \"orders\" does not exist", Some("orders"));
        check("host=db1 dbname=orders", Some("orders"));
        check("postgres://app@db1:5432/orders?x=1", Some("orders"));
        check("Database connection timeout", None);
    }
}
