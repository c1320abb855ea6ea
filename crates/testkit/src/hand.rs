//! A person's hand in Slack: clicks, forms and commands as Slack posts them, signed as Slack signs them.

use crate::{Answer, App, FakeSlack};
use axum::body::Body;
use axum::http::Method;
use foghorn_domain::clock::Timestamp;
use foghorn_slack::Secret;
use foghorn_slack::signature::sign;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes bodies differ that Slack would make differ.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A person of the workspace.
#[derive(Clone, Debug)]
pub struct Hand {
    user: Value,
    team: &'static str,
    /// The message that they look at.
    message_ts: Option<String>,
}

impl Hand {
    /// A person by their Slack id and name.
    pub fn of(id: &str, name: &str) -> Self {
        let user = json!({ "id": id, "username": name, "name": name, "team_id": FakeSlack::TEAM });
        Self { user, team: FakeSlack::TEAM, message_ts: None }
    }

    /// `U1`, who is `john.doe`.
    pub fn john() -> Self {
        Self::of("U1", "john.doe")
    }

    /// The same with other or more fields.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.user[field] = value;
        self
    }

    /// The same under a message.
    pub fn under(mut self, message_ts: &str) -> Self {
        self.message_ts = Some(message_ts.to_owned());
        self
    }

    /// The body of a click on a button.
    pub fn click(&self, action: &str, incident_id: i64) -> String {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let mut payload = json!({
            "type": "block_actions", "user": self.user, "team": { "id": self.team },
            "channel": { "id": "C00000001" }, "trigger_id": format!("13.37.{serial}"),
            "actions": [{ "action_id": action, "type": "button", "value": incident_id.to_string() }],
        });
        if let Some(ts) = &self.message_ts {
            payload["message"] = json!({ "ts": ts });
        }
        form(&[("payload", &payload.to_string())])
    }

    /// The body of the form for a solution, sent off.
    pub fn submit(&self, incident_id: i64, solution: &str, resolve: bool) -> String {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let chosen = if resolve { json!([{ "value": "resolve" }]) } else { json!([]) };
        let payload = json!({
            "type": "view_submission", "user": self.user, "team": { "id": self.team },
            "view": {
                "id": format!("V{serial}"), "callback_id": "add_solution", "private_metadata": incident_id.to_string(),
                "state": { "values": {
                    "solution": { "solution": { "type": "plain_text_input", "value": solution } },
                    "resolve": { "resolve": { "type": "checkboxes", "selected_options": chosen } },
                } },
            },
        });
        form(&[("payload", &payload.to_string())])
    }

    /// The body of `/foghorn` and what is typed after it.
    pub fn command(&self, text: &str) -> String {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed).to_string();
        let word = |field: &str| self.user[field].as_str().unwrap_or_default();
        form(&[
            ("command", "/foghorn"),
            ("text", text),
            ("user_id", word("id")),
            ("user_name", word("name")),
            ("team_id", self.team),
            ("trigger_id", &serial),
        ])
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl App {
    /// A request as Slack signs it now.
    pub async fn from_slack(&self, path: &str, body: &str) -> Answer {
        self.signed(path, body, self.clock.now(), FakeSlack::SIGNING_SECRET).await
    }

    /// A request signed at some moment with some secret.
    pub async fn signed(&self, path: &str, body: &str, at: Timestamp, secret: &str) -> Answer {
        let signature = sign(&Secret::new(secret), at, body.as_bytes());
        let headers = [("x-slack-request-timestamp", at.as_second().to_string()), ("x-slack-signature", signature)];
        self.post_form(path, body, headers.iter().map(|(name, value)| (*name, value.as_str()))).await
    }

    /// A form with these headers.
    pub async fn post_form<'a>(
        &self,
        path: &str,
        body: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Answer {
        let request = Self::local(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        self.request(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// What a click on a button is answered with.
    pub async fn click(&self, hand: &Hand, action: &str, incident_id: i64) -> String {
        let answer = self.from_slack("/slack/actions", &hand.click(action, incident_id)).await.expect(200).json();
        answer["text"].as_str().unwrap_or_default().to_owned()
    }

    /// What a command is answered with.
    pub async fn type_command(&self, hand: &Hand, text: &str) -> String {
        let answer = self.from_slack("/slack/commands", &hand.command(text)).await.expect(200).json();
        answer["text"].as_str().unwrap_or_default().to_owned()
    }
}
