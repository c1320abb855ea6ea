//! The stages an event goes through, one file each and one shape: a `step` that does what there is to do
//! and says how much that was, and a loop that steps when the doorbell rings or a timer runs out.
//!
//! [`ingest`] puts events into the event log and rings; [`triage`] reads the log after its cursor and
//! commits incidents; [`explain`] turns an incident into an analysis and a message; [`notify`] delivers
//! the outbox and edits what was delivered; [`act`] is a person's hand; [`reconcile`] is what time does.
//! [`remember`] reads memories that people bring along, [`recall`] finds those that are alike.
//! [`Pipeline`] wires them and stops them in that order.

pub mod settings;
pub mod metrics;
mod doorbell;
pub mod ingest;
pub mod triage;
pub mod remember;
pub mod recall;
pub mod explain;
pub mod notify;
pub mod act;
pub mod reconcile;
mod heads;
mod vitals;
mod run;

pub use heads::{HeadPublisher, read_heads};
pub use run::{Handles, Pipeline, Printed, Running};
pub use settings::Settings;
pub use vitals::Vitals;
