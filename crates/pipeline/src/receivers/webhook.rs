//! An address of a team's own: signed JSON when it is told and whenever the status changes.

use super::{Delivered, Failure, Outgoing};
use foghorn_outbound::guarded::GuardedClient;
use foghorn_outbound::webhook::{WebhookEvent, WebhookKind, WebhookTarget, send};
use serde_json::json;

/// One address.
pub struct WebhookReceiver {
    client: GuardedClient,
    target: WebhookTarget,
    /// The host alone: an address may hold a secret.
    channel: String,
}

impl WebhookReceiver {
    /// An address, called through the guarded client.
    pub fn new(client: GuardedClient, target: WebhookTarget, channel: String) -> Self {
        Self { client, target, channel }
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    pub(super) async fn post(&self, outgoing: &Outgoing<'_>) -> Result<Delivered, Failure> {
        let kind = WebhookKind::Told(outgoing.row.reason);
        // The moment of the reason, so that every attempt sends the same bytes.
        let event = WebhookEvent::new(
            kind,
            outgoing.row.id,
            0,
            outgoing.incident,
            &outgoing.told.message,
            outgoing.row.created_at,
        );
        let receipt = send(&self.client, &self.target, &event, outgoing.now).await?;
        Ok(Delivered { provider: json!({ "webhook_id": receipt.provider_id }), slack: None })
    }

    pub(super) async fn edit(&self, outgoing: &Outgoing<'_>) -> Result<(), Failure> {
        let Outgoing { row, incident, told, now, .. } = outgoing;
        let kind = WebhookKind::Changed(incident.status);
        let event = WebhookEvent::new(kind, row.id, row.edits + 1, incident, &told.message, *now);
        send(&self.client, &self.target, &event, *now).await?;
        Ok(())
    }
}
