//! Incidents read, listed and acted upon.

use super::{Store, audit, drafts, memory, memory_keeping, notifications, rows, triage};
use crate::model::{Explanation, IncidentDetail, IncidentFilter, Page, Paging, TimelineEntry};
use crate::sql::{Connection, OptionalExtension, Transaction, Value as SqlValue, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Action, Incident, IncidentId};
use foghorn_domain::lifecycle::{self, Change, Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where exact counting stops unless it is asked for.
const COUNT_UP_TO: u64 = 10_000;

/// What a person asks for.
#[derive(Clone, Debug)]
pub struct Act {
    /// On which incident.
    pub incident_id: IncidentId,
    /// What.
    pub action: Action,
    /// Who, by token or signature where there is one.
    pub who: String,
    /// What they say about it; redacted by the caller.
    pub note: Option<String>,
    /// What fixed it, to be remembered; redacted by the caller.
    pub solution: Option<String>,
    /// More for the audit row, such as on whose behalf a token acted.
    pub details: Value,
}

impl Store {
    /// One incident, bare.
    pub async fn incident(&self, id: IncidentId) -> Result<Incident> {
        self.read(move |db| by_id(db, id)).await
    }

    /// One incident with analysis, tellings and timeline.
    pub async fn incident_detail(&self, id: IncidentId) -> Result<IncidentDetail> {
        let incident = self.incident(id).await?;
        let notifications = self.notifications_of(id).await?;
        let (analysis, timeline, draft) =
            self.read(move |db| Ok((analysis_of(db, id)?, timeline(db, id)?, drafts::waiting(db, id)?))).await?;
        Ok(IncidentDetail { incident, analysis, notifications, timeline, draft })
    }

    /// Incidents, newest first.
    pub async fn incidents(&self, filter: IncidentFilter, paging: Paging) -> Result<Page<Incident>> {
        self.read(move |db| list(db, &filter, paging)).await
    }

    /// Does what a person asks, with its audit row, in one transaction. `true` if anything changed.
    pub async fn act(&self, act: Act) -> Result<(Incident, bool)> {
        let (clock, policy) = (self.clock().clone(), self.policy().clone());
        self.write(move |tx| perform(tx, &act, clock.now(), &policy)).await
    }

    /// Writes down what fixed an incident: memory and audit row, in one transaction. Answers the memory's id.
    pub async fn add_solution(
        &self,
        incident_id: IncidentId,
        who: String,
        solution: String,
        details: Value,
    ) -> Result<String> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let incident = by_id(tx, incident_id)?;
            let now = clock.now();
            let (id, _) = remember(tx, &incident, &who, &solution, &details, now)?;
            notifications::mark_dirty(tx, incident_id)?;
            Ok(id)
        })
        .await
    }
}

pub(super) fn by_id(db: &Connection, id: IncidentId) -> Result<Incident> {
    let sql = format!("SELECT {} FROM incidents WHERE id = ?1", rows::INCIDENT_COLUMNS);
    db.prepare_cached(&sql)?
        .query_row([id], rows::incident)
        .optional()?
        .ok_or_else(|| Error::NotFound { what: "incident", id: id.to_string() })
}

