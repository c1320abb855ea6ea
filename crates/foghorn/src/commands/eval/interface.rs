//! The HTTP interface of a workshop, asked without a socket: as a program on the same machine asks it, and as an
//! assistant does (Model Context Protocol).

use super::workshop::Workshop;
use anyhow::Context;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use foghorn_web::WebConfig;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Where it would listen.
const HOST: &str = "127.0.0.1:8000";

/// The interface.
pub(super) struct Interface(Router);

impl Interface {
    /// That of a workshop, as it is on the machine itself: no token is asked for.
    pub(super) fn of(workshop: &Workshop) -> anyhow::Result<Self> {
        let config = WebConfig {
            listen: HOST.parse()?,
            api_token: None,
            require_token: false,
            intake_key: None,
            intake_open: false,
            max_body_bytes: 10 * 1024 * 1024,
            max_waiting: foghorn_web::ROOM,
            limits: foghorn_sources::Limits::default(),
            effective_config: json!({}),
            public_url: None,
        };
        Ok(Self(foghorn_web::router(workshop.handles.clone(), config)))
    }

    /// Posts a body; what comes back need not be a success.
    pub(super) async fn post(&self, path: &str, body: String) -> anyhow::Result<(StatusCode, String)> {
        let request = Request::post(path)
            .header("host", HOST)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(Body::from(body))?;
        let Ok(response) = self.0.clone().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), MAX_ANSWER).await?;
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// What a tool of the assistant's answers.
    pub(super) async fn tool(&self, name: &str, arguments: Value) -> anyhow::Result<String> {
        let params = json!({ "name": name, "arguments": arguments });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let (status, answer) = self.post("/mcp", call.to_string()).await?;
        anyhow::ensure!(status.is_success(), "{name} was refused: {status} {answer}");
        let whole: Value = serde_json::from_str(&answer).context("an assistant was answered with no JSON")?;
        let result = &whole["result"];
        anyhow::ensure!(result["isError"] != true && result["content"].is_array(), "{name} failed: {answer}");
        Ok(result.to_string())
    }
}
