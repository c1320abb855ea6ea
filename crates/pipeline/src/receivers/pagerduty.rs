//! A PagerDuty service: it rings when it is told, and hears when somebody took it or it is over.

use super::{Delivered, Failure, Outgoing};
use foghorn_domain::incident::Status;
use foghorn_outbound::pagerduty::{Facts, PagerDuty, RoutingKey};
use serde_json::json;

/// One service.
pub struct PagerDutyReceiver {
    pagerduty: PagerDuty,
    key: RoutingKey,
}

impl PagerDutyReceiver {
    /// The service of a routing key.
    pub fn new(pagerduty: PagerDuty, key: RoutingKey) -> Self {
        Self { pagerduty, key }
    }

    pub(super) async fn post(&self, outgoing: &Outgoing<'_>) -> Result<Delivered, Failure> {
        let facts = Facts::from(outgoing.incident);
        let receipt = self.pagerduty.trigger(&self.key, &outgoing.told.message, &facts, outgoing.now).await?;
        Ok(Delivered { provider: json!({ "dedup_key": receipt.provider_id }), slack: None })
    }

    pub(super) async fn edit(&self, outgoing: &Outgoing<'_>) -> Result<(), Failure> {
        let id = outgoing.incident.id;
        match outgoing.incident.status {
            Status::Acknowledged | Status::NeedsInfo => {
                self.pagerduty.acknowledge(&self.key, id, outgoing.now).await?;
            }
            Status::Resolved | Status::FalsePositive => {
                self.pagerduty.resolve(&self.key, id, outgoing.now).await?;
            }
            // A reopening is a reason of its own and rings anew.
            Status::Open | Status::Notified => {}
        }
        Ok(())
    }
}
