//! HTTP: intake, the API, health, and the pages.
//!
//! A request passes [`guard`] (who may call, from where), then one handler of [`intake`], [`api`],
//! [`health`], [`live`] or [`pages`], which extracts, calls the pipeline or the store once, and maps the answer.
//! Whatever goes wrong becomes a [`problem::Problem`] in one place.

mod state;
mod problem;
mod guard;
mod session;
mod body;
mod intake;
mod api;
mod health;
mod live;
mod pages;
mod router;

pub use router::{openapi, router, serve};
pub use state::WebConfig;
