//! The call that says outside that everything inside still moves.

use std::time::Duration;

/// Where it goes. The address is the operator's, and often a secret.
#[derive(Clone)]
pub(super) struct Heartbeat {
    http: reqwest::Client,
    url: reqwest::Url,
}

impl Heartbeat {
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(url).map_err(|error| format!("watchman.heartbeat_url: {error}"))?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .user_agent(concat!("foghorn/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("watchman.heartbeat_url: {error}"))?;
        Ok(Self { http, url })
    }

    /// Calls. What went wrong is said without the address.
    pub(super) async fn beat(&self) -> Result<(), String> {
        let answer = self.http.get(self.url.clone()).send().await.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
    }
}
