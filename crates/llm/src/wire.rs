//! The request, as the chat interface wants it.

use crate::failure::Failure;
use crate::ladder::{Ladder, Rung};
use crate::question::Question;
use crate::schema;
use serde_json::{Value, json};

/// The longest piece of an unusable reply that is shown to the model again, in characters: enough to know what is
/// meant, and not so much that the rest of the prompt is forgotten over it.
const SHOWN_AGAIN: usize = 1_000;

/// A turn after an answer that could not be used.
#[derive(Clone, Debug)]
pub(crate) struct Repair {
    /// What it had written.
    wrote: String,
    /// What it is told.
    ask: String,
    /// Whether less is asked for than at first.
    is_shorter: bool,
}

impl Repair {
    /// What is said after this failure.
    pub(crate) fn of(failure: &Failure, wrote: &str) -> Self {
        match failure {
            // Who has written on and on goes on where that is shown again.
            Failure::Length => Self {
                wrote: String::new(),
                ask: "A first answer was cut off because it was far too long. Answer with one JSON object and \
                      nothing else, say only what matters most, make every text one short sentence, and repeat nothing."
                    .to_owned(),
                is_shorter: true,
            },
            other => Self {
                wrote: wrote.chars().take(SHOWN_AGAIN).collect(),
                ask: format!(
                    "That cannot be used: {other}. Answer again with one JSON object and nothing else, and keep it \
                     short."
                ),
                is_shorter: false,
            },
        }
    }
}

/// The body of a call.
pub(crate) fn body(model: &str, question: &Question, rung: Rung, repair: Option<&Repair>, ladder: &Ladder) -> Value {
    let mut messages = vec![
        json!({ "role": "system", "content": question.system }),
        json!({ "role": "user", "content": question.user }),
    ];
    match repair {
        Some(Repair { wrote, ask, .. }) if wrote.trim().is_empty() => {
            // Some servers take no two turns of the same side in a row.
            messages[1]["content"] = json!(format!("{}\n\n{ask}", question.user));
        }
        Some(Repair { wrote, ask, .. }) => messages
            .extend([json!({ "role": "assistant", "content": wrote }), json!({ "role": "user", "content": ask })]),
        None => {}
    }
    let limit = if ladder.wants_completion_tokens() { "max_completion_tokens" } else { "max_tokens" };
    let mut body = json!({ "model": model, "messages": messages, "stream": false, limit: question.max_tokens });
    if !ladder.has_own_temperature() {
        body["temperature"] = json!(0);
    }
    let asked_schema = match repair {
        Some(Repair { is_shorter: true, .. }) => schema::shortened(&question.asked_schema),
        _ => question.asked_schema.clone(),
    };
    let by_schema = |schema: Value| {
        let named = json!({ "name": question.schema_name, "strict": true, "schema": schema });
        json!({ "type": "json_schema", "json_schema": named })
    };
    match rung {
        Rung::BoundedSchema => body["response_format"] = by_schema(asked_schema),
        Rung::Schema => body["response_format"] = by_schema(without_lengths(&asked_schema)),
        Rung::Object => body["response_format"] = json!({ "type": "json_object" }),
        Rung::Text => {}
    }
    body
}

/// The schema for servers that refuse bounds on the length of texts.
fn without_lengths(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(name, value)| !(matches!(name.as_str(), "minLength" | "maxLength") && value.is_number()));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_lengths(value))).collect())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(without_lengths).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question {
            system: "Answer in JSON".to_owned(),
            user: "?".to_owned(),
            schema_name: "answer",
            schema: json!({}),
            asked_schema: json!({ "type": "object", "properties": { "a": { "type": "string", "maxLength": 60 } } }),
            max_tokens: 100,
            subject: 1,
        }
    }

    #[test]
    fn a_call_asks_for_the_best_the_server_is_known_to_take() {
        let ladder = Ladder::default();
        let first = body("m", &question(), Rung::BoundedSchema, None, &ladder);
        assert_eq!(first["response_format"]["json_schema"]["name"], "answer");
        let sent = |body: &Value| body["response_format"]["json_schema"]["schema"]["properties"]["a"].clone();
        assert_eq!(sent(&first), json!({ "type": "string", "maxLength": 60 }));
        let without = body("m", &question(), Rung::Schema, None, &ladder);
        assert_eq!(sent(&without), json!({ "type": "string" }));
        assert_eq!(
            (&first["max_tokens"], &first["temperature"], &first["stream"]),
            (&json!(100), &json!(0), &json!(false))
        );
        ladder.use_completion_tokens();
        ladder.leave_temperature();
        let later = body("m", &question(), Rung::Object, None, &ladder);
        assert_eq!(later["response_format"], json!({ "type": "json_object" }));
        assert_eq!(later["max_completion_tokens"], 100);
        assert!(later.get("max_tokens").is_none() && later.get("temperature").is_none());
        assert!(body("m", &question(), Rung::Text, None, &ladder).get("response_format").is_none());
    }

    #[test]
    fn a_repair_shows_what_was_written_and_says_what_was_wrong() {
        let messages = |repair: &Repair| {
            let body = body("m", &question(), Rung::Schema, Some(repair), &Ladder::default());
            let text = |message: &Value| message["content"].as_str().unwrap().to_owned();
            body["messages"].as_array().unwrap().iter().map(text).collect::<Vec<String>>()
        };
        let wrote = "x".repeat(9_000);
        let invalid = messages(&Repair::of(&Failure::Invalid("it lacks a summary".to_owned()), &wrote));
        assert_eq!((invalid.len(), invalid[2].len()), (4, SHOWN_AGAIN));
        assert!(invalid[3].contains("it lacks a summary"));
        let cut_off = messages(&Repair::of(&Failure::Length, &wrote));
        assert_eq!(cut_off.len(), 2, "what went on and on is not shown again");
        assert!(cut_off[1].starts_with('?') && cut_off[1].contains("far too long"));
        let repair = Repair::of(&Failure::Length, &wrote);
        let schema_of = |repair| body("m", &question(), Rung::BoundedSchema, repair, &Ladder::default());
        assert_ne!(schema_of(Some(&repair))["response_format"], schema_of(None)["response_format"]);
    }
}
