//! Everything that knows Slack, and nothing that knows a store.
//!
//! The cast, in the order in which a message lives: [`blocks`] draws it out of a
//! [`Message`](foghorn_domain::message::Message), with [`escape`] making outside text harmless and every limit of
//! Block Kit kept by construction. [`client`] speaks the Web API and says of every failure ([`SlackError`]) whether to
//! try again and whether the message may have landed all the same; when to call is its caller's. A person presses a
//! button: the request proves itself by its [`signature`], and [`interaction`] reads what was pressed. [`socket`]
//! receives the same presses over a connection that Foghorn opens, where Slack cannot reach it.
//!
//! Everything but `client` and `socket` is pure: time is an argument, and any bytes give an answer or an error.

pub mod signature;
pub mod interaction;
pub mod escape;
pub mod blocks;
pub mod client;
mod error;
pub mod socket;

pub use client::{NotificationMark, Posted, SlackClient};
pub use error::{Retry, SlackError};
pub use foghorn_domain::secret::Secret;
