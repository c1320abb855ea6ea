//! The routing in force and the receivers it names. Read from a file that may change while Foghorn runs: a new
//! one that is wrong is said to be wrong, and the old one stays.

use crate::receivers::{
    EmailReceiver, PagerDutyReceiver, Receiver, ReceiverSettings, RehearsalReceiver, SlackReceiver, WebhookReceiver,
};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Incident;
use foghorn_domain::notification::{Reason, ReasonKey};
use foghorn_outbound::email::Mailer;
use foghorn_outbound::guarded::{GuardSettings, GuardedClient};
use foghorn_outbound::pagerduty::{PagerDuty, PagerDutySettings, RoutingKey};
use foghorn_outbound::webhook::{WebhookSecret, WebhookTarget};
use foghorn_routing::{Address, Routing, Subject, receivers_due};
use foghorn_slack::SlackClient;
use foghorn_store::outbox::{Lane, Routed};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// How long a mail server or PagerDuty may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// How long Slack may take, where the settings do not say.
const SLACK_ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// The routing in force; clones share it.
#[derive(Clone)]
pub struct Routes(Arc<Inner>);

struct Inner {
    settings: ReceiverSettings,
    origin: String,
    public_host: String,
    slack: Option<SlackClient>,
    current: RwLock<Arc<Table>>,
    /// The file's text as it was last read, right or wrong; `None` where it could not be read.
    read: Mutex<Option<String>>,
    /// Why the newest version of the file is not in force.
    fault: Mutex<Option<String>>,
}

/// A routing and its receivers by name.
pub struct Table {
    /// Who is told about what.
    pub routing: Routing,
    receivers: HashMap<String, Arc<Receiver>>,
}

impl Routes {
    /// Reads the routing file, or makes a routing of the settings alone. `origin` tells this Foghorn's
    /// notifications from another's. The error is for people.
    pub fn load(settings: ReceiverSettings, origin: String, public_url: Option<&str>) -> Result<Self, String> {
        let slack = if settings.is_rehearsal { None } else { slack_client(&settings)? };
        let public_host = public_url.and_then(host_of).unwrap_or_default();
        let text = match &settings.routing_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("routing.file: cannot read {}: {error}", path.display()))?,
            None => String::new(),
        };
        let routing = match &settings.routing_file {
            Some(path) => Routing::parse(&text).map_err(|faults| {
                let lines: Vec<String> = faults.iter().map(|fault| format!("{}:{fault}", path.display())).collect();
                format!("the routing file cannot be used:\n{}", lines.join("\n"))
            })?,
            None => routing_of(&settings),
        };
        let table = Table::build(routing, &settings, slack.as_ref(), &origin, &public_host)?;
        let current = RwLock::new(Arc::new(table));
        Ok(Self(Arc::new(Inner {
            settings,
            origin,
            public_host,
            slack,
            current,
            read: Mutex::new(Some(text)),
            fault: Mutex::default(),
        })))
    }

    /// The connection to Slack, if there is a token.
    pub fn slack(&self) -> Option<&SlackClient> {
        self.0.slack.as_ref()
    }

    /// The routing in force.
    pub fn table(&self) -> Arc<Table> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again where it has changed. A new one that is wrong is logged and changes nothing.
    pub fn reload(&self) {
        let Some(path) = &self.0.settings.routing_file else { return };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                if self.is_news(None) {
                    tracing::warn!(%error, path = %path.display(), "the routing file cannot be read; the routing in force stays");
                    self.set_fault(Some(format!("it cannot be read: {error}")));
                }
                return;
            }
        };
        if !self.is_news(Some(&text)) {
            return;
        }
        let Inner { settings, slack, origin, public_host, .. } = &*self.0;
        let built = Routing::parse(&text)
            .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            .and_then(|routing| Table::build(routing, settings, slack.as_ref(), origin, public_host));
        match built {
            Ok(table) => {
                *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
                self.set_fault(None);
                tracing::info!(path = %path.display(), "the routing file has changed and is in force");
            }
            Err(faults) => {
                tracing::error!(path = %path.display(), faults, "the routing file has changed and cannot be used; the routing in force stays");
                self.set_fault(Some(faults));
            }
        }
    }

    /// Where the routing file is, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.0.settings.routing_file.as_deref()
    }

    /// Why the newest version of the file is not in force, a fault a line; `None` where it is.
    pub fn fault(&self) -> Option<String> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.0.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Whether the file holds something else than when it was last looked at; remembers what it holds.
    fn is_news(&self, text: Option<&str>) -> bool {
        let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = read.as_deref() != text;
        if is_news {
            *read = text.map(str::to_owned);
        }
        is_news
    }

    /// A receiver by its name.
    pub(crate) fn receiver(&self, name: &str) -> Option<Arc<Receiver>> {
        self.table().receivers.get(name).cloned()
    }

    /// Whom to tell of a reason, the dashboard left out.
    pub(crate) fn routed(&self, incident: &Incident, key: &ReasonKey, now: Timestamp) -> Vec<Routed> {
        let table = self.table();
        let subject = Subject::from(incident);
        let mut found = table.routing.route(&subject, now);
        if key.reason == Reason::Unacknowledged {
            // Only those whose step or repetition it is, each by the route that names it.
            found = found
                .into_iter()
                .flat_map(|routed| {
                    let due = receivers_due(key, &routed);
                    due.into_iter().map(move |receiver| foghorn_routing::Routed { receiver, ..routed.clone() })
                })
                .collect();
        }
        let mut lanes = Vec::new();
        for routed in found {
            let Some(receiver) = table.receivers.get(&routed.receiver) else { continue };
            let lane = Lane { receiver: routed.receiver, channel: receiver.channel().to_owned() };
            let team = routed.team.map(|team| table.routing.team_name(&team).to_owned());
            // Two receivers may lead to the same people, who are told once.
            let is_same = |known: &Routed| {
                let leads_there = receiver.is_known_by_its_channel() && known.lane.channel == lane.channel;
                known.lane.receiver == lane.receiver || leads_there
            };
            if !lanes.iter().any(is_same) {
                lanes.push(Routed { lane, route: routed.path, team, joins: receiver.can_edit() });
            }
        }
        lanes
    }

    /// The least time between two messages to a receiver about one service in one environment.
    pub(crate) fn group_interval(&self, incident: &Incident, receiver: &str, now: Timestamp) -> Option<SignedDuration> {
        let found = self.table().routing.route(&Subject::from(incident), now);
        found.into_iter().find(|routed| routed.receiver == receiver)?.group_interval
    }

    /// Messages a minute above which a receiver gets one for many.
    pub(crate) fn storm_above(&self, name: &str) -> u32 {
        self.table().routing.receiver(name).map_or(foghorn_routing::STORM_ABOVE, |receiver| receiver.storm_above)
    }

    /// Whom to tell what a receiver could not be told.
    pub(crate) fn fallback(&self) -> Vec<Routed> {
        let table = self.table();
        let found = table.routing.to_fallback().into_iter();
        found
            .filter_map(|routed| {
                let receiver = table.receivers.get(&routed.receiver)?;
                let (channel, joins) = (receiver.channel().to_owned(), receiver.can_edit());
                let lane = Lane { receiver: routed.receiver, channel };
                let team = routed.team.map(|team| table.routing.team_name(&team).to_owned());
                Some(Routed { lane, route: routed.path, team, joins })
            })
            .collect()
    }
}

