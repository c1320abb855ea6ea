//! The one transaction that a batch of triage commits: incidents grown, ended, opened and reopened, their
//! audit rows and tellings, templates, service states, and the cursor. Either all of it is there after a
//! crash or none, and then the same events are read again.

use super::{Store, audit, memory_keeping, notifications, rows};
use crate::model::{ServiceStateRow, TemplateRow, TriageBatch, TriageOutcome, Unclaimed};
use crate::postgres::leases;
use crate::sql::{Connection, OptionalExtension, Row, Transaction, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventId, Lane, PARTITIONS};
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::lifecycle::{self, Change, Outcome, Policy, Signal};
use serde_json::{Value, json};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// A log template as a restart finds it.
#[derive(Clone, Debug)]
pub struct StoredTemplate {
    /// The store's id, never given twice.
    pub id: i64,
    /// The miner's row, as JSON.
    pub cluster: String,
}

/// A partition that is held, where triage is in it, and the fence under which it may move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) partition: u16,
    pub(crate) fence: i64,
    pub(crate) cursor: i64,
}

/// The partitions that a process holds. On SQLite they are all held by the one there is, and those of a lane move as
/// one.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    held: Vec<Held>,
    /// Events read of each partition at once; see [`leases::read_held`].
    pub(crate) of_each: u32,
}

impl Holding {
    pub(crate) fn new(held: Vec<Held>) -> Self {
        Self { held, of_each: 0 }
    }

    pub(crate) fn held(&self) -> &[Held] {
        &self.held
    }

    pub(crate) fn held_mut(&mut self) -> &mut [Held] {
        &mut self.held
    }

    /// Whether the same partitions are held under the same fences.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let key = |held: &Held| (held.partition, held.fence);
        self.held.iter().map(key).eq(other.held.iter().map(key))
    }

    /// How many partitions are held.
    pub fn count(&self) -> usize {
        self.held.len()
    }
}

impl Store {
    /// Says that a worker lives and answers the partitions it may work on, with the cursors to read on from. On
    /// SQLite that takes all of them. Workers that share them call this again every few seconds.
    pub async fn take_partitions(&self, worker: String) -> Result<Holding> {
        if let Some(writers) = self.postgres() {
            return writers
                .triage
                .run(move |tx| match tx.as_postgres() {
                    Some(session) => leases::balance(tx, session, &worker),
                    None => Ok(Holding::default()),
                })
                .await;
        }
        self.write(|tx| {
            tx.execute("UPDATE partitions SET fence = fence + 1", [])?;
            let mut held = Vec::new();
            for lane in Lane::ALL {
                let first = lane.first_partition();
                let sql = "SELECT max(fence), min(cursor) FROM partitions WHERE id BETWEEN ?1 AND ?2";
                held.push(tx.query_row(sql, params![first, first + PARTITIONS - 1], |row| {
                    Ok(Held { partition: first, fence: row.get(0)?, cursor: row.get(1)? })
                })?);
            }
            Ok(Holding::new(held))
        })
        .await
    }

    /// Gives the partitions back, so that others need not wait for the end of the lease.
    pub async fn release_partitions(&self, worker: String) -> Result<()> {
        match self.postgres() {
            Some(writers) => writers.triage.run(move |tx| leases::release(tx, &worker)).await,
            None => Ok(()),
        }
    }

