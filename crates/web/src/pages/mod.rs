//! The dashboard: server-rendered, whole without a script, and kept up to date by a small one.
//!
//! [`layout`] is what every page has around it. By address: [`list`] is `/`, [`incident`] one incident with
//! its buttons, [`services`], [`memory`], [`silences`], [`audit`] and [`settings`] the other places, [`login`] the door
//! where a token is needed, [`error`] what a browser sees instead of a problem body. Every text from
//! outside passes [`layout::said`], and is escaped by the template.

pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod error;
pub(crate) mod incident;
mod layout;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod memory;
pub(crate) mod query;
pub(crate) mod services;
pub(crate) mod settings;
pub(crate) mod silences;
