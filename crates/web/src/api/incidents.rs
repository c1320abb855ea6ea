//! `GET /api/v1/incidents` and `GET /api/v1/incidents/{id}`.

use super::paging::short;
use super::{Paged, PagingQuery, parse_id, shapes};
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, Query, State};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::finding::Kind;
use foghorn_domain::incident::Status;
use foghorn_domain::severity::Severity;
use foghorn_store::model::{IncidentDetail, IncidentFilter};
use serde::Deserialize;
use serde_json::Value;

/// What a list of incidents can be narrowed by.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct IncidentQuery {
    /// One status, or several with commas.
    status: Option<String>,
    /// `critical`, `error`, `warning` or `info`.
    severity: Option<String>,
    /// `xss`, `db_timeout`, …
    kind: Option<String>,
    /// Exactly this service.
    service: Option<String>,
    /// Words that stand in summary, service, kind or labels.
    q: Option<String>,
    /// Opened at or after (RFC 3339).
    since: Option<String>,
    /// Opened before (RFC 3339).
    until: Option<String>,
}

impl IncidentQuery {
    pub(crate) fn parse(self) -> Result<IncidentFilter, Problem> {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let mut statuses = Vec::new();
        for word in given(self.status).iter().flat_map(|text| text.split(',')) {
            let status =
                Status::parse(word.trim()).ok_or_else(|| unknown("status", word, &Status::ALL.map(Status::as_str)))?;
            statuses.push(status.as_str().to_owned());
        }
        let severity = match given(self.severity) {
            None => None,
            Some(word) => {
                let known = ["info", "warning", "error", "critical"];
                let severity = Severity::parse(&word).ok_or_else(|| unknown("severity", &word, &known))?;
                Some(severity.as_str().to_owned())
            }
        };
        let kind = match given(self.kind) {
            None => None,
            Some(word) => Some(
                Kind::parse(&word).ok_or_else(|| unknown("kind", &word, &Kind::ALL.map(Kind::as_str)))?.to_string(),
            ),
        };
        Ok(IncidentFilter {
            statuses,
            severity,
            kind,
            service: given(self.service),
            q: given(self.q),
            since: moment("since", given(self.since))?,
            until: moment("until", given(self.until))?,
        })
    }
}

fn unknown(field: &'static str, word: &str, known: &[&str]) -> Problem {
    Problem::unprocessable(field, format!("{field}: `{}` is none of {}", short(word), known.join(", ")))
}

fn moment(field: &'static str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| {
        let wrong = || format!("{field}: must be a time such as 2026-01-02T03:04:05Z, is `{}`", short(&text));
        text.parse().map_err(|_| Problem::unprocessable(field, wrong()))
    })
    .transpose()
}

/// Incidents, newest first.
#[utoipa::path(get, path = "/api/v1/incidents", operation_id = "list_incidents", tag = "incidents", params(IncidentQuery, PagingQuery),
    responses((status = 200, description = "a page of incidents", body = Object), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<IncidentQuery>,
    Query(paging): Query<PagingQuery>,
) -> Result<Json<Paged<Value>>, Problem> {
    let page = app.store().incidents(query.parse()?, paging.parse()?).await?;
    Ok(Json(Paged::of(page, shapes::incident)))
}

/// One incident with evidence, analysis, similar incidents, tellings and timeline.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", operation_id = "get_incident", tag = "incidents", params(("id" = i64, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(crate) async fn one(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let detail = app.store().incident_detail(parse_id(&id, "incident")?).await?;
    Ok(Json(whole(&app, detail).await?))
}

/// An incident with everything about it, its history and what is like it looked up.
pub(super) async fn whole(app: &App, detail: IncidentDetail) -> Result<Value, Problem> {
    let history = app.store().history(detail.incident.clone()).await?;
    let similar = app.pipeline.explainer.similar(&detail.incident, &history).await.unwrap_or_else(|error| {
        tracing::error!(%error, incident.id = detail.incident.id, "similar incidents could not be recalled");
        Vec::new()
    });
    Ok(shapes::incident_alone(detail, &history, &similar))
}
