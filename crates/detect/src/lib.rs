//! Findings from text and numbers. Pure, no I/O.
//!
//! [`Detectors`] examine one event. The `decode` pass takes it apart and undoes its encodings; the
//! `attack` rules look at what somebody outside may have chosen, [`database`] and `error` at what an
//! application says about itself, [`level`] at how bad it says it is; a `tally` of weighted reasons
//! becomes the findings. [`user_rules`] are those of the people who run Foghorn. [`metric`] scores numbers.

mod decode;
mod attack;
pub mod database;
mod error;
pub mod level;
pub mod header;
pub mod template;
pub mod login;
pub mod rate;
pub mod steady;
pub mod metric;
pub mod quantity;
pub mod correlate;
pub mod user_rules;
mod tally;
mod detectors;

pub use detectors::{Detectors, Subject, rule_names};