fn analysis_of(db: &Connection, id: IncidentId) -> Result<Option<Explanation>> {
    let text: Option<String> =
        db.prepare_cached("SELECT analysis FROM incidents WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The audit rows of an incident, with people's notes, which the chain holds only as digests.
fn timeline(db: &Connection, id: IncidentId) -> Result<Vec<TimelineEntry>> {
    let mut statement = db.prepare_cached(
        "SELECT created_at, coalesce(who, ''), coalesce(action, ''), details::text, 0, id FROM audit_logs WHERE incident_id = ?1
         UNION ALL
         SELECT created_at, who, 'note', json_object('action', action, 'note', note)::text, 1, id
           FROM incident_notes WHERE incident_id = ?1
         ORDER BY 1, 5, 6 LIMIT 500",
    )?;
    let entries = statement.query_map([id], |row| {
        Ok(TimelineEntry {
            at: rows::moment(row, 0)?.unwrap_or(Timestamp::UNIX_EPOCH),
            who: row.get(1)?,
            action: row.get(2)?,
            details: rows::json(row, 3)?,
        })
    })?;
    Ok(entries.collect::<crate::sql::Result<_>>()?)
}

/// The table and the condition on it that a filter means, with the values for its question marks.
pub(super) fn matching(filter: &IncidentFilter) -> (String, Vec<SqlValue>) {
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut values: Vec<SqlValue> = Vec::new();
    for (column, value) in [("severity", &filter.severity), ("kind", &filter.kind), ("service", &filter.service)] {
        if let Some(value) = value {
            values.push(value.clone().into());
            conditions.push(format!("{column} = ?"));
        }
    }
    if !filter.statuses.is_empty() {
        conditions.push(format!("status IN ({})", vec!["?"; filter.statuses.len()].join(", ")));
        values.extend(filter.statuses.iter().cloned().map(SqlValue::from));
    }
    for word in filter.q.iter().flat_map(|q| q.split_whitespace()).take(8) {
        conditions.push(
            "(coalesce(summary_text, '') || ' ' || service || ' ' || kind || ' ' || coalesce(labels::text, '') || ' ' || id)
              LIKE ? ESCAPE '\\'"
                .to_owned(),
        );
        values.push(containing(word).into());
    }
    for (moment, comparison) in [(filter.since, "created_at >= ?"), (filter.until, "created_at < ?")] {
        if let Some(moment) = moment {
            conditions.push(comparison.to_owned());
            values.push(time::write(moment).into());
        }
    }
    // The status has an index of its own, in the order of lists; everything else is looked for in the narrow one,
    // which holds all these columns.
    let is_status_alone = conditions.len() == 1 + usize::from(!filter.statuses.is_empty());
    let table = if is_status_alone { "incidents" } else { "incidents INDEXED BY incidents_narrow" };
    (format!("{table} WHERE {}", conditions.join(" AND ")), values)
}

/// A pattern for LIKE, with `\` as its escape, that finds a word anywhere.
pub(super) fn containing(word: &str) -> String {
    format!("%{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

fn list(db: &Connection, filter: &IncidentFilter, paging: Paging) -> Result<Page<Incident>> {
    let (matching, mut values) = matching(filter);
    let (total, estimated) = count(db, &matching, values.as_slice(), paging.exact_count)?;
    values.push(paging.cursor.unwrap_or(i64::MAX).into());
    values.push(i64::from(paging.limit + 1).into());
    let columns = rows::INCIDENT_COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM incidents WHERE id IN (SELECT id FROM {matching} AND id < ? ORDER BY id DESC LIMIT ?)
          ORDER BY id DESC"
    );
    let items = db
        .prepare_cached(&sql)?
        .query_map(values.as_slice(), rows::incident)?
        .collect::<crate::sql::Result<Vec<_>>>()?;
    Ok(page(items, paging.limit, |incident| incident.id, total, estimated))
}

/// Counts rows, to [`COUNT_UP_TO`] unless every one is to be counted.
pub(super) fn count(
    db: &Connection,
    from_where: &str,
    values: impl crate::sql::Params,
    exactly: bool,
) -> Result<(u64, bool)> {
    let limit = if exactly { String::new() } else { format!(" LIMIT {}", COUNT_UP_TO + 1) };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {from_where}{limit}) AS counted");
    let found: u64 = db.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?;
    Ok(if exactly { (found, false) } else { (found.min(COUNT_UP_TO), found > COUNT_UP_TO) })
}

/// Cuts one row too many off a list and tells where the next page starts.
pub(super) fn page<T>(
    mut items: Vec<T>,
    limit: u32,
    id: impl Fn(&T) -> i64,
    total: u64,
    total_estimated: bool,
) -> Page<T> {
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = if has_more { items.last().map(id) } else { None };
    Page { items, next_cursor, total, total_estimated }
}

pub(super) fn perform(tx: &Transaction<'_>, act: &Act, now: Timestamp, policy: &Policy) -> Result<(Incident, bool)> {
    let incident = by_id(tx, act.incident_id)?;
    let ended_at = incident.ended_at;
    let outcome = lifecycle::act(incident, act.action, now, policy).map_err(Error::Conflict)?;
    let mut incident = outcome.incident;
    let changed = !outcome.changes.is_empty();
    if changed {
        rows::save_incident(tx, &mut incident, now)?;
        for change in &outcome.changes {
            match change {
                Change::Acted(_) => {
                    let details = match &act.note {
                        Some(note) => with_digest(act.details.clone(), "note_sha256", note),
                        None => act.details.clone(),
                    };
                    audit::append(tx, Some(incident.id), &act.who, change.action(), &details, now)?;
                }
                other => triage::record_changes(tx, &incident, std::slice::from_ref(other), "foghorn", now)?,
            }
        }
        for key in &outcome.tell {
            notifications::queue(tx, &incident, key, None, now)?;
        }
        for (key, why) in &outcome.untold {
            notifications::queue(tx, &incident, key, Some(why), now)?;
        }
        if !incident.status.is_open() {
            end_pagerduty_alert(tx, &incident)?;
        }
        if let (Action::Reopen, Some(ended_at)) = (act.action, ended_at) {
            memory_keeping::note_reopened(tx, incident.id, now.duration_since(ended_at))?;
        }
        notifications::mark_dirty(tx, incident.id)?;
    }
    if let Some(note) = act.note.as_ref().filter(|note| !is_known_note(tx, act, note).unwrap_or(false)) {
        if !changed {
            let details = with_digest(act.details.clone(), "note_sha256", note);
            audit::append(tx, Some(incident.id), &act.who, "note_added", &details, now)?;
        }
        tx.prepare_cached(
            "INSERT INTO incident_notes (incident_id, who, action, note, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![incident.id, act.who, act.action.as_str(), note, time::write(now)])?;
    }
    match &act.solution {
        Some(solution) => drop(remember(tx, &incident, &act.who, solution, &act.details, now)?),
        None if changed && act.action == Action::Resolve => drafts::make(tx, &incident, now)?,
        None => {}
    }
    Ok((incident, changed))
}

/// The same words of the same person are one note.
fn is_known_note(tx: &Transaction<'_>, act: &Act, note: &str) -> Result<bool> {
    let sql = "SELECT count(*) > 0 FROM incident_notes WHERE incident_id = ?1 AND who = ?2 AND note = ?3";
    Ok(tx.prepare_cached(sql)?.query_row(params![act.incident_id, act.who, note], |row| row.get(0))?)
}

fn with_digest(mut details: Value, name: &str, text: &str) -> Value {
    if let Value::Object(map) = &mut details {
        map.insert(name.to_owned(), digest(text).into());
    }
    details
}

/// In PagerDuty's protocol a resolve by a person closes the alert: the next trigger of its key is new.
fn end_pagerduty_alert(tx: &Transaction<'_>, incident: &Incident) -> Result<()> {
    tx.prepare_cached("UPDATE alert_states SET status = 'resolved' WHERE fingerprint = ?1 AND origin = 'pagerduty'")?
        .execute([incident.fingerprint.as_str()])?;
    Ok(())
}

/// Answers the memory's id, and whether it is new.
pub(super) fn remember(
    tx: &Transaction<'_>,
    incident: &Incident,
    who: &str,
    solution: &str,
    details: &Value,
    now: Timestamp,
) -> Result<(String, bool)> {
    let (id, is_new) = memory::save_solution(tx, incident, who, solution, now)?;
    if !is_new {
        return Ok((id, false));
    }
    let drafts = drafts::put_away(tx, incident.id, now)?;
    let mut details = with_digest(details.clone(), "solution_sha256", solution);
    if let Value::Object(map) = &mut details {
        map.insert("memory_id".to_owned(), json!(id));
        if drafts > 0 {
            map.insert("replaces_draft".to_owned(), json!(true));
        }
    }
    audit::append(tx, Some(incident.id), who, "solution_added", &details, now)?;
    Ok((id, true))
}

pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
