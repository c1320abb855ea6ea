//! A server that answers as it was told, for tests: no network, no time.

use crate::failure::Failure;
use crate::server::Answered;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What a scripted server does with a call.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// Answers with this status and body, and perhaps says when to come back.
    Answer {
        /// The status.
        status: u16,
        /// `Retry-After`.
        retry_after: Option<String>,
        /// The body, as it stands.
        body: Vec<u8>,
    },
    /// Never answers.
    Hang,
    /// Cannot be reached.
    Unreachable,
}

impl Scripted {
    /// 200 with a chat server's reply in which the model has written this.
    pub fn says(text: &str) -> Self {
        let message = json!({ "role": "assistant", "content": text });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        let usage = json!({ "prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1_000 });
        Self::body(200, json!({ "choices": [choice], "usage": usage }).to_string())
    }

    /// A status and a body.
    pub fn body(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status, retry_after: None, body: body.into() }
    }
}

/// A call as it came.
#[derive(Clone, Debug)]
pub struct Heard(pub Value);

impl Heard {
    /// All that the model was told, as one text.
    pub fn text(&self) -> String {
        let messages = self.0["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let contents: Vec<&str> = messages.iter().filter_map(|message| message["content"].as_str()).collect();
        contents.join("\n")
    }
}

type Respond = dyn Fn(&Heard) -> Scripted + Send + Sync;

/// The server; clones share it.
#[derive(Clone)]
pub struct Script(Arc<Shared>);

struct Shared {
    queue: Mutex<VecDeque<Scripted>>,
    otherwise: Box<Respond>,
    heard: Mutex<Vec<Heard>>,
}

impl Script {
    /// Answers these in order, and 500 afterwards.
    pub fn of(script: impl IntoIterator<Item = Scripted>) -> Self {
        Self::new(script.into_iter().collect(), |_| Scripted::body(500, "the script is at its end"))
    }

    /// Makes up an answer to every call.
    pub fn by(respond: impl Fn(&Heard) -> Scripted + Send + Sync + 'static) -> Self {
        Self::new(VecDeque::new(), respond)
    }

    fn new(queue: VecDeque<Scripted>, otherwise: impl Fn(&Heard) -> Scripted + Send + Sync + 'static) -> Self {
        let shared = Shared { queue: Mutex::new(queue), otherwise: Box::new(otherwise), heard: Mutex::default() };
        Self(Arc::new(shared))
    }

    /// Adds an answer to the script.
    pub fn then(&self, scripted: Scripted) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(scripted);
    }

    /// The calls that came, in order.
    pub fn heard(&self) -> Vec<Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn call(&self, body: &Value) -> Result<Answered, Failure> {
        let heard = Heard(body.clone());
        let next = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let scripted = next.unwrap_or_else(|| (self.0.otherwise)(&heard));
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        match scripted {
            Scripted::Answer { status, retry_after, body } => Ok(Answered { status, retry_after, body }),
            Scripted::Hang => std::future::pending().await,
            Scripted::Unreachable => Err(Failure::Unreachable),
        }
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Script").field(&self.heard().len()).finish()
    }
}
