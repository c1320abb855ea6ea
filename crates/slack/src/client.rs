//! Slack's Web API (docs.slack.dev/apis/web-api), as far as Foghorn needs it.
//!
//! `call` makes one call and says of every failure what it was. `messages` posts and edits, `find` looks whether a
//! message stands in a channel, which is asked after a crash between sending and recording; `channels` turns a
//! channel's name into its id, `people` says who is who, `respond` answers a click. A client is cheap to clone and
//! holds one pool of connections. It waits for nothing: pacing and retrying are its caller's.

mod call;
mod channels;
mod find;
mod messages;
mod people;
mod respond;

pub use messages::{NotificationMark, Posted};
pub use people::{Identity, User};

use crate::error::SlackError;
use foghorn_domain::secret::Secret;
use reqwest::Url;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Slack's own base address.
pub const SLACK_API_URL: &str = "https://slack.com/api/";

/// A connection to one workspace, with the app's bot token.
#[derive(Clone)]
pub struct SlackClient {
    http: reqwest::Client,
    base: Url,
    token: Secret,
    known: Arc<Mutex<Known>>,
}

/// What was learnt from earlier answers.
#[derive(Default)]
struct Known {
    /// Ids of channels by name.
    channels: HashMap<String, String>,
    /// The bot that our messages bear.
    bot_id: Option<String>,
}

impl SlackClient {
    /// A client for the API at `base_url`, which ends in `/api/` for Slack itself. A call takes `timeout` at most,
    /// from the look-up of the name to the last byte of the answer.
    pub fn new(base_url: &str, token: Secret, timeout: Duration) -> Result<Self, SlackError> {
        let base = if base_url.ends_with('/') { base_url.to_owned() } else { format!("{base_url}/") };
        let base = Url::parse(&base).map_err(|_| SlackError::BadAddress)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(SlackError::BadAddress);
        }
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(5)))
            // A redirect would carry messages to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("foghorn/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| SlackError::BadAddress)?;
        Ok(Self { http, base, token, known: Arc::default() })
    }

    /// What was learnt, also after a thread that held it panicked: every entry is whole.
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::fmt::Debug for SlackClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlackClient").field("base", &self.base.as_str()).field("token", &self.token).finish()
    }
}
