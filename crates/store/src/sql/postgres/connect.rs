//! From `DATABASE_URL` to a session: where to, how safely, how long to wait; and one line for each thing that may
//! be wrong with it. No line holds the password.

use super::{Session, explain};
use crate::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What TLS makes of a connection.
type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// Where the database is and how it is spoken to.
#[derive(Clone)]
pub struct Address {
    config: Config,
    tls: MakeRustlsConnect,
    shown: String,
    patience: Patience,
}

/// How long a statement, a lock and a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// A statement that takes longer is broken off by the server.
    pub statement: Duration,
    /// A statement that waits longer for a lock is broken off.
    pub lock: Duration,
    /// A connection that is not made by then counts as failed.
    pub connect: Duration,
    /// A server that leaves intake without an answer for so long counts as away.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(60),
            lock: Duration::from_secs(30),
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(4),
        }
    }
}

/// What a server that works is given beyond the time after which it breaks off a statement itself.
const MARGIN: Duration = Duration::from_secs(5);
/// How long the network may leave what was sent unconfirmed, where the system can be told.
const UNCONFIRMED: Duration = Duration::from_secs(10);

impl Address {
    /// Reads an address: `postgresql://user:password@host:5432/database?sslmode=…&sslrootcert=…`.
    ///
    /// `sslmode` is `disable`, `prefer` (the default: encrypted where the server can), or `require`,
    /// `verify-ca` or `verify-full`, which all demand a certificate that can be checked, with the file
    /// `sslrootcert` beside the well-known authorities.
    pub fn parse(url: &str, patience: Patience) -> Result<Self> {
        let (plain, ssl_mode, root_file) = take_tls(url)?;
        let mut config: Config =
            plain.parse().map_err(|error: tokio_postgres::Error| Error::Address { detail: explain(&error) })?;
        if config.get_hosts().is_empty() {
            return Err(Error::Address { detail: "it names no host".to_owned() });
        }
        config.ssl_mode(match ssl_mode {
            Tls::Off => SslMode::Disable,
            Tls::Opportunistic => SslMode::Prefer,
            Tls::Checked => SslMode::Require,
        });
        let milliseconds = |time: Duration| time.as_millis().clamp(1, i32::MAX as u128);
        // What the address asks for comes last, and so counts.
        let asked = config.get_options().unwrap_or_default().to_owned();
        config.connect_timeout(patience.connect).tcp_user_timeout(UNCONFIRMED);
        // A connection that is gone without a word is found out while nothing is said on it.
        config.keepalives_idle(UNCONFIRMED).keepalives_interval(Duration::from_secs(3)).keepalives_retries(3);
        config.options(format!(
            "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} -c TimeZone=UTC {asked}",
            milliseconds(patience.statement),
            milliseconds(patience.lock),
            milliseconds(patience.lock / 2),
        ));
        if config.get_application_name().is_none() {
            config.application_name("foghorn");
        }
        let shown = shown(&config);
        let tls = MakeRustlsConnect::new(client_config(ssl_mode, root_file.as_deref(), &shown)?);
        Ok(Self { config, tls, shown, patience })
    }

    /// Another database of the same server.
    pub fn to_database(&self, name: &str) -> Self {
        let mut config = self.config.clone();
        config.dbname(name);
        Self { shown: shown(&config), config, tls: self.tls.clone(), patience: self.patience }
    }

    /// Host, port and database, without the password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Host, port, user and database as the programs of Postgres want them; the password is left out.
    pub fn for_tools(&self) -> String {
        let (host, port, database) = named(&self.config);
        let user = self.config.get_user().map(|user| format!(" --username={}", quoted(user))).unwrap_or_default();
        format!("--host={} --port={port}{user} --dbname={}", quoted(&host), quoted(&database))
    }

    /// Opens a session. A server that says nothing for longer than it may take for a statement is given up, and the
    /// session with it. May block.
    pub(crate) fn connect(&self) -> Result<Session> {
        self.open(self.patience.connect, Some(self.patience.statement.saturating_add(MARGIN)))
    }

    /// The same for intake, whose callers wait. May block.
    pub(crate) fn connect_for_intake(&self) -> Result<Session> {
        self.open(self.patience.connect.min(self.patience.answer), Some(self.patience.answer))
    }

    /// The same for what takes as long as it takes. May block.
    pub(crate) fn connect_to_wait(&self) -> Result<Session> {
        self.open(self.patience.connect, None)
    }