impl Table {
    /// The kinds of the receivers, each once: `slack`, `email`, `pagerduty`, `webhook`.
    pub fn kinds(&self) -> BTreeSet<&'static str> {
        self.receivers.values().map(|receiver| receiver.kind()).collect()
    }

    /// The team to which the routes lead an incident.
    pub fn team_of(&self, incident: &Incident, now: Timestamp) -> Option<String> {
        self.routing.route(&Subject::from(incident), now).into_iter().find_map(|routed| routed.team)
    }

    fn build(
        routing: Routing,
        settings: &ReceiverSettings,
        slack: Option<&SlackClient>,
        origin: &str,
        public_host: &str,
    ) -> Result<Self, String> {
        let mut receivers = HashMap::new();
        for named in routing.receivers() {
            if settings.is_rehearsal {
                let played = RehearsalReceiver::playing(&named.address, &settings.slack.channel, host_of);
                receivers.extend(played.map(|played| (named.name.clone(), Arc::new(Receiver::Rehearsal(played)))));
                continue;
            }
            let refuse = |why: String| format!("receiver {}: {why}", named.name);
            let built = match &named.address {
                Address::Slack { channel } => {
                    let client = slack.ok_or_else(|| refuse("needs slack.bot_token (SLACK_BOT_TOKEN)".to_owned()))?;
                    let channel = if channel.is_empty() { settings.slack.channel.clone() } else { channel.clone() };
                    Receiver::Slack(SlackReceiver::new(client.clone(), channel, origin.to_owned()))
                }
                Address::Email { to } => {
                    let url = settings
                        .smtp_url
                        .as_ref()
                        .ok_or_else(|| refuse("needs email.smtp_url (SMTP_URL)".to_owned()))?;
                    let mailer = Mailer::new(url.expose(), &settings.mail_from, ANSWER_WITHIN)
                        .map_err(|error| refuse(error.to_string()))?;
                    Receiver::Email(EmailReceiver::new(mailer, to.clone(), public_host.to_owned()))
                }
                Address::PagerDuty { routing_key_env } => {
                    let key = secret(settings, routing_key_env).map_err(&refuse)?;
                    let key = RoutingKey::parse(&key).map_err(|error| refuse(error.to_string()))?;
                    // Another Foghorn counts its incidents from 1, too, and may ring the same service.
                    let dedup_prefix = format!("foghorn-{origin}");
                    let mut of = PagerDutySettings { dedup_prefix, ..PagerDutySettings::default() };
                    if let Some(url) = &settings.pagerduty_events_url {
                        of.events_url.clone_from(url);
                    }
                    let pagerduty = PagerDuty::new(of).map_err(|error| refuse(error.to_string()))?;
                    Receiver::PagerDuty(PagerDutyReceiver::new(pagerduty, key))
                }
                Address::Webhook { url, secret_env } => {
                    let name = secret_env.as_ref().ok_or_else(|| {
                        refuse("needs secret_env, the environment variable with the secret that signs".to_owned())
                    })?;
                    let signs = WebhookSecret::parse(&secret(settings, name).map_err(&refuse)?);
                    let secrets = vec![signs.map_err(|error| refuse(error.to_string()))?];
                    let guard = GuardSettings { allow: settings.webhook_allow.clone(), ..GuardSettings::default() };
                    let client = GuardedClient::new(guard).map_err(|error| refuse(error.to_string()))?;
                    client.check(url).map_err(|error| refuse(error.to_string()))?;
                    let channel = host_of(url).unwrap_or_else(|| "webhook".to_owned());
                    Receiver::Webhook(WebhookReceiver::new(
                        client,
                        WebhookTarget { url: url.clone(), secrets },
                        channel,
                    ))
                }
                // Always told.
                Address::Dashboard => continue,
            };
            receivers.insert(named.name.clone(), Arc::new(built));
        }
        Ok(Self { routing, receivers })
    }
}

