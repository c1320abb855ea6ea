//! Campaigns: a scanner's thousand requests are one incident. Attack findings of one service fold together
//! while they come from the same client, or are of the same kind, with no pause longer than
//! [`Campaigns::PAUSE`].

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
    last_seen: Timestamp,
}

impl Campaigns {
    /// A campaign that has been silent for this long is over.
    const PAUSE: SignedDuration = SignedDuration::from_mins(30);
    /// Campaigns and clients that are remembered.
    const MAX_CAMPAIGNS: usize = 16;
    const MAX_CLIENTS: usize = 64;

    /// The fingerprint under which an attack is filed: that of the running campaign it belongs to, else of
    /// a new one named after its kind.
    pub(super) fn file(
        &mut self,
        environment: &str,
        service: &str,
        kind: Kind,
        client: Option<&str>,
        at: Timestamp,
    ) -> Fingerprint {
        self.0.retain(|campaign| at.duration_since(campaign.last_seen) <= Self::PAUSE);
        let same_client =
            |campaign: &Campaign| client.is_some_and(|client| campaign.clients.iter().any(|known| known == client));
        let position = self
            .0
            .iter()
            .position(same_client)
            .or_else(|| self.0.iter().position(|campaign| campaign.kinds.contains(&kind)));
        let index = position.unwrap_or_else(|| {
            if self.0.len() >= Self::MAX_CAMPAIGNS {
                self.0.remove(0);
            }
            let fingerprint = Fingerprint::of_template(environment, service, kind.as_str(), "campaign");
            self.0.push(Campaign { fingerprint, kinds: Vec::new(), clients: Vec::new(), last_seen: at });
            self.0.len() - 1
        });
        let campaign = &mut self.0[index];
        campaign.last_seen = campaign.last_seen.max(at);
        if !campaign.kinds.contains(&kind) {
            campaign.kinds.push(kind);
        }
        if let Some(client) = client
            && campaign.clients.len() < Self::MAX_CLIENTS
            && !campaign.clients.iter().any(|known| known == client)
        {
            campaign.clients.push(client.chars().take(64).collect());
        }
        campaign.fingerprint.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn one_client_that_tries_everything_is_one_campaign() {
        let mut campaigns = Campaigns::default();
        let first = campaigns.file("default", "shop", Kind::Xss, Some("192.0.2.7"), at(0));
        let second = campaigns.file("default", "shop", Kind::Sqli, Some("192.0.2.7"), at(1));
        let other_client_same_kind = campaigns.file("default", "shop", Kind::Sqli, Some("192.0.2.8"), at(2));
        assert_eq!(first, second);
        assert_eq!(first, other_client_same_kind);
    }

    #[test]
    fn kinds_without_a_client_stay_apart_and_come_back_under_the_same_name() {
        let mut campaigns = Campaigns::default();
        let xss = campaigns.file("default", "shop", Kind::Xss, None, at(0));
        let sqli = campaigns.file("default", "shop", Kind::Sqli, None, at(0));
        assert_ne!(xss, sqli);
        assert_eq!(campaigns.file("default", "shop", Kind::Xss, None, at(500)), xss);
    }
}
