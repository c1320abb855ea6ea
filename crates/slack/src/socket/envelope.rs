//! What comes over the connection.

use crate::interaction::{Interaction, PayloadError, SlashCommand, read, read_command};
use serde_json::{Value, json};

/// Something a person did, as a handler gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A click or a form.
    Interaction(Interaction),
    /// A slash command.
    Command(SlashCommand),
}

/// One message of the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// The connection is good.
    Hello,
    /// Another connection is to be opened.
    Disconnect,
    /// A payload, which is to be acknowledged by the envelope's id.
    Payload {
        /// The id.
        id: String,
        /// Whether the acknowledgement may carry an answer.
        takes_answer: bool,
        /// What it is; `None` for a kind that Foghorn did not ask for.
        delivery: Option<Box<Result<Delivery, PayloadError>>>,
    },
    /// Nothing that is known.
    Unknown,
}

impl Envelope {
    pub(super) fn read(text: &str) -> Self {
        let Ok(envelope) = serde_json::from_str::<Value>(text) else { return Self::Unknown };
        let kind = envelope.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "hello" => return Self::Hello,
            "disconnect" => return Self::Disconnect,
            _ => {}
        }
        let id = envelope.get("envelope_id").and_then(Value::as_str);
        let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= 256) else { return Self::Unknown };
        let payload = envelope.get("payload").unwrap_or(&Value::Null);
        Self::Payload {
            id: id.to_owned(),
            takes_answer: envelope.get("accepts_response_payload").and_then(Value::as_bool).unwrap_or(false),
            delivery: match kind {
                "interactive" => Some(Box::new(read(payload).map(Delivery::Interaction))),
                "slash_commands" => Some(Box::new(read_command(payload).map(Delivery::Command))),
                _ => None,
            },
        }
    }
}

/// The acknowledgement of an envelope.
pub(super) fn acknowledgement(id: &str, answer: Option<Value>) -> String {
    let mut acknowledgement = json!({ "envelope_id": id });
    if let Some(answer) = answer {
        acknowledgement["payload"] = answer;
    }
    acknowledgement.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_the_connection_is_one_of_a_few() {
        let check = |message: &str, expected: Envelope| assert_eq!(Envelope::read(message), expected, "{message}");
        check(r#"{"type":"hello","num_connections":1}"#, Envelope::Hello);
        check(r#"{"type":"disconnect","reason":"refresh_requested"}"#, Envelope::Disconnect);
        let payload = |delivery| Envelope::Payload { id: "e1".to_owned(), takes_answer: false, delivery };
        check(r#"{"type":"events_api","envelope_id":"e1","payload":{}}"#, payload(None));
        let no_type = payload(Some(Box::new(Err(PayloadError::NotAnObject))));
        check(r#"{"type":"interactive","envelope_id":"e1"}"#, no_type);
        let command = r#"{"type":"slash_commands","envelope_id":"e1","payload":{"command":"/foghorn"}}"#;
        check(command, payload(Some(Box::new(Err(PayloadError::NoUser)))));
        for message in ["", "[]", "null", "{}", r#"{"type":"interactive"}"#, &"[".repeat(10_000)] {
            check(message, Envelope::Unknown);
        }
    }

    #[test]
    fn an_acknowledgement_names_its_envelope_and_carries_the_answer() {
        assert_eq!(acknowledgement("e1", None), r#"{"envelope_id":"e1"}"#);
        let answered = acknowledgement("e1", Some(json!({ "text": "ok" })));
        assert_eq!(answered, r#"{"envelope_id":"e1","payload":{"text":"ok"}}"#);
    }
}
