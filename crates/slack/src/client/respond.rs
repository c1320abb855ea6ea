//! The answer to a click, sent to the address that came with it.

use super::SlackClient;
use super::call::{broken, retry_after, success};
use crate::error::SlackError;
use reqwest::Url;
use serde_json::Value;

impl SlackClient {
    /// Sends an answer to a `response_url`. The address comes from outside, so only Slack's own host for these, and
    /// the host that is configured as Slack, are called; the token is not sent along.
    pub async fn respond(&self, response_url: &str, answer: &Value) -> Result<(), SlackError> {
        let address = self.allowed(response_url).ok_or(SlackError::BadAddress)?;
        let response = self.http.post(address).json(answer).send().await.map_err(|error| broken(&error))?;
        success(response.status(), retry_after(response.headers()))
    }

    fn allowed(&self, response_url: &str) -> Option<Url> {
        let address = Url::parse(response_url).ok()?;
        let slacks = address.scheme() == "https"
            && address.port().is_none()
            && matches!(address.host_str(), Some("hooks.slack.com" | "hooks.slack-gov.com"));
        let configured = address.origin() == self.base.origin();
        let bare = address.username().is_empty() && address.password().is_none();
        ((slacks || configured) && bare).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::secret::Secret;
    use std::time::Duration;

    #[test]
    fn only_slacks_own_addresses_and_the_configured_host_are_answered() {
        let client = SlackClient::new("http://127.0.0.1:9/api/", Secret::new("xoxb"), Duration::from_secs(1)).unwrap();
        let check = |address: &str, allowed| assert_eq!(client.allowed(address).is_some(), allowed, "{address}");
        check("https://hooks.slack.com/actions/T1/2/3", true);
        check("https://hooks.slack-gov.com/actions/T1/2/3", true);
        check("http://127.0.0.1:9/response/1", true);
        check("http://hooks.slack.com/actions/T1/2/3", false);
        check("https://hooks.slack.com.evil.example/", false);
        check("https://hooks.slack.com:8443/", false);
        check("https://hooks.slack.com@evil.example/", false);
        check("https://evil@hooks.slack.com/", false);
        check("http://127.0.0.1:10/response/1", false);
        check("https://127.0.0.1:9/response/1", false);
        check("http://169.254.169.254/latest/meta-data", false);
        check("file:///etc/passwd", false);
        check("", false);
    }
}
