//! Whether a message stands in a channel already.

use super::SlackClient;
use super::call::text;
use super::messages::{EVENT_TYPE, Posted};
use crate::error::SlackError;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The most pages of history read.
const MAX_PAGES: usize = 20;
/// Messages of a page: few, since each comes with its blocks and an answer is bounded.
const PAGE: &str = "30";
/// How far Slack's clock may lie behind ours.
const CLOCKS_DIFFER_BY: SignedDuration = SignedDuration::from_secs(60);

impl SlackClient {
    /// The message that bears a notification's id and was posted to the channel since `since`. `None` means that it
    /// is not there; whatever kept us from looking to the end is an error.
    pub async fn find(
        &self,
        channel: &str,
        since: Timestamp,
        notification_id: &str,
    ) -> Result<Option<Posted>, SlackError> {
        self.search("conversations.history", channel, None, since, notification_id).await
    }

    /// The same within a thread.
    pub async fn find_in_thread(
        &self,
        channel: &str,
        thread_ts: &str,
        since: Timestamp,
        notification_id: &str,
    ) -> Result<Option<Posted>, SlackError> {
        self.search("conversations.replies", channel, Some(thread_ts), since, notification_id).await
    }

    async fn search(
        &self,
        method: &str,
        channel: &str,
        thread_ts: Option<&str>,
        since: Timestamp,
        notification_id: &str,
    ) -> Result<Option<Posted>, SlackError> {
        let channel = self.addressed(channel).await?;
        let since = since.checked_sub(CLOCKS_DIFFER_BY).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
        let oldest = format!("{}.000000", since.as_second());
        let mut cursor = String::new();
        for _ in 0..MAX_PAGES {
            let mut arguments = vec![("channel", &*channel), ("oldest", &oldest), ("limit", PAGE)];
            arguments.push(("include_all_metadata", "true"));
            arguments.extend(thread_ts.map(|ts| ("ts", ts)));
            arguments.extend((!cursor.is_empty()).then_some(("cursor", &*cursor)));
            let answer = self.ask(method, &arguments).await?;
            let messages = answer.get("messages").and_then(Value::as_array).ok_or(SlackError::NotJson)?;
            let found = messages.iter().find(|message| self.is_ours(message, notification_id));
            if let Some(ts) = found.and_then(|message| text(message, "/ts")) {
                return Ok(Some(Posted { channel, ts }));
            }
            match text(&answer, "/response_metadata/next_cursor") {
                // The same page again would not end.
                Some(next) if next == cursor => return Err(SlackError::Unfinished),
                Some(next) => cursor = next,
                None if answer.get("has_more").and_then(Value::as_bool) == Some(true) => {
                    return Err(SlackError::Unfinished);
                }
                None => return Ok(None),
            }
        }
        Err(SlackError::Unfinished)
    }

    /// Another app may write the same metadata; where both bots are known they have to agree.
    fn is_ours(&self, message: &Value, notification_id: &str) -> bool {
        let bears = message.pointer("/metadata/event_type").and_then(Value::as_str) == Some(EVENT_TYPE)
            && message.pointer("/metadata/event_payload/notification_id").and_then(Value::as_str)
                == Some(notification_id);
        bears
            && match (self.known().bot_id.as_deref(), message.get("bot_id").and_then(Value::as_str)) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            }
    }
}
