//! Rows to domain types and back. The only place that knows in which column something stands.

use crate::sql::{Row, Transaction, params};
use crate::time;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{Event, EventStatus, Origin};
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::incident::{Correlation, EndedBy, Incident, IncidentEvidence, OpenedBecause, Status};
use foghorn_domain::redaction::{redact, redact_json};
use foghorn_domain::severity::{Severity, Urgency};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const EVENT_COLUMNS: &str = "id, source, type, payload, metadata, created_at, status, dedup_key, episode, \
     event_timestamp, severity, origin, service, environment, partition";

pub(crate) fn event(row: &Row<'_>) -> crate::sql::Result<Event> {
    let source: String = row.get(1)?;
    let metadata = match serde_json::from_str(row.text(4)?.as_deref().unwrap_or("{}")) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let word = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
    let service = row.get::<Option<String>>(12)?.or_else(|| word("service")).unwrap_or_else(|| source.clone());
    let environment = row
        .get::<Option<String>>(13)?
        .or_else(|| word("environment"))
        .or_else(|| word("env"))
        .unwrap_or_else(|| "default".to_owned());
    Ok(Event {
        id: row.get(0)?,
        source,
        event_type: row.get(2)?,
        payload: row.get(3)?,
        created_at: moment(row, 5)?.unwrap_or(Timestamp::UNIX_EPOCH),
        status: word_in(row, 6)?.and_then(|word| EventStatus::parse(&word)),
        dedup_key: row.get(7)?,
        episode: row.get(8)?,
        event_timestamp: moment(row, 9)?,
        severity: word_in(row, 10)?.and_then(|word| Severity::parse(&word)),
        origin: word_in(row, 11)?.map_or(Origin::Events, |word| Origin::parse(&word)),
        partition: row.get::<Option<u16>>(14)?.unwrap_or(0),
        service,
        environment,
        metadata,
    })
}

pub(crate) const INCIDENT_COLUMNS: &str = "id, event_id, labels, summary_text, anomaly_score, confidence, evidence, \
     status, created_at, severity, urgency, kind, service, environment, fingerprint, partition, event_count, \
     last_seen, ended_by, ended_at, previous_incident_id, ends_by_source, life";

/// The parts of an incident that no query looks into.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Life {
    opened_because: Option<OpenedBecause>,
    correlations: Vec<Correlation>,
    episode: Option<String>,
    still_firing_since: Option<Timestamp>,
    reopened_count: u32,
    resolved_count: u32,
    changes: Vec<Timestamp>,
    flapping_since: Option<Timestamp>,
}

pub(crate) fn incident(row: &Row<'_>) -> crate::sql::Result<Incident> {
    let id = row.get(0)?;
    let life: Life = json(row, 22)?;
    let first_seen = moment(row, 8)?.unwrap_or(Timestamp::UNIX_EPOCH);
    let fingerprint = word_in(row, 14)?.map_or_else(|| Fingerprint::of_row(id), Fingerprint::from_stored);
    let is_foreign = fingerprint == Fingerprint::of_row(id);
    let summary = row.get::<Option<String>>(3)?.unwrap_or_default();
    Ok(Incident {
        id,
        event_id: row.get(1)?,
        labels: json(row, 2)?,
        // Our own is redacted when it is written.
        summary: if is_foreign { redact(&summary).into_string() } else { summary },
        anomaly_score: row.get(4)?,
        confidence: row.get::<Option<f32>>(5)?.unwrap_or(0.0),
        evidence: evidence(row, 6)?,
        status: word_in(row, 7)?.and_then(|word| Status::parse(&word)).unwrap_or(Status::Open),
        first_seen,
        severity: word_in(row, 9)?.and_then(|word| Severity::parse(&word)).unwrap_or(Severity::Error),
        urgency: word_in(row, 10)?.and_then(|word| Urgency::parse(&word)).unwrap_or(Urgency::Notify),
        kind: word_in(row, 11)?.and_then(|word| Kind::parse(&word)).unwrap_or(Kind::Alert),
        service: row.get(12)?,
        environment: row.get(13)?,
        fingerprint,
        partition: row.get(15)?,
        event_count: row.get(16)?,
        last_seen: moment(row, 17)?.unwrap_or(first_seen),
        ended_by: word_in(row, 18)?.and_then(|word| EndedBy::parse(&word)),
        ended_at: moment(row, 19)?,
        previous_incident_id: row.get(20)?,
        ends_by_source: row.get(21)?,
        opened_because: life.opened_because,
        correlations: life.correlations,
        episode: life.episode,
        still_firing_since: life.still_firing_since,
        reopened_count: life.reopened_count,
        resolved_count: life.resolved_count,
        changes: life.changes,
        flapping_since: life.flapping_since,
    })
}

