//! Mailboxes: a mail for each reason, all about one incident in one thread.

use super::{Delivered, Failure, Outgoing};
use foghorn_domain::severity::Urgency;
use foghorn_outbound::email::{MailEnvelope, Mailer};
use serde_json::json;

/// One list of mailboxes.
pub struct EmailReceiver {
    mailer: Mailer,
    to: Vec<String>,
    channel: String,
    public_host: String,
}

impl EmailReceiver {
    /// Mailboxes told through one mail server. `public_host` is the host of Foghorn's own address.
    pub fn new(mailer: Mailer, to: Vec<String>, public_host: String) -> Self {
        let channel = to.join(", ");
        Self { mailer, to, channel, public_host }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    pub(super) async fn post(&self, outgoing: &Outgoing<'_>) -> Result<Delivered, Failure> {
        let Outgoing { row, incident, told, storm, now, first_notification: first, .. } = outgoing;
        let envelope = MailEnvelope {
            to: self.to.clone(),
            incident_id: incident.id,
            notification_id: row.id,
            is_first: first.is_none_or(|first| first == row.id),
            first_notification_id: first.filter(|first| *first != row.id),
            public_host: self.public_host.clone(),
            urgent: row.urgency == Urgency::Page,
            now: *now,
        };
        let message = storm.map_or_else(|| told.message.clone(), |storm| storm.message(&told.message));
        let mail = self.mailer.compose(&message, &envelope)?;
        let receipt = self.mailer.send(&mail).await?;
        Ok(Delivered {
            provider: json!({ "message_id": receipt.provider_id, "left_out": receipt.left_out }),
            slack: None,
        })
    }
}
