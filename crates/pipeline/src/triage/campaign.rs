//! Campaigns: a scanner's thousand requests are one incident. Attack findings of one service fold together
//! while they come from the same client, go to the same path, or are of the same kind, with no pause longer than
//! [`Campaigns::PAUSE`]. No more than [`Campaigns::AT_ONCE`] are told apart at once.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};

/// The running campaigns against one service, oldest first.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Campaigns(Vec<Campaign>);

#[derive(Serialize, Deserialize)]
struct Campaign {
    fingerprint: Fingerprint,
    kinds: Vec<Kind>,
    clients: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    /// Hosts that its payloads would have the service call.
    #[serde(default)]
    callbacks: Vec<String>,
    last_seen: Timestamp,
}

/// What is known of one attack.
#[derive(Clone, Copy)]
pub(super) struct Attack<'a> {
    pub(super) kind: Kind,
    pub(super) client: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) callbacks: &'a [String],
}

impl Campaigns {
    /// A campaign that has been silent for this long is over.
    const PAUSE: SignedDuration = SignedDuration::from_mins(30);
    /// Further attackers are filed with whoever was at it last: people look at one service, not at ten incidents.
    const AT_ONCE: usize = 2;
    /// What is remembered of a campaign.
    const MAX_CLIENTS: usize = 64;
    const MAX_PATHS: usize = 64;
    const MAX_CALLBACKS: usize = 16;

    /// The fingerprint under which an attack is filed: that of the running campaign it belongs to, else of
    /// a new one named after its kind.
    pub(super) fn file(&mut self, environment: &str, service: &str, attack: Attack<'_>, at: Timestamp) -> Fingerprint {
        self.0.retain(|campaign| at.duration_since(campaign.last_seen) <= Self::PAUSE);
        let knows = |known: &[String], one: Option<&str>| one.is_some_and(|one| known.iter().any(|known| known == one));
        let path = attack.path.filter(|path| *path != "/");
        let find = |fits: &dyn Fn(&Campaign) -> bool| self.0.iter().position(fits);
        let position = find(&|campaign| knows(&campaign.clients, attack.client))
            .or_else(|| find(&|campaign| knows(&campaign.paths, path)))
            .or_else(|| find(&|campaign| campaign.kinds.contains(&attack.kind)))
            // Nobody knows where it comes from: whoever is at it anonymously is taken to be one.
            .or_else(|| find(&|campaign| attack.client.is_none() && campaign.clients.is_empty()));
        let latest = || {
            let latest = self.0.iter().enumerate().max_by_key(|(_, campaign)| campaign.last_seen);
            latest.map(|(index, _)| index).filter(|_| self.0.len() >= Self::AT_ONCE)
        };
        let index = position.or_else(latest).unwrap_or_else(|| {
            let fingerprint = Fingerprint::of_template(environment, service, attack.kind.as_str(), "campaign");
            self.0.push(Campaign {
                fingerprint,
                kinds: Vec::new(),
                clients: Vec::new(),
                paths: Vec::new(),
                callbacks: Vec::new(),
                last_seen: at,
            });
            self.0.len() - 1
        });
        let campaign = &mut self.0[index];
        campaign.last_seen = campaign.last_seen.max(at);
        if !campaign.kinds.contains(&attack.kind) {
            campaign.kinds.push(attack.kind);
        }
        remember(&mut campaign.clients, attack.client, Self::MAX_CLIENTS);
        remember(&mut campaign.paths, path, Self::MAX_PATHS);
        for host in attack.callbacks {
            remember(&mut campaign.callbacks, Some(host), Self::MAX_CALLBACKS);
        }
        campaign.fingerprint.clone()
    }

