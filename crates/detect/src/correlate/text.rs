//! Hosts, databases and traces in the words of a message.

use super::Found;
use regex::Regex;
use std::sync::LazyLock;

/// Longest part of a message that is read, in bytes.
const MAX_BYTES: usize = 8192;
/// Matches of one form that are looked at.
const MAX_MATCHES: usize = 8;

/// What a form's captured group is.
#[derive(Clone, Copy)]
enum Names {
    /// A database's host.
    DatabaseHost,
    /// A database's name.
    DatabaseName,
    /// A host that is a database's where the message is about a database.
    Host,
    /// The service behind a proxy.
    Upstream,
    /// A trace id.
    Trace,
}

/// The forms, by the words they stand in. Hosts are captured with their ports.
const FORMS: [(Names, &str); 15] = [
    // postgres://user:password@host:5432/name, jdbc:mysql://host/name, mongodb+srv://host
    (
        Names::DatabaseHost,
        r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|sqlserver|db2|cockroach(?:db)?|clickhouse|cassandra|oracle)(?:\+\w+)?://(?:[^\s/@\x22']{0,256}@)?(\[[\da-f:]+\]|[\w.-]+)",
    ),
    (
        Names::DatabaseName,
        r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|db2|cockroach(?:db)?|clickhouse)(?:\+\w+)?://[^\s/\x22']{1,300}/([\w.-]+)",
    ),
    // jdbc:oracle:thin:@host:1521/name
    (Names::DatabaseHost, r"\bjdbc:oracle:\w+:@/{0,2}([\w.-]+)"),
    (Names::DatabaseName, r"\b(?:database_?name|initial catalog|dbname|database|db_?name)\s?=\s?['\x22]?([\w.-]+)"),
    (Names::DatabaseName, r"\bdatabase ['\x22`]([^'\x22`]{1,100})['\x22`]"),
    // libpq
    (Names::DatabaseHost, r"\bconnection to server (?:at|on(?: socket)?) ['\x22]([\w.:-]+)['\x22]"),
    (
        Names::DatabaseHost,
        r"\b(?:mysql|mariadb|sql|database|postgres(?:ql)?|mongodb?|redis|db) (?:server|host|instance|node)? ?(?:on|at) ['\x22]?([\w.:-]+)",
    ),
    (Names::DatabaseHost, r"\b(?:db|database|pg|mysql|redis|mongo)_?host['\x22]?\s?[=:]\s?['\x22]?([\w.:-]+)"),
    // The ports that PostgreSQL, MySQL, SQL Server, Oracle, MongoDB and Redis are known by.
    (Names::DatabaseHost, r"(\[[\da-f:]+\]|[a-z\d][\w.-]*)(?:/\d[\d.]+)?:(?:5432|3306|1433|1521|27017|6379)\b"),
    (
        Names::DatabaseHost,
        r"['\x22]([\w.:-]+)['\x22](?: \([\w.:]+\))?,? (?:and )?(?:accepting tcp/ip connections )?(?:on )?port (?:5432|3306|1433|1521|27017|6379)\b",
    ),
    (Names::Host, r"(?:^|[\s,;({\x22'])host(?:name)?['\x22]?(?:\s?=\s?['\x22]?|:\s?['\x22]|:)([\w.-][\w.:-]*)"),
    (Names::Host, r"\bhost(?: name)? ['\x22]([\w.:-]+)['\x22]"),
    (Names::Upstream, r"\bupstream['\x22]?(?:\s?[=:]\s?|\s)['\x22]((?:[a-z]+://)?[\w.:\[\]-]+)"),
    (Names::Upstream, r"\b(?:upstream|dependency|peer\.service)=([\w.:-]+)"),
    (Names::Trace, r"\btrace[_-]?id['\x22]?\s?[=:]\s?['\x22]?([\da-z-]{8,64})"),
];

static PATTERNS: LazyLock<Vec<(Names, Regex)>> = LazyLock::new(|| {
    FORMS.iter().filter_map(|(names, pattern)| Some((*names, Regex::new(&format!("(?i){pattern}")).ok()?))).collect()
});

/// Words of a message that is about a database.
static DATABASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)postgres|mysql|mariadb|mongo|redis|oracle|sql\b|database|\bdb\b|db_|[-_.]db|\bpg\b|\bjdbc|connection pool|deadlock|:(?:5432|3306|1433|1521|27017|6379)\b").ok()
});

pub(super) fn read(text: &str, found: &mut Found) {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    let is_about_a_database = DATABASE.as_ref().is_some_and(|pattern| pattern.is_match(text));
    for (names, pattern) in PATTERNS.iter() {
        for value in pattern.captures_iter(text).take(MAX_MATCHES).filter_map(|groups| groups.get(1)) {
            let value = value.as_str();
            match names {
                Names::DatabaseHost => found.host("database", value),
                Names::DatabaseName => found.add("database", value),
                Names::Host if is_about_a_database => found.host("database", value),
                Names::Host => found.host("host", value),
                Names::Upstream => found.host("upstream", value),
                Names::Trace => found.add("trace", value),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), FORMS.len());
        assert!(DATABASE.is_some());
    }
}
