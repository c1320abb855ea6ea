//! Redis, as Foghorn shares it with other programs: a channel and a list through which they announce incidents and
//! events, a list and a channel on which Foghorn says what has opened, and a doorbell between its own processes.
//!
//! [`contract`] reads and writes the messages and says what is wrong with bad ones, in words that operators of the
//! shared keys know. [`RedisAddress`] is where Redis is, without its password; [`RedisClient`] opens [`Commands`] and
//! a [`Listener`] there; [`RedisFault`] says what went wrong. [`LinkState`] is what people are told of a connection.
//!
//! Everything in Redis can be lost. Nothing here knows the store, and nothing here retries: whoever calls does.

mod address;
mod client;
pub mod contract;
mod fault;
mod state;

pub use address::RedisAddress;
pub use client::{Commands, Listener, RedisClient};
pub use fault::RedisFault;
pub use state::{LinkState, LinkStates, backoff};
