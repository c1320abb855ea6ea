//! Why: `GET /api/v1/incidents/{id}/explain` and `GET /api/v1/events/{id}/explain`.

use super::parse_id;
use crate::problem::Problem;
use crate::state::App;
use crate::telling;
use axum::Json;
use axum::extract::{Path, State};
use foghorn_domain::incident::Incident;
use foghorn_store::model::{IncidentDetail, Notification, StoredEvent};
use serde_json::{Value, json};

/// Why an incident opened and was told, or not, with the values that decided.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/explain", operation_id = "explain_incident", tag = "incidents", params(("id" = i64, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn incident(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "incident")?;
    let detail = app.store().incident_detail(id).await?;
    let tellings = &detail.notifications;
    let mut lines = opening_lines(&detail.incident);
    lines.extend(tellings.iter().map(|one| telling::line(one, tellings)));
    if tellings.is_empty() {
        lines.push("told to nobody: no reason to tell has arisen yet".to_owned());
    }
    lines.extend(outlook(&app, &detail).await?);
    lines.extend(ending_line(&detail.incident));
    if let Some(analysis) = &detail.analysis {
        lines.push(format!("confidence of the analysis is {}", analysis.analysis.confidence.as_str()));
        lines.extend(analysis.confidence_because.iter().map(|reason| format!("  {reason}")));
    }
    let tellings: Vec<Value> = tellings.iter().map(|one| telling_alone(one, tellings)).collect();
    let because = &detail.incident.opened_because;
    Ok(Json(json!({ "incident_id": id, "lines": lines, "tellings": tellings, "opened_because": because })))
}

fn telling_alone(one: &Notification, all: &[Notification]) -> Value {
    json!({
        "receiver": one.receiver,
        "channel": one.channel,
        "reason": one.reason,
        "status": one.status,
        "at": one.sent_at,
        "route": one.route,
        "team": one.team,
        "why": one.why,
        "held_by": one.held_by,
        "next": telling::next(one, all),
        "line": telling::line(one, all),
    })
}

/// What would come of a reason that arose now, and who is told next while nobody answers.
async fn outlook(app: &App, detail: &IncidentDetail) -> Result<Vec<String>, Problem> {
    let incident = &detail.incident;
    if !incident.status.is_open() {
        return Ok(Vec::new());
    }
    let held = app.pipeline.quiet.verdict(incident).await?;
    let mut lines: Vec<String> =
        held.map(|held| format!("nobody is told of it now: {}", held.why)).into_iter().collect();
    let (table, now) = (app.pipeline.routes.table(), app.store().clock().now());
    lines.extend(telling::unless_acknowledged(incident, &detail.notifications, &table.routing, now));
    Ok(lines)
}

/// Why an event led to an incident, or to none.
#[utoipa::path(get, path = "/api/v1/events/{id}/explain", operation_id = "explain_event", tag = "events", params(("id" = i64, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn event(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = parse_id(&id, "event")?;
    let stored = app.store().event(id).await?;
    let lines = event_lines(&stored);
    Ok(Json(json!({ "event_id": id, "incident_id": stored.incident_id, "lines": lines })))
}

fn opening_lines(incident: &Incident) -> Vec<String> {
    let Some(because) = &incident.opened_because else {
        return vec![format!("incident {} was written into the store by another program", incident.id)];
    };
    let matched = incident.evidence.first();
    let mut lines = vec![
        format!(
            "opened by event {}: rule {} matched `{}` in {}, score {:.2} ≥ {:.2} (MIN_DETECTION_SCORE)",
            because.event_id,
            because.rule,
            matched.map_or("", |evidence| evidence.text.as_str()),
            matched.map_or("payload", |evidence| evidence.at.as_str()),
            because.score,
            because.threshold
        ),
        format!("severity {}: {}", incident.severity.as_str(), because.severity),
        format!("urgency {}: {}", incident.urgency.as_str(), because.urgency),
        format!(
            "repeats fold by {} (fingerprint {}); {} events so far, the last at {}",
            because.fingerprint_of, incident.fingerprint, incident.event_count, incident.last_seen
        ),
    ];
    if let Some(previous) = incident.previous_incident_id {
        lines.push(format!(
            "the same trouble was incident {previous} before; it had ended longer ago than the reopen window"
        ));
    }
    if let Some(since) = incident.flapping_since {
        lines.push(format!("flapping since {since}: its changes are shown and not told"));
    }
    lines
}

fn ending_line(incident: &Incident) -> Option<String> {
    let (by, at) = (incident.ended_by?, incident.ended_at?);
    Some(format!("ended at {at} by {}", by.as_str()))
}

fn event_lines(stored: &StoredEvent) -> Vec<String> {
    if !stored.is_triaged {
        return vec!["triage has not reached this event yet".to_owned()];
    }
    let mut lines: Vec<String> = stored
        .findings
        .iter()
        .map(|finding| {
            let first = finding.evidence.first();
            let (rule, text, at) =
                first.map_or(("", "", ""), |found| (found.rule.as_str(), found.text.as_str(), found.at.as_str()));
            format!("{} with score {:.2}: rule {rule} matched `{text}` in {at}", finding.kind, finding.score)
        })
        .collect();
    match (stored.incident_id, &stored.decision) {
        (Some(incident), _) => lines.push(format!("it belongs to incident {incident}")),
        (None, Some(decision)) => lines.push(format!("it opened nothing: {decision}")),
        (None, None) if stored.event.is_change() => {
            lines.push("a change opens nothing; it is shown beside what begins in the hour after it".to_owned());
        }
        (None, None) => lines.push("it opened nothing: no detector found anything in it".to_owned()),
    }
    lines
}
