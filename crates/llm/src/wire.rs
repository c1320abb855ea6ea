//! The request, as the chat interface wants it.

use crate::ladder::{Ladder, Rung};
use crate::question::Question;
use serde_json::{Value, json};

/// The longest piece of an unusable reply that is shown to the model again, in characters.
const SHOWN_AGAIN: usize = 2_000;

/// A turn after an answer that could not be used.
#[derive(Clone, Debug)]
pub(crate) struct Repair {
    /// What it had written.
    pub(crate) wrote: String,
    /// What was wrong with it.
    pub(crate) wrong: String,
}

/// The body of a call.
pub(crate) fn body(model: &str, question: &Question, rung: Rung, repair: Option<&Repair>, ladder: &Ladder) -> Value {
    let mut messages = vec![
        json!({ "role": "system", "content": question.system }),
        json!({ "role": "user", "content": question.user }),
    ];
    if let Some(Repair { wrote, wrong }) = repair {
        if !wrote.trim().is_empty() {
            let shown: String = wrote.chars().take(SHOWN_AGAIN).collect();
            messages.push(json!({ "role": "assistant", "content": shown }));
        }
        let ask = format!(
            "That cannot be used: {wrong}. Answer again with one JSON object and nothing else, and keep it short."
        );
        messages.push(json!({ "role": "user", "content": ask }));
    }
    let limit = if ladder.wants_completion_tokens() { "max_completion_tokens" } else { "max_tokens" };
    let mut body = json!({ "model": model, "messages": messages, "stream": false, limit: question.max_tokens });
    if !ladder.has_own_temperature() {
        body["temperature"] = json!(0);
    }
    match rung {
        Rung::Schema => {
            let schema =
                json!({ "name": question.schema_name, "strict": true, "schema": without_lengths(&question.schema) });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
        }
        Rung::Object => body["response_format"] = json!({ "type": "json_object" }),
        Rung::Text => {}
    }
    body
}

/// The schema as servers take it: some refuse bounds on the length of texts, and others write a grammar out of
/// them that is slower than the model. They are checked here in any case.
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
            schema: json!({ "type": "object", "properties": { "a": { "type": "string", "maxLength": 3 } } }),
            max_tokens: 100,
            subject: 1,
        }
    }

    #[test]
    fn a_call_asks_for_the_best_the_server_is_known_to_take() {
        let ladder = Ladder::default();
        let first = body("m", &question(), Rung::Schema, None, &ladder);
        assert_eq!(first["response_format"]["json_schema"]["name"], "answer");
        let sent = &first["response_format"]["json_schema"]["schema"];
        assert_eq!(sent["properties"]["a"], json!({ "type": "string" }));
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
        let repair = Repair { wrote: "x".repeat(9_000), wrong: "it lacks a summary".to_owned() };
        let body = body("m", &question(), Rung::Schema, Some(&repair), &Ladder::default());
        let messages = body["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 4);
        assert_eq!(messages[2]["content"].as_str().unwrap().len(), SHOWN_AGAIN);
        assert!(messages[3]["content"].as_str().unwrap().contains("it lacks a summary"));
    }
}
