//! What went wrong with Redis.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What went wrong, and so what an operator can do. Reads as a sentence without the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisFault {
    /// Nobody answers.
    #[error("it cannot be reached ({0}); see whether it runs there and whether the address is right")]
    Away(String),
    /// It does not let us in.
    #[error("it refuses the user or password ({0}); set the right one in REDIS_URL")]
    Refused(String),
    /// It takes no writes because its memory is full.
    #[error("its memory is full (maxmemory), and it takes no writes; give it more, or shorten what others keep there")]
    Full,
    /// A key that is to be a list holds something else.
    #[error("a key of ours holds something that is no list; another program uses the same name")]
    WrongType,
    /// It answers something else.
    #[error("it answers: {0}")]
    Other(String),
}

impl RedisFault {
    /// How much it asks of an operator; the worst is what is said where there are several.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Away(_) => 1,
            Self::Full => 2,
            Self::Other(_) => 3,
            Self::WrongType => 4,
            Self::Refused(_) => 5,
        }
    }
}

impl From<RedisError> for RedisFault {
    fn from(error: RedisError) -> Self {
        let code = error.code().unwrap_or_default().to_owned();
        let detail = cut(error.detail().map_or_else(|| error.to_string(), str::to_owned));
        match (error.kind(), code.as_str()) {
            (_, "OOM") => Self::Full,
            // What was to be done at once was refused part by part.
            _ if error.to_string().contains("\"OOM\"") || detail.starts_with("OOM") => Self::Full,
            (_, "WRONGTYPE") => Self::WrongType,
            (ErrorKind::AuthenticationFailed, _) | (_, "NOAUTH" | "WRONGPASS" | "NOPERM") => Self::Refused(detail),
            (ErrorKind::Server(ServerErrorKind::BusyLoading), _) => Self::Away("it is loading its data".to_owned()),
            _ if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() => Self::Away(detail),
            _ => Self::Other(detail),
        }
    }
}

/// Only so much of what a server says.
fn cut(text: String) -> String {
    text.chars().take(200).map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}
