//! Other people's formats, read into [`NewEvent`](foghorn_domain::event::NewEvent)s.
//!
//! One file per tool. [`event`] reads Foghorn's own events, one or many in a body; [`lines`] reads
//! lines of a log for `foghorn send`; [`alertmanager`] reads what Prometheus posts,
//! [`alertmanager_webhook`] what Alertmanager and Grafana post on, [`pagerduty`] what PagerDuty's
//! clients post; [`simulate`] makes events up. A fault is a [`FieldError`] that names the field.
//!
//! Below them stand the parts they share: [`alert`] is one alert as Prometheus and Grafana describe it,
//! [`outside_json`] builds JSON values out of bytes nobody vouches for, [`outside_time`] reads the ways
//! in which people write a moment.
//!
//! Nothing here does I/O, reads a clock or draws a random number. Everything that comes in is taken to
//! be hostile: no bytes make a parser panic, recurse without end or take more than linear time.

pub mod event;
pub mod lines;

pub mod alertmanager;
pub mod alertmanager_webhook;
pub mod pagerduty;
pub mod simulate;

mod alert;
mod field_error;
mod fields;
mod limits;
mod outside_json;
mod outside_time;
mod stable_hash;

pub use field_error::FieldError;
pub use limits::Limits;
