//! Slack's own Python SDK as a judge. `scripts/test` installs it beside the build.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a script of `tests/slack_sdk` prints, given arguments and input.
pub(crate) fn python(script: &str, arguments: &[&str], input: &str) -> String {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("slack-sdk/bin/python");
    assert!(python.exists(), "slack_sdk is not installed in {}; run ./scripts/test", python.display());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slack_sdk").join(script);
    let mut command = Command::new(python);
    command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
