//! A mail server that keeps what it gets.
//!
//! It is aiosmtpd, the SMTP server of the aio-libs project, run by Debian's Python: written by others in
//! another language, kept for ten years, with STARTTLS and log-ins, and its library takes mails apart again. So
//! what a test sees of a mail is what somebody else's implementation understood. The crates there are for
//! serving mail in tests have not seen a release in years.
//!
//! `smtp_server.py` says which recipients make it refuse, fall silent or hang up.

use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How long the server is waited for, at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail as the server understood it.
#[derive(Clone, Debug, Deserialize)]
pub struct ReceivedMail {
    /// The sender it was told.
    pub sender: String,
    /// The recipients it was told and took.
    pub recipients: Vec<String>,
    /// The headers, decoded and unfolded, in their order.
    pub headers: Vec<(String, String)>,
    /// The types of the whole and its parts.
    pub content_types: Vec<String>,
    /// The text part, decoded.
    pub text: String,
    /// The HTML part, decoded.
    pub html: String,
    /// What it found wrong with the mail's form.
    pub defects: Vec<String>,
    /// Whether the connection was protected.
    pub encrypted: bool,
    /// Who had logged in.
    pub login: Option<String>,
}

impl ReceivedMail {
    /// A header's value; the empty text where there is none, or more than one.
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => value,
            _ => "",
        }
    }
}

/// How the server wants to be spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// In the open.
    #[default]
    None,
    /// Protected after STARTTLS, and not before.
    StartTls,
    /// Protected from the start.
    FromTheStart,
}

/// What the server asks of its clients.
#[derive(Clone, Copy, Debug, Default)]
pub struct SmtpOptions {
    /// Protection. Its certificate is for `localhost`, and at [`SmtpServer::certificate`].
    pub tls: SmtpTls,
    /// The user and password that it insists on.
    pub login: Option<(&'static str, &'static str)>,
    /// Whether it takes addresses with other letters than ASCII's.
    pub utf8: bool,
}

/// The server. It ends when this is dropped.
pub struct SmtpServer {
    port: u16,
    mails: watch::Receiver<Arc<Vec<ReceivedMail>>>,
    directory: TempDir,
    _child: Child,
}

impl SmtpServer {
    /// One that takes everything in the open.
    pub async fn start() -> Self {
        Self::start_with(SmtpOptions::default()).await
    }

    /// One that asks for something.
    pub async fn start_with(options: SmtpOptions) -> Self {
        let directory = TempDir::new().unwrap();
        // Debian's Python first: that is the one scripts/test installs aiosmtpd for.
        let python = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
        let mut command = Command::new(python);
        command.arg("-c").arg(include_str!("smtp_server.py"));
        if options.tls != SmtpTls::None {
            let (certificate, key) = make_certificate(directory.path()).await;
            let tls = if options.tls == SmtpTls::StartTls { "starttls" } else { "smtps" };
            command.args(["--tls", tls]).arg("--certificate").arg(certificate).arg("--key").arg(key);
        }
        if let Some((user, password)) = options.login {
            command.args(["--user", user, "--password", password]);
        }
        if options.utf8 {
            command.arg("--utf8");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the mail server starts").unwrap();
        let first = first.expect("aiosmtpd is there: scripts/test installs python3-aiosmtpd");
        let started: serde_json::Value = serde_json::from_str(&first).unwrap();
        let port = started["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap();
        let (sender, mails) = watch::channel(Arc::new(Vec::new()));
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mail: ReceivedMail = serde_json::from_str(&line).unwrap();
                sender.send_modify(|mails| Arc::make_mut(mails).push(mail));
            }
        });
        Self { port, mails, directory, _child: child }
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address for `SMTP_URL`, without protection or log-in.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The certificate to trust, where it has one.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    /// What it has got by now.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.mails.borrow().to_vec()
    }

    /// What it has got, once it has got so many.
    pub async fn wait_for(&self, count: usize) -> Vec<ReceivedMail> {
        let mut mails = self.mails.clone();
        let got = tokio::time::timeout(PATIENCE, mails.wait_for(|mails| mails.len() >= count)).await;
        got.expect("the mails arrive").expect("the mail server runs").to_vec()
    }
}

/// A certificate for `localhost` that vouches for itself, made anew so that none expires in the repository.
async fn make_certificate(directory: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    let made = command.output().await.expect("openssl is installed by scripts/test");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}
