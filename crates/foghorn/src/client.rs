//! A running server, asked over HTTP. Answers are JSON; problems come back as what was wrong and in which
//! field.

use clap::Args;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// Where `foghorn serve` listens unless it is told otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:8000";

/// Which server a command speaks to.
#[derive(Args, Clone)]
pub(crate) struct ServerArgs {
    /// The server to speak to
    #[arg(
        long,
        env = "FOGHORN_URL",
        value_name = "URL",
        default_value = DEFAULT_URL,
        help_heading = "Server"
    )]
    url: String,
    /// Its token, where it asks for one
    #[arg(long, env = "FOGHORN_API_TOKEN", value_name = "TOKEN", hide_env_values = true, help_heading = "Server")]
    token: Option<String>,
}

// The token stays out of debug output.
impl std::fmt::Debug for ServerArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerArgs").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nobody answered.
    #[error(
        "no answer from {url}: {detail}; is `foghorn serve` running there? (--url or FOGHORN_URL name another server)"
    )]
    Unreachable {
        /// The server.
        url: String,
        /// What the system says.
        detail: String,
    },
    /// The server said no.
    #[error("{}", refusal(.status, .field.as_deref(), .detail))]
    Refused {
        /// The status of the answer.
        status: u16,
        /// The field at fault.
        field: Option<String>,
        /// What is wrong.
        detail: String,
        /// When to try again, if the server says so.
        retry_after: Option<Duration>,
    },
    /// The answer is no JSON.
    #[error("{url} answered something that is not Foghorn's; check --url")]
    NotFoghorn {
        /// The server.
        url: String,
    },
}

impl ClientError {
    /// Whether the same call may succeed later.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::NotFoghorn { .. } => false,
        }
    }
}

fn refusal(status: &u16, field: Option<&str>, detail: &str) -> String {
    match (status, field) {
        (401 | 403, _) => format!("{detail}; pass the server's token with --token or FOGHORN_API_TOKEN"),
        // Details often start with the field's name already.
        (_, Some(field)) if !detail.starts_with(field) => format!("{field}: {detail}"),
        _ => detail.to_owned(),
    }
}

/// Why an answer could not be copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// There is none, or it broke off.
    #[error(transparent)]
    Server(#[from] ClientError),
    /// There is nowhere to write it.
    #[error("cannot write the answer")]
    Write(#[from] std::io::Error),
}

/// How long an answer of any length may take.
const LONGEST_COPY: Duration = Duration::from_secs(3600);

/// A server.
#[derive(Clone)]
pub(crate) struct Server {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Server {
    /// Prepares to speak to it; nothing is sent yet.
    pub(crate) fn new(args: &ServerArgs) -> anyhow::Result<Self> {
        Self::at(&args.url, args.token.as_deref())
    }

    /// The same for a server that is known by its address.
    pub(crate) fn at(url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let url = address(url);
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60))
            .user_agent(concat!("foghorn/", env!("CARGO_PKG_VERSION")));
        let host = reqwest::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        if host.is_some_and(|host| matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]")) {
            // A proxy has nothing to do between two programs on one machine.
            http = http.no_proxy();
        }
        let http = http.build()?;
        let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
        Ok(Self { http, url, token })
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, ClientError> {
        self.answer(self.request(Method::GET, path).query(query)).await
    }

    /// Sends a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.answer(self.request(Method::POST, path).json(body)).await
    }

    /// POST without a body.
    pub(crate) async fn post_query(&self, path: &str, query: &[(&str, String)]) -> Result<Value, ClientError> {
        self.answer(self.request(Method::POST, path).query(query)).await
    }

    /// Sends lines of JSON.
    pub(crate) async fn post_lines(&self, path: &str, lines: Vec<u8>) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, path).header("content-type", "application/x-ndjson").body(lines);
        self.answer(request).await
    }

    /// Changes something.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.answer(self.request(Method::PATCH, path).json(body)).await
    }

    /// Takes something away.
    pub(crate) async fn delete(&self, path: &str, query: &[(&str, String)]) -> Result<Value, ClientError> {
        self.answer(self.request(Method::DELETE, path).query(query)).await
    }

    /// Copies an answer that may be of any length, as it comes.
    pub(crate) async fn copy(
        &self,
        path: &str,
        query: &[(&str, String)],
        out: &mut impl Write,
    ) -> Result<(), CopyError> {
        let request = self.request(Method::GET, path).query(query).timeout(LONGEST_COPY);
        let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(self.read_answer(response).await.err().unwrap_or_else(|| self.not_foghorn()).into());
        }
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            out.write_all(&chunk)?;
        }
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, ClientError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        self.read_answer(response).await
    }

    async fn read_answer(&self, response: reqwest::Response) -> Result<Value, ClientError> {
        let status = response.status();
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        match answer {
            // A list of outcomes says itself which of them are refusals.
            Some(answer) if status.is_success() || lists_outcomes(&answer) => Ok(answer),
            Some(problem) => Err(refused(status, &problem, retry_after)),
            None if status.is_success() => Err(self.not_foghorn()),
            None => Err(refused(status, &Value::Null, retry_after)),
        }
    }

    fn not_foghorn(&self) -> ClientError {
        ClientError::NotFoghorn { url: self.url.clone() }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        ClientError::Unreachable { url: self.url.clone(), detail: cause.to_string() }
    }
}

