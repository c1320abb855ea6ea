//! Whoever acknowledges incidents that stand in Slack, again until somebody has answered, and remembers which.

use super::fleet::Fleet;
use anyhow::ensure;
use foghorn_testkit::{FakeSlack, SlackMessage};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The name in the audit log.
pub(super) const WHO: &str = "ana";

/// How long one act may take to be answered.
const PATIENCE: Duration = Duration::from_secs(120);

/// The people, and what they have done.
#[derive(Default)]
pub(super) struct People {
    client: reqwest::Client,
    acknowledged: Mutex<BTreeSet<i64>>,
}

impl People {
    /// The incidents that were acknowledged, with an answer that said so.
    pub(super) fn acknowledged(&self) -> BTreeSet<i64> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Acknowledges an incident that nobody has yet, or waits a moment where there is none.
    pub(super) async fn acknowledge_something(&self, slack: &FakeSlack, fleet: &Fleet) -> anyhow::Result<()> {
        let known = self.acknowledged();
        let seen = slack.all_messages();
        let Some(incident) = seen.iter().rev().filter_map(incident_in).find(|id| !known.contains(id)) else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            return Ok(());
        };
        let body = json!({ "action": "ack", "user": WHO });
        let give_up = Instant::now() + PATIENCE;
        let mut said = "nobody listens".to_owned();
        loop {
            for address in fleet.addresses("web") {
                let to = format!("http://{address}/api/v1/incidents/{incident}/actions");
                let asked = self.client.post(to).timeout(Duration::from_secs(10)).json(&body).send().await;
                said = match asked {
                    Ok(answer) if answer.status().is_success() => {
                        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(incident);
                        return Ok(());
                    }
                    Ok(answer) => format!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
                    Err(error) => format!("{error:#}"),
                };
            }
            ensure!(Instant::now() < give_up, "incident {incident} cannot be acknowledged: {said}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The incident that a message is about, where it is about one alone.
fn incident_in(message: &SlackMessage) -> Option<i64> {
    message.sections().first()?.split('*').nth(1)?.strip_prefix("Incident #")?.parse().ok()
}
