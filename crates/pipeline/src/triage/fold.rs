//! From an event and its findings to what an incident keeps: redacted evidence, a line that says what is
//! wrong, labels, and what it shares with other incidents.

use foghorn_domain::event::Event;
use foghorn_domain::finding::{Evidence, Finding, Kind};
use foghorn_domain::incident::{Correlation, IncidentEvidence};
use foghorn_domain::redaction::{redact, redact_cow};
use foghorn_domain::text::{cut, plain_text};
use serde_json::Value;

/// Findings with every matched text redacted, as they are stored and shown.
pub(super) fn redacted(findings: &[Finding]) -> Vec<Finding> {
    let entry = |evidence: &Evidence| Evidence {
        rule: evidence.rule.clone(),
        text: clean(&evidence.text, Evidence::MAX_TEXT),
        at: clean(&evidence.at, 100),
    };
    findings
        .iter()
        .map(|finding| Finding { evidence: finding.evidence.iter().map(entry).collect(), ..finding.clone() })
        .collect()
}

/// What the incident will cite; the strongest finding's evidence first.
pub(super) fn evidence(
    event: &Event,
    findings: &[Finding],
    strongest: Kind,
    max_payload: usize,
) -> Vec<IncidentEvidence> {
    let line = clean(&event.payload, max_payload.min(1000));
    let mut ordered: Vec<&Finding> = findings.iter().collect();
    ordered.sort_by_key(|finding| finding.kind != strongest);
    ordered
        .into_iter()
        .flat_map(|finding| finding.evidence.iter().map(move |evidence| (finding, evidence)))
        .take(4)
        .map(|(finding, evidence)| IncidentEvidence {
            event_id: event.id,
            seen_at: event.happened_at(),
            kind: finding.kind,
            score: finding.score,
            rule: evidence.rule.clone(),
            text: evidence.text.clone(),
            at: evidence.at.clone(),
            line: line.clone(),
        })
        .collect()
}

/// One line that says what is wrong.
pub(super) fn summary(event: &Event, message: &str, strongest: &Finding) -> String {
    let matched = strongest.evidence.first().map_or("", |evidence| evidence.text.as_str());
    // A secret may go on in the next line, which the first one alone would not show.
    let message: &str = &redact_cow(start_of(message));
    let first_line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or(message);
    let text = match strongest.kind {
        Kind::BruteForce | Kind::Anomaly => matched.to_owned(),
        kind if kind.is_attack() => format!("{}: {first_line}", title(kind)),
        _ if event.status.is_some() || !first_line.is_empty() => first_line.to_owned(),
        kind => format!("{}: {matched}", title(kind)),
    };
    clean(&text, 200)
}

/// As much of a message as its first line can depend on.
fn start_of(message: &str) -> &str {
    &message[..message.floor_char_boundary(16 * 1024)]
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Xss => "Cross-site scripting attempt",
        Kind::Sqli => "SQL injection attempt",
        Kind::Ssrf => "Server-side request forgery attempt",
        Kind::PathTraversal => "Path traversal attempt",
        Kind::Rce => "Command injection attempt",
        Kind::Rfi => "Remote file inclusion attempt",
        Kind::Xxe => "XML external entity attempt",
        Kind::Ssti => "Template injection attempt",
        Kind::Nosql => "NoSQL injection attempt",
        Kind::Ldap => "LDAP injection attempt",
        Kind::Crlf => "Header injection attempt",
        Kind::BruteForce => "Failed log-ins",
        Kind::DbTimeout => "Database timeout",
        Kind::DbIssue => "Database trouble",
        Kind::Alert => "Alert",
        Kind::Error => "Error",
        Kind::Anomaly => "Anomaly",
    }
}

/// The kinds of all findings, then the labels that the source gave.
pub(super) fn labels(event: &Event, findings: &[Finding]) -> Vec<String> {
    let mut labels: Vec<String> = findings.iter().map(|finding| finding.kind.as_str().to_owned()).collect();
    match event.metadata.get("labels") {
        Some(Value::Object(map)) => labels.extend(map.iter().take(16).filter_map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(clean(&format!("{name}={text}"), 120)).filter(|label| !label.is_empty())
        })),
        Some(Value::Array(list)) => {
            labels.extend(list.iter().take(16).filter_map(Value::as_str).map(|text| clean(text, 120)))
        }
        _ => {}
    }
    let mut unique: Vec<String> = Vec::with_capacity(labels.len());
    for label in labels {
        if !unique.contains(&label) {
            unique.push(label);
        }
    }
    unique
}

/// What it shares with others. A database's trouble that names no database shares at least its symptom.
pub(super) fn correlations(event: &Event, kind: Kind, symptom: Option<&str>) -> Vec<Correlation> {
    let mut shared = foghorn_detect::correlate::correlations(event);
    let names_database = shared.iter().any(|correlation| correlation.attribute == "database");
    if kind.is_database()
        && !names_database
        && let Some(symptom) = symptom
    {
        shared.push(Correlation { attribute: "symptom".to_owned(), value: format!("{kind} {symptom}") });
    }
    for correlation in &mut shared {
        correlation.value = clean(&correlation.value, 100);
    }
    shared
}

/// The client behind an attack: an address that the event names as such.
pub(super) fn client(event: &Event) -> Option<&str> {
    ["client_ip", "remote_addr", "source_ip", "src_ip", "client", "ip"]
        .into_iter()
        .find_map(|key| event.metadata.get(key).and_then(Value::as_str))
        .or_else(|| leading_address(&event.payload))
}

/// The path that a request asked for, without its query.
pub(super) fn path(event: &Event) -> Option<&str> {
    let named = ["path", "url_path", "uri", "request_uri", "url"];
    let target = named.into_iter().find_map(|key| event.metadata.get(key).and_then(Value::as_str));
    let path = target.or_else(|| {
        let methods = ["GET ", "POST ", "PUT ", "DELETE ", "PATCH ", "HEAD "];
        let start = methods.into_iter().filter_map(|method| Some(event.payload.find(method)? + method.len())).min()?;
        event.payload[start..].split_whitespace().next()
    })?;
    let path = path.split(['?', '#', ';']).next()?;
    // A payload in the path is another one each time; what stands before it is what was knocked at.
    let end = path.find(['%', '<', '\'', '"']).or_else(|| path.find("..")).unwrap_or(path.len());
    path.get(..end).filter(|path| path.starts_with('/') && path.len() > 1)
}

/// The address at the start of an access log line.
fn leading_address(line: &str) -> Option<&str> {
    let first = line.split(' ').next()?;
    first.parse::<std::net::IpAddr>().is_ok().then_some(first)
}

/// Text from outside as it may be kept with an incident: redacted, visible, bounded.
pub(super) fn clean(text: &str, at_most: usize) -> String {
    // Redact before cutting: a secret cut in half is not recognised any more.
    let bounded: String = text.chars().take(at_most.saturating_mul(8).max(4000)).collect();
    // And redact again after: an invisible character in the middle of a name hides the secret behind it.
    cut(redact(&plain_text(redact(&bounded).as_ref())).as_ref(), at_most)
}
