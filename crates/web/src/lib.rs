//! HTTP: intake, the API, health, and the pages.
//!
//! A request passes [`guard`] (who may call, from where), then one handler of [`intake`], [`api`],
//! [`health`], [`live`], [`mcp`] or [`pages`], which extracts, calls the pipeline or the store once, and maps the answer.
//! Whatever goes wrong becomes a [`problem::Problem`] in one place.

mod state;
mod seldom;
mod problem;
mod guard;
mod attempts;
mod session;
mod paced;
mod crowd;
mod body;
mod intake;
mod api;
mod exposition;
mod health;
mod slack;
mod telling;
mod live;
pub mod mcp;
mod pages;
mod router;
mod server;

pub use crowd::ROOM;
pub use router::{openapi, router};
pub use server::serve;
pub use state::WebConfig;
