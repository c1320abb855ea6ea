//! The ways out against real servers, in one binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up should stop there")]

mod common;
mod email;
mod guarded;
mod pagerduty;
mod webhook;
