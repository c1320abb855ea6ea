//! Asking a language model over the chat interface that OpenAI began and many servers speak, and getting an
//! answer that fits a schema, or one word why not.
//!
//! The cast, in the order in which a question meets them: a [`Question`] is asked of a [`Model`]. The `breaker`
//! refuses while the server is known to be ill, the [`budget`] while enough was spent (`tokens` estimates what a
//! call may cost before it is made), and a bounded number of calls is under way. `ladder` knows which way of
//! asking for JSON the server understands; `wire` writes the request, `server` carries it, `reply` reads what
//! comes back. `extract` finds the object in the text and [`schema`] checks it; what does not fit is told to the
//! model once (`repair`). `backoff` says how long to wait before trying again. Whatever happens is a [`Failure`]
//! or an answer, together with what was said on both sides ([`Exchange`]).
//!
//! Nothing here knows what a question is about. Time comes from a [`Clock`](foghorn_domain::clock::Clock) or is
//! an argument; jitter comes from a seed.

mod settings;
mod failure;
mod question;
mod wire;
mod server;
mod scripted;
mod reply;
mod extract;
pub mod schema;
mod ladder;
mod tokens;
pub mod budget;
mod breaker;
mod backoff;
mod model;

pub use breaker::Breaker;
pub use failure::Failure;
pub use ladder::Rung;
pub use model::Model;
pub use question::{Asked, Exchange, Question, Usage};
pub use scripted::{Heard, Script, Scripted};
pub use settings::{ModelSettings, OPENAI_BASE_URL, Prices};
pub use tokens::estimate as estimate_tokens;
