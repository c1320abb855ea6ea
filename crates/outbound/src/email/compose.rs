//! A mail about a message.

use super::thread::{id_host, mailbox, message_id, root_id};
use super::{html, text};
use crate::fit::{fit, line};
use crate::outcome::{Code, SendError};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::message::Message;
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, MultiPartKind, SinglePart};
use std::time::SystemTime;

/// The most recipients of one mail: what every server must take (RFC 5321, section 4.5.3.1.8).
const MAX_RECIPIENTS: usize = 100;
/// The longest subject, in characters.
const MAX_SUBJECT: usize = 200;

/// Whom a mail is for and what it is about.
#[derive(Clone, Debug)]
pub struct MailEnvelope {
    /// Its recipients: addresses, with names or without.
    pub to: Vec<String>,
    /// The incident.
    pub incident_id: i64,
    /// The notification, which gives the mail its id.
    pub notification_id: i64,
    /// Whether it is the first mail about the incident to this receiver.
    pub is_first: bool,
    /// The notification of that first mail, where it is known and another.
    pub first_notification_id: Option<i64>,
    /// The host of Foghorn's public address; the sender's domain stands in for one that is none.
    pub public_host: String,
    /// Whether mail programs should make it stand out.
    pub urgent: bool,
    /// The present moment, for the header `Date`.
    pub now: Timestamp,
}

/// A mail, ready to be handed over.
#[derive(Clone, Debug)]
pub struct Mail {
    pub(super) from: Address,
    pub(super) recipients: Vec<Address>,
    pub(super) left_out: Vec<String>,
    pub(super) message_id: String,
    pub(super) bytes: Vec<u8>,
}

impl Mail {
    /// Its `Message-ID`, in angle brackets.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// What is handed over: headers, text and HTML.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Who gets it.
    pub fn recipients(&self) -> Vec<String> {
        self.recipients.iter().map(Address::to_string).collect()
    }

    /// Who does not, and why.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

pub(super) fn compose(from: &Mailbox, message: &Message, envelope: &MailEnvelope) -> Result<Mail, SendError> {
    let message = fit(message);
    let (recipients, left_out) = recipients(&envelope.to)?;
    let host = id_host(&envelope.public_host, from);
    let message_id = message_id(envelope.incident_id, envelope.notification_id, &host);
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .subject(subject(&message, envelope))
        .date(SystemTime::from(envelope.now.max(Timestamp::UNIX_EPOCH)))
        .message_id(Some(message_id.clone()));
    for recipient in &recipients {
        builder = builder.to(recipient.clone());
    }
    builder = in_its_thread(builder, envelope, &message_id, &host);
    builder = raw(builder, "Auto-Submitted", "auto-generated");
    // Exchange answers with out-of-office notes unless it is asked not to.
    builder = raw(builder, "X-Auto-Response-Suppress", "All");
    builder = raw(builder, "List-Id", &format!("Foghorn incidents <incidents.{host}>"));
    if envelope.urgent {
        builder = raw(raw(builder, "Importance", "high"), "X-Priority", "1");
    }
    let mail = builder.multipart(parts(&message, &message_id));
    let mail =
        mail.map_err(|error| SendError::never(Code::BadReceiver, format!("the mail cannot be written: {error}")))?;
    Ok(Mail {
        from: from.email.clone(),
        recipients: recipients.into_iter().map(|recipient| recipient.email).collect(),
        left_out,
        message_id,
        bytes: mail.formatted(),
    })
}

/// Those who get it, and those who are left out since theirs is no address. Nobody gets it twice.
fn recipients(to: &[String]) -> Result<(Vec<Mailbox>, Vec<String>), SendError> {
    let mut recipients: Vec<Mailbox> = Vec::new();
    let mut left_out = Vec::new();
    for text in to {
        match mailbox(text) {
            Some(mailbox) if recipients.iter().any(|known| known.email == mailbox.email) => {}
            Some(_) if recipients.len() == MAX_RECIPIENTS => {
                left_out.push(format!("{}: a mail has at most {MAX_RECIPIENTS} recipients", line(text, 100)));
            }
            Some(mailbox) => recipients.push(mailbox),
            None => left_out.push(format!("{}: no mail address", line(text, 100))),
        }
        if left_out.len() > MAX_RECIPIENTS {
            break;
        }
    }
    match recipients.is_empty() {
        true => Err(SendError::never(Code::BadReceiver, "none of the recipients is a mail address")),
        false => Ok((recipients, left_out)),
    }
}

/// The title, which stays the same while an incident lasts: some mail programs begin a new thread where the
/// subject changes. What does change, the severity first of all, begins the text.
fn subject(message: &Message, envelope: &MailEnvelope) -> String {
    let title = match message.plain_title() {
        title if title.is_empty() => format!("Incident #{}", envelope.incident_id),
        title => title,
    };
    let answer = if envelope.is_first { "" } else { "Re: " };
    format!("{answer}[Foghorn] {}", line(&title, MAX_SUBJECT))
}

fn in_its_thread(builder: MessageBuilder, envelope: &MailEnvelope, message_id: &str, host: &str) -> MessageBuilder {
    let root = root_id(envelope.incident_id, host);
    if envelope.is_first {
        return builder.references(root);
    }
    let first = envelope.first_notification_id.map(|id| super::thread::message_id(envelope.incident_id, id, host));
    match first.filter(|first| first != message_id) {
        Some(first) => builder.in_reply_to(first.clone()).references(format!("{root} {first}")),
        None => builder.in_reply_to(root.clone()).references(root),
    }
}

/// A header whose value is ours and plain ASCII.
fn raw(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    match HeaderName::new_from_ascii(name.to_owned()) {
        Ok(name) => builder.raw_header(HeaderValue::new(name, value.to_owned())),
        Err(_) => builder,
    }
}

/// Text first, HTML last, as the last one is preferred (RFC 2046, section 5.1.4). Both are quoted-printable, in
/// which `=_` never occurs, so that no text can end its part with the boundary.
fn parts(message: &Message, message_id: &str) -> MultiPart {
    let part = |content_type: ContentType, body: String| {
        let builder = SinglePart::builder().header(content_type).header(ContentTransferEncoding::QuotedPrintable);
        builder.body(body)
    };
    let name: String = message_id.chars().filter(|character| character.is_ascii_alphanumeric()).take(50).collect();
    MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("=_{name}"))
        .singlepart(part(ContentType::TEXT_PLAIN, text::draw(message)))
        .singlepart(part(ContentType::TEXT_HTML, html::draw(message)))
}
