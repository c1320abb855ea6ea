//! Where Redis is.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::fmt;

/// `redis://user:password@host:6379/0`, `rediss://…` for TLS. What is shown of it has no password.
#[derive(Clone)]
pub struct RedisAddress(ConnectionInfo);

impl RedisAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence for people, without the password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || "must be an address such as redis://localhost:6379/0 or rediss://…".to_owned();
        let is_known =
            ["redis://", "rediss://", "unix://", "redis+unix://"].iter().any(|scheme| text.starts_with(scheme));
        // A fragment (`#insecure`) would switch checks of the server's certificate off.
        if !is_known || text.contains('#') {
            return Err(expected());
        }
        text.into_connection_info().map(Self).map_err(|_| expected())
    }

    pub(crate) fn connection_info(&self) -> ConnectionInfo {
        self.0.clone()
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.0.addr(), ConnectionAddr::TcpTls { .. })
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) => write!(f, "redis://{host}:{port}/{}", self.0.redis_settings().db()),
            ConnectionAddr::TcpTls { host, port, .. } => {
                write!(f, "rediss://{host}:{port}/{}", self.0.redis_settings().db())
            }
            ConnectionAddr::Unix(path) => write!(f, "unix://{}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let check = |text: &str, shown: &str| {
            let address = RedisAddress::parse(text).unwrap();
            assert_eq!((address.to_string(), address.is_tls()), (shown.to_owned(), text.starts_with("rediss")));
            assert!(!format!("{address:?}").contains("hunter2"));
        };
        check("redis://localhost", "redis://localhost:6379/0");
        check("redis://:hunter2@10.0.0.1:7000/3", "redis://10.0.0.1:7000/3");
        check("rediss://ana:hunter2@cache.example.org/1", "rediss://cache.example.org:6379/1");
        check("unix:///run/redis.sock", "unix:///run/redis.sock");
    }

    #[test]
    fn what_is_no_address_is_refused_without_a_word_of_it() {
        for text in
            ["", "localhost:6379", "http://hunter2@x", "redis://", "redis://:hunter2@h:99999", "rediss://h/#insecure"]
        {
            let refused = RedisAddress::parse(text).unwrap_err();
            assert!(refused.starts_with("must be an address") && !refused.contains("hunter2"), "{text}");
        }
    }
}
