//! Why a call to Slack failed, and what follows from it.

use std::time::Duration;

/// What became of a call that did not succeed. No variant holds a token, an address or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Slack answered `ok: false`.
    #[error("Slack refused: {code}{}", detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default())]
    Refused {
        /// Slack's own word: `channel_not_found`.
        code: String,
        /// What Slack said beside it: the scope that is missing, the block that is wrong.
        detail: Option<String>,
    },
    /// Too many calls.
    #[error("Slack asks to wait {} s", retry_after.as_secs())]
    RateLimited {
        /// How long Slack asked to wait.
        retry_after: Duration,
    },
    /// An HTTP status that is no success.
    #[error("Slack answered with HTTP {status}")]
    Http {
        /// The status.
        status: u16,
        /// What `Retry-After` said.
        retry_after: Option<Duration>,
    },
    /// A success that is not what Slack answers: the page of a proxy, half a body, a field that is missing.
    #[error("the answer is not one of Slack's")]
    NotJson,
    /// An answer of more than a mebibyte.
    #[error("the answer is too large")]
    TooLarge,
    /// No answer in time, after the call may have been sent.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke after the call may have been sent.
    #[error("the connection was cut")]
    Cut,
    /// No connection, so that nothing was sent.
    #[error("no connection to Slack")]
    Unreachable,
    /// The address is not one to call: not Slack's, or none at all.
    #[error("the address is not Slack's")]
    BadAddress,
    /// A look-up ended at its bound before it was through.
    #[error("the look-up was given up before its end")]
    Unfinished,
}

/// Whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Yes, after this time at the earliest.
    After(Duration),
    /// Yes, later and later.
    Backoff,
    /// No: the same call would fail in the same way.
    Never,
}

/// Words of Slack for trouble of its own, after which part of the call may have happened
/// (docs.slack.dev/reference/methods/chat.postMessage, "Errors").
const TROUBLE: [&str; 5] =
    ["internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"];

impl SlackError {
    /// Whether to try again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { retry_after } => Retry::After(*retry_after),
            Self::Http { status, retry_after } if *status >= 500 || *status == 408 => {
                retry_after.map_or(Retry::Backoff, Retry::After)
            }
            Self::Refused { code, .. } if TROUBLE.contains(&&**code) => Retry::Backoff,
            Self::NotJson | Self::TooLarge | Self::Timeout | Self::Cut | Self::Unreachable => Retry::Backoff,
            Self::Refused { .. } | Self::Http { .. } | Self::BadAddress | Self::Unfinished => Retry::Never,
        }
    }

    /// One word for audit and metrics: Slack's own where it gave one.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::RateLimited { .. } => "ratelimited",
            Self::Http { status: 500, .. } => "http_500",
            Self::Http { status: 502, .. } => "http_502",
            Self::Http { status: 503, .. } => "http_503",
            Self::Http { status: 504, .. } => "http_504",
            Self::Http { status: 500.., .. } => "http_5xx",
            Self::Http { status: 404, .. } => "http_404",
            Self::Http { status: 400..500, .. } => "http_4xx",
            Self::Http { .. } => "http_3xx",
            Self::NotJson => "not_json",
            Self::TooLarge => "answer_too_large",
            Self::Timeout => "timeout",
            Self::Cut => "connection_cut",
            Self::Unreachable => "unreachable",
            Self::BadAddress => "bad_address",
            Self::Unfinished => "unfinished",
        }
    }

    /// Whether a message may stand in Slack although the call failed, so that one must look before sending again.
    pub fn may_have_landed(&self) -> bool {
        match self {
            Self::Timeout | Self::Cut | Self::NotJson | Self::TooLarge => true,
            Self::Http { status, .. } => *status >= 500 || *status == 408,
            Self::Refused { code, .. } => TROUBLE.contains(&&**code),
            Self::RateLimited { .. } | Self::Unreachable | Self::BadAddress | Self::Unfinished => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_says_whether_to_retry_and_whether_it_may_have_landed() {
        let refused = |code: &str| SlackError::Refused { code: code.to_owned(), detail: None };
        let http = |status, retry_after| SlackError::Http { status, retry_after };
        let two = Duration::from_secs(2);
        let check = |error: SlackError, code: &str, retry, landed| {
            assert_eq!((error.code(), error.retry(), error.may_have_landed()), (code, retry, landed), "{error:?}");
        };
        for code in ["invalid_auth", "channel_not_found", "not_in_channel", "msg_too_long", "invalid_blocks", "new_one"]
        {
            check(refused(code), code, Retry::Never, false);
        }
        check(refused("internal_error"), "internal_error", Retry::Backoff, true);
        check(refused("fatal_error"), "fatal_error", Retry::Backoff, true);
        check(SlackError::RateLimited { retry_after: two }, "ratelimited", Retry::After(two), false);
        check(http(500, None), "http_500", Retry::Backoff, true);
        check(http(503, Some(two)), "http_503", Retry::After(two), true);
        check(http(599, None), "http_5xx", Retry::Backoff, true);
        check(http(404, None), "http_404", Retry::Never, false);
        check(http(403, Some(two)), "http_4xx", Retry::Never, false);
        check(http(302, None), "http_3xx", Retry::Never, false);
        check(SlackError::NotJson, "not_json", Retry::Backoff, true);
        check(SlackError::TooLarge, "answer_too_large", Retry::Backoff, true);
        check(SlackError::Timeout, "timeout", Retry::Backoff, true);
        check(SlackError::Cut, "connection_cut", Retry::Backoff, true);
        check(SlackError::Unreachable, "unreachable", Retry::Backoff, false);
        check(SlackError::BadAddress, "bad_address", Retry::Never, false);
        check(SlackError::Unfinished, "unfinished", Retry::Never, false);
    }

    #[test]
    fn a_refusal_says_what_slack_said_beside_it() {
        let error = SlackError::Refused { code: "missing_scope".to_owned(), detail: Some("channels:read".to_owned()) };
        assert_eq!(error.to_string(), "Slack refused: missing_scope (channels:read)");
    }
}
