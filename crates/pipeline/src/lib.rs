//! The stages an event goes through, one file each and one shape: a `step` that does what there is to do
//! and says how much that was, and a loop that steps when the doorbell rings or a timer runs out.
//!
//! [`ingest`] puts events into the event log and rings, or into the [`overflow`] while the database is away, when
//! `emergency` tells of criticals; [`triage`] reads the log after its cursor and
//! commits incidents; [`explain`] turns an incident into an analysis and a message ([`analyse`] asks a language model
//! meanwhile); [`notify`] decides for each
//! reason whether and whom to tell ([`routes`], [`quiet`], [`silences`]) and shows it in the dashboard;
//! [`deliver`] tells the [`receivers`] beside it and edits what was delivered; [`act`] is a person's hand, from
//! Slack through [`slack_hand`]; [`reconcile`] is what time does. [`access_keys`] are by what programs call.
//! [`remember`] reads memories that people bring along, [`recall`] finds those that are alike. What other programs
//! leave is handled by [`mailbox`], from Redis through [`shared_redis`]. [`replicas`] looks whether all processes are
//! configured alike. [`replay`] has them hear the past and tell
//! nobody. [`Pipeline`] wires them and stops them in that order.

pub mod settings;
mod crash;
mod roles;
pub mod metrics;
mod doorbell;
mod calls;
pub mod ingest;
pub mod overflow;
mod emergency;
pub mod own_rules;
pub mod triage;
pub mod remember;
pub mod recall;
pub mod explain;
pub mod receivers;
pub mod routes;
pub mod silences;
pub mod quiet;
pub mod analyse;
pub mod notify;
pub mod deliver;
pub mod act;
mod agent_lease;
pub mod access_keys;
pub mod slack_hand;
pub mod escalate;
pub mod trial;
pub mod reconcile;
pub mod mailbox;
pub mod shared_redis;
pub mod replicas;
pub mod replay;
mod watchman;
mod heads;
mod vitals;
mod run;

pub use heads::{HeadPublisher, read_heads};
pub use roles::Roles;
pub use run::{Handles, Pipeline, Printed, Running};
pub use settings::Settings;
pub use vitals::Vitals;
