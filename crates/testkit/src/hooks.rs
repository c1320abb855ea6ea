//! An HTTP server that records what it is asked and answers as it was told: PagerDuty, a webhook's receiver, or
//! something worse.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// Answers with this status, these headers and this body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Never answers.
    Hang,
    /// Hangs up without a word.
    HangUp,
    /// Answers 200 and hangs up in the middle of the body.
    BreakOff,
    /// Answers 200 and never stops talking.
    Flood,
}

impl Scripted {
    /// A status and nothing else.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    /// A status and a body.
    pub fn body(status: u16, body: impl Into<String>) -> Self {
        Self::Answer(status, Vec::new(), body.into())
    }

    /// A status and when to come back.
    pub fn retry_after(status: u16, value: impl Into<String>) -> Self {
        Self::Answer(status, vec![("retry-after", value.into())], String::new())
    }

    /// A redirect.
    pub fn redirect(status: u16, to: impl Into<String>) -> Self {
        Self::Answer(status, vec![("location", to.into())], String::new())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Recorded {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A header's value; the empty text where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Recorded>>,
    script: Mutex<VecDeque<Scripted>>,
}

/// The server. It ends when this is dropped.
pub struct HookServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl HookServer {
    /// One that answers 202 to everything, on 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    /// One that does these things in this order, and answers 202 afterwards.
    pub async fn with_script(script: impl IntoIterator<Item = Scripted>) -> Self {
        let server = Self::start().await;
        server.shared.script.lock().unwrap().extend(script);
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked by now.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for HookServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.requests.lock().unwrap().push(Recorded { method, uri, headers, body });
    let scripted = shared.script.lock().unwrap().pop_front();
    match scripted.unwrap_or_else(|| Scripted::status(202)) {
        Scripted::Answer(status, headers, body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            for (name, value) in headers {
                response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
            }
            response
        }
        Scripted::Hang => std::future::pending().await,
        // A panic ends the connection, and nothing else.
        Scripted::HangUp => std::panic::resume_unwind(Box::new("hung up on purpose")),
        Scripted::BreakOff => Response::new(broken_off()),
        Scripted::Flood => Response::new(flood()),
    }
}

/// A piece of a body.
const PIECE: Bytes = Bytes::from_static(&[b'x'; 16 * 1024]);

/// A piece and then a failure, with a pause in between, or else the server would drop the beginning unsent.
fn broken_off() -> Body {
    let failure = stream::once(async {
        tokio::task::yield_now().await;
        Err(std::io::Error::other("broken off on purpose"))
    });
    Body::from_stream(stream::iter([Ok(PIECE)]).chain(failure))
}

/// Pieces without end.
fn flood() -> Body {
    Body::from_stream(stream::iter(std::iter::repeat_with(|| Ok::<_, std::io::Error>(PIECE))))
}
