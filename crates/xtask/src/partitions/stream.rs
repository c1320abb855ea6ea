//! The events of a run: the same ones in every run, those of a service always in the same order.
//!
//! Errors, database timeouts, requests that attack, alerts with keys of their own and lines in which nothing is wrong,
//! each of a template that belongs to one service. Whoever sends a service's events waits until each batch is accepted
//! before it sends the next: order is what the result may depend on, the number of processes is not.

use crate::chaos::dice::Dice;
use crate::chaos::fleet::Fleet;
use anyhow::Context;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const SENDERS: u64 = 4;
const BATCH: usize = 25;

/// How long one batch may take to be accepted.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is sent.
#[derive(Clone)]
pub(super) struct Stream {
    seed: u64,
    events: u64,
    templates: u64,
    services: u64,
}

impl Stream {
    pub(super) fn new(seed: u64, events: u64, templates: u64, services: u64) -> Self {
        Self { seed, events, templates: templates.max(1), services: services.max(1) }
    }

    /// The template of an event, known by its number.
    fn template(&self, number: u64) -> u64 {
        // The first events show every template once.
        if number < self.templates {
            return number;
        }
        Dice::new(self.seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93)).below(self.templates)
    }

    fn service(&self, number: u64) -> u64 {
        self.template(number) % self.services
    }

    fn event(&self, number: u64) -> Value {
        let (template, service) = (self.template(number), self.service(number));
        let words = sentence(&mut Dice::new(self.seed.wrapping_add(template)));
        let mut metadata = json!({ "service": format!("service-{service}"), "number": number });
        // Templates of one service differ in this, too.
        let (kind, payload) = match (template / self.services) % 10 {
            0 => {
                metadata["client_ip"] = json!(format!("192.0.2.{}", number % 5 + 1));
                ("http_request", format!("GET /{}?id=1' OR '1'='1 HTTP/1.1", words.replace(' ', "/")))
            }
            1 => ("error", format!("ERROR database query timeout: {words} after {} ms", number % 900 + 100)),
            2 => {
                metadata["severity"] = json!(["warning", "critical"][(template % 2) as usize]);
                ("alert", format!("{words}, {number} times"))
            }
            3 | 4 => ("log", format!("INFO {words} for {:08x}", number.wrapping_mul(0x9E37_79B9))),
            _ => ("error", format!("ERROR {words} in request {:08x}", number.wrapping_mul(0x9E37_79B9))),
        };
        let mut event = json!({
            "source": format!("service-{service}"), "type": kind, "payload": payload, "metadata": metadata,
            "idempotency_key": format!("event-{number}"),
        });
        if kind == "alert" {
            event["status"] = json!("firing");
            event["dedup_key"] = json!(format!("alert-{template}"));
        }
        event
    }

    /// Sends everything, evenly over a time.
    pub(super) async fn send(&self, fleet: Arc<Fleet>, within: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (stream, fleet) = (self.clone(), fleet.clone());
            senders.spawn(async move {
                let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
                let numbers = (0..stream.events).filter(|number| stream.service(*number) % SENDERS == sender);
                let numbers: Vec<u64> = numbers.collect();
                for batch in numbers.chunks(BATCH) {
                    let last = batch.last().copied().unwrap_or(0);
                    tokio::time::sleep_until(began + within.mul_f64(last as f64 / stream.events as f64)).await;
                    let body = Value::Array(batch.iter().map(|number| stream.event(*number)).collect());
                    let accepted = tokio::time::timeout(PATIENCE, fleet.deliver(&client, &body));
                    accepted.await.with_context(|| format!("events up to {last} are not accepted"))?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(sent) = senders.join_next().await {
            sent??;
        }
        Ok(())
    }
}

/// Words that no other sentence has.
fn sentence(dice: &mut Dice) -> String {
    let syllables = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu"];
    let mut word = || (0..4).filter_map(|_| dice.one(&syllables).copied()).collect::<String>();
    (0..6).map(|_| word()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_every_event_and_a_template_belongs_to_one_service() {
        let stream = Stream::new(7, 500, 100, 10);
        for number in 0..500 {
            assert_eq!(stream.event(number), Stream::new(7, 500, 100, 10).event(number));
            assert_eq!(stream.service(number), stream.template(number) % 10);
        }
        assert!((0..100).all(|number| stream.template(number) == number), "each is there at least once");
    }
}
