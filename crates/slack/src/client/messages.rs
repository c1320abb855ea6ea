//! Posting and editing.

use super::SlackClient;
use super::call::text;
use crate::blocks::Rendered;
use crate::error::SlackError;
use serde_json::{Value, json};

/// The type of our messages' metadata.
pub(super) const EVENT_TYPE: &str = "foghorn_notification";

/// What a message bears so that it can be found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationMark {
    /// The notification, unique among all that post to the channel.
    pub notification_id: String,
    /// Which attempt at it this is, counted from 1.
    pub attempt: u32,
}

/// A message in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The channel's id, also where it was addressed by name.
    pub channel: String,
    /// The message's time, which is its name within the channel.
    pub ts: String,
}

impl SlackClient {
    /// Posts to a channel, given by id or as `#name`, or to a thread of it.
    pub async fn post(
        &self,
        channel: &str,
        rendered: &Rendered,
        thread_ts: Option<&str>,
        mark: &NotificationMark,
    ) -> Result<Posted, SlackError> {
        let mut arguments = arguments(channel, rendered);
        arguments["unfurl_links"] = json!(false);
        arguments["unfurl_media"] = json!(false);
        arguments["metadata"] = json!({
            "event_type": EVENT_TYPE,
            "event_payload": { "notification_id": mark.notification_id, "attempt": mark.attempt },
        });
        if let Some(thread_ts) = thread_ts {
            arguments["thread_ts"] = json!(thread_ts);
        }
        let answer = self.call("chat.postMessage", &arguments).await?;
        let posted = posted(&answer).ok_or(SlackError::NotJson)?;
        self.remember_channel(channel, &posted.channel);
        Ok(posted)
    }

    /// Replaces a message. Its metadata stays.
    pub async fn update(&self, channel: &str, ts: &str, rendered: &Rendered) -> Result<Posted, SlackError> {
        let channel = self.addressed(channel).await?;
        let mut arguments = arguments(&channel, rendered);
        arguments["ts"] = json!(ts);
        let answer = self.call("chat.update", &arguments).await?;
        posted(&answer).ok_or(SlackError::NotJson)
    }

    /// A line that only one person in a channel sees.
    pub async fn ephemeral(&self, channel: &str, user: &str, text: &str) -> Result<(), SlackError> {
        let text = crate::escape::mrkdwn(text, 2_900);
        let arguments = json!({ "channel": channel, "user": user, "text": text, "parse": "none" });
        self.call("chat.postEphemeral", &arguments).await.map(drop)
    }

    /// Opens a form, within three seconds of the click that `trigger_id` is from.
    pub async fn open_view(&self, trigger_id: &str, view: &Value) -> Result<(), SlackError> {
        self.call("views.open", &json!({ "trigger_id": trigger_id, "view": view })).await.map(drop)
    }
}

/// `parse` and `link_names` are said, because `chat.update` would otherwise make links out of names.
fn arguments(channel: &str, rendered: &Rendered) -> Value {
    json!({
        "channel": channel,
        "text": rendered.text,
        "blocks": rendered.blocks,
        "parse": "none",
        "link_names": false,
    })
}

fn posted(answer: &Value) -> Option<Posted> {
    Some(Posted { channel: text(answer, "/channel")?, ts: text(answer, "/ts")? })
}
