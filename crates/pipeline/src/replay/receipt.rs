//! What became of a replay, read from its store.

use super::{Replay, TemplateCount};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::notification::{NotificationStatus, Reason};
use foghorn_domain::severity::Urgency;
use foghorn_store::model::{IncidentFilter, Notification, Paging};
use foghorn_store::notifications::DASHBOARD;
use foghorn_store::{Result, Store};

/// Everything that a replay led to.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Where the events went; it adds up.
    pub sum: Sum,
    /// When the first event was heard; `None` where there was none.
    pub first: Option<Timestamp>,
    /// When the last was.
    pub last: Option<Timestamp>,
    /// Incidents, oldest first.
    pub incidents: Vec<ReplayedIncident>,
    /// Log templates that were met, the most frequent first.
    pub templates: Vec<TemplateCount>,
}

/// Where the events went. `events` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// All of them.
    pub events: u64,
    /// Belong to an incident.
    pub in_incidents: u64,
    /// Belong to none, and are counted under their log template.
    pub in_templates_alone: u64,
    /// Repeat what is known: an idempotency key, an alert that goes on unchanged. They are stored nowhere.
    pub repeats: u64,
}

/// An incident, and who would have been told of it.
#[derive(Clone, Debug)]
pub struct ReplayedIncident {
    /// The incident as it stands at the end.
    pub incident: Incident,
    /// The incident in whose message it would have been shown.
    pub told_with: Option<IncidentId>,
    /// Messages of its own.
    pub tellings: Vec<Telling>,
    /// What was not told.
    pub held_back: Vec<HeldBack>,
}

/// A message that would have gone out.
#[derive(Clone, Debug)]
pub struct Telling {
    /// When.
    pub at: Timestamp,
    /// To whom, by the name in the routing file.
    pub receiver: String,
    /// Where that leads.
    pub channel: String,
    /// Why.
    pub reason: Reason,
    /// Whom it disturbs.
    pub urgency: Urgency,
    /// The way through the routing file.
    pub route: Option<String>,
}

/// Something that would not have been told.
#[derive(Clone, Debug)]
pub struct HeldBack {
    /// When it would have been.
    pub at: Timestamp,
    /// Why it was not.
    pub why: String,
}

impl Receipt {
    /// Messages that would have gone out.
    pub fn messages(&self) -> usize {
        self.incidents.iter().map(|incident| incident.tellings.len()).sum()
    }

    /// Pages among them.
    pub fn pages(&self) -> usize {
        let tellings = self.incidents.iter().flat_map(|incident| &incident.tellings);
        tellings.filter(|telling| telling.urgency == Urgency::Page).count()
    }
}

pub(super) async fn collect(replay: &Replay, last: Timestamp) -> Result<Receipt> {
    let store = &replay.store;
    let (mut incidents, mut in_incidents, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page =
            store.incidents(IncidentFilter::default(), Paging { limit: 200, cursor, exact_count: false }).await?;
        for incident in page.items {
            in_incidents += events_of(store, incident.id).await?;
            let rows = store.notifications_of(incident.id).await?;
            incidents.push(replayed(incident, rows));
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    incidents.reverse();
    for id in &replay.own_events {
        in_incidents -= u64::from(store.event(*id).await?.incident_id.is_some());
    }
    let templates = replay.tally.all();
    let stored: u64 = templates.iter().map(|template| template.count).sum();
    let sum = Sum {
        events: replay.events,
        in_incidents,
        in_templates_alone: stored.saturating_sub(in_incidents),
        repeats: replay.repeats,
    };
    Ok(Receipt { sum, first: replay.first, last: replay.first.map(|_| last), incidents, templates })
}

/// Events that the store keeps with an incident.
async fn events_of(store: &Store, id: IncidentId) -> Result<u64> {
    let page = store.events(Some(id), Paging { limit: 1, cursor: None, exact_count: true }).await?;
    Ok(page.total)
}

fn replayed(incident: Incident, rows: Vec<Notification>) -> ReplayedIncident {
    let is_same = |a: &Notification, b: &Notification| a.reason == b.reason && a.occurrence == b.occurrence;
    // The dashboard shows everything; it is named as the receiver only of what no other receiver gets.
    let counts = |row: &Notification| {
        row.receiver != DASHBOARD || !rows.iter().any(|other| other.receiver != DASHBOARD && is_same(other, row))
    };
    let own: Vec<&Notification> = rows.iter().filter(|row| counts(row)).collect();
    let telling = |row: &&&Notification| row.status == NotificationStatus::Sent;
    let tellings: Vec<Telling> = own
        .iter()
        .filter(telling)
        .map(|row| Telling {
            at: row.sent_at.unwrap_or(row.created_at),
            receiver: row.receiver.clone(),
            channel: row.channel.clone(),
            reason: row.reason,
            urgency: row.urgency,
            route: row.route.clone(),
        })
        .collect();
    let told_with = own.iter().find_map(|row| row.told_with).filter(|_| tellings.is_empty());
    let held_back = own.iter().filter_map(|row| {
        let why = row.why.clone().unwrap_or_default();
        match row.status {
            NotificationStatus::Held => Some(HeldBack { at: row.created_at, why }),
            NotificationStatus::Pending | NotificationStatus::Failed => Some(HeldBack {
                at: row.created_at,
                why: format!("not told when the events ended. {why}").trim().to_owned(),
            }),
            NotificationStatus::Sent | NotificationStatus::Joined => None,
        }
    });
    let held_back = held_back.collect();
    ReplayedIncident { incident, told_with, tellings, held_back }
}
