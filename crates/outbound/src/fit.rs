//! Outside text made fit once more, whatever way a message came here.

use foghorn_domain::message::{
    ActionButton, MAX_CAUSE, MAX_ENTRY, MAX_HEADLINE, MAX_LINE, MAX_RELATED, MAX_SIMILAR, MAX_SUMMARY, Message,
};
use foghorn_domain::text::{cut, plain_text};

/// Causes that are shown; a message that was built here has no more.
const MAX_CAUSES: usize = 3;
/// Buttons that are shown.
const MAX_ACTIONS: usize = 8;
/// The longest word on a button, in characters.
const MAX_BUTTON: usize = 75;
/// The longest address of a page.
const MAX_LINK: usize = 2048;

/// One plain line of at most so many characters. Of a text without end only the start is looked at.
pub(crate) fn line(text: &str, limit: usize) -> String {
    cut(&plain_text(&cut(text, limit.saturating_mul(16))), limit)
}

/// What somebody else said, for the detail of an error: one plain line, secrets masked.
pub(crate) fn quoted(text: &str) -> String {
    // Cut twice: before, so that a long answer costs nothing, and after, to the length that is kept.
    cut(&foghorn_domain::text::outside_text(&cut(text, 2000)), 300)
}

/// The message with every text one plain line within its bounds, and every list as short as it should be.
///
/// [`build`](foghorn_domain::message::build) keeps these bounds, but a message may come back from a store that
/// others write to, and the limits of receivers rest on them.
pub(crate) fn fit(message: &Message) -> Message {
    let lines = |texts: &[String], most: usize, limit: usize| -> Vec<String> {
        texts.iter().take(most).map(|text| line(text, limit)).filter(|text| !text.is_empty()).collect()
    };
    let optional =
        |text: &Option<String>| text.as_deref().map(|text| line(text, MAX_LINE)).filter(|text| !text.is_empty());
    Message {
        headline: line(&message.headline, MAX_HEADLINE),
        history: line(&message.history, MAX_LINE),
        change: optional(&message.change),
        reason: optional(&message.reason),
        title: line(&message.title, MAX_ENTRY),
        status_line: line(&message.status_line, MAX_LINE),
        ai_summary: line(&message.ai_summary, MAX_SUMMARY),
        causes: lines(&message.causes, MAX_CAUSES, MAX_CAUSE),
        similar: lines(&message.similar, MAX_SIMILAR, MAX_ENTRY),
        related: lines(&message.related, MAX_RELATED + 1, MAX_ENTRY),
        actions: message.actions.iter().take(MAX_ACTIONS).map(button).collect(),
        marked: optional(&message.marked),
        link: message.link.as_deref().and_then(web_address),
    }
}

fn button(button: &ActionButton) -> ActionButton {
    let short = |text: &str| line(text, MAX_BUTTON);
    ActionButton { action_id: short(&button.action_id), label: short(&button.label), value: short(&button.value) }
}

/// The text, if it is an address that a browser opens as a page; anything else (`javascript:`, `data:`) is no
/// link.
fn web_address(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(String::from(url)).filter(|address| address.len() <= MAX_LINK)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A message as it is built for a critical incident with history.
    pub(crate) fn message() -> Message {
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Message {
            headline: "CRITICAL · checkout · database connection timeout".to_owned(),
            history: "Seen 4×; last 12 Mar, ana: raised max_connections; quiet after 6 min".to_owned(),
            change: Some("Changed 4 min before: checkout v1.2.3".to_owned()),
            reason: None,
            title: "*Incident #7* — database connection timeout (payments, db_timeout)".to_owned(),
            status_line: "Open, not acknowledged · 12 events since 03:04, the last just now".to_owned(),
            ai_summary: "The pool of connections is used up. Confidence: medium (0.62).".to_owned(),
            causes: lines(&["1. Too few connections (E1, M1) - fixes: raise max_connections, restart the pool"]),
            similar: lines(&["M1 #3 (similarity 0.91): pool used up — fixed by: raised max_connections (ana, 12 Mar)"]),
            related: lines(&["#8 orders: slow queries (shares database pg-main)"]),
            actions: vec![ActionButton {
                action_id: "ack".to_owned(),
                label: "Acknowledge".to_owned(),
                value: "7".to_owned(),
            }],
            marked: Some("analysis without a language model".to_owned()),
            link: Some("https://foghorn.example.org/incidents/7".to_owned()),
        }
    }

    #[test]
    fn a_message_within_its_bounds_stays_as_it_is() {
        assert_eq!(fit(&message()), message());
    }

    #[test]
    fn a_message_from_elsewhere_is_brought_within_its_bounds() {
        let endless = "x\r\nBcc: all@example.org\u{202e}".repeat(5000);
        let mut wild = message();
        wild.headline = endless.clone();
        wild.reason = Some(endless.clone());
        wild.change = Some("\u{200b}".to_owned());
        wild.causes = vec![endless.clone(); 500];
        wild.related = vec![endless.clone(); 500];
        let wild_button = ActionButton { action_id: endless.clone(), label: endless.clone(), value: endless };
        wild.actions = vec![wild_button; 500];
        let fit = fit(&wild);
        assert_eq!(fit.headline.chars().count(), MAX_HEADLINE);
        assert_eq!(fit.change, None, "nothing visible is nothing");
        assert_eq!(fit.causes.len(), MAX_CAUSES);
        assert_eq!(fit.related.len(), MAX_RELATED + 1);
        assert_eq!(fit.actions.len(), MAX_ACTIONS);
        assert_eq!(fit.actions[0].label.chars().count(), MAX_BUTTON);
        assert!(!fit.actions[0].label.contains(['\r', '\n', '\u{202e}']));
        assert!(fit.reason.is_some_and(|reason| !reason.contains(['\r', '\n', '\u{202e}'])));
    }

    #[test]
    fn only_web_addresses_are_links() {
        let check = |link: &str, expected: Option<&str>| {
            let message = Message { link: Some(link.to_owned()), ..message() };
            assert_eq!(fit(&message).link.as_deref(), expected, "{link:?}");
        };
        check("https://foghorn.example.org/incidents/7", Some("https://foghorn.example.org/incidents/7"));
        check("http://127.0.0.1:8000/incidents/7", Some("http://127.0.0.1:8000/incidents/7"));
        check("https://x.org/\"onmouseover=\"alert(1)", Some("https://x.org/%22onmouseover=%22alert(1)"));
        check("javascript:alert(1)", None);
        check("data:text/html,hello", None);
        check("/incidents/7", None);
        check("", None);
    }
}
