//! Why there is no answer. Retry or give up is a property of the reason, never a look at its text.

use std::time::Duration;

/// Why a call or a question came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer within the deadline.
    #[error("no answer within the deadline")]
    Timeout,
    /// No connection, or it broke off.
    #[error("the server could not be reached, or hung up")]
    Unreachable,
    /// 429.
    #[error("the server asks for patience (429)")]
    RateLimited {
        /// How long, where it says so.
        retry_after: Option<Duration>,
    },
    /// 5xx.
    #[error("the server failed ({status})")]
    ServerError {
        /// The status.
        status: u16,
        /// When to come back, where it says so.
        retry_after: Option<Duration>,
    },
    /// Any other status that is no success; redirects are not followed.
    #[error("the server refused the call ({status}){}", said(.complaint))]
    Refused {
        /// The status.
        status: u16,
        /// Which part of the request it does not take, if it says so.
        complaint: Option<Complaint>,
    },
    /// The reply is longer than may be read.
    #[error("the reply is longer than {0} bytes")]
    TooLarge(usize),
    /// 200, and what came is not the interface's JSON.
    #[error("the reply is not that of a chat server")]
    NotJson,
    /// The reply was cut off at the limit of tokens (`finish_reason: length`).
    #[error("the reply was cut off at its limit")]
    Length,
    /// The model refused, or a filter did.
    #[error("the model refused")]
    Refusal,
    /// There is no text in the reply.
    #[error("the reply is empty")]
    Empty,
    /// There is no JSON object in the text.
    #[error("there is no JSON object in the reply")]
    NoObject,
    /// The object does not fit; the sentence says where.
    #[error("the reply does not fit: {0}")]
    Invalid(String),
    /// The prompt is longer than may be sent.
    #[error("the prompt is too long")]
    PromptTooLong,
    /// The server has been failing and is left alone for a while.
    #[error("the server has been failing and is left alone")]
    BreakerOpen,
    /// Enough was spent.
    #[error("the budget for {0} is spent")]
    OverBudget(crate::budget::Period),
}

/// A part of a request that a server does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// The asked-for format of the reply.
    Format,
    /// `max_tokens`: it wants `max_completion_tokens`.
    MaxTokens,
    /// A temperature other than its own.
    Temperature,
    /// The prompt is too long for it.
    Length,
}

fn said(complaint: &Option<Complaint>) -> &'static str {
    match complaint {
        None => "",
        Some(Complaint::Format) => " for the format that was asked for",
        Some(Complaint::MaxTokens) => " for max_tokens",
        Some(Complaint::Temperature) => " for the temperature",
        Some(Complaint::Length) => " for the prompt's length",
    }
}

impl Failure {
    /// One word, for metrics and records.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError { .. } => "server_error",
            Self::Refused { .. } => "refused",
            Self::TooLarge(_) => "too_large",
            Self::NotJson => "not_json",
            Self::Length => "length",
            Self::Refusal => "refusal",
            Self::Empty => "empty",
            Self::NoObject => "no_object",
            Self::Invalid(_) => "invalid",
            Self::PromptTooLong => "prompt_too_long",
            Self::BreakerOpen => "breaker_open",
            Self::OverBudget(_) => "over_budget",
        }
    }

    /// Whether the same call may succeed in a moment. A timeout may too, but has cost most of the time there is.
    pub(crate) fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::Unreachable | Self::RateLimited { .. } | Self::ServerError { .. })
    }

    /// How long the server asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::ServerError { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it speaks of a server that had better be left alone, rather than of one question.
    pub(crate) fn is_the_servers(&self) -> bool {
        !matches!(
            self,
            Self::Refusal
                | Self::PromptTooLong
                | Self::BreakerOpen
                | Self::OverBudget(_)
                | Self::Refused { complaint: Some(_), .. }
        )
    }

    /// Whether the model may do better when it is told what was wrong.
    pub(crate) fn can_be_repaired(&self) -> bool {
        matches!(self, Self::Length | Self::Empty | Self::NoObject | Self::Invalid(_))
    }
}
