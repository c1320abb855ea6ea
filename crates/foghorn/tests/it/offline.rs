//! The commands that need no server: detectors tried on standard input.

use crate::process::foghorn;
use std::io::Write;
use std::process::{Output, Stdio};

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut child =
        foghorn().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_rule_of_ones_own_is_checked_and_then_found() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("rules.toml");
    let rule = "[[rule]]\nname = \"shop.console\"\nkind = \"rce\"\npattern = '/debug/console'\nweight = 0.8\n";
    std::fs::write(&file, rule.replace("rce", "evil")).unwrap();
    let (file, data) = (file.to_str().unwrap(), directory.path().to_str().unwrap());
    let check = ["check", "--data-dir", data, "--detection-rules", file];
    let refused = with_input(&check, "");
    assert!(!refused.status.success());
    let place = format!("{file}:3:8: kind: must be one of");
    assert!(text(&refused.stdout).contains(&place), "{}", text(&refused.stdout));

    std::fs::write(file, rule).unwrap();
    assert!(text(&with_input(&check, "").stdout).contains("the built-in ones and 1 rule of your own"));
    let configuration = directory.path().join("foghorn.toml");
    std::fs::write(&configuration, format!("[detection]\nrules = {file:?}\n")).unwrap();
    let line = "{\"id\":1,\"text\":\"GET /debug/console HTTP/1.1\"}\n";
    let found = with_input(&["detect", "--config", configuration.to_str().unwrap()], line);
    assert!(text(&found.stdout).contains("\"labels\":[\"rce\"],\"score\":0.8"), "{}", text(&found.stdout));
}

#[test]
fn what_cannot_be_read_is_an_error_after_everything_else_was_answered() {
    let detected = with_input(&["detect"], "{\"id\":1,\"text\":\"a\"}\nno\n{\"id\":2,\"text\":\"b\"}\n");
    assert_eq!(detected.status.code(), Some(1));
    assert_eq!(text(&detected.stdout).lines().count(), 2);
    assert!(text(&detected.stderr).starts_with("line 2: is no JSON object"), "{}", text(&detected.stderr));
    let scored = with_input(&["anomaly"], "timestamp,value\n1,2\n3\n");
    assert_eq!(scored.status.code(), Some(1));
    assert_eq!(text(&scored.stdout), "timestamp,value,anomaly_score,label\n1,2,0,0\n");
    let named = with_input(&["templates"], "a 1\n\u{0}\u{ff}\n");
    assert_eq!((named.status.code(), text(&named.stdout).lines().count()), (Some(0), 2));
}
