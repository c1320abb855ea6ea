//! Storms: when more is to be told than a person can read, a receiver gets one message for many.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::severity::{Severity, Urgency};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::HashMap;

/// How a telling goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// As a message of its own.
    Alone,
    /// Inside one message with all that wait.
    Storm,
}

/// When a receiver has a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StormGauge {
    /// Messages a minute that it may get one by one.
    pub above: u32,
}

/// Time in which messages are counted.
pub const STORM_WINDOW: SignedDuration = SignedDuration::from_secs(60);

impl StormGauge {
    /// How the next telling goes out. `posts` are the times of the receiver's latest messages (those of the
    /// last minute are enough), `waiting` counts what is to be told, this one included, pages left out.
    pub fn delivery(&self, urgency: Urgency, posts: &[Timestamp], waiting: usize, now: Timestamp) -> Delivery {
        let is_too_much = recent(posts, now).count().saturating_add(waiting) > self.above as usize;
        if is_too_much && urgency != Urgency::Page { Delivery::Storm } else { Delivery::Alone }
    }

    /// When the message of a storm may go out: at once, or when so many of the receiver's messages are older
    /// than a minute that there is room for one more. Until then it gathers.
    pub fn next_post(&self, posts: &[Timestamp], now: Timestamp) -> Timestamp {
        let mut recent: Vec<Timestamp> = recent(posts, now).collect();
        recent.sort();
        let surplus = (recent.len() + 1).saturating_sub(self.above.max(1) as usize);
        let leaves_last = surplus.checked_sub(1).and_then(|last| recent.get(last));
        leaves_last.and_then(|at| at.checked_add(STORM_WINDOW).ok()).unwrap_or(now)
    }
}

fn recent(posts: &[Timestamp], now: Timestamp) -> impl Iterator<Item = Timestamp> {
    posts.iter().copied().filter(move |at| now.duration_since(*at) < STORM_WINDOW)
}

/// What the one message of a storm says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormSummary {
    /// How many incidents.
    pub total: usize,
    /// How many of each severity, worst first.
    pub by_severity: Vec<(Severity, usize)>,
    /// How many of each of the ten services that have most, most first.
    pub by_service: Vec<(String, usize)>,
    /// How many services there are besides.
    pub other_services: usize,
    /// The ten worst.
    pub worst: Vec<Worst>,
}

/// One of the worst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worst {
    /// Which.
    pub incident_id: IncidentId,
    /// How bad.
    pub severity: Severity,
    /// Its service.
    pub service: String,
    /// What is wrong.
    pub summary: String,
    /// Events that belong to it.
    pub event_count: u64,
}

/// How many are listed.
const LISTED: usize = 10;

impl StormSummary {
    /// Sums incidents up: worst are the most severe, then the most urgent, then those with most events, then
    /// the oldest.
    pub fn of<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> Self {
        let mut all: Vec<&Incident> = incidents.into_iter().collect();
        let mut severities: HashMap<Severity, usize> = HashMap::new();
        let mut services: HashMap<&str, usize> = HashMap::new();
        for incident in &all {
            *severities.entry(incident.severity).or_default() += 1;
            *services.entry(&incident.service).or_default() += 1;
        }
        all.sort_by_key(|incident| {
            let Incident { severity, urgency, event_count, first_seen, id, .. } = incident;
            (Reverse((*severity, *urgency, *event_count)), *first_seen, *id)
        });
        let mut by_severity: Vec<(Severity, usize)> = severities.into_iter().collect();
        by_severity.sort_by_key(|(severity, _)| Reverse(*severity));
        let mut by_service: Vec<(&str, usize)> = services.into_iter().collect();
        by_service.sort_by_key(|(service, count)| (Reverse(*count), *service));
        Self {
            total: all.len(),
            by_severity,
            other_services: by_service.len().saturating_sub(LISTED),
            by_service: by_service.into_iter().take(LISTED).map(|(name, count)| (name.to_owned(), count)).collect(),
            worst: all.into_iter().take(LISTED).map(Worst::from).collect(),
        }
    }
}

impl From<&Incident> for Worst {
    fn from(incident: &Incident) -> Self {
        Self {
            incident_id: incident.id,
            severity: incident.severity,
            service: incident.service.clone(),
            summary: incident.summary.clone(),
            event_count: incident.event_count,
        }
    }
}

#[cfg(test)]
mod tests;
