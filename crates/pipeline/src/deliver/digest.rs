//! Many tellings as one message: counts, the worst, and a link to the rest.

use super::Deliver;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::severity::Severity;
use foghorn_store::Result;
use foghorn_store::model::Notification;
use std::collections::BTreeMap;

/// Incidents that are shown one by one.
const SHOWN: usize = 10;

/// What a message about many incidents says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest {
    /// How many there are.
    pub(crate) total: usize,
    /// How many still run.
    pub(crate) open: usize,
    /// How many of each severity, the worst first.
    pub(crate) by_severity: Vec<(Severity, usize)>,
    /// How many of each service, the most first; at most ten.
    pub(crate) by_service: Vec<(String, usize)>,
    /// The worst, the worst first.
    pub(crate) worst: Vec<Incident>,
}

impl Digest {
    /// Of these incidents.
    pub(crate) fn of(mut incidents: Vec<Incident>) -> Self {
        let mut severities: BTreeMap<Severity, usize> = BTreeMap::new();
        let mut services: BTreeMap<String, usize> = BTreeMap::new();
        for incident in &incidents {
            *severities.entry(incident.severity).or_default() += 1;
            *services.entry(incident.service.clone()).or_default() += 1;
        }
        let mut by_service: Vec<(String, usize)> = services.into_iter().collect();
        by_service.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        by_service.truncate(SHOWN);
        let (total, open) = (incidents.len(), incidents.iter().filter(|incident| incident.status.is_open()).count());
        incidents.sort_by(|a, b| {
            let key = |incident: &Incident| (incident.status.is_open(), incident.severity, incident.event_count);
            key(b).cmp(&key(a)).then(a.id.cmp(&b.id))
        });
        incidents.truncate(SHOWN);
        Self { total, open, by_severity: severities.into_iter().rev().collect(), by_service, worst: incidents }
    }

    /// The one that stands for all.
    pub(crate) fn worst(&self) -> IncidentId {
        self.worst.first().map_or(0, |incident| incident.id)
    }
}

impl Deliver {
    pub(super) async fn digest_of(&self, rows: &[Notification]) -> Result<Digest> {
        let ids = rows.iter().map(|row| row.incident_id).collect();
        Ok(Digest::of(self.store.incidents_by_id(ids).await?))
    }

    /// As it stands now, of a digest that was posted.
    pub(super) async fn digest_from(&self, row: &Notification) -> Result<Digest> {
        let mut ids = self.store.in_digest(row).await?;
        ids.push(row.incident_id);
        ids.sort_unstable();
        ids.dedup();
        Ok(Digest::of(self.store.incidents_by_id(ids).await?))
    }
}

/// Rows that are told in the message of an incident, with the reason.
pub(super) fn joining(rows: &[Notification], with: IncidentId) -> Vec<(i64, String)> {
    let why = format!("storm: told together with #{with}, because too many came at once for this channel");
    rows.iter().map(|row| (row.id, why.clone())).collect()
}
