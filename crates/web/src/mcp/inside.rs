//! The tools at `/mcp`, over HTTP: what they ask is answered by the very handlers that answer everybody else.

use super::{Source, Tools};
use crate::guard::Caller;
use crate::pages::query::address;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::{BodyExt, Limited};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The longest answer that is passed on, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// The longest question, in bytes.
const MAX_QUESTION: usize = 256 * 1024;

/// The interface of this program, asked without a socket.
#[derive(Clone)]
pub struct Inside(Router);

/// The service behind `/mcp`. Who may call is the guard's business, which stands before it; no session is kept.
pub fn service(
    interface: Router,
    stop: CancellationToken,
) -> StreamableHttpService<Tools<Inside>, LocalSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .disable_allowed_hosts()
        .with_max_request_body_bytes(MAX_QUESTION)
        .with_cancellation_token(stop);
    StreamableHttpService::new(move || Ok(Tools::new(Inside(interface.clone()))), Default::default(), config)
}

impl Source for Inside {
    async fn get(&self, path: &str, query: Vec<(&'static str, String)>) -> Result<Value, String> {
        let fields: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let address = address(path, &fields);
        let mut request =
            Request::get(address).body(Body::empty()).map_err(|error| format!("this cannot be asked: {error}"))?;
        request.extensions_mut().insert(Caller::default());
        let Ok(response) = self.0.clone().oneshot(request).await;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let bytes = body.map_err(|_| "the answer is too long; ask for less".to_owned())?.to_bytes();
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| "the answer is no JSON".to_owned())?;
        match status.is_success() {
            true => Ok(value),
            false => Err(value["detail"].as_str().unwrap_or("it was refused").to_owned()),
        }
    }
}
