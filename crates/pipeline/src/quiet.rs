//! Whether somebody is to be told now, decided from what the store holds at this moment, so that a restart
//! neither leaks what is silenced nor keeps quiet about what no longer is.

use crate::routes::{Routes, Table};
use crate::silences::Silences;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_routing::{HeldBy, Open, Silence, Subject, inhibited_among};
use foghorn_store::{Result, Store};
use std::collections::HashMap;
use std::sync::Arc;

/// Why nobody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// A sentence.
    pub why: String,
    /// `maintenance`, `silence:7`, `inhibition:12`.
    pub by: String,
}

/// Asks.
#[derive(Clone)]
pub struct Quiet {
    store: Store,
    routes: Routes,
    silences: Silences,
}

/// Open incidents that are looked at as causes that keep others quiet.
const CAUSES: u32 = 2_000;

impl Quiet {
    pub(crate) fn new(store: Store, routes: Routes, silences: Silences) -> Self {
        Self { store, routes, silences }
    }

    /// What keeps quiet at this moment.
    pub async fn conditions(&self) -> Result<Conditions> {
        let table = self.routes.table();
        let silences = self.silences.active().await?;
        let has_inhibitions = !table.routing.inhibitions().is_empty();
        let open = if has_inhibitions { self.store.open_incidents(CAUSES).await? } else { Vec::new() };
        let subjects: Vec<(IncidentId, Subject<'_>)> = open.iter().map(|one| (one.id, Subject::from(one))).collect();
        let inhibited = inhibited_among(table.routing.inhibitions(), &subjects);
        Ok(Conditions { table, silences, open, inhibited, now: self.store.clock().now() })
    }

    /// Why nobody is to be told of an incident now, if so.
    pub async fn verdict(&self, incident: &Incident) -> Result<Option<Held>> {
        Ok(self.conditions().await?.verdict(incident))
    }
}

/// What holds a telling, as the store and people read it.
pub(crate) fn word(by: HeldBy) -> String {
    match by {
        HeldBy::Maintenance => "maintenance".to_owned(),
        HeldBy::Silence(id) => format!("silence:{id}"),
        HeldBy::Inhibition(id) => format!("inhibition:{id}"),
        HeldBy::Interval => "interval".to_owned(),
        HeldBy::Storm => "storm".to_owned(),
    }
}

/// What keeps quiet at one moment, read once for all that are about to be told.
pub struct Conditions {
    table: Arc<Table>,
    silences: Vec<Silence>,
    open: Vec<Incident>,
    /// Of each open incident, whether it is itself inhibited.
    inhibited: Vec<bool>,
    now: Timestamp,
}

impl Conditions {
    /// Why nobody is to be told of an incident, if so.
    pub fn verdict(&self, incident: &Incident) -> Option<Held> {
        let routing = &self.table.routing;
        if self.silences.is_empty() && self.open.is_empty() && routing.maintenance().is_empty() {
            return None;
        }
        let quiet = foghorn_routing::Quiet {
            maintenance: routing.maintenance(),
            silences: &self.silences,
            inhibitions: routing.inhibitions(),
        };
        let causes: Vec<Open<'_>> = self
            .open
            .iter()
            .zip(&self.inhibited)
            .filter(|(one, _)| one.id != incident.id)
            .map(|(one, is_inhibited)| Open { id: one.id, subject: Subject::from(one), is_inhibited: *is_inhibited })
            .collect();
        let subject = Subject::from(incident);
        let team = self.table.team_of(incident, self.now);
        let held = quiet.verdict(&subject.for_team(team.as_deref()), &causes, self.now)?;
        Some(Held { why: held.why, by: word(held.by) })
    }
}

impl Quiet {
    /// Tells, once, of what was held back by something that no longer holds it: the silence has ended or does not
    /// fit any more, the maintenance is over, the cause has gone. Returns how many reasons arose.
    pub async fn settle(&self) -> Result<usize> {
        let held = self.store.held_back().await?;
        if held.is_empty() {
            return Ok(0);
        }
        let conditions = self.conditions().await?;
        let mut ids: Vec<IncidentId> = held.iter().map(|one| one.incident_id).collect();
        ids.dedup();
        let incidents: HashMap<IncidentId, Incident> =
            self.store.incidents_by_id(ids).await?.into_iter().map(|incident| (incident.id, incident)).collect();
        let mut freed = Vec::new();
        for one in held {
            let Some(incident) = incidents.get(&one.incident_id) else { continue };
            match conditions.verdict(incident) {
                None => freed.push(one),
                Some(by) if by.by == one.held_by => {}
                Some(other) => self.store.hold_on(one.row, other.why, other.by).await?,
            }
        }
        if freed.is_empty() { Ok(0) } else { self.store.let_go(freed).await }
    }
}
