//! Carrying a call to a server: over HTTP, or to a script in tests.

use crate::failure::Failure;
use crate::scripted::Script;
use crate::settings::ModelSettings;
use foghorn_domain::secret::Secret;
use reqwest::{Client, redirect};
use serde_json::Value;
use std::time::Duration;

/// What a server answered, unread.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Who answers.
pub(crate) enum Server {
    /// A real one.
    Http(HttpServer),
    /// A script.
    Scripted(Script),
}

/// A server that speaks the chat interface.
pub(crate) struct HttpServer {
    client: Client,
    url: String,
    api_key: Option<Secret>,
    max_reply_bytes: usize,
}

impl Server {
    /// Makes a call; the caller watches the time.
    pub(crate) async fn call(&self, body: &Value) -> Result<Answered, Failure> {
        match self {
            Self::Http(server) => server.call(body).await,
            Self::Scripted(script) => script.call(body).await,
        }
    }
}

impl HttpServer {
    /// The sentence is for people.
    pub(crate) fn new(settings: &ModelSettings) -> Result<Self, String> {
        let base = settings.base_url.trim_end_matches('/');
        let client = Client::builder()
            .connect_timeout(settings.call_deadline.min(Duration::from_secs(5)))
            .timeout(settings.call_deadline)
            // A redirect would carry prompts, and the key, to wherever it points.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("foghorn/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("cannot set up calls to {base}: {error}"))?;
        let url = format!("{base}/chat/completions");
        reqwest::Url::parse(&url).map_err(|error| format!("{base} is no address: {error}"))?;
        Ok(Self { client, url, api_key: settings.api_key.clone(), max_reply_bytes: settings.max_reply_bytes })
    }

    async fn call(&self, body: &Value) -> Result<Answered, Failure> {
        let mut request = self.client.post(&self.url).json(body);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose());
        }
        let mut response = request.send().await.map_err(|error| broken(&error))?;
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| broken(&error))? {
            if body.len() + piece.len() > self.max_reply_bytes {
                return Err(Failure::TooLarge(self.max_reply_bytes));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answered { status, retry_after, body })
    }
}

fn broken(error: &reqwest::Error) -> Failure {
    if error.is_timeout() { Failure::Timeout } else { Failure::Unreachable }
}
