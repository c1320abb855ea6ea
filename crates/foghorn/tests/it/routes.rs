//! The routing file on the command line.

use crate::process::foghorn;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/routing.example.toml")
}

fn routes(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = foghorn().arg("routes").args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_example_in_the_documentation_passes_its_check() {
    let (code, out, _) = routes(&["check", example().to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.ends_with("is right: 6 receivers, 6 routes, all 10 expectations hold\n"), "{out}");
}

#[test]
fn a_wrong_file_is_refused_with_line_and_column() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("routes.toml");
    let file_name = file.to_str().unwrap();
    let text = std::fs::read_to_string(example()).unwrap().replace("team = \"security\"", "team = \"securty\"");
    std::fs::write(&file, text).unwrap();
    let (code, out, _) = routes(&["check", file_name]);
    let line = out.lines().next().unwrap_or_default();
    assert_eq!(code, Some(1), "{out}");
    assert!(line.starts_with(&format!("{file_name}:")) && line.contains("did you mean security?"), "{line}");
    let (code, out, _) = routes(&["check", file_name, "--json"]);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["right"], &answer["faults"][0]["column"]), (Some(1), &json!(false), &json!(8)));
    let (code, _, error) = routes(&["test", file_name, "--event", "/dev/null"]);
    assert!(code == Some(1) && error.contains("did you mean security?"), "{error}");
    assert_eq!(routes(&["check", directory.path().join("none").to_str().unwrap()]).0, Some(1));
}

#[test]
fn an_event_is_led_through_the_example() {
    let directory = TempDir::new().unwrap();
    let event = directory.path().join("event.json");
    let body = json!({"source": "nginx", "type": "http_request", "payload": "GET /?id=1' OR '1'='1' -- HTTP/1.1",
        "metadata": {"service": "shop", "environment": "staging"}});
    std::fs::write(&event, body.to_string()).unwrap();
    let (example, event) = (example(), event.to_str().unwrap().to_owned());
    let arguments = ["test", example.to_str().unwrap(), "--event", &event];
    let (code, out, error) = routes(&arguments);
    assert_eq!(code, Some(0), "{error}");
    assert!(out.starts_with("sqli · ") && out.contains("security-channel  security  route[1] \"attacks\""), "{out}");
    let (_, out, _) = routes(&[&arguments[..], &["--json", "--at", "2026-01-07T12:00:00Z"]].concat());
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["routed"][0]["receiver"], "security-channel");
    assert_eq!((&answer["routed"][0]["held"], &answer["at"]), (&Value::Null, &json!("2026-01-07T12:00:00Z")));
}
