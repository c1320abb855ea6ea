//! Alerts that cannot wait for the database, and when they stood in Slack.

use crate::chaos::checker::Verdict;
use crate::chaos::fleet::Fleet;
use crate::chaos::servers::Postgres;
use anyhow::Context;
use foghorn_testkit::FakeSlack;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long one may take to be accepted.
const PATIENCE: Duration = Duration::from_secs(20);

/// When each of the alerts was sent.
pub(super) struct Criticals {
    sent: Vec<Timestamp>,
}

impl Criticals {
    /// Sends so many, evenly over a time, each from a service of its own.
    pub(super) async fn send(fleet: &Fleet, count: usize, within: Duration) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        let began = Instant::now();
        let mut sent = Vec::new();
        for number in 0..count {
            tokio::time::sleep_until(began + within.mul_f64(number as f64 / count as f64)).await;
            sent.push(Timestamp::now());
            let accepted = tokio::time::timeout(PATIENCE, fleet.deliver(&client, &event(number))).await;
            accepted.with_context(|| format!("critical {number} is not accepted"))?;
        }
        Ok(Self { sent })
    }

    /// Each was told once and in time while the database was away, and is an incident that was told afterwards.
    pub(super) async fn check(
        &self,
        slack: &FakeSlack,
        postgres: &Postgres,
        latest: Duration,
        verdict: &mut Verdict,
    ) -> anyhow::Result<()> {
        let messages = slack.messages(FakeSlack::CHANNEL);
        let emergencies = || messages.iter().filter(|message| message.text.starts_with("DATABASE AWAY"));
        let (mut untold, mut repeated, mut late, mut after) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, sent) in self.sent.iter().enumerate() {
            let service = service(number);
            let line = format!("• {service} ·");
            let told: Vec<SignedDuration> = emergencies()
                .flat_map(|message| {
                    let times = message.sections().join("\n").matches(&line).count();
                    std::iter::repeat_n(message.at.duration_since(*sent), times)
                })
                .collect();
            let Some(first) = told.iter().min() else {
                untold.push(service);
                continue;
            };
            after.push(first.as_secs_f64());
            if told.len() > 1 {
                repeated.push(service.clone());
            }
            if *first > SignedDuration::try_from(latest)? {
                late.push(format!("{service} after {:.1} s", first.as_secs_f64()));
            }
        }
        after.sort_by(f64::total_cmp);
        let half = after.get(after.len() / 2).copied().unwrap_or_default();
        let slowest = after.last().copied().unwrap_or_default();
        verdict.note(format!(
            "{} criticals sent while Postgres was away, told in {} messages after {half:.1} s in the middle, {slowest:.1} s at most",
            self.sent.len(),
            emergencies().count()
        ));
        verdict.must("criticals that nobody was told of while Postgres was away", untold.len(), &untold);
        verdict.must(&format!("criticals told later than after {} s", latest.as_secs()), late.len(), &late);
        verdict.must("criticals told more than once while Postgres was away", repeated.len(), &repeated);

        let sql = "SELECT service FROM incidents
                    WHERE service LIKE 'critical-%' AND severity = 'critical' AND status = 'notified'";
        let rows = postgres.client().await?.query(sql, &[]).await?;
        let stored: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let missing: Vec<String> = (0..self.sent.len())
            .map(service)
            .filter(|service| stored.iter().filter(|stored| *stored == service).count() != 1)
            .collect();
        verdict.must("criticals that are not one incident that was told afterwards", missing.len(), &missing);
        Ok(())
    }
}

fn service(number: usize) -> String {
    format!("critical-{number:03}")
}

fn event(number: usize) -> Value {
    json!({
        "source": "uptime", "type": "check", "status": "firing", "dedup_key": format!("check-{number}"),
        "payload": format!("check {number} fails: no answer within 5 s"),
        "metadata": { "severity": "critical", "service": service(number) },
        "idempotency_key": format!("critical-{number}"),
    })
}
