//! What may be sent to which channel, and when.
//!
//! Slack takes about one message a second for a channel, with short bursts, and fifty edits a minute for a workspace
//! (docs.slack.dev/apis/web-api/rate-limits). A [`Lane`] is the queue of one channel, the [`Pacer`] holds all of
//! them. Everything is pure: the present moment is an argument, ids stand for messages, and what a message says is
//! rendered when its turn comes, so that the newest state is what is sent.
//!
//! Order: posts that page, other posts, edits. A second edit of a message that waits for its edit is the same edit;
//! one that comes while an edit is under way waits until that has ended, so that an older state cannot land last.

mod allowance;
mod lane;
mod pacer;

pub use allowance::{Allowance, Budget};
pub use lane::{Lane, Next, Work};
pub use pacer::{Pacer, Turn};

#[cfg(test)]
mod tests;
