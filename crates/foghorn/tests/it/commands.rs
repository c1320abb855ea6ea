//! The commands that people type beside a running server.

use crate::process::Server;
use serde_json::Value;
use std::fmt::Write;

/// A believable authentication log of 2,000 lines: an attacker on an SSH server among its daily business.
fn authentication_log() -> String {
    let mut log = String::new();
    for n in 0..2000_u32 {
        let (hour, minute, second) = (6 + n / 400, n / 7 % 60, n % 60);
        let text = match n % 8 {
            0..=3 => format!(
                "Failed password for invalid user admin{} from 203.0.113.{} port {} ssh2",
                n % 90,
                5 + n % 3,
                30_000 + n
            ),
            4 => format!("Invalid user admin{} from 203.0.113.7", n % 90),
            5 => format!("Received disconnect from 203.0.113.{}: 11: Bye Bye [preauth]", 5 + n % 3),
            6 => format!("Accepted publickey for deploy from 198.51.100.4 port {} ssh2", 40_000 + n),
            _ => format!("pam_unix(sshd:session): session opened for user deploy by (uid={})", n % 3),
        };
        writeln!(log, "Dec 10 {hour:02}:{minute:02}:{second:02} bastion sshd[{}]: {text}", 24_000 + n).unwrap();
    }
    log
}

#[test]
fn a_log_sent_whole_yields_few_incidents_one_of_them_the_brute_force_and_each_is_explained() {
    let server = Server::start();
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("auth.log");
    std::fs::write(&file, authentication_log()).unwrap();
    server.run(&["send", file.to_str().unwrap()]);
    server.wait_until_idle();
    assert_eq!(server.get("/api/v1/events?count=exact")["total"], 2000);
    let incidents: Value = serde_json::from_str(&server.run(&["incidents", "--json"])).unwrap();
    let items = incidents["items"].as_array().unwrap();
    assert!((1..=10).contains(&items.len()), "{incidents:#}");
    assert_eq!(items.iter().filter(|incident| incident["kind"] == "brute_force").count(), 1);
    for incident in items {
        let explained = server.run(&["explain", &incident["id"].to_string()]);
        assert!(explained.contains("opened by event") && explained.contains("score"), "{explained}");
    }
}

#[test]
fn an_incident_is_simulated_listed_shown_acknowledged_resolved_and_audited() {
    let server = Server::start();
    server.run(&["simulate", "db_timeout", "--count", "3"]);
    server.wait_until_idle();
    assert!(server.run(&["incidents"]).contains("db_timeout"));
    let shown = server.run(&["show", "1"]);
    assert!(shown.contains("New here") || shown.contains("db_timeout"), "{shown}");
    server.run(&["ack", "1"]);
    server.run(&["resolve", "1", "--solution", "raised the pool to 50"]);
    assert_eq!(server.get("/api/v1/incidents/1")["status"], "resolved");
    let refused = server.command(&["ack", "1"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("reopen"));
    let audit = server.run(&["audit", "list"]);
    assert!(audit.contains("ana") && audit.contains("solution_added"), "{audit}");
    let missing = server.command(&["show", "99"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("there is no incident 99"));
}

#[test]
fn a_server_that_is_not_there_is_said_in_one_line() {
    let output = crate::process::foghorn().args(["incidents", "--url", "http://127.0.0.1:9"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("127.0.0.1:9"), "{text}");
    assert!(text.lines().count() <= 2, "{text}");
}