/// A part of a path or query, such as an id that somebody chose, with what has a meaning there encoded.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// An address as people type it, made whole: `localhost:8000` is meant as HTTP, nothing as the default.
fn address(typed: &str) -> String {
    match typed.trim().trim_end_matches('/') {
        "" => DEFAULT_URL.to_owned(),
        whole if whole.contains("://") => whole.to_owned(),
        short => format!("http://{short}"),
    }
}

/// Of an array of events, or of memories.
fn lists_outcomes(answer: &Value) -> bool {
    answer.get("results").is_some() || answer.get("rejected_lines").is_some()
}

/// Reads `application/problem+json` (RFC 9457), and is content with less.
fn refused(status: StatusCode, problem: &Value, retry_after: Option<Duration>) -> ClientError {
    let text = |name: &str| problem.get(name).and_then(Value::as_str).map(crate::terminal::harmless);
    let detail = text("detail").or_else(|| text("title")).or_else(|| text("message"));
    ClientError::Refused {
        status: status.as_u16(),
        field: text("field"),
        detail: detail.unwrap_or_else(|| format!("the server answered {status}")),
        retry_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_problem_reads_as_what_is_wrong_and_where() {
        let check = |status: u16, problem: Value, expected: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refused(status, &problem, None).to_string(), expected);
        };
        check(
            422,
            json!({"detail": "must be a non-blank string", "field": "payload"}),
            "payload: must be a non-blank string",
        );
        check(422, json!({"detail": "payload: must not be blank", "field": "payload"}), "payload: must not be blank");
        check(404, json!({"title": "Not found", "detail": "there is no incident 9"}), "there is no incident 9");
        check(500, Value::Null, "the server answered 500 Internal Server Error");
        check(
            401,
            json!({"detail": "a token is needed"}),
            "a token is needed; pass the server's token with --token or FOGHORN_API_TOKEN",
        );
    }

    #[test]
    fn addresses_are_taken_as_people_type_them() {
        let check = |typed, meant| assert_eq!(address(typed), meant);
        check("https://foghorn.example.org/", "https://foghorn.example.org");
        check("localhost:8000", "http://localhost:8000");
        check("", DEFAULT_URL);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |status| refused(StatusCode::from_u16(status).unwrap(), &Value::Null, None).is_temporary();
        assert!(refused(503) && refused(429));
        assert!(!refused(422) && !refused(500) && !refused(404));
        assert!(ClientError::Unreachable { url: String::new(), detail: String::new() }.is_temporary());
    }

    #[test]
    fn the_token_is_not_in_debug_output() {
        let args = ServerArgs { url: "http://x".to_owned(), token: Some("hunter2".to_owned()) };
        assert!(!format!("{args:?}").contains("hunter2"));
    }
}
