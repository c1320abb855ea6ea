//! Reading what a chat server answered. Nothing about it is believed: a 200 may be a page of HTML, a reply may
//! lack its text, and a list of choices may be empty.

use crate::failure::{Complaint, Failure};
use crate::server::Answered;
use serde_json::Value;
use std::time::Duration;

/// The longest a server's `Retry-After` is heeded; beyond it the question is given up anyway.
const LONGEST_WAIT: u64 = 3_600;

/// What the model wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) text: String,
    /// Tokens sent and come back, as the server counts them.
    pub(crate) usage: Option<(u64, u64)>,
}

/// The reply in an answer, or why there is none; with the second, what was written all the same and what it cost.
pub(crate) fn read(answered: &Answered) -> Result<Reply, (Failure, Option<Reply>)> {
    let plain = |failure| Err((failure, None));
    match answered.status {
        200..=299 => {}
        429 => return plain(Failure::RateLimited { retry_after: retry_after(answered) }),
        status @ 500..=599 => {
            // Some servers fail over a format that they do not know.
            let complaint = complaint(&answered.body).filter(|complaint| *complaint == Complaint::Format);
            return plain(match complaint {
                Some(_) => Failure::Refused { status, complaint },
                None => Failure::ServerError { status, retry_after: retry_after(answered) },
            });
        }
        status => return plain(Failure::Refused { status, complaint: complaint(&answered.body) }),
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answered.body) else { return plain(Failure::NotJson) };
    let Some(choices) = body.get("choices").and_then(Value::as_array) else { return plain(Failure::NotJson) };
    let Some(choice) = choices.first() else { return plain(Failure::Empty) };
    let Some(message) = choice.get("message") else { return plain(Failure::NotJson) };

    let usage = |name| body.get("usage").and_then(|usage| usage.get(name)).and_then(Value::as_u64);
    let usage = usage("prompt_tokens").zip(usage("completion_tokens"));
    let reply = Reply { text: text_of(message), usage };
    let failed = |failure, reply| Err((failure, Some(reply)));
    let finish = choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
    let refused = message.get("refusal").and_then(Value::as_str).is_some_and(|words| !words.trim().is_empty());
    match finish {
        "length" => failed(Failure::Length, reply),
        "content_filter" => failed(Failure::Refusal, reply),
        _ if refused => failed(Failure::Refusal, reply),
        _ if reply.text.trim().is_empty() => failed(Failure::Empty, reply),
        _ => Ok(reply),
    }
}

/// The text of a message: a string, or a list of parts. Some servers put the answer beside the thoughts.
fn text_of(message: &Value) -> String {
    let part = |part: &Value| part.get("text").and_then(Value::as_str).map(str::to_owned);
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(part).collect(),
        _ => String::new(),
    }
}

fn retry_after(answered: &Answered) -> Option<Duration> {
    // Seconds only: the other form, a date, would need to be believed about the time, too.
    let seconds: f64 = answered.retry_after.as_deref()?.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_WAIT as f64)))
}

/// What a refusal is about, as far as servers say so.
fn complaint(body: &[u8]) -> Option<Complaint> {
    let text = String::from_utf8_lossy(body.get(..body.len().min(4_096)).unwrap_or_default()).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["max_completion_tokens"]) {
        Some(Complaint::MaxTokens)
    } else if says(&[
        "response_format",
        "json_schema",
        "json_object",
        "json schema",
        "grammar",
        "guided_json",
        "structured output",
    ]) {
        Some(Complaint::Format)
    } else if says(&["temperature"]) {
        Some(Complaint::Temperature)
    } else if says(&[
        "context_length",
        "context length",
        "maximum context",
        "context size",
        "too many tokens",
        "prompt is too long",
    ]) {
        Some(Complaint::Length)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Answered {
        Answered { status, retry_after: Some("2".to_owned()), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn every_answer_is_a_reply_or_a_reason() {
        let check = |status, body: &str, expected: &str| {
            let outcome = match read(&answered(status, body)) {
                Ok(reply) => format!("ok {}", reply.text),
                Err((failure, _)) => failure.outcome().to_owned(),
            };
            assert_eq!(outcome, expected, "{status} {body}");
        };
        check(200, r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#, "ok x");
        check(200, r#"{"choices":[{"message":{"content":[{"type":"text","text":"x"}]}}]}"#, "ok x");
        check(200, r#"{"choices":[{"message":{"content":"x"},"finish_reason":"length"}]}"#, "length");
        check(200, r#"{"choices":[{"message":{"content":null},"finish_reason":"length"}]}"#, "length");
        check(200, r#"{"choices":[{"message":{"content":null}}]}"#, "empty");
        check(200, r#"{"choices":[{"message":{"content":" \n"}}]}"#, "empty");
        check(200, r#"{"choices":[{"message":{"content":"","refusal":"no"}}]}"#, "refusal");
        check(200, r#"{"choices":[{"message":{"content":"x"},"finish_reason":"content_filter"}]}"#, "refusal");
        check(200, r#"{"choices":[]}"#, "empty");
        check(200, r#"{"choices":[{}]}"#, "not_json");
        check(200, r#"{"error":"x"}"#, "not_json");
        check(200, "<html>", "not_json");
        check(204, "", "not_json");
        check(301, "", "refused");
        check(400, r#"{"error":{"message":"response_format is not supported"}}"#, "refused");
        check(401, "", "refused");
        check(429, "", "rate_limited");
        check(500, "", "server_error");
        check(500, "failed to parse grammar", "refused");
    }

    #[test]
    fn a_server_says_when_to_come_back_and_what_it_does_not_take() {
        assert_eq!(read(&answered(429, "")).unwrap_err().0.retry_after(), Some(Duration::from_secs(2)));
        let check = |body: &str, expected| assert_eq!(complaint(body.as_bytes()), expected, "{body}");
        check("Unsupported parameter: 'max_tokens' … use 'max_completion_tokens'", Some(Complaint::MaxTokens));
        check("Unsupported value: 'temperature' does not support 0", Some(Complaint::Temperature));
        check("This model's maximum context length is 4096 tokens", Some(Complaint::Length));
        check("unknown model", None);
    }
}