    /// The kind and the host of a running campaign whose payloads name one of the hosts that a service now calls.
    pub(super) fn called_back(&self, at: Timestamp, calls: impl Fn(&str) -> bool) -> Option<(Kind, &str)> {
        self.0.iter().filter(|campaign| at.duration_since(campaign.last_seen) <= Self::PAUSE).find_map(|campaign| {
            let host = campaign.callbacks.iter().find(|host| calls(host))?;
            Some((*campaign.kinds.first()?, host.as_str()))
        })
    }

    /// Whether a call back is waited for.
    pub(super) fn expects_calls(&self) -> bool {
        self.0.iter().any(|campaign| !campaign.callbacks.is_empty())
    }
}

/// Longest name that is remembered, in characters.
const LONGEST: usize = 120;

fn remember(known: &mut Vec<String>, one: Option<&str>, at_most: usize) {
    let Some(one) = one.filter(|one| known.len() < at_most && !known.iter().any(|known| known == one)) else { return };
    // A longer name would not be known again, and would be remembered each time.
    if one.chars().nth(LONGEST).is_none() {
        known.push(one.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn attack<'a>(kind: Kind, client: Option<&'a str>, path: Option<&'a str>) -> Attack<'a> {
        Attack { kind, client, path, callbacks: &[] }
    }

    fn file(campaigns: &mut Campaigns, attack: Attack<'_>, minute: i64) -> Fingerprint {
        campaigns.file("default", "shop", attack, at(minute))
    }

    #[test]
    fn one_client_that_tries_everything_is_one_campaign() {
        let mut campaigns = Campaigns::default();
        let first = file(&mut campaigns, attack(Kind::Xss, Some("192.0.2.7"), None), 0);
        let second = file(&mut campaigns, attack(Kind::Sqli, Some("192.0.2.7"), Some("/search")), 1);
        let other_client_same_kind = file(&mut campaigns, attack(Kind::Sqli, Some("192.0.2.8"), None), 2);
        let other_client_same_path = file(&mut campaigns, attack(Kind::Rce, Some("192.0.2.9"), Some("/search")), 3);
        assert_eq!([&second, &other_client_same_kind, &other_client_same_path], [&first; 3]);
    }

    #[test]
    fn unlike_attacks_of_different_clients_are_two_campaigns_and_never_more() {
        let mut campaigns = Campaigns::default();
        let xss = file(&mut campaigns, attack(Kind::Xss, Some("192.0.2.7"), Some("/a")), 0);
        let sqli = file(&mut campaigns, attack(Kind::Sqli, Some("192.0.2.8"), Some("/b")), 1);
        assert_ne!(xss, sqli);
        let third = file(&mut campaigns, attack(Kind::Rce, Some("192.0.2.9"), Some("/c")), 2);
        assert_eq!(third, sqli, "it is filed with the one that was seen last");
        assert_eq!(file(&mut campaigns, attack(Kind::Xss, None, None), 500), xss, "it comes back under its name");
    }

    #[test]
    fn attacks_without_a_client_are_one_campaign_whatever_they_try() {
        let mut campaigns = Campaigns::default();
        let xss = file(&mut campaigns, attack(Kind::Xss, None, None), 0);
        assert_eq!(file(&mut campaigns, attack(Kind::Sqli, None, Some("/x")), 0), xss);
        assert_ne!(file(&mut campaigns, attack(Kind::Rce, Some("192.0.2.7"), None), 0), xss);
    }

    #[test]
    fn a_call_to_a_host_that_a_payload_named_is_a_call_back_while_the_campaign_runs() {
        let mut campaigns = Campaigns::default();
        let callbacks = ["evil.example".to_owned()];
        let attack = Attack { callbacks: &callbacks, ..attack(Kind::Rce, None, None) };
        file(&mut campaigns, attack, 0);
        assert_eq!(campaigns.called_back(at(10), |host| host == "evil.example"), Some((Kind::Rce, "evil.example")));
        assert_eq!(campaigns.called_back(at(10), |host| host == "good.example"), None);
        assert_eq!(campaigns.called_back(at(50), |_| true), None);
    }
}
