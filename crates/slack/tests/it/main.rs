//! The crate against a Slack on this machine, and against bytes that nobody should send.

#![allow(clippy::print_stdout, reason = "how many rounds a fuzzing run made is worth knowing")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up should stop there")]

mod client;
mod failures;
mod hostile;
mod lookup;
mod models;
mod socket;
mod support;
