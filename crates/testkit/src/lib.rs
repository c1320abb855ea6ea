//! What whole-flow tests speak: an [`App`] with every stage, a data directory of its own and a clock that
//! stands still until it is moved. Nothing runs in the background; [`App::settle`] runs every stage until
//! there is nothing left to do.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up should stop there")]

mod answer;
mod app;
pub mod hooks;
pub mod smtp;

pub use answer::Answer;
pub use app::{App, event};
