//! All SQL. A [`Store`] is the truth; everything else in Foghorn can be rebuilt from it.
//!
//! Writes go through one thread that commits many callers' work in one transaction (see
//! [`sqlite::writer`]), reads through a small pool of read-only connections. A call that has returned
//! `Ok` is on disk.
//!
//! By what they serve: [`sqlite::events`] intake and the event log, [`sqlite::triage`] the one
//! transaction a batch of triage commits, [`sqlite::incidents`] reading and acting,
//! [`sqlite::notifications`] the outbox, [`sqlite::audit`] the chain, [`sqlite::memory`] written fixes,
//! [`sqlite::retention`] forgetting and backup.

mod error;
mod time;
pub mod sql;
pub mod postgres;
pub mod model;
pub mod sqlite;

pub use error::{Error, Result};
pub use sqlite::Store;