    fn open(&self, within: Duration, answers_within: Option<Duration>) -> Result<Session> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| self.unreachable(error.to_string()))?;
        // The time limit of the configuration ends with the connection's being made: a server that stands still takes
        // it and says nothing.
        let connecting = async { tokio::time::timeout(within, self.connection()).await };
        let (client, connection) = runtime
            .block_on(connecting)
            .map_err(|_| self.unreachable(format!("it did not say a word within {within:?}")))??;
        runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = explain(&error), "a session with the database has ended");
            }
        });
        Ok(Session::new(client, runtime, answers_within))
    }

    /// Opens a connection that its caller drives.
    pub(crate) async fn connection(&self) -> Result<(Client, Connection<Socket, Encrypted>)> {
        self.config.connect(self.tls.clone()).await.map_err(|error| self.explain_refusal(&error))
    }

    fn unreachable(&self, detail: String) -> Error {
        Error::Unreachable { host: self.shown.clone(), detail }
    }

    fn explain_refusal(&self, error: &tokio_postgres::Error) -> Error {
        let refused = |remedy: &str| Error::Refused {
            host: self.shown.clone(),
            detail: explain(error),
            remedy: remedy.to_owned(),
        };
        match error.code() {
            Some(code) if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION && wants_tls(error) => {
                refused("the server wants TLS: set sslmode=require in DATABASE_URL")
            }
            Some(code)
                if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
            {
                refused("check user and password in DATABASE_URL, and pg_hba.conf on the server")
            }
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
                refused("create the database first (createdb), or name another one in DATABASE_URL")
            }
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                refused("grant this user CONNECT on the database")
            }
            Some(_) => self.unreachable(explain(error)),
            None if explain(error).contains("certificate") => {
                refused("name the authority's certificate with sslrootcert=FILE in DATABASE_URL")
            }
            None if explain(error).contains("TLS") && !explain(error).contains("os error") => {
                refused("the server speaks no TLS: turn it on there, or set sslmode=disable in DATABASE_URL")
            }
            None if explain(error).contains("password missing") => refused("put the password into DATABASE_URL"),
            None => self.unreachable(explain(error)),
        }
    }
}

/// Whether somebody is let in only with TLS and came without.
fn wants_tls(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|said| said.message().ends_with("no encryption"))
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    Opportunistic,
    Checked,
}

/// Takes out of an address what is ours to see to.
fn take_tls(url: &str) -> Result<(String, Tls, Option<String>)> {
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if !is_url {
        let detail = "it does not begin with postgresql:// or postgres://".to_owned();
        return Err(Error::Address { detail });
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut tls, mut root_file, mut kept) = (Tls::Opportunistic, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("sslmode", "disable") => tls = Tls::Off,
            ("sslmode", "allow" | "prefer") => tls = Tls::Opportunistic,
            ("sslmode", "require" | "verify-ca" | "verify-full") => tls = Tls::Checked,
            ("sslmode", other) => {
                let detail = format!("sslmode {other:?} is none of disable, prefer, require, verify-ca, verify-full");
                return Err(Error::Address { detail });
            }
            ("sslrootcert", file) => root_file = Some(file.replace("%2F", "/")),
            _ => kept.push(pair),
        }
    }
    let plain = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Ok((plain, tls, root_file))
}

fn shown(config: &Config) -> String {
    let (host, port, database) = named(config);
    format!("{host}:{port}/{database}")
}

fn named(config: &Config) -> (String, u16, String) {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        _ => "?".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    (host, port, config.get_dbname().or(config.get_user()).unwrap_or("postgres").to_owned())
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:".contains(sign);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn client_config(tls: Tls, root_file: Option<&str>, host: &str) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let refused = |detail: String| Error::Refused {
        host: host.to_owned(),
        detail,
        remedy: "name a PEM file of certificates with sslrootcert".to_owned(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?;
    if tls != Tls::Checked {
        // Whoever only prefers encryption is promised nothing about who is at the other end.
        let verifier = Arc::new(AnyCertificate(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = root_file {
        let read = CertificateDer::pem_file_iter(file).map_err(|error| refused(format!("{file}: {error}")))?;
        for certificate in read {
            let certificate = certificate.map_err(|error| refused(format!("{file}: {error}")))?;
            roots.add(certificate).map_err(|error| refused(format!("{file}: {error}")))?;
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Takes every certificate, as `sslmode=prefer` does everywhere.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_where_it_leads_and_no_password() {
        let cases = [
            ("postgresql://ana:s3cret@db.example.org:5433/foghorn", "db.example.org:5433/foghorn"),
            ("postgres://ana@db/foghorn?sslmode=require&sslrootcert=", "db:5432/foghorn"),
        ];
        for (url, shown) in cases {
            let parsed = Address::parse(&url.replace("&sslrootcert=", ""), Patience::default()).unwrap();
            assert_eq!(parsed.shown(), shown);
        }
    }

    #[test]
    fn tools_get_an_address_in_words_for_a_shell() {
        let address = Address::parse("postgresql://a%27na:s3cret@db:5433/fog", Patience::default()).unwrap();
        assert_eq!(address.for_tools(), "--host=db --port=5433 --username='a'\\''na' --dbname=fog");
    }

    #[test]
    fn a_wrong_address_is_named_without_its_password() {
        let cases = [
            ("mysql://ana:s3cret@db/x", "begin with postgresql://"),
            ("postgres://ana:s3cret@db/x?sslmode=maybe", "sslmode \"maybe\""),
            ("postgres://ana:s3cret@db:port/x", "invalid"),
        ];
        for (url, expected) in cases {
            let said = Address::parse(url, Patience::default()).map(drop).unwrap_err().to_string();
            assert!(said.contains(expected) && !said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn nobody_home_is_worth_another_try() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = Address::parse(&format!("postgres://ana:s3cret@{free}/x"), Patience::default()).unwrap();
        let error = address.connect().map(drop).unwrap_err();
        assert!(error.is_temporary() && error.to_string().contains(&free.to_string()), "{error}");
    }

    #[test]
    fn a_server_that_takes_the_connection_and_says_nothing_is_not_waited_for() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://ana@{}/x", silent.local_addr().unwrap());
        let patience = Patience { answer: Duration::from_millis(20), ..Patience::default() };
        let error = Address::parse(&url, patience).unwrap().connect_for_intake().map(drop).unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    }
}
