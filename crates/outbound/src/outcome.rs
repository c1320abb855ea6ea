//! What came of a sending.

use std::fmt;
use std::time::Duration;

/// The other side took it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// What the other side calls it: a mail's `Message-ID`, PagerDuty's dedup key.
    pub provider_id: Option<String>,
    /// Who was left out and why, where some of several recipients were refused: `bob@example.org: 550 …`.
    pub left_out: Vec<String>,
}

/// The other side did not take it, or may have taken it without saying so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail} ({code})")]
pub struct SendError {
    /// What happened, in a word that never changes.
    pub code: Code,
    /// What happened, for a person to read: one bounded line without secrets.
    pub detail: String,
    /// Whether and when another attempt makes sense.
    pub retry: Retry,
    /// Whether it may have arrived all the same, so that another attempt may tell twice.
    pub may_have_landed: bool,
}

/// Whether and when another attempt makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not before this has passed: the other side said so.
    After(Duration),
    /// After a pause of the caller's choosing.
    Backoff,
    /// The same request would fail again; a person has to change something.
    Never,
}

/// What happened, in a word that never changes: for metrics, rows and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The receiver as it is configured cannot be used.
    BadReceiver,
    /// The address is none that may be reached.
    AddressRefused,
    /// Nobody could be reached there.
    Unreachable,
    /// TLS could not be agreed on.
    Tls,
    /// It took too long.
    Deadline,
    /// The connection broke before there was an answer.
    Interrupted,
    /// What came back was no answer.
    BadAnswer,
    /// The other side sends elsewhere, where we do not follow.
    Redirected,
    /// The other side does not accept who we are.
    LoginRefused,
    /// The other side said no for good.
    Refused,
    /// The receiver is gone and wants no more.
    Gone,
    /// Too much, too fast.
    RateLimited,
    /// The other side has trouble of its own.
    ServerError,
}

impl Code {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadReceiver => "bad_receiver",
            Self::AddressRefused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
            Self::BadAnswer => "bad_answer",
            Self::Redirected => "redirected",
            Self::LoginRefused => "login_refused",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl SendError {
    /// It was not sent, and never will be as it is.
    pub(crate) fn never(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry: Retry::Never, may_have_landed: false }
    }

    /// It was not taken, and may be the next time.
    pub(crate) fn later(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry: Retry::Backoff, may_have_landed: false }
    }

    /// It may have been taken; nobody said so.
    pub(crate) fn unknown(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry: Retry::Backoff, may_have_landed: true }
    }
}
