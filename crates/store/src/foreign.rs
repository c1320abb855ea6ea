//! Incidents that other programs insert with plain SQL: seen, given what they lack, and told like our own.
//!
//! Such a row names few columns. It keeps what its writer said, evidence included, in the form in which it was
//! said; what Foghorn adds stands in columns of its own. What it says is redacted when it is read.

use super::{Store, audit, notifications, rows};
use crate::sql::{self, OptionalExtension, Transaction, params};
use crate::{Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::finding::Kind;
use foghorn_domain::incident::{Incident, IncidentId, Status};
use foghorn_domain::notification::ReasonKey;
use serde_json::{Value, json};

/// Rows taken up in one transaction.
const AT_ONCE: usize = 100;

impl Store {
    /// Takes up incidents that others have inserted. Answers how many.
    pub async fn pick_up_foreign(&self) -> Result<usize> {
        let waiting = self.read(|db| {
            let sql = "SELECT count(*) > 0 FROM (SELECT 1 FROM incidents WHERE NOT picked_up LIMIT 1) AS waiting";
            Ok(db.query_row(sql, [], |row| row.get::<bool>(0))?)
        });
        if !waiting.await? {
            return Ok(0);
        }
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let sql = format!(
                "SELECT {}, evidence FROM incidents WHERE NOT picked_up ORDER BY id LIMIT ?1",
                rows::INCIDENT_COLUMNS
            );
            let found = tx
                .prepare_cached(&sql)?
                .query_map([AT_ONCE], |row| Ok((rows::incident(row)?, rows::json::<Value>(row, EVIDENCE)?)))?
                .collect::<sql::Result<Vec<_>>>()?;
            for (incident, evidence) in &found {
                pick_up(tx, incident, evidence, now)?;
            }
            Ok(found.len())
        })
        .await
    }
}

/// Takes up one of them, if it is one; a row that is announced need not wait for its turn. Answers whether it was.
pub(super) fn pick_up_one(tx: &Transaction<'_>, id: IncidentId, now: Timestamp) -> Result<bool> {
    let sql = format!("SELECT {}, evidence FROM incidents WHERE id = ?1 AND NOT picked_up", rows::INCIDENT_COLUMNS);
    let found = tx
        .prepare_cached(&sql)?
        .query_row([id], |row| Ok((rows::incident(row)?, rows::json::<Value>(row, EVIDENCE)?)))
        .optional()?;
    let Some((incident, evidence)) = found else { return Ok(false) };
    pick_up(tx, &incident, &evidence, now)?;
    Ok(true)
}

/// Where the evidence stands as its writer wrote it, behind [`rows::INCIDENT_COLUMNS`].
const EVIDENCE: usize = 23;

fn pick_up(tx: &Transaction<'_>, incident: &Incident, evidence: &Value, now: Timestamp) -> Result<()> {
    let service = service_of(tx, incident, evidence)?;
    let kind = incident.labels.iter().find_map(|label| Kind::parse(label)).unwrap_or(incident.kind);
    tx.execute(
        "UPDATE incidents SET picked_up = TRUE, service = ?2, kind = ?3, fingerprint = coalesce(fingerprint, ?4),
                event_count = CASE WHEN event_count > 0 THEN event_count ELSE 1 END,
                last_seen = coalesce(last_seen, ?5), needs_sweep = FALSE, updated_at = ?6 WHERE id = ?1",
        params![
            incident.id,
            service,
            kind.as_str(),
            incident.fingerprint.as_str(),
            time::write(incident.first_seen),
            time::write(now),
        ],
    )?;
    let details = json!({ "service": service, "kind": kind, "fingerprint": incident.fingerprint });
    audit::append(tx, Some(incident.id), "external", "opened", &details, now)?;
    // One that somebody has dealt with already needs no telling.
    if incident.status == Status::Open {
        notifications::queue(tx, incident, &ReasonKey::opened(), None, now)?;
    }
    Ok(())
}

/// What the evidence says, else what the event says, else what stands there.
fn service_of(tx: &Transaction<'_>, incident: &Incident, evidence: &Value) -> Result<String> {
    let entries = evidence.as_array().map_or(std::slice::from_ref(evidence), Vec::as_slice);
    let stated = entries.iter().find_map(|entry| entry.get("service")?.as_str()).map(str::trim);
    if let Some(service) = stated.filter(|service| !service.is_empty()) {
        return Ok(service.chars().take(255).collect());
    }
    let of_event: Option<Option<String>> = match incident.event_id {
        Some(event) => tx
            .prepare_cached(
                "SELECT coalesce(service, metadata::jsonb ->> 'service', source) FROM raw_events WHERE id = ?1",
            )?
            .query_row([event], |row| row.get(0))
            .optional()?,
        None => None,
    };
    Ok(of_event.flatten().unwrap_or_else(|| incident.service.clone()))
}
