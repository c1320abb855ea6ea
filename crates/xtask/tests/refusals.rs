//! What cannot be done is said before anything is built or started.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use std::process::Command;

#[test]
fn too_few_faults_to_hit_every_crash_point_are_refused_with_the_number_it_takes() {
    let mut chaos = Command::new(env!("CARGO_BIN_EXE_foghorn-xtask"));
    let output = chaos.args(["chaos", "--faults", "10", "--crash-hits", "2"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("--faults 46 or more"), "{said}");
}
