//! A Slack channel: one message for each reason, kept true by edits, details and what is learnt later in its
//! thread.

use super::{Delivered, Failure, Looked, Outgoing};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::IncidentEvidence;
use foghorn_domain::notification::Reason;
use foghorn_domain::redaction::redact;
use foghorn_slack::blocks::{
    About, Rendered, render, render_emergency, render_storm, render_thread_details, render_thread_news,
};
use foghorn_slack::{NotificationMark, Posted, SlackClient};
use foghorn_store::model::Notification;
use foghorn_store::outbox::SlackRow;
use serde_json::{Value, json};

/// One channel.
pub struct SlackReceiver {
    client: SlackClient,
    channel: String,
    /// Tells our notifications from those of another Foghorn that posts to the same channel.
    origin: String,
}

/// Evidence lines shown in a thread.
const MAX_EVIDENCE: usize = 20;

impl SlackReceiver {
    /// A channel, `#name` or its id.
    pub fn new(client: SlackClient, channel: String, origin: String) -> Self {
        Self { client, channel, origin }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    pub(super) async fn post(&self, outgoing: &Outgoing<'_>) -> Result<Delivered, Failure> {
        let row = outgoing.row;
        let rendered = rendered(outgoing);
        let mark = NotificationMark { notification_id: self.mark(row), attempt: row.attempts + 1 };
        let thread = word(row, "thread_ts");
        let posted = self.client.post(&self.channel, &rendered, thread, &mark).await?;
        Ok(Delivered { provider: provider(&posted, thread), slack: Some(row_of(outgoing, rendered)) })
    }

    pub(super) async fn look(&self, row: &Notification, now: Timestamp) -> Looked {
        // Whoever wrote the row may have gone by a clock that was ahead.
        let (since, mark) = (row.created_at.min(now), self.mark(row));
        let thread = word(row, "thread_ts");
        let found = match thread {
            Some(thread) => self.client.find_in_thread(&self.channel, thread, since, &mark).await,
            None => self.client.find(&self.channel, since, &mark).await,
        };
        match found {
            Ok(Some(posted)) => {
                // Whoever looked draws what other programs read of it.
                Looked::Found(Box::new(Delivered { provider: provider(&posted, thread), slack: None }))
            }
            Ok(None) => Looked::NotThere,
            Err(error) => Looked::Unknown(error.into()),
        }
    }

    pub(super) async fn edit(&self, outgoing: &Outgoing<'_>) -> Result<(), Failure> {
        let row = outgoing.row;
        let Some(ts) = word(row, "ts") else { return Ok(()) };
        let channel = word(row, "channel").unwrap_or(&self.channel);
        self.client.update(channel, ts, &rendered(outgoing)).await?;
        Ok(())
    }

    fn mark(&self, row: &Notification) -> String {
        format!("{}-{}", self.origin, row.id)
    }
}

fn rendered(outgoing: &Outgoing<'_>) -> Rendered {
    let Outgoing { incident, told, storm, emergency, row, news, .. } = outgoing;
    if let Some(emergency) = emergency {
        return render_emergency(emergency);
    }
    if let Some(storm) = storm {
        return render_storm(&storm.for_slack());
    }
    if let Some(news) = news {
        return render_thread_news(incident.id, &news.related, &news.evidence, told.message.link.as_deref());
    }
    if row.reason == Reason::DetailsRequested {
        let evidence: Vec<String> = incident.evidence.iter().take(MAX_EVIDENCE).map(evidence_line).collect();
        return render_thread_details(incident.id, &evidence, &told.message.similar, told.message.link.as_deref());
    }
    render(&told.message, &About { incident_id: incident.id })
}

/// The rule, what it matched, and the line where that stood, if it says more.
fn evidence_line(one: &IncidentEvidence) -> String {
    let (text, line) = (redact(&one.text).into_string(), redact(&one.line).into_string());
    let more = if line.is_empty() || line == text { String::new() } else { format!(" — {line}") };
    format!("{}: {text}{more}", one.rule)
}

fn provider(posted: &Posted, thread: Option<&str>) -> Value {
    let mut provider = json!({ "channel": posted.channel, "ts": posted.ts });
    if let Some(thread) = thread {
        provider["thread_ts"] = json!(thread);
    }
    provider
}

fn word<'a>(row: &'a Notification, name: &str) -> Option<&'a str> {
    row.provider.as_ref()?.get(name)?.as_str()
}

/// What other programs read of a message that was found in its channel: it is drawn as it would be posted now.
pub(super) fn slack_row(outgoing: &Outgoing<'_>) -> SlackRow {
    row_of(outgoing, rendered(outgoing))
}

fn row_of(outgoing: &Outgoing<'_>, Rendered { text, blocks }: Rendered) -> SlackRow {
    SlackRow {
        blocks,
        text,
        similar: json!(outgoing.told.message.similar),
        analysis: serde_json::to_value(&outgoing.told.explanation.analysis).unwrap_or_default(),
    }
}