    /// The log templates of a service, in the order in which they were born.
    pub async fn templates(&self, scope: String) -> Result<Vec<StoredTemplate>> {
        self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT id, cluster FROM log_templates WHERE scope = ?1 ORDER BY id")?;
            let found =
                statement.query_map([scope], |row| Ok(StoredTemplate { id: row.get(0)?, cluster: row.get(1)? }))?;
            Ok(found.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// What triage remembers of a service, as (part, state).
    pub async fn service_state(&self, scope: String) -> Result<Vec<(String, String)>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT part, state FROM service_states WHERE scope = ?1")?;
            let parts = statement.query_map([scope], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(parts.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// The services that triage knows.
    pub async fn known_services(&self) -> Result<HashSet<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT DISTINCT scope FROM service_states")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Commits a batch.
    pub async fn commit_triage(&self, batch: TriageBatch) -> Result<TriageOutcome> {
        let (clock, policy) = (self.clock().clone(), self.policy().clone());
        let commit = move |tx: &Transaction<'_>| commit(tx, &batch, clock.now(), &policy);
        match self.postgres() {
            Some(writers) => writers.triage.run(commit).await,
            None => self.write(commit).await,
        }
    }

    /// Lets time do its work on incidents: quiet ends, grace periods, calm. Returns how many changed. Goes
    /// in steps, so that nobody waits long for the writer behind it.
    pub async fn sweep(&self, listening_since: Timestamp) -> Result<usize> {
        let (mut changed, mut after) = (0, 0);
        loop {
            let (clock, policy) = (self.clock().clone(), self.policy().clone());
            let step = move |tx: &Transaction<'_>| sweep_step(tx, after, listening_since, clock.now(), &policy);
            let (changed_now, last) = self.write(step).await?;
            changed += changed_now;
            match last {
                Some(last) => after = last,
                None => return Ok(changed),
            }
        }
    }
}

fn advance(tx: &Transaction<'_>, from: &Holding, to: &Holding) -> Result<bool> {
    if let Some(session) = tx.as_postgres() {
        return leases::advance(session, from, to);
    }
    for (from, to) in from.held().iter().zip(to.held()).filter(|(from, to)| from.cursor != to.cursor) {
        let last = from.partition + PARTITIONS - 1;
        let moved = tx
            .prepare_cached(
                "UPDATE partitions SET cursor = ?1 WHERE fence = ?2 AND cursor = ?3 AND id BETWEEN ?4 AND ?5",
            )?
            .execute(params![to.cursor, from.fence, from.cursor, from.partition, last])?;
        if moved != usize::from(PARTITIONS) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The incidents that a batch speaks of, on Postgres all in one go, with their rows locked. SQLite looks for each
/// when it is needed.
fn latest_of<'a>(tx: &Transaction<'_>, signals: &'a [Signal]) -> Result<HashMap<&'a Fingerprint, Option<Incident>>> {
    let mut working: HashMap<&Fingerprint, Option<Incident>> = HashMap::new();
    if let Some(session) = tx.as_postgres() {
        working.extend(signals.iter().map(|signal| (&signal.fingerprint, None)));
        let wanted: Vec<&str> = working.keys().map(|fingerprint| fingerprint.as_str()).collect();
        let sql = format!(
            "SELECT {} FROM incidents WHERE id IN (SELECT max(id) FROM incidents WHERE fingerprint = ANY(?1)
              GROUP BY fingerprint) ORDER BY id FOR UPDATE",
            rows::INCIDENT_COLUMNS
        );
        for row in session.rows(&sql, &[&wanted])? {
            let incident = rows::incident(&Row::Postgres(&row))?;
            if let Some(slot) = working.get_mut(&incident.fingerprint) {
                *slot = Some(incident);
            }
        }
    }
    Ok(working)
}

fn commit(tx: &Transaction<'_>, batch: &TriageBatch, now: Timestamp, policy: &Policy) -> Result<TriageOutcome> {
    if !advance(tx, &batch.from, &batch.to)? {
        return Err(Error::Fenced(0));
    }
    let mut outcome = TriageOutcome::default();
    let mut working: HashMap<&Fingerprint, Option<Incident>> = latest_of(tx, &batch.signals)?;
    for signal in &batch.signals {
        apply(tx, signal, &mut working, &mut outcome, now, policy)?;
    }
    for incident in working.into_values().flatten() {
        let mut incident = incident;
        rows::save_incident(tx, &mut incident, now)?;
        notifications::mark_dirty(tx, incident.id)?;
    }
    for unclaimed in &batch.unclaimed {
        save_unclaimed(tx, unclaimed)?;
    }
    for template in &batch.templates {
        save_template(tx, template, now)?;
    }
    for state in &batch.states {
        save_state(tx, state, now)?;
    }
    if let Some(event_id) = batch.round {
        super::watch::queue_round(tx, event_id, now)?;
        outcome.tellings += 1;
    }
    Ok(outcome)
}

/// Applies one signal to the working copy of its incident. New incidents are saved at once, for their id;
/// grown ones once, at the end of the batch.
fn apply<'a>(
    tx: &Transaction<'_>,
    signal: &'a Signal,
    working: &mut HashMap<&'a Fingerprint, Option<Incident>>,
    outcome: &mut TriageOutcome,
    now: Timestamp,
    policy: &Policy,
) -> Result<()> {
    let slot = match working.entry(&signal.fingerprint) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(latest(tx, &signal.fingerprint)?),
    };
    let before = slot.take();
    let ended = before.as_ref().and_then(|incident| incident.ended_at);
    let Outcome { mut incident, changes, tell, untold } = match lifecycle::receive(before.clone(), signal, policy) {
        Ok(result) => result,
        Err(why) => {
            *slot = before;
            return save_findings(tx, signal.event_id, None, &signal.findings, Some(&why));
        }
    };
    if incident.id == 0 {
        if let Some(mut previous) = before {
            // The earlier incident of this fingerprint may have grown in this very batch.
            rows::save_incident(tx, &mut previous, now)?;
        }
        rows::save_incident(tx, &mut incident, now)?;
        outcome.opened.push((incident.id, signal.arrived_at));
    } else if changes.iter().any(|change| matches!(change, Change::Reopened { .. } | Change::Ended(_))) {
        rows::save_incident(tx, &mut incident, now)?;
    }
    if let (true, Some(before)) = (changes.iter().any(|change| matches!(change, Change::Reopened { .. })), &ended) {
        memory_keeping::note_reopened(tx, incident.id, signal.arrived_at.duration_since(*before))?;
    }
    record_changes(tx, &incident, &changes, source_name(signal), now)?;
    for key in &tell {
        outcome.tellings += usize::from(notifications::queue(tx, &incident, key, None, now)?);
    }
    for (key, why) in &untold {
        notifications::queue(tx, &incident, key, Some(why), now)?;
    }
    save_findings(tx, signal.event_id, Some(incident.id), &signal.findings, None)?;
    *slot = Some(incident);
    Ok(())
}

fn source_name(signal: &Signal) -> &'static str {
    if signal.ends_by_source { "source" } else { "triage" }
}

pub(super) fn latest(tx: &Connection, fingerprint: &Fingerprint) -> Result<Option<Incident>> {
    let sql =
        format!("SELECT {} FROM incidents WHERE fingerprint = ?1 ORDER BY id DESC LIMIT 1", rows::INCIDENT_COLUMNS);
    Ok(tx.prepare_cached(&sql)?.query_row([fingerprint.as_str()], rows::incident).optional()?)
}

/// One audit row for each change; rows hold ids, numbers and words of our own, never log text.
pub(super) fn record_changes(
    tx: &Transaction<'_>,
    incident: &Incident,
    changes: &[Change],
    who: &str,
    now: Timestamp,
) -> Result<()> {
    for change in changes {
        audit::append(tx, Some(incident.id), who, change.action(), &details(incident, change), now)?;
    }
    Ok(())
}

fn details(incident: &Incident, change: &Change) -> Value {
    match change {
        Change::Opened { previous } => json!({
            "event_id": incident.event_id, "kind": incident.kind, "severity": incident.severity,
            "urgency": incident.urgency, "fingerprint": incident.fingerprint, "previous_incident_id": previous,
        }),
        Change::Reopened { was_ended_by } => {
            json!({ "was_ended_by": was_ended_by, "reopened_count": incident.reopened_count })
        }
        Change::SeverityRaised { from, to } => json!({ "from": from, "to": to }),
        Change::UrgencyRaised { from, to } => json!({ "from": from, "to": to }),
        Change::Ended(by) => json!({ "ended_by": by, "event_count": incident.event_count }),
        Change::FlappingStarted => json!({ "changes": incident.changes.len() }),
        Change::AcknowledgedAtSource
        | Change::SourceStillFiring
        | Change::SourceStopped
        | Change::FlappingEnded
        | Change::Acted(_) => json!({}),
    }
}

fn save_findings(
    tx: &Transaction<'_>,
    event_id: EventId,
    incident_id: Option<IncidentId>,
    findings: &[foghorn_domain::finding::Finding],
    decision: Option<&str>,
) -> Result<()> {
    tx.post(
        "INSERT INTO event_findings (event_id, incident_id, findings, decision) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (event_id) DO NOTHING",
        params![event_id, incident_id, serde_json::to_string(findings)?, decision],
    )?;
    Ok(())
}

fn save_unclaimed(tx: &Transaction<'_>, unclaimed: &Unclaimed) -> Result<()> {
    save_findings(tx, unclaimed.event_id, None, &unclaimed.findings, Some(&unclaimed.decision))
}

fn save_template(tx: &Transaction<'_>, template: &TemplateRow, now: Timestamp) -> Result<()> {
    // A template may be longer than Postgres lets a key be.
    let key = if tx.is_postgres() { "scope, md5(birth_key)" } else { "scope, birth_key" };
    let sql = format!(
        "INSERT INTO log_templates (scope, birth_key, cluster, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT ({key}) DO UPDATE SET cluster = excluded.cluster"
    );
    tx.post(&sql, params![template.scope, template.birth_key, template.cluster, time::write(now)])?;
    Ok(())
}

fn save_state(tx: &Transaction<'_>, row: &ServiceStateRow, now: Timestamp) -> Result<()> {
    tx.post(
        "INSERT INTO service_states (scope, part, partition, state, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (scope, part) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at",
        params![row.scope, row.part, row.partition, row.state, time::write(now)],
    )?;
    Ok(())
}

/// Incidents looked at in one transaction of the sweep.
const SWEEP_STEP: usize = 500;

/// Sweeps the next incidents after one; answers how many changed and the last one looked at, `None` at the end.
fn sweep_step(
    tx: &Transaction<'_>,
    after: IncidentId,
    listening_since: Timestamp,
    now: Timestamp,
    policy: &Policy,
) -> Result<(usize, Option<IncidentId>)> {
    let sql = format!(
        "SELECT {} FROM incidents WHERE needs_sweep AND id > ?1 ORDER BY id LIMIT {SWEEP_STEP}",
        rows::INCIDENT_COLUMNS
    );
    let candidates =
        tx.prepare_cached(&sql)?.query_map([after], rows::incident)?.collect::<crate::sql::Result<Vec<Incident>>>()?;
    let last = candidates.last().filter(|_| candidates.len() == SWEEP_STEP).map(|incident| incident.id);
    let mut changed = 0;
    for incident in candidates {
        let source_fires = source_fires(tx, &incident)?;
        let (id, may_still_change) = (incident.id, rows::changes_with_time(&incident, source_fires));
        let Some(result) = lifecycle::sweep(incident, source_fires, listening_since, now, policy) else {
            if !may_still_change {
                tx.prepare_cached("UPDATE incidents SET needs_sweep = FALSE WHERE id = ?1")?.execute([id])?;
            }
            continue;
        };
        let Outcome { mut incident, changes, tell, untold } = result;
        rows::save_incident(tx, &mut incident, now)?;
        record_changes(tx, &incident, &changes, "foghorn", now)?;
        for key in &tell {
            notifications::queue(tx, &incident, key, None, now)?;
        }
        for (key, why) in &untold {
            notifications::queue(tx, &incident, key, Some(why), now)?;
        }
        notifications::mark_dirty(tx, incident.id)?;
        changed += 1;
    }
    Ok((changed, last))
}

/// Whether the source's last word on the incident's alert is that it fires; `false` where it has never been heard.
fn source_fires(tx: &Transaction<'_>, incident: &Incident) -> Result<Option<bool>> {
    if !incident.ends_by_source {
        return Ok(None);
    }
    let sql = "SELECT status = 'firing' FROM alert_states WHERE fingerprint = ?1";
    let fires = tx.prepare_cached(sql)?.query_row([incident.fingerprint.as_str()], |row| row.get(0)).optional()?;
    Ok(Some(fires.unwrap_or(false)))
}
