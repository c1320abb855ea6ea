//! A stand-in for any receiver, for trying out what would be told: it takes every message and tells nobody. It keeps
//! the kind of the one that it plays, so that pace, storms and what is folded are decided as for that one.

use foghorn_routing::Address;

/// See the module.
pub struct RehearsalReceiver {
    kind: &'static str,
    channel: String,
}

impl RehearsalReceiver {
    /// One that plays the receiver at an address; `None` for the dashboard, which tells nobody by itself. Secrets that
    /// the real one would need are not looked for.
    pub(crate) fn playing(
        address: &Address,
        default_channel: &str,
        host_of: fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let (kind, channel) = match address {
            Address::Slack { channel } if channel.is_empty() => ("slack", default_channel.to_owned()),
            Address::Slack { channel } => ("slack", channel.clone()),
            Address::Email { to } => ("email", to.join(", ")),
            Address::PagerDuty { .. } => ("pagerduty", "pagerduty".to_owned()),
            Address::Webhook { url, .. } => ("webhook", host_of(url).unwrap_or_else(|| "webhook".to_owned())),
            Address::Dashboard => return None,
        };
        Some(Self { kind, channel })
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }
}
