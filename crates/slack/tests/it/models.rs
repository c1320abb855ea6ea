//! Messages and signatures, judged by Slack's own Python SDK. `scripts/test` installs it beside the build.

use crate::support::sample;
use foghorn_domain::severity::Severity;
use foghorn_slack::Secret;
use foghorn_slack::blocks::{
    About, Rendered, Storm, StormEntry, render, render_modal, render_storm, render_thread_details,
};
use foghorn_slack::signature::{sign, verify};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// What a script of `crates/foghorn/tests/slack_sdk` prints, given arguments and input.
fn python(script: &str, arguments: &[&str], input: &[u8]) -> String {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("slack-sdk/bin/python");
    assert!(python.exists(), "slack_sdk is not installed in {}; run ./scripts/test", python.display());
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foghorn/tests/slack_sdk");
    let mut command = Command::new(python);
    command.arg(scripts.join(script)).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(input).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn every_kind_of_message() -> Vec<Rendered> {
    let about = About { incident_id: 123 };
    let bare = sample("x");
    let hostile = ["<!channel> & `x` *b* ", "漢\"\\", "🚒:fire: "].map(|text| sample(&text.repeat(400)));
    let closed = foghorn_domain::message::Message { actions: Vec::new(), ..sample("closed") };
    let mut all: Vec<Rendered> =
        hostile.iter().chain([&bare, &closed]).map(|message| render(message, &about)).collect();
    all.push(render_thread_details(7, &["E1 a & b".to_owned()], &[], Some("https://foghorn.example.org/incidents/7")));
    all.push(render_thread_details(7, &[], &["M1 <x>".to_owned()], None));
    let entry = StormEntry { incident_id: 1, headline: "CRITICAL · db · <down>".to_owned(), link: None };
    all.push(render_storm(&Storm {
        total: 500,
        by_severity: vec![(Severity::Critical, 500)],
        lasted: "2 min".to_owned(),
        worst: vec![entry; 20],
        link: Some("https://foghorn.example.org/".to_owned()),
    }));
    all
}

#[test]
fn every_kind_of_message_is_one_that_slacks_models_know() {
    let mut lines: Vec<Value> = every_kind_of_message().iter().map(|message| json!(message)).collect();
    lines.push(json!({ "view": render_modal(123) }));
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(python("validate_blocks.py", &[], input.as_bytes()), lines.len().to_string());
}

#[test]
fn a_click_signed_by_slacks_code_is_accepted_and_read() {
    let now = Timestamp::from_second(1_531_420_618).unwrap();
    let signed = python("sign_click.py", &[SECRET, "resolve", "123", "1531420618"], b"");
    let signed: Value = serde_json::from_str(&signed).unwrap();
    let header = |name: &str| signed["headers"][name].as_str();
    let body = signed["body"].as_str().unwrap().as_bytes();
    let (timestamp, signature) = (header("X-Slack-Request-Timestamp"), header("X-Slack-Signature"));
    assert_eq!(verify(&Secret::new(SECRET), timestamp, signature, body, now), Ok(()));
    assert!(verify(&Secret::new("another"), timestamp, signature, body, now).is_err());
    let read = foghorn_slack::interaction::parse(body).unwrap();
    let foghorn_slack::interaction::Interaction::Click(click) = read else { panic!("{read:?}") };
    assert_eq!((click.incident_id, click.action.as_str(), &*click.person.name), (123, "resolve", "john.doe"));
}

#[test]
fn what_we_sign_slacks_code_accepts() {
    let now = Timestamp::now();
    let (seconds, body) = (now.as_second().to_string(), "payload=%7B%7D&é=ü".as_bytes());
    let signature = sign(&Secret::new(SECRET), now, body);
    assert_eq!(python("verify_signature.py", &[SECRET, &seconds, &signature], body), "valid");
    assert_eq!(python("verify_signature.py", &["another", &seconds, &signature], body), "invalid");
}
