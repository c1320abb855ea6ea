//! Hands a mail to a mail server.
//!
//! One command at a time (RFC 5321): until the server has been given the text, nothing can have arrived; once
//! it has, a lost answer means that it may have. One recipient that the server refuses does not keep the mail
//! from the others.

use super::compose::Mail;
use super::server::{Protection, Server};
use crate::fit::quoted;
use crate::outcome::{Code, Receipt, Retry, SendError};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Ways to log in, the first that the server knows being used.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
/// How long the server is waited for to say goodbye; the mail is its own by then.
const GOODBYE: Duration = Duration::from_secs(2);

/// What is being done, for the detail of an error.
#[derive(Clone, Copy)]
enum Step {
    Connect,
    StartTls,
    LogIn,
    Sender,
    Data,
    Text,
}

pub(super) async fn deliver(server: &Server, mail: &Mail, within: Duration) -> Result<Receipt, SendError> {
    let deadline = Instant::now() + within;
    let too_late = |_| SendError::later(Code::Deadline, format!("{} was too slow to take a mail", server.host));
    let prepared = timeout_at(deadline, prepare(server, mail, within)).await.map_err(too_late)?;
    let (mut connection, left_out) = prepared?;
    match timeout_at(deadline, connection.message(&mail.bytes)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(failed(server, Step::Text, &error)),
        Err(_) => {
            let detail = format!("{} was given a mail and did not say that it took it", server.host);
            return Err(SendError::unknown(Code::Deadline, detail));
        }
    }
    // Whether it says goodbye changes nothing.
    let _ = tokio::time::timeout(GOODBYE, connection.quit()).await;
    Ok(Receipt { provider_id: Some(mail.message_id.clone()), left_out })
}

/// Everything up to the text: connection, protection, log-in, sender and recipients. Gives those left out.
async fn prepare(
    server: &Server,
    mail: &Mail,
    within: Duration,
) -> Result<(AsyncSmtpConnection, Vec<String>), SendError> {
    let hello = hello(mail);
    let from_the_start = match &server.protection {
        Protection::FromTheStart(tls) => Some(tls.clone()),
        Protection::StartTls(_) | Protection::None => None,
    };
    let address = (server.host.as_str(), server.port);
    let mut connection = AsyncSmtpConnection::connect_tokio1(address, Some(within), &hello, from_the_start, None)
        .await
        .map_err(|error| failed(server, Step::Connect, &error))?;
    if let Protection::StartTls(tls) = &server.protection {
        if !connection.can_starttls() {
            let detail = format!("{} offers no STARTTLS; where no TLS is wanted, SMTP_URL says ?tls=none", server.host);
            return Err(SendError::never(Code::Tls, detail));
        }
        let started = connection.starttls(tls.clone(), &hello).await;
        started.map_err(|error| failed(server, Step::StartTls, &error))?;
    }
    if let Some(credentials) = &server.credentials {
        let answer = connection.auth(&MECHANISMS, credentials).await;
        answer.map_err(|error| failed(server, Step::LogIn, &error))?;
    }
    let left_out = introduce(server, mail, &mut connection).await?;
    connection.command(Data).await.map_err(|error| failed(server, Step::Data, &error))?;
    Ok((connection, left_out))
}

/// What we call ourselves: the sender's domain, which is a name that exists, as servers expect.
fn hello(mail: &Mail) -> ClientId {
    match mail.from.domain() {
        domain if domain.is_ascii() => ClientId::Domain(domain.to_owned()),
        _ => ClientId::default(),
    }
}

/// Sender and recipients.
async fn introduce(
    server: &Server,
    mail: &Mail,
    connection: &mut AsyncSmtpConnection,
) -> Result<Vec<String>, SendError> {
    let speaks_utf8 = connection.server_info().supports_feature(Extension::SmtpUtfEight);
    let is_foreign = |address: &lettre::Address| !address.to_string().is_ascii();
    let needs_utf8 = mail.recipients.iter().chain([&mail.from]).any(is_foreign);
    let parameters = if needs_utf8 && speaks_utf8 { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
    let sender = connection.command(MailFrom::new(Some(mail.from.clone()), parameters)).await;
    sender.map_err(|error| failed(server, Step::Sender, &error))?;
    let mut left_out = mail.left_out.clone();
    let mut accepted = 0;
    let mut last_refusal = None;
    for recipient in &mail.recipients {
        if !speaks_utf8 && is_foreign(recipient) {
            left_out.push(format!("{recipient}: {} takes no such addresses (SMTPUTF8)", server.host));
            continue;
        }
        match connection.command(Rcpt::new(recipient.clone(), Vec::new())).await {
            Ok(_) => accepted += 1,
            Err(error) if error.status().is_some() => {
                left_out.push(format!("{recipient}: {}", said(&error)));
                // One that may be taken later is worth another attempt at the whole.
                if last_refusal.is_none() || error.is_transient() {
                    last_refusal = Some(error);
                }
            }
            Err(error) => return Err(failed(server, Step::Sender, &error)),
        }
    }
    match (accepted, last_refusal) {
        (1.., _) => Ok(left_out),
        (_, refusal) => {
            let detail = quoted(&format!("{} refused every recipient: {}", server.host, left_out.join("; ")));
            let retry = if refusal.is_some_and(|error| error.is_transient()) { Retry::Backoff } else { Retry::Never };
            Err(SendError { code: Code::Refused, detail, retry, may_have_landed: false })
        }
    }
}

/// What a failed step means. An answer is an answer: 4xx may do better later, 5xx will not, and neither took
/// the mail.
fn failed(server: &Server, step: Step, error: &Error) -> SendError {
    let doing = match step {
        Step::Connect => "connecting",
        Step::StartTls => "beginning TLS",
        Step::LogIn => "logging in",
        Step::Sender => "naming sender and recipients",
        Step::Data => "announcing the mail",
        Step::Text => "handing over the mail",
    };
    let detail = format!("{}, {doing}: {}", server.host, said(error));
    if error.is_transient() {
        return SendError::later(Code::ServerError, detail);
    }
    if error.is_permanent() {
        let code = if matches!(step, Step::LogIn) { Code::LoginRefused } else { Code::Refused };
        return SendError::never(code, detail);
    }
    match step {
        Step::Text => SendError::unknown(Code::Interrupted, detail),
        // A certificate does not become right by itself, but it is put right without our help.
        _ if error.is_tls() => SendError::later(Code::Tls, detail),
        Step::LogIn if error.is_client() => SendError::never(Code::LoginRefused, detail),
        Step::Connect => SendError::later(Code::Unreachable, detail),
        _ => SendError::later(Code::Interrupted, detail),
    }
}

/// What the server or the system said, in one bounded line.
fn said(error: &Error) -> String {
    quoted(&error.to_string())
}
