//! The address of a mail server.

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use reqwest::Url;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

/// An address of a mail server that cannot be used. User and password are never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// It is no address.
    #[error("it is no address ({detail}); write smtp://user:password@mail.example.org")]
    NoAddress {
        /// What is wrong.
        detail: String,
    },
    /// It is neither `smtp` nor `smtps`.
    #[error("it begins with {scheme}: and must begin with smtp: or smtps:")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// A word after the question mark is not known.
    #[error("it says {key}={value}; known are tls=none, tls=required and ca=/path/to/certificate.pem")]
    Parameter {
        /// The name.
        key: String,
        /// The value.
        value: String,
    },
    /// There is a user without a password, or the other way round, or they are no UTF-8.
    #[error("user and password go together, with special characters percent-encoded")]
    Login,
    /// The certificate cannot be read.
    #[error("the certificate {path} cannot be used: {detail}")]
    Certificate {
        /// Where it should be.
        path: String,
        /// What is wrong.
        detail: String,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {detail}")]
    Tls {
        /// What the library says.
        detail: String,
    },
}

/// How the connection is protected.
#[derive(Clone)]
pub(super) enum Protection {
    /// TLS from the first byte.
    FromTheStart(TlsParameters),
    /// TLS after STARTTLS, or no mail.
    StartTls(TlsParameters),
    /// None: the operator says so, or the server is on this machine.
    None,
}

/// A mail server and how to speak to it.
#[derive(Clone)]
pub(super) struct Server {
    /// Its name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
}

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| SmtpUrlError::NoAddress { detail: error.to_string() })?;
        let from_the_start = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            other => return Err(SmtpUrlError::Scheme { scheme: other.chars().take(20).collect() }),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| SmtpUrlError::NoAddress { detail: "it names no host".to_owned() })?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, ca) = parameters(&url, from_the_start)?;
        let protection = match (from_the_start, tls.unwrap_or(!is_loopback(&host))) {
            (true, _) => Protection::FromTheStart(tls_parameters(&host, ca.as_deref())?),
            (false, true) => Protection::StartTls(tls_parameters(&host, ca.as_deref())?),
            (false, false) => Protection::None,
        };
        let usual_port = match protection {
            Protection::FromTheStart(_) => 465,
            Protection::StartTls(_) => 587,
            Protection::None => 25,
        };
        let credentials = credentials(&url)?;
        if credentials.is_some() && matches!(protection, Protection::None) && !is_loopback(&host) {
            tracing::warn!(server = host, "the password for the mail server crosses the network unprotected");
        }
        Ok(Self { port: url.port().unwrap_or(usual_port), host, protection, credentials })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protection = match self.protection {
            Protection::FromTheStart(_) => "smtps",
            Protection::StartTls(_) => "starttls",
            Protection::None => "none",
        };
        write!(f, "{}:{} (tls: {protection}, logs in: {})", self.host, self.port, self.credentials.is_some())
    }
}

/// Whether TLS is asked for, where that is said, and a certificate to trust.
fn parameters(url: &Url, from_the_start: bool) -> Result<(Option<bool>, Option<String>), SmtpUrlError> {
    let (mut tls, mut ca) = (None, None);
    for (key, value) in url.query_pairs() {
        match (key.as_ref(), value.as_ref()) {
            ("tls", "none") if !from_the_start => tls = Some(false),
            ("tls", "required") => tls = Some(true),
            ("ca", path) if !path.is_empty() => ca = Some(path.to_owned()),
            (key, value) => {
                let short = |text: &str| text.chars().take(20).collect();
                return Err(SmtpUrlError::Parameter { key: short(key), value: short(value) });
            }
        }
    }
    Ok((tls, ca))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls_parameters(host: &str, ca: Option<&str>) -> Result<TlsParameters, SmtpUrlError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let wrong = |detail: String| SmtpUrlError::Certificate { path: path.to_owned(), detail };
        let pem = std::fs::read(Path::new(path)).map_err(|error| wrong(error.to_string()))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?);
    }
    builder.build_rustls().map_err(|error| SmtpUrlError::Tls { detail: error.to_string() })
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => {
            let decoded = |text: &str| percent_decoded(text).ok_or(SmtpUrlError::Login);
            Ok(Some(Credentials::new(decoded(user)?, decoded(password)?)))
        }
        _ => Err(SmtpUrlError::Login),
    }
}

/// `%40` as `@`; `None` where a percent sign is not followed by two hexadecimal digits, or the result is no
/// UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_host_port_and_protection() {
        let check = |url: &str, expected: &str| {
            assert_eq!(format!("{:?}", Server::parse(url).unwrap()), expected, "{url}");
        };
        check("smtp://mail.example.org", "mail.example.org:587 (tls: starttls, logs in: false)");
        check("smtp://mail.example.org:25", "mail.example.org:25 (tls: starttls, logs in: false)");
        check("smtp://mail.example.org?tls=none", "mail.example.org:25 (tls: none, logs in: false)");
        check("smtp://ana:geheim@mail.example.org", "mail.example.org:587 (tls: starttls, logs in: true)");
        check("smtps://ana%40x.org:g%3Aheim@mail.example.org/", "mail.example.org:465 (tls: smtps, logs in: true)");
        check("smtps://mail.example.org?tls=required", "mail.example.org:465 (tls: smtps, logs in: false)");
        check("smtp://localhost", "localhost:25 (tls: none, logs in: false)");
        check("smtp://127.0.0.1:2525", "127.0.0.1:2525 (tls: none, logs in: false)");
        check("smtp://[::1]:2525", "::1:2525 (tls: none, logs in: false)");
        check("smtp://localhost?tls=required", "localhost:587 (tls: starttls, logs in: false)");
    }

    #[test]
    fn a_wrong_address_says_why_and_never_the_password() {
        let check = |url: &str, expected: &str| {
            let error = Server::parse(url).unwrap_err().to_string();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("geheim"), "{url}: {error}");
        };
        check("mail.example.org", "it is no address");
        check("", "it is no address");
        check("smtp://", "it is no address");
        check("smtp://ana:geheim@", "it is no address");
        check("smtp://ana:geheim@mail.example.org:99999", "it is no address");
        check("https://ana:geheim@mail.example.org", "it begins with https:");
        check("smtp://ana@mail.example.org", "user and password go together");
        check("smtp://:geheim@mail.example.org", "user and password go together");
        check("smtp://ana:%ffgeheim@mail.example.org", "user and password go together");
        check("smtp://ana:geheim%4@mail.example.org", "user and password go together");
        check("smtp://mail.example.org?tls=maybe", "it says tls=maybe");
        check("smtps://mail.example.org?tls=none", "it says tls=none");
        check("smtp://mail.example.org?verify=no", "it says verify=no");
        check("smtp://mail.example.org?ca=/nowhere/ca.pem", "the certificate /nowhere/ca.pem");
    }
}
