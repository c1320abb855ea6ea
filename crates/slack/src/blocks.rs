//! Messages drawn in Slack's Block Kit.
//!
//! `message` draws an incident, `storm` a burst of them, `emergency` what is told without the database, `thread` what stands below a message, `form` the modal in
//! which a fix is written down; `answer` is what a click is answered with. `part` holds the few block shapes that are
//! used. Nothing is checked against a limit afterwards: every line is given as much room as leaves its section, and
//! all sections together leave the message, below what Slack takes. What was cut stands on the incident's page, to
//! which the first section links.

mod answer;
mod emergency;
mod form;
mod message;
mod part;
mod storm;
mod thread;

pub use answer::{render_confirmation, render_form_error};
pub use emergency::{Emergency, render_emergency};
pub use form::render_modal;
pub use message::{About, render};
pub use storm::{Storm, StormEntry, render_storm};
pub use thread::{render_thread_details, render_thread_news};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest text of a section, in characters (docs.slack.dev/reference/block-kit/blocks/section-block).
pub const MAX_SECTION: usize = 3_000;
/// The most blocks of a message.
pub const MAX_BLOCKS: usize = 50;
/// The longest text of a header, in characters.
pub const MAX_HEADER: usize = 150;
/// The longest text of a button, in characters.
pub const MAX_BUTTON: usize = 75;
/// The longest whole message, as JSON. Slack documents none and refuses with `msg_blocks_too_long` somewhere above.
pub const MAX_MESSAGE: usize = 13_000;
/// The longest text beside the blocks: what a lock screen shows of it is far shorter.
pub const MAX_TEXT: usize = 600;

/// A message as Slack takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// The line of the lock screen, and what screen readers read.
    pub text: String,
    /// The blocks, an array.
    pub blocks: Value,
}

#[cfg(test)]
mod tests;
