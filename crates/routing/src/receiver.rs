//! Receivers: the doors through which people are told. A secret is named by its environment variable and
//! never written down.

use serde::{Deserialize, Serialize};

/// Messages a minute above which a receiver gets one summary instead, unless its table says otherwise.
pub const STORM_ABOVE: u32 = 10;

/// Somewhere to tell people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// Its name in the file, in the outbox and in `explain`.
    pub name: String,
    /// How it is reached.
    #[serde(flatten)]
    pub address: Address,
    /// Messages a minute above which it gets a summary instead. Pages are never held back.
    pub storm_above: u32,
}

/// How a receiver is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Address {
    /// A channel of the configured workspace.
    Slack {
        /// `#name` or the channel's id.
        channel: String,
    },
    /// Mailboxes.
    Email {
        /// One or more addresses.
        to: Vec<String>,
    },
    /// A PagerDuty service, by Events API v2.
    PagerDuty {
        /// The environment variable that holds the integration's routing key.
        routing_key_env: String,
    },
    /// A signed POST to an address of the team's own.
    Webhook {
        /// `https://…` or `http://…`.
        url: String,
        /// The environment variable that holds the secret it is signed with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret_env: Option<String>,
    },
    /// The dashboard alone.
    Dashboard,
}

impl Address {
    /// The kinds there are, as files write them.
    pub(crate) const KINDS: [&str; 5] = ["slack", "email", "pagerduty", "webhook", "dashboard"];

    /// The kind, as files write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Email { .. } => "email",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Webhook { .. } => "webhook",
            Self::Dashboard => "dashboard",
        }
    }

    /// The environment variables that have to be set for it.
    pub fn environment_names(&self) -> Vec<&str> {
        match self {
            Self::PagerDuty { routing_key_env } => vec![routing_key_env],
            Self::Webhook { secret_env: Some(secret_env), .. } => vec![secret_env],
            _ => Vec::new(),
        }
    }
}

impl Receiver {
    /// A receiver with the usual settings.
    pub fn new(name: impl Into<String>, address: Address) -> Self {
        Self { name: name.into(), address, storm_above: STORM_ABOVE }
    }
}