/// Writes an incident, giving it an id if it has none.
pub(crate) fn save_incident(tx: &Transaction<'_>, incident: &mut Incident, now: Timestamp) -> crate::Result<()> {
    let life = Life {
        opened_because: incident.opened_because.clone(),
        correlations: incident.correlations.clone(),
        episode: incident.episode.clone(),
        still_firing_since: incident.still_firing_since,
        reopened_count: incident.reopened_count,
        resolved_count: incident.resolved_count,
        changes: incident.changes.clone(),
        flapping_since: incident.flapping_since,
    };
    let needs_sweep = changes_with_time(incident, None);
    let id = (incident.id != 0).then_some(incident.id);
    // SQLite gives an id where there is none; Postgres has to be told where from.
    let given = if tx.is_postgres() { "coalesce(?1, nextval('incidents_id_seq'))" } else { "?1" };
    let returning = if id.is_none() { " RETURNING id" } else { "" };
    // What another program wrote stays as it wrote it.
    let is_foreign = id.is_some_and(|id| incident.fingerprint == Fingerprint::of_row(id));
    let evidence = if is_foreign { "" } else { "evidence = excluded.evidence, " };
    let sql = format!(
        "INSERT INTO incidents
             (id, event_id, labels, summary_text, anomaly_score, confidence, evidence, status, created_at, severity,
              urgency, kind, service, environment, fingerprint, partition, event_count, last_seen, ended_by, ended_at,
              previous_incident_id, ends_by_source, needs_sweep, life, updated_at, picked_up)
         VALUES ({given}, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                 ?22, ?23, ?24, ?25, TRUE)
         ON CONFLICT (id) DO UPDATE SET
             labels = excluded.labels, anomaly_score = excluded.anomaly_score, confidence = excluded.confidence,
             {evidence}status = excluded.status, severity = excluded.severity,
             urgency = excluded.urgency, event_count = excluded.event_count, last_seen = excluded.last_seen,
             ended_by = excluded.ended_by, ended_at = excluded.ended_at, needs_sweep = excluded.needs_sweep,
             life = excluded.life, updated_at = excluded.updated_at{returning}"
    );
    let values = params![
        id,
        incident.event_id,
        serde_json::to_string(&incident.labels)?,
        incident.summary,
        incident.anomaly_score,
        incident.confidence,
        serde_json::to_string(&incident.evidence)?,
        incident.status.as_str(),
        time::write(incident.first_seen),
        incident.severity.as_str(),
        incident.urgency.as_str(),
        incident.kind.as_str(),
        incident.service,
        incident.environment,
        incident.fingerprint.as_str(),
        incident.partition,
        incident.event_count,
        time::write(incident.last_seen),
        incident.ended_by.map(EndedBy::as_str),
        incident.ended_at.map(time::write),
        incident.previous_incident_id,
        incident.ends_by_source,
        needs_sweep,
        serde_json::to_string(&life)?,
        time::write(now),
    ];
    if incident.id != 0 {
        return Ok(tx.post(&sql, values)?);
    }
    incident.id = tx.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?;
    Ok(())
}

/// Whether time alone may still change an incident. `source_fires` is what is known of its alert: `None`
/// where nobody has looked.
pub(crate) fn changes_with_time(incident: &Incident, source_fires: Option<bool>) -> bool {
    let may_go_quiet = incident.status.is_open() && !incident.ends_by_source;
    let may_fire_on = incident.status == Status::Resolved
        && incident.ended_by == Some(EndedBy::Person)
        && incident.ends_by_source
        && source_fires != Some(false);
    may_go_quiet || may_fire_on || incident.flapping_since.is_some()
}

pub(crate) fn moment(row: &Row<'_>, column: usize) -> crate::sql::Result<Option<Timestamp>> {
    Ok(row.text(column)?.map(|text| time::read(&text)))
}

pub(crate) fn word_in(row: &Row<'_>, column: usize) -> crate::sql::Result<Option<String>> {
    row.get(column)
}

pub(crate) fn json<T: Default + serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> crate::sql::Result<T> {
    let text = row.text(column)?;
    Ok(serde_json::from_str(text.as_deref().unwrap_or("null")).unwrap_or_default())
}

/// Evidence in Foghorn's shape; entries that others wrote are their own text, and an object alone counts as one.
fn evidence(row: &Row<'_>, column: usize) -> crate::sql::Result<Vec<IncidentEvidence>> {
    let entries = match json::<Value>(row, column)? {
        Value::Array(entries) => entries,
        Value::Null => Vec::new(),
        single => vec![single],
    };
    let seen_at = moment(row, 8)?.unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(entries
        .into_iter()
        .map(|entry| {
            serde_json::from_value(entry.clone()).unwrap_or_else(|_| IncidentEvidence {
                event_id: 0,
                seen_at,
                kind: Kind::Alert,
                score: 0.0,
                rule: "external".to_owned(),
                text: redact_json(&entry).to_string(),
                at: "incidents.evidence".to_owned(),
                line: redact_json(&entry).to_string(),
            })
        })
        .collect())
}
