//! The same hands over Socket Mode: a connection that Foghorn opens, for where Slack cannot call.

use super::SlackHand;
use foghorn_slack::Secret;
use foghorn_slack::interaction::Interaction;
use foghorn_slack::socket::{self, Delivery};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

impl SlackHand {
    /// Takes clicks, forms and commands until it is stopped, or until Slack says that the token will never do.
    pub(crate) async fn listen(self, app_token: Secret, stop: CancellationToken) {
        let Some(client) = self.client.clone() else {
            tracing::error!("slack.app_token is set and slack.bot_token is not: nothing is taken from Slack");
            return;
        };
        let hand = self.clone();
        let handler = move |delivery: Delivery| {
            let hand = hand.clone();
            async move { hand.delivered(delivery).await }
        };
        if let Err(error) = socket::run(&client, &app_token, handler, stop).await {
            tracing::error!(%error, "Slack gives no connection; check slack.app_token (SLACK_APP_TOKEN)");
        }
    }

    async fn delivered(&self, delivery: Delivery) -> Option<Value> {
        let key = key(&delivery);
        let reply = match delivery {
            Delivery::Interaction(interaction) => self.interact(interaction, &key).await,
            Delivery::Command(command) => self.command(command, &key).await,
        };
        match reply {
            Ok(reply) => Some(reply.body),
            Err(error) => {
                tracing::error!(%error, "a hand in Slack could not be recorded");
                None
            }
        }
    }
}

/// What makes a delivery the same one when it comes again: its trigger, which Slack makes anew for each hand.
fn key(delivery: &Delivery) -> String {
    let trigger = match delivery {
        Delivery::Interaction(Interaction::Click(click)) => click.trigger_id.clone(),
        Delivery::Command(command) => command.trigger_id.clone(),
        // A form says everything itself: the same text for the same incident by the same person is the same.
        Delivery::Interaction(_) => None,
    };
    trigger.map_or_else(|| format!("socket {delivery:?}"), |trigger| format!("socket {trigger}"))
}
