//! A batch into the server: again while it is busy or away, in halves where it is too large.

use super::reading::Line;
use super::summary::{Refusal, Summary};
use crate::client::{ClientError, Server};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a server that has once answered may be away.
const PATIENCE: Duration = Duration::from_secs(120);

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Posts batches.
pub(super) struct Poster {
    server: Server,
    has_answered: bool,
    sent_again: u64,
}

impl Poster {
    /// Nothing is sent yet.
    pub(super) fn new(server: Server) -> Self {
        Self { server, has_answered: false, sent_again: 0 }
    }

    /// Lines that were sent again after a lost connection, and may be stored twice.
    pub(super) fn sent_again(&self) -> u64 {
        self.sent_again
    }

    /// Posts a batch and counts what became of each line.
    pub(super) async fn post(&mut self, batch: &[Line], summary: &mut Summary) -> Result<(), ClientError> {
        // Halves of halves wait here; the first part of the batch is on top.
        let mut waiting = vec![batch];
        while let Some(part) = waiting.pop() {
            match self.post_patiently(part).await {
                Ok(answer) => count(part, &answer, summary),
                Err(ClientError::Refused { status: 413, .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    waiting.extend([second, first]);
                }
                // One line that the server does not want is no reason to keep the others back.
                Err(ClientError::Refused { status: 400 | 413 | 422, field, detail, .. }) if part.len() == 1 => {
                    summary.refuse(Refusal { line: part[0].number, reason: reason(field.as_deref(), &detail) });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn post_patiently(&mut self, part: &[Line]) -> Result<Value, ClientError> {
        let mut body = Vec::with_capacity(part.iter().map(|line| line.json.len() + 1).sum());
        for line in part {
            body.extend_from_slice(line.json.as_bytes());
            body.push(b'\n');
        }
        let started = Instant::now();
        let mut tries = 0;
        loop {
            let error = match self.server.post_lines("/events", body.clone()).await {
                Ok(answer) => {
                    self.has_answered = true;
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let was_lost = matches!(error, ClientError::Unreachable { .. });
            self.has_answered |= !was_lost;
            if !error.is_temporary() || !self.has_answered || started.elapsed() > PATIENCE {
                return Err(error);
            }
            if was_lost && tries == 0 {
                self.sent_again += part.len() as u64;
            }
            tokio::time::sleep(pause(&error, tries)).await;
            tries += 1;
        }
    }
}

/// As long as the server asks for; else twice as long each time, up to a tenth more or less so that several
/// senders do not come back together.
fn pause(error: &ClientError, tries: u32) -> Duration {
    if let ClientError::Refused { retry_after: Some(asked), .. } = error {
        return (*asked).min(LONGEST_PAUSE);
    }
    let jitter = 0.9 + f64::from(jiff::Timestamp::now().subsec_nanosecond().unsigned_abs() % 1000) / 5000.0;
    Duration::from_millis(100 * (1 << tries.min(7))).min(LONGEST_PAUSE).mul_f64(jitter)
}

fn count(part: &[Line], answer: &Value, summary: &mut Summary) {
    let results = answer.get("results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for (index, result) in results.iter().enumerate() {
        let place = result.get("index").and_then(Value::as_u64).map_or(index, |index| index as usize);
        match (result.get("event_id").and_then(Value::as_i64), part.get(place)) {
            (Some(_), _) => summary.accepted += 1,
            (None, line) => {
                let error = result.get("error").and_then(Value::as_str).unwrap_or("refused without a reason");
                summary.refuse(Refusal { line: line.map_or(0, |line| line.number), reason: reason(None, error) });
            }
        }
    }
}

fn reason(field: Option<&str>, detail: &str) -> String {
    let detail = crate::terminal::harmless(detail);
    match field {
        Some(field) if !detail.starts_with(field) => format!("{field}: {detail}"),
        _ => detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_line_is_counted_by_its_own_result() {
        let part: Vec<Line> =
            [3, 5, 9].map(|number| Line { number, json: String::new(), bytes: 1 }).into_iter().collect();
        let answer = json!({"results": [
            {"index": 0, "status": "stored", "event_id": 1},
            {"index": 1, "status": "refused", "error": "payload: must be a non-blank string"},
            {"index": 2, "status": "duplicate", "event_id": 1},
        ]});
        let mut summary = Summary::default();
        count(&part, &answer, &mut summary);
        assert_eq!((summary.accepted, summary.refused), (2, 1));
        assert_eq!(
            (summary.refusals[0].line, summary.refusals[0].reason.as_str()),
            (5, "payload: must be a non-blank string")
        );
    }

    #[test]
    fn pauses_grow_are_capped_and_follow_the_server() {
        let away = ClientError::Unreachable { url: String::new(), detail: String::new() };
        assert!(pause(&away, 0) < Duration::from_millis(120));
        assert!(pause(&away, 30) <= LONGEST_PAUSE.mul_f64(1.1));
        let busy = |seconds| ClientError::Refused {
            status: 503,
            field: None,
            detail: String::new(),
            retry_after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(pause(&busy(2), 0), Duration::from_secs(2));
        assert_eq!(pause(&busy(3600), 0), LONGEST_PAUSE);
    }
}
