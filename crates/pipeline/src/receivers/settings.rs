//! What the receivers need to know beside the routing file: secrets, addresses of servers, who we are.

use foghorn_slack::Secret;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Secrets by the name of their environment variable. Nothing prints them, nor which there are.
#[derive(Clone, Default)]
pub struct NamedSecrets(HashMap<String, Secret>);

impl NamedSecrets {
    /// A secret by its name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }
}

impl FromIterator<(String, Secret)> for NamedSecrets {
    fn from_iter<T: IntoIterator<Item = (String, Secret)>>(secrets: T) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl fmt::Debug for NamedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedSecrets(…)")
    }
}

/// Whom to tell beside the dashboard, and with what.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    /// The routing file; without one everybody is told of everything.
    pub routing_file: Option<PathBuf>,
    /// Slack, if there is a token or a signing secret.
    pub slack: SlackSettings,
    /// The mail server, `smtp://user:password@host`.
    pub smtp_url: Option<Secret>,
    /// Who mails come from.
    pub mail_from: String,
    /// Mailboxes that are told of everything where no routing file says otherwise.
    pub mail_to: Vec<String>,
    /// The routing key of a PagerDuty service that is told of everything where no routing file says otherwise.
    pub pagerduty_routing_key: Option<Secret>,
    /// The base of PagerDuty's address, where it is not the usual one.
    pub pagerduty_events_url: Option<String>,
    /// Private hosts and networks that webhooks may reach.
    pub webhook_allow: Vec<String>,
    /// What the routing file refers to by the names of environment variables.
    pub environment: NamedSecrets,
    /// Whether every receiver is only played: everything is decided and nobody is told.
    pub is_rehearsal: bool,
}

/// How Slack is reached, and who may act from it.
#[derive(Clone, Debug)]
pub struct SlackSettings {
    /// The base of the Web API, where it is not Slack's own.
    pub api_url: Option<String>,
    /// `xoxb-…`: without it nothing is posted.
    pub bot_token: Option<Secret>,
    /// Proves what comes from Slack: without it nothing is taken.
    pub signing_secret: Option<Secret>,
    /// `xapp-…`: with it clicks come over a connection that Foghorn opens.
    pub app_token: Option<Secret>,
    /// The channel where no route names one.
    pub channel: String,
    /// The workspace whose people may act; learnt from Slack where it is not said.
    pub team_id: Option<String>,
    /// Guests and people of other workspaces who may act, by Slack id, with the names they are known by.
    pub people: HashMap<String, String>,
    /// How long a call may take; ten seconds where it is not said.
    pub answer_within: Option<Duration>,
}

impl Default for ReceiverSettings {
    fn default() -> Self {
        Self {
            routing_file: None,
            slack: SlackSettings::default(),
            smtp_url: None,
            mail_from: "Foghorn <foghorn@localhost>".to_owned(),
            mail_to: Vec::new(),
            pagerduty_routing_key: None,
            pagerduty_events_url: None,
            webhook_allow: Vec::new(),
            environment: NamedSecrets::default(),
            is_rehearsal: false,
        }
    }
}

impl Default for SlackSettings {
    fn default() -> Self {
        Self {
            api_url: None,
            bot_token: None,
            signing_secret: None,
            app_token: None,
            answer_within: None,
            channel: "#incident-alerts".to_owned(),
            team_id: None,
            people: HashMap::new(),
        }
    }
}
