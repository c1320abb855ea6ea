//! All SQL. A [`Store`] is the truth; everything else in Foghorn can be rebuilt from it.
//!
//! Writes go through one thread that commits many callers' work in one transaction (see [`writer`]), reads through a
//! small pool of read-only connections. A call that has returned `Ok` is on disk. Every module speaks to both engines
//! through [`sql`]; [`sqlite`] opens a file, and [`postgres`] holds what only that one needs.
//!
//! By what they serve: [`events`] intake and the event log, [`triage`] the one transaction a batch of triage commits,
//! [`incidents`] reading and acting, [`notifications`] and [`outbox`] telling, [`audit`] the chain, [`memory`] written
//! fixes, [`retention`] forgetting and backup.

mod drafts;
mod error;
mod room;
mod rows;
mod store;
mod time;

pub mod access_keys;
pub mod agent_lease;
pub mod analyses;
pub mod announcements;
pub mod audit;
pub mod dashboard;
pub mod dead_letters;
pub mod events;
pub mod foreign;
pub mod history;
pub mod incidents;
pub mod memory;
pub mod memory_keeping;
pub mod model;
pub mod mutes;
pub mod notifications;
pub mod once;
pub mod outbox;
pub mod postgres;
pub mod processes;
pub mod recollection;
pub mod retention;
pub mod silences;
pub mod spools;
pub mod sql;
pub mod sqlite;
pub mod triage;
pub mod watch;
pub mod writer;

pub use error::{Error, Result};
pub(crate) use foghorn_domain::event::PARTITIONS;
pub use sqlite::SCHEMA_VERSION;
pub use store::{Options, Store};
