//! Whom to tell, and when not. Pure: no I/O, no clock, time is an argument.
//!
//! A routing [`file`](Routing::parse) names receivers and teams and holds a tree of routes. An incident is
//! looked at as a [`Subject`]; [`Routing::route`] says who is told ([`Routed`]) and by which route. Then, in
//! this order and from what the store holds at that moment: [`Quiet::verdict`] asks recurring
//! [`Maintenance`], people's [`Silence`]s and the [`Inhibition`] rules; [`within_interval`] and
//! [`StormGauge`] look at what the receiver was told last. What holds first is recorded as [`Held`].
//! [`steps_due`] and [`repeat_due`] say what follows while nobody acknowledges.

mod subject;
mod matcher;
mod hours;
mod receiver;
mod route;
mod routing;
mod describe;
mod attributes;
mod maintenance;
mod silence;
mod inhibition;
mod quiet;
mod storm;
mod escalation;
mod fault;
mod file;
mod toml_table;
mod spell;
mod near;

pub use attributes::Attributes;
pub use escalation::{Due, Step, Told, next_due, receivers_due, repeat_due, steps_due};
pub use fault::Fault;
pub use hours::Hours;
pub use inhibition::{Inhibition, Open, inhibited_among};
pub use maintenance::Maintenance;
pub use matcher::{Attribute, Comparison, Matcher};
pub use quiet::{Held, HeldBy, Quiet, within_interval};
pub use receiver::{Address, Receiver, STORM_ABOVE};
pub use route::Routed;
pub use routing::{FALLBACK, Routing};
pub use silence::{FieldFault, NewSilence, Silence};
pub use storm::{Delivery, STORM_WINDOW, StormGauge, StormSummary, Worst};
pub use subject::Subject;
