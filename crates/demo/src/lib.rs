//! An hour in the life of a small shop, made up from a seed.
//!
//! Six services ([`shop`]) stand behind a proxy and on three databases. [`traffic`] is what they say on a
//! good day: requests, log lines in the formats of their languages, numbers, complaints that mean nothing.
//! [`fault`] holds what goes wrong in the hour, each fault over several services and in several wordings,
//! and [`hands`] what the people of the shop do about it. [`past`] is what the shop has been through before.
//! [`Hour`] puts it all in order.
//!
//! Nothing here does I/O or reads a clock: the same seed and the same beginning give the same events. What
//! is written down in this crate is traffic, never what Foghorn should make of it.

mod dice;
pub mod shop;
mod script;
pub mod traffic;
pub mod fault;
pub mod hands;
pub mod past;
mod hour;

pub use fault::Fault;
pub use hands::{Deed, Hand, Whom};
pub use hour::{Hour, Planned};
pub use past::{PastIncident, past_incidents};
