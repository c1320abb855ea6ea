//! Why there is no answer from an address that a user supplied.
//!
//! An address may hold a secret in its path or its query, so errors name the host alone.

use super::resolve::{NameRefused, NameUnknown};
use crate::fit::line;
use crate::outcome::{Code, SendError};
use reqwest::Url;
use std::error::Error;
use std::net::IpAddr;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GuardError {
    /// It is no address.
    #[error("the address cannot be used: {detail}")]
    BadAddress {
        /// What is wrong.
        detail: String,
    },
    /// It is neither `http` nor `https`.
    #[error("the address begins with {scheme}:, and only http: and https: are called")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// The host is none that may be reached.
    #[error("{host} is not called: {address} is {why}; where that is wanted, the operator allows the host by name")]
    Refused {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
        /// What the address is.
        why: &'static str,
    },
    /// The host is not known, or names could not be looked up.
    #[error("{host} cannot be looked up: {detail}")]
    UnknownHost {
        /// The host.
        host: String,
        /// What the system says.
        detail: String,
    },
    /// A redirect led from `https` to `http`.
    #[error("a redirect led from https to http at {host}, which is not followed")]
    Downgrade {
        /// Where it led.
        host: String,
    },
    /// Redirects led on and on.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// How many are followed.
        limit: usize,
    },
    /// Nobody could be reached there, so nothing was sent.
    #[error("{host} cannot be reached: {detail}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system says.
        detail: String,
    },
    /// The deadline passed; it may have been sent.
    #[error("no answer from {host} within {seconds} s")]
    Deadline {
        /// The host.
        host: String,
        /// The deadline.
        seconds: f32,
    },
    /// The connection broke before the answer was read; it may have been sent.
    #[error("the connection to {host} broke: {detail}")]
    Interrupted {
        /// The host.
        host: String,
        /// What the library says.
        detail: String,
    },
}

impl From<GuardError> for SendError {
    fn from(error: GuardError) -> Self {
        let detail = error.to_string();
        match error {
            GuardError::BadAddress { .. } | GuardError::Scheme { .. } => SendError::never(Code::BadReceiver, detail),
            GuardError::Refused { .. } => SendError::never(Code::AddressRefused, detail),
            GuardError::Downgrade { .. } | GuardError::TooManyRedirects { .. } => {
                SendError::never(Code::Redirected, detail)
            }
            // Name servers fail and come back, and so do hosts.
            GuardError::UnknownHost { .. } | GuardError::Unreachable { .. } => {
                SendError::later(Code::Unreachable, detail)
            }
            GuardError::Deadline { .. } => SendError::unknown(Code::Deadline, detail),
            GuardError::Interrupted { .. } => SendError::unknown(Code::Interrupted, detail),
        }
    }
}

/// The host of an address, for errors.
pub(super) fn host_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "the address".to_owned())
}

/// What the library's error means. What the resolver said is somewhere in its chain of causes.
pub(super) fn what_went_wrong(error: &reqwest::Error, at: &Url) -> GuardError {
    let host = host_of(at.as_str());
    let mut deepest: &(dyn Error + 'static) = error;
    loop {
        if let Some(refused) = deepest.downcast_ref::<NameRefused>() {
            let NameRefused { host, address, why } = refused;
            return GuardError::Refused { host: host.clone(), address: *address, why };
        }
        if let Some(unknown) = deepest.downcast_ref::<NameUnknown>() {
            return GuardError::UnknownHost { host: unknown.host.clone(), detail: line(&unknown.detail, 200) };
        }
        let Some(cause) = deepest.source() else { break };
        deepest = cause;
    }
    // The outermost text holds the whole address; the innermost is what the system said.
    let detail = line(&deepest.to_string(), 200);
    match error {
        error if error.is_connect() => GuardError::Unreachable { host, detail },
        error if error.is_builder() => GuardError::BadAddress { detail },
        _ => GuardError::Interrupted { host, detail },
    }
}
