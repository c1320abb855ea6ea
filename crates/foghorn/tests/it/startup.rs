//! Starting: what cannot work is refused in one line that says what to do.

use crate::process::{Server, foghorn};
use rusqlite::Connection;
use std::process::{Output, Stdio};
use tempfile::TempDir;

fn serve(data_dir: &std::path::Path, environment: &[(&str, &str)]) -> Output {
    let mut command = foghorn();
    command.arg("serve").env("FOGHORN_LISTEN", "127.0.0.1:0").env("FOGHORN_DATA_DIR", data_dir);
    command.envs(environment.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn it_listens_on_loopback_alone_until_a_token_is_set() {
    let directory = TempDir::new().unwrap();
    let output = serve(directory.path(), &[("FOGHORN_LISTEN", "0.0.0.0:0")]);
    assert_refused(&output, 2, &["FOGHORN_API_TOKEN"]);
}

#[test]
fn a_data_directory_in_use_is_refused() {
    let server = Server::start();
    let output = serve(&server.data_dir, &[]);
    assert_refused(&output, 1, &["in use", "FOGHORN_DATA_DIR"]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("foghorn.db");
    std::fs::write(&file, "these are my tax returns ".repeat(1000)).unwrap();
    assert_refused(&serve(directory.path(), &[]), 1, &["foghorn.db", "backup"]);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("these are my tax returns"));
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let db = Connection::open(directory.path().join("foghorn.db")).unwrap();
    db.execute_batch("CREATE TABLE recipes (id INTEGER)").unwrap();
    drop(db);
    assert_refused(&serve(directory.path(), &[]), 1, &["another program"]);
}

#[test]
fn a_damaged_database_is_refused() {
    let directory = TempDir::new().unwrap();
    assert_eq!(Server::start_in(directory.path()).stop(), Some(0));
    let file = directory.path().join("foghorn.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    assert_refused(&serve(directory.path(), &[]), 1, &["damaged", "backup"]);
}

#[test]
fn a_newer_database_is_refused() {
    let directory = TempDir::new().unwrap();
    assert_eq!(Server::start_in(directory.path()).stop(), Some(0));
    let db = Connection::open(directory.path().join("foghorn.db")).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    drop(db);
    assert_refused(&serve(directory.path(), &[]), 1, &["999", "newer"]);
}

#[test]
fn a_malformed_setting_is_named_with_its_value() {
    let directory = TempDir::new().unwrap();
    assert_refused(&serve(directory.path(), &[("MIN_DETECTION_SCORE", "lots")]), 2, &["MIN_DETECTION_SCORE", "lots"]);
    assert_refused(&serve(directory.path(), &[("FOGHORN_LISTEN", "over there")]), 2, &["FOGHORN_LISTEN", "over there"]);
}

#[test]
fn a_backup_made_beside_a_running_server_is_a_whole_store() {
    let server = Server::start();
    server.run(&["simulate", "db_timeout"]);
    server.wait_until_idle();
    let target = TempDir::new().unwrap();
    let file = target.path().join("foghorn.db");
    let data_dir = server.data_dir.display().to_string();
    server.run(&["backup", file.to_str().unwrap(), "--data-dir", &data_dir]);
    let restored = Server::start_in(target.path());
    assert_eq!(restored.get("/api/v1/incidents")["total"], 1);
    let again = server.command(&["backup", file.to_str().unwrap(), "--data-dir", &data_dir]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("exists"));
}

#[test]
fn stopping_finishes_what_was_accepted() {
    let directory = TempDir::new().unwrap();
    let mut server = Server::start_in(directory.path());
    server.run(&["simulate", "xss", "--count", "100"]);
    assert_eq!(server.stop(), Some(0));
    let db = Connection::open(directory.path().join("foghorn.db")).unwrap();
    let pending: i64 =
        db.query_row("SELECT count(*) FROM notifications WHERE status = 'pending'", [], |row| row.get(0)).unwrap();
    let counted: i64 = db.query_row("SELECT sum(event_count) FROM incidents", [], |row| row.get(0)).unwrap();
    assert_eq!((pending, counted), (0, 100));
}
