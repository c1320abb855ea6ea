//! In the place of Slack: it takes every call at once and notes when what arrived.

use axum::extract::{Path, State};
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// A message that was posted.
#[derive(Clone, Debug)]
pub(super) struct Post {
    /// Where.
    pub(super) channel: String,
    /// Its lock-screen line.
    pub(super) text: String,
    /// When it had arrived.
    pub(super) at: Instant,
}

/// The double; clones share it.
#[derive(Clone)]
pub(super) struct Slack {
    /// What `SLACK_API_URL` is set to.
    pub(super) url: String,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Slack {
    /// Starts it on a free port. It ends with the program.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/api/", listener.local_addr()?);
        let this = Self { url, posts: Arc::default() };
        let router = Router::new().route("/api/{method}", routing::post(answer)).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(this)
    }

    /// What arrived by now, in its order.
    pub(super) fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long it takes to answer a call of this program, shortest first: what is in every other figure, too.
    pub(super) async fn own_time(&self) -> anyhow::Result<Vec<Duration>> {
        let client = reqwest::Client::new();
        let mut took = Vec::new();
        for _ in 0..200 {
            let asked = Instant::now();
            client.post(format!("{}auth.test", self.url)).send().await?.bytes().await?;
            took.push(asked.elapsed());
        }
        took.sort_unstable();
        Ok(took)
    }
}

async fn answer(State(slack): State<Slack>, Path(method): Path<String>, body: axum::body::Bytes) -> Json<Value> {
    let at = Instant::now();
    let call: Value = serde_json::from_slice(&body).unwrap_or_default();
    let word = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
    let mut answer = json!({ "ok": true, "channel": word("channel"), "ts": word("ts"), "team_id": "T0BENCH",
        "team": "bench", "user": "foghorn", "user_id": "U0BENCH", "bot_id": "B0BENCH" });
    if method == "chat.postMessage" {
        let mut posts = slack.posts.lock().unwrap_or_else(PoisonError::into_inner);
        answer["ts"] = json!(format!("1.{:06}", posts.len()));
        posts.push(Post { channel: word("channel"), text: word("text"), at });
    }
    Json(answer)
}
