//! In the place of a language model: a server in one of the states that are worth fearing, which gets well when it
//! is told to.

use super::beside::State;
use axum::extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::net::TcpListener;

/// What it writes while it is well.
const ANSWER: &str = r#"{"summary": "A check fails.", "root_causes": [{"cause": "What is checked does not answer",
"fixes": ["Look at its log"], "rollback": "Nothing to undo", "evidence": ["E1"]}], "confidence": "low"}"#;
/// What it writes while it babbles.
const BABBLE: &str = "As a checker of checks I would say: checks, checks and more checks.";

/// The server.
pub(super) struct Model {
    state: State,
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_well: AtomicBool,
    calls: AtomicUsize,
}

impl Model {
    /// Starts it on a free port. It ends with the program.
    pub(super) async fn start(state: State) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let this = Self { state, address: listener.local_addr()?, shared: Arc::default() };
        // Of a dead one only the address is known.
        if state != State::Dead {
            this.serve(listener);
        }
        Ok(this)
    }

    /// What `OPENAI_BASE_URL` is set to.
    pub(super) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How often it was called.
    pub(super) fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// From now on it answers as it should.
    pub(super) async fn recover(&self) -> anyhow::Result<()> {
        self.shared.is_well.store(true, Ordering::Relaxed);
        if self.state == State::Dead {
            self.serve(TcpListener::bind(self.address).await?);
        }
        Ok(())
    }

    fn serve(&self, listener: TcpListener) {
        let router = Router::new()
            .route("/v1/chat/completions", routing::post(answer))
            .with_state((self.state, self.shared.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
}

async fn answer(extract::State((state, shared)): extract::State<(State, Arc<Shared>)>) -> Response {
    shared.calls.fetch_add(1, Ordering::Relaxed);
    if shared.is_well.load(Ordering::Relaxed) {
        return says(ANSWER).into_response();
    }
    match state {
        State::Hung => std::future::pending().await,
        State::Babbling => says(BABBLE).into_response(),
        State::None | State::Dead => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn says(text: &str) -> Json<Value> {
    let choice = json!({ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" });
    Json(json!({ "choices": [choice], "usage": { "prompt_tokens": 900, "completion_tokens": 100 } }))
}