/// The name under which the PagerDuty key of the settings stands among the secrets.
const PAGERDUTY_KEY: &str = "PAGERDUTY_ROUTING_KEY";

fn secret(settings: &ReceiverSettings, name: &str) -> Result<String, String> {
    let own = settings.pagerduty_routing_key.as_ref().filter(|_| name == PAGERDUTY_KEY);
    let found = settings.environment.get(name).or(own).map(|secret| secret.expose().to_owned());
    found.filter(|text| !text.trim().is_empty()).ok_or_else(|| format!("the environment variable {name} is not set"))
}

fn slack_client(settings: &ReceiverSettings) -> Result<Option<SlackClient>, String> {
    let Some(token) = &settings.slack.bot_token else { return Ok(None) };
    let url = settings.slack.api_url.as_deref().unwrap_or(foghorn_slack::client::SLACK_API_URL);
    SlackClient::new(url, token.clone(), settings.slack.answer_within.unwrap_or(SLACK_ANSWERS_WITHIN))
        .map(Some)
        .map_err(|error| format!("slack.api_url (SLACK_API_URL): {error}"))
}

/// Everybody who is configured is told of everything.
fn routing_of(settings: &ReceiverSettings) -> Routing {
    let mut receivers = Vec::new();
    if settings.slack.bot_token.is_some() {
        let address = Address::Slack { channel: settings.slack.channel.clone() };
        receivers.push(foghorn_routing::Receiver::new("slack", address));
    }
    if settings.smtp_url.is_some() && !settings.mail_to.is_empty() {
        receivers.push(foghorn_routing::Receiver::new("email", Address::Email { to: settings.mail_to.clone() }));
    }
    if settings.pagerduty_routing_key.is_some() {
        let address = Address::PagerDuty { routing_key_env: PAGERDUTY_KEY.to_owned() };
        receivers.push(foghorn_routing::Receiver::new("pagerduty", address));
    }
    Routing::default_for(receivers)
}

/// `https://user@foghorn.example.org:8443/x` is at `foghorn.example.org`.
fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_all_that_is_shown() {
        let check = |url, host: Option<&str>| assert_eq!(host_of(url).as_deref(), host, "{url}");
        check("https://foghorn.example.org", Some("foghorn.example.org"));
        check("https://ana:secret@hooks.example.org:8443/T0/secret?x=1", Some("hooks.example.org"));
        check("http://[::1]:8000/", Some("::1"));
        check("foghorn", None);
        check("https:///x", None);
    }

    #[test]
    fn a_wrong_version_of_the_file_is_named_until_a_right_one_comes() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("routes.toml");
        let right = "fallback = [\"screen\"]\n[receivers.screen]\nkind = \"dashboard\"\n";
        std::fs::write(&file, right).unwrap();
        let settings = ReceiverSettings { routing_file: Some(file.clone()), ..ReceiverSettings::default() };
        let routes = Routes::load(settings, "test".to_owned(), None).unwrap();
        assert_eq!((routes.file(), routes.fault()), (Some(file.as_path()), None));
        std::fs::write(&file, right.replace("[\"screen\"]", "[\"scren\"]")).unwrap();
        routes.reload();
        let fault = routes.fault().unwrap();
        assert!(fault.contains("did you mean screen?"), "{fault}");
        assert!(routes.table().routing.receiver("screen").is_some(), "the routing in force stays");
        std::fs::remove_file(&file).unwrap();
        routes.reload();
        assert!(routes.fault().unwrap().contains("cannot be read"));
        std::fs::write(&file, right).unwrap();
        routes.reload();
        assert_eq!(routes.fault(), None);
    }
}
