//! The crate against a Slack on this machine, and against bytes that nobody should send.

mod client;
mod failures;
mod hostile;
mod lookup;
mod pacing;
mod socket;
mod support;
