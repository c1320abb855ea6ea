//! What the operator allowed besides the public internet.

use super::address;
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// An entry that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    /// It is neither a host nor an address nor a network.
    #[error("{entry:?} is neither a host (hooks.corp.example) nor an address (10.1.2.3) nor a network (10.1.0.0/16)")]
    Entry {
        /// The entry.
        entry: String,
    },
    /// The network does not start where it says.
    #[error("{entry} has bits beyond its length; write {meant}")]
    HostBits {
        /// The entry.
        entry: String,
        /// What was probably meant.
        meant: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {detail}")]
    Client {
        /// What the library says.
        detail: String,
    },
}

/// Hosts and networks.
#[derive(Debug, Default)]
pub(super) struct AllowList {
    hosts: BTreeSet<String>,
    networks: Vec<IpNet>,
}

impl AllowList {
    pub(super) fn parse(entries: &[String]) -> Result<Self, AllowError> {
        let mut list = Self::default();
        for entry in entries.iter().map(|entry| entry.trim()) {
            if let Ok(address) = entry.parse::<IpAddr>() {
                list.networks.push(IpNet::from(address));
            } else if let Ok(network) = entry.parse::<IpNet>() {
                if network.trunc() != network {
                    return Err(AllowError::HostBits { entry: entry.to_owned(), meant: network.trunc().to_string() });
                }
                list.networks.push(network);
            } else {
                list.hosts.insert(host(entry).ok_or_else(|| AllowError::Entry { entry: entry.to_owned() })?);
            }
        }
        Ok(list)
    }

    /// Why the address may not be reached; `host` is the name that led there, if one did.
    pub(super) fn refusal(&self, host: Option<&str>, at: IpAddr) -> Option<&'static str> {
        let why = address::refusal(at)?;
        let carried = address::carried_v4(at).map_or(at, IpAddr::V4);
        let address_allowed = self.networks.iter().any(|network| network.contains(&at) || network.contains(&carried));
        let host_allowed =
            host.is_some_and(|host| self.hosts.contains(&as_compared(host))) && !address::is_of_the_link(at);
        (!address_allowed && !host_allowed).then_some(why)
    }
}

fn as_compared(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// A host's name as it is compared; `None` for what is none, such as an address (allow the address instead).
fn host(entry: &str) -> Option<String> {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_');
    if entry.is_empty() || entry.len() > 253 || !entry.chars().all(fits) {
        return None;
    }
    // The name as a URL would have it; this also finds numbers that would be read as an address.
    let url = reqwest::Url::parse(&format!("http://{entry}/")).ok()?;
    url.domain().map(as_compared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_hosts_addresses_and_networks() {
        let check = |entry: &str, fits: bool| {
            assert_eq!(AllowList::parse(&[entry.to_owned()]).is_ok(), fits, "{entry:?}");
        };
        check("hooks.corp.example", true);
        check("HOOKS", true);
        check("10.1.2.3", true);
        check("10.1.0.0/16", true);
        check("fd00::7", true);
        check("fd00::/8", true);
        check(" 10.1.2.3 ", true);
        check("10.1.2.3/16", false);
        check("0x7f.1", false);
        check("2130706433", false);
        check("http://hooks.corp.example", false);
        check("hooks.corp.example:8080", false);
        check("*.corp.example", false);
        check("", false);
    }

    #[test]
    fn a_wrong_network_says_what_was_meant() {
        let error = AllowList::parse(&["10.1.2.3/16".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "10.1.2.3/16 has bits beyond its length; write 10.1.0.0/16");
    }

    #[test]
    fn what_is_allowed_may_be_reached_and_its_neighbours_may_not() {
        let entries = ["hooks.corp.example", "10.1.0.0/16", "fd00::7"].map(str::to_owned);
        let list = AllowList::parse(&entries).unwrap();
        let check = |host: Option<&str>, at: &str, reached: bool| {
            assert_eq!(list.refusal(host, at.parse().unwrap()).is_none(), reached, "{host:?} at {at}");
        };
        check(None, "10.1.2.3", true);
        check(None, "::ffff:10.1.2.3", true);
        check(None, "10.2.0.1", false);
        check(None, "fd00::7", true);
        check(None, "fd00::8", false);
        check(Some("hooks.corp.example"), "192.168.1.1", true);
        check(Some("Hooks.Corp.Example."), "192.168.1.1", true);
        check(Some("hooks.corp.example"), "::1", true);
        check(Some("hooks.corp.example"), "169.254.169.254", false);
        check(Some("hooks.corp.example"), "fd00:ec2::254", false);
        check(Some("hooks.corp.example"), "fe80::1", false);
        check(Some("more.hooks.corp.example"), "192.168.1.1", false);
        check(Some("other.example"), "8.8.8.8", true);
    }
}
