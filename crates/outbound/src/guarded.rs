//! The one client for addresses that users supply.
//!
//! Whoever may name an address that Foghorn calls could otherwise make it call its own neighbours: the cloud's
//! metadata service, a database's HTTP port, a router. So [`GuardedClient`] reaches the public internet and what
//! the operator allowed by name, nothing else:
//!
//! 1. `address` says which addresses are not public, and why.
//! 2. `allow` holds what the operator allowed: hosts, addresses, networks.
//! 3. `resolve` looks names up and hands on only the addresses that may be reached. The connection is made to
//!    these and to no others, so that a name cannot answer one thing when it is checked and another when it is
//!    used.
//! 4. `error` says why there is no answer.
//!
//! Redirects are followed here, not by the library, so that each hop goes through the same checks; no proxy is
//! taken from the environment; the answer is read up to a bound; the whole has a deadline.

mod address;
mod allow;
mod error;
mod resolve;

pub use allow::AllowError;
pub use error::GuardError;
pub use reqwest::dns::Resolve;

use allow::AllowList;
use error::{host_of, what_went_wrong};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What a [`GuardedClient`] may reach, and how long and how much it may read.
#[derive(Clone, Debug)]
pub struct GuardSettings {
    /// What is allowed besides the public internet: hosts (`hooks.corp.example`), addresses (`10.1.2.3`,
    /// `fd00::7`) and networks (`10.1.0.0/16`). An allowed host may have private addresses; addresses of the
    /// link, where clouds keep their metadata, need to be allowed as addresses.
    pub allow: Vec<String>,
    /// How long it may take to look a name up, connect and agree on TLS.
    pub connect_within: Duration,
    /// How long everything may take, redirects and the answer included.
    pub answer_within: Duration,
    /// Redirects that are followed.
    pub max_redirects: usize,
    /// What is read of an answer, in bytes; the rest is left unread.
    pub max_answer_bytes: usize,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(15),
            max_redirects: 3,
            max_answer_bytes: 64 * 1024,
        }
    }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    client: Client,
    allow: Arc<AllowList>,
    answer_within: Duration,
    max_redirects: usize,
    max_answer_bytes: usize,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its start, up to the bound.
    pub body: Vec<u8>,
    /// Whether there was more, or should have been: it was beyond the bound, broke off or came too late.
    pub cut: bool,
}

impl GuardedClient {
    /// A client that looks names up as the system does.
    pub fn new(settings: GuardSettings) -> Result<Self, AllowError> {
        Self::with_resolver(settings, Arc::new(resolve::SystemResolver))
    }

    /// A client that looks names up elsewhere. What comes back is checked all the same.
    pub fn with_resolver(settings: GuardSettings, names: Arc<dyn Resolve>) -> Result<Self, AllowError> {
        let allow = Arc::new(AllowList::parse(&settings.allow)?);
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(resolve::GuardedResolver::new(names, Arc::clone(&allow))))
            .connect_timeout(settings.connect_within)
            .user_agent(concat!("foghorn/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| AllowError::Client { detail: error.to_string() })?;
        Ok(Self {
            client,
            allow,
            answer_within: settings.answer_within,
            max_redirects: settings.max_redirects,
            max_answer_bytes: settings.max_answer_bytes,
        })
    }

    /// Says whether an address may be called, as far as that can be seen without looking its name up.
    pub fn check(&self, url: &str) -> Result<(), GuardError> {
        self.checked(url).map(drop)
    }

    /// Posts a body. A redirect is followed where it keeps the method and the body (307, 308); any other is
    /// handed back as the answer it is.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, GuardError> {
        self.answered(Method::POST, url, headers, body).await
    }

    /// Gets an address, following redirects.
    pub async fn get(&self, url: &str, headers: HeaderMap) -> Result<Answer, GuardError> {
        self.answered(Method::GET, url, headers, Vec::new()).await
    }

    async fn answered(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, GuardError> {
        let deadline = Instant::now() + self.answer_within;
        let too_late = |_| GuardError::Deadline { host: host_of(url), seconds: self.answer_within.as_secs_f32() };
        let response = timeout_at(deadline, self.call(method, url, headers, body)).await.map_err(too_late)??;
        Ok(self.read(response, deadline).await)
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, GuardError> {
        let mut at = self.checked(url)?;
        for _ in 0..=self.max_redirects {
            let request = self.client.request(method.clone(), at.clone()).headers(headers.clone()).body(body.clone());
            let response = request.send().await.map_err(|error| what_went_wrong(&error, &at))?;
            let Some(location) = followed(&method, response.status(), response.headers()) else {
                return Ok(response);
            };
            let next = at.join(&location).map_err(|error| GuardError::BadAddress { detail: error.to_string() })?;
            let next = self.checked(next.as_str())?;
            if at.scheme() == "https" && next.scheme() == "http" {
                return Err(GuardError::Downgrade { host: host_of(next.as_str()) });
            }
            if at.origin() != next.origin() {
                headers.remove(AUTHORIZATION);
                headers.remove(COOKIE);
            }
            at = next;
        }
        Err(GuardError::TooManyRedirects { limit: self.max_redirects })
    }

    /// The address, if it may be called as far as can be seen. The library connects to an address written as
    /// numbers without asking its resolver, so these are checked here; names are checked when they are looked
    /// up. Parsing (WHATWG) has turned every spelling of an address, `0x7f.1` or `2130706433`, into the one.
    fn checked(&self, url: &str) -> Result<Url, GuardError> {
        let url = Url::parse(url).map_err(|error| GuardError::BadAddress { detail: error.to_string() })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(GuardError::Scheme { scheme: url.scheme().chars().take(20).collect() });
        }
        let Some(host) = url.host_str() else {
            return Err(GuardError::BadAddress { detail: "it names no host".to_owned() });
        };
        let numbers = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = numbers.parse::<IpAddr>()
            && let Some(why) = self.allow.refusal(None, address)
        {
            return Err(GuardError::Refused { host: host.to_owned(), address, why });
        }
        Ok(url)
    }

    /// Reads what there is. The status has been given by now and stands, so that a body that breaks off or does
    /// not end in time is one that was cut.
    async fn read(&self, mut response: Response, deadline: Instant) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        let cut = loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    let room = self.max_answer_bytes - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        break true;
                    }
                }
                Ok(Ok(None)) => break false,
                Ok(Err(_)) | Err(_) => break true,
            }
        };
        Answer { status, headers, body, cut }
    }
}

/// Where an answer sends us, if we follow it there.
fn followed(method: &Method, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let keeps_the_body = matches!(status.as_u16(), 307 | 308);
    let follows = keeps_the_body || (*method == Method::GET && matches!(status.as_u16(), 301..=303));
    let location = headers.get(LOCATION).filter(|_| follows)?;
    location.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests;
