//! Channels by name. Only posting takes a name; everything else wants the id.

use super::SlackClient;
use super::call::text;
use crate::error::{Retry, SlackError};
use serde_json::Value;

/// The most pages of the list of channels read.
const MAX_PAGES: usize = 20;
/// The most names remembered.
const MAX_KNOWN: usize = 1_000;

impl SlackClient {
    /// The id of a channel that is given by name, with or without `#`, or by id already.
    pub async fn channel_id(&self, channel: &str) -> Result<String, SlackError> {
        if is_id(channel) {
            return Ok(channel.to_owned());
        }
        let name = channel.trim_start_matches('#');
        if let Some(id) = self.known().channels.get(name) {
            return Ok(id.clone());
        }
        let mut cursor = String::new();
        for _ in 0..MAX_PAGES {
            let mut arguments = vec![("types", "public_channel,private_channel"), ("exclude_archived", "true")];
            arguments.push(("limit", "500"));
            arguments.extend((!cursor.is_empty()).then_some(("cursor", &*cursor)));
            let answer = self.ask("conversations.list", &arguments).await?;
            let channels = answer.get("channels").and_then(Value::as_array).ok_or(SlackError::NotJson)?;
            let found = channels.iter().find(|channel| channel.get("name").and_then(Value::as_str) == Some(name));
            if let Some(id) = found.and_then(|channel| text(channel, "/id")) {
                self.remember_channel(channel, &id);
                return Ok(id);
            }
            match text(&answer, "/response_metadata/next_cursor") {
                Some(next) if next != cursor => cursor = next,
                Some(_) => return Err(SlackError::Unfinished),
                None => return Err(SlackError::Refused { code: "channel_not_found".to_owned(), detail: None }),
            }
        }
        Err(SlackError::Unfinished)
    }

    /// The id where it can be found out, else what was given: where the list of channels is not to be had, Slack
    /// itself may still know the name.
    pub(super) async fn addressed(&self, channel: &str) -> Result<String, SlackError> {
        match self.channel_id(channel).await {
            Err(error) if error.retry() == Retry::Never => Ok(channel.to_owned()),
            found => found,
        }
    }

    pub(super) fn remember_channel(&self, channel: &str, id: &str) {
        let mut known = self.known();
        if !is_id(channel) && known.channels.len() < MAX_KNOWN {
            known.channels.insert(channel.trim_start_matches('#').to_owned(), id.to_owned());
        }
    }
}

/// Ids are a capital and then capitals and digits, of any length; names have no capitals.
fn is_id(channel: &str) -> bool {
    channel.starts_with(|first: char| first.is_ascii_uppercase())
        && channel.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_slack_calls_a_channel_is_told_from_what_people_call_it() {
        for id in ["C1", "C024BE91L", "G012AC86C", "D1"] {
            assert!(is_id(id), "{id}");
        }
        for name in ["", "#C1", "#incident-alerts", "incident-alerts", "2026", "on-call", "c1", "Cé"] {
            assert!(!is_id(name), "{name}");
        }
    }
}
