//! `foghorn audit verify` finds a changed, removed, swapped and cut-off row, and names it.

use crate::process::{Server, foghorn};
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;

/// A data directory with a chain of a dozen rows and a published head, made by a server that has stopped.
fn with_a_chain() -> tempfile::TempDir {
    let directory = tempfile::TempDir::new().unwrap();
    let mut server = Server::start_in(directory.path());
    for n in 0..4 {
        let event =
            json!({ "source": format!("service-{n}"), "type": "log", "payload": "ERROR database query timeout" });
        server.request("POST", "/events", &event.to_string()).unwrap();
    }
    server.wait_until("four incidents are told", |server| server.get("/api/v1/audit")["total"].as_u64() >= Some(8));
    for id in 1..=4 {
        let act = json!({ "action": "ack", "user": "ana" }).to_string();
        assert_eq!(server.request("POST", &format!("/api/v1/incidents/{id}/actions"), &act).unwrap().0, 200);
    }
    assert_eq!(server.stop(), Some(0));
    directory
}

fn verify(data_dir: &Path) -> (Option<i32>, String) {
    let output = foghorn().args(["audit", "verify", "--data-dir"]).arg(data_dir).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

#[test]
fn an_untouched_chain_is_whole() {
    let directory = with_a_chain();
    let (code, text) = verify(directory.path());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("12 rows"), "{text}");
}

#[test]
fn each_way_of_tampering_is_found_and_the_row_named() {
    let cases = [
        ("UPDATE audit_logs SET who = 'mallory' WHERE id = 5", "5"),
        ("UPDATE audit_logs SET details = '{}' WHERE id = 7", "7"),
        ("DELETE FROM audit_logs WHERE id = 6", "6"),
        (
            "UPDATE audit_logs AS a SET (incident_id, who, action, details, created_at) =
                 (SELECT incident_id, who, action, details, created_at FROM audit_logs b WHERE b.id = CASE a.id WHEN 9 THEN 10 ELSE 9 END)
              WHERE a.id IN (9, 10)",
            "9",
        ),
        (
            "DELETE FROM audit_logs WHERE id > 8;
             UPDATE audit_tip SET id = 8, hash = (SELECT hash FROM audit_logs WHERE id = 8)",
            "9",
        ),
    ];
    for (tampering, row) in cases {
        let directory = with_a_chain();
        let db = Connection::open(directory.path().join("foghorn.db")).unwrap();
        db.execute_batch(tampering).unwrap();
        drop(db);
        let (code, text) = verify(directory.path());
        assert_eq!(code, Some(1), "{tampering}: {text}");
        assert!(text.contains(row), "{tampering}: {text}");
    }
}
