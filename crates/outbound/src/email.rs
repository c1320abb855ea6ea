//! Mail about incidents, as text and as HTML, over SMTP.
//!
//! `server` reads the address of the mail server, `compose` makes a [`Mail`] of a message (with `text` and
//! `html`, the two ways to draw it, and `thread`, which keeps all mails about one incident together), `deliver`
//! hands it over one SMTP command at a time, so that it is known whether a mail whose delivery failed may have
//! arrived all the same.

mod compose;
mod deliver;
mod html;
mod server;
mod text;
mod thread;

pub use compose::{Mail, MailEnvelope};
pub use server::SmtpUrlError;

use crate::outcome::{Receipt, SendError};
use foghorn_domain::message::Message;
use lettre::message::Mailbox;
use server::Server;
use std::fmt;
use std::time::Duration;

/// A mailer that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The server's address cannot be used.
    #[error("SMTP_URL cannot be used: {0}")]
    Server(#[from] SmtpUrlError),
    /// The sender is no mail address.
    #[error("{from:?} is no mail address to send from; write foghorn@example.org or Foghorn <foghorn@example.org>")]
    From {
        /// What was given.
        from: String,
    },
}

/// Writes mails and hands them to one mail server. A connection serves one mail: mails are few, and a
/// connection that was kept could have died unseen.
#[derive(Clone)]
pub struct Mailer {
    server: Server,
    from: Mailbox,
    deadline: Duration,
}

impl Mailer {
    /// A mailer for the server at `smtp_url`, in one of these forms:
    ///
    /// - `smtp://user:password@mail.example.org` — port 587 unless it is named, TLS by STARTTLS or not at all
    /// - `smtps://user:password@mail.example.org` — port 465, TLS from the start
    /// - `smtp://mail.example.org?tls=none` — port 25, no TLS; also without saying so on loopback
    /// - `…?ca=/etc/foghorn/ca.pem` — trusts this certificate besides the public ones
    ///
    /// Special characters in user and password are percent-encoded. `from` is an address, with a name or
    /// without. A mail that has not been handed over within `deadline` has failed.
    pub fn new(smtp_url: &str, from: &str, deadline: Duration) -> Result<Self, MailerError> {
        let server = Server::parse(smtp_url)?;
        let from = thread::mailbox(from).ok_or_else(|| MailerError::From { from: crate::fit::line(from, 100) })?;
        Ok(Self { server, from, deadline })
    }

    /// The mail about a message. Fails when no recipient is a mail address; single ones that are none are left
    /// out, and the receipt says so.
    pub fn compose(&self, message: &Message, envelope: &MailEnvelope) -> Result<Mail, SendError> {
        compose::compose(&self.from, message, envelope)
    }

    /// Hands a mail over.
    pub async fn send(&self, mail: &Mail) -> Result<Receipt, SendError> {
        deliver::deliver(&self.server, mail, self.deadline).await
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("server", &self.server).field("from", &self.from.email.to_string()).finish()
    }
}
