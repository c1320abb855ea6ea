//! Telling by e-mail, PagerDuty and webhook.
//!
//! Each way out draws the same [`Message`](foghorn_domain::message::Message), made fit once more by `fit`,
//! for its reader, sends it once and says what became of it ([`Receipt`] or [`SendError`]); whether and when to
//! try again, and after which pause, is the caller's to decide. Nothing here knows a store or reads a clock: the
//! present moment is an argument.
//!
//! - [`outcome`]: what came of a sending.
//! - [`guarded`]: the one client for addresses that users supply. It reaches the public internet and what an
//!   operator allowed, nothing else.
//! - `reply`: what the status of an HTTP answer means, the same for all.
//! - [`email`]: text and HTML over SMTP, one thread for each incident.
//! - [`pagerduty`]: the Events API v2, which rings phones.
//! - [`webhook`]: signed JSON to an address of a user's choice.

pub mod email;
mod fit;
pub mod guarded;
pub mod outcome;
pub mod pagerduty;
mod reply;
pub mod webhook;

pub use outcome::{Receipt, Retry, SendError};
