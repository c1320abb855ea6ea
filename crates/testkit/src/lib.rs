//! What whole-flow tests speak: an [`App`] with every stage, a data directory of its own and a clock that
//! stands still until it is moved. Nothing runs in the background; [`App::settle`] runs every stage until
//! there is nothing left to do. [`FakeSlack`] is a Slack on this machine that refuses what Slack refuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up should stop there")]

mod answer;
mod app;
mod hand;
pub mod postgres;
pub mod hooks;
pub mod redis;
pub mod smtp;
mod slack;

pub use answer::Answer;
pub use app::{App, HeldWrites, StoreKind, event};
pub use hand::Hand;
pub use slack::{FakeSlack, Fault, SlackEdit, SlackMessage};
