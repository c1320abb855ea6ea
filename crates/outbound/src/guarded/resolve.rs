//! Looks names up and hands on only addresses that may be reached.

use super::allow::AllowList;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// More addresses than this are not looked at.
const MAX_ADDRESSES: usize = 64;

/// Every address of a name was refused. Travels inside the library's errors and is found there again.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {address}, which is {why}")]
pub(super) struct NameRefused {
    pub(super) host: String,
    pub(super) address: IpAddr,
    pub(super) why: &'static str,
}

/// A name has no addresses, or could not be looked up. Travels like [`NameRefused`].
#[derive(Debug, thiserror::Error)]
#[error("{host} cannot be looked up: {detail}")]
pub(super) struct NameUnknown {
    pub(super) host: String,
    pub(super) detail: String,
}

/// As the system does: `/etc/hosts`, then name servers.
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Asks another and keeps what may be reached.
pub(super) struct GuardedResolver {
    names: Arc<dyn Resolve>,
    allow: Arc<AllowList>,
}

impl GuardedResolver {
    pub(super) fn new(names: Arc<dyn Resolve>, allow: Arc<AllowList>) -> Self {
        Self { names, allow }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let allow = Arc::clone(&self.allow);
        let looked_up = self.names.resolve(name);
        Box::pin(async move {
            let unknown = |detail: String| NameUnknown { host: host.clone(), detail };
            let addresses = looked_up.await.map_err(|error| unknown(error.to_string()))?;
            let mut reachable = Vec::new();
            let mut refused = None;
            for address in addresses.take(MAX_ADDRESSES) {
                match allow.refusal(Some(&host), address.ip()) {
                    None => reachable.push(address),
                    Some(why) => {
                        refused.get_or_insert(NameRefused { host: host.clone(), address: address.ip(), why });
                    }
                }
            }
            match (reachable.is_empty(), refused) {
                (false, _) => Ok(Box::new(reachable.into_iter()) as Addrs),
                (true, Some(refused)) => Err(refused.into()),
                (true, None) => Err(unknown("it has no addresses".to_owned()).into()),
            }
        })
    }
}
