//! `GET /incidents/{id}` and the buttons on it.

use super::layout::{moment, page};
use crate::api::actions::{actor, parse_action};
use crate::api::parse_id;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::{Extension, Form};
use foghorn_domain::incident::{Action, Incident};
use foghorn_domain::message::Message;
use foghorn_store::model::{Explanation, IncidentDetail, TimelineEntry};
use maud::{Markup, html};
use serde::Deserialize;

pub(crate) async fn get_page(State(app): State<App>, Path(id): Path<String>) -> Result<Markup, Problem> {
    let detail = app.store().incident_detail(parse_id(&id, "incident")?).await?;
    let told = app.pipeline.explainer.tell(&detail.incident, None).await?;
    Ok(render(&detail, &told.message, &told.explanation))
}

/// A button's form.
#[derive(Deserialize)]
pub(crate) struct ActionForm {
    action: String,
    user: Option<String>,
    note: Option<String>,
    solution: Option<String>,
}

pub(crate) async fn post_action(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(form): Form<ActionForm>,
) -> Result<Redirect, Problem> {
    let id = parse_id(&id, "incident")?;
    let action = parse_action(&form.action)?;
    let actor = actor(&caller, form.user.as_deref(), "dashboard");
    app.pipeline.acting.act(id, action, &actor, form.note.as_deref(), form.solution.as_deref()).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")))
}

fn render(detail: &IncidentDetail, message: &Message, explanation: &Explanation) -> Markup {
    let incident = &detail.incident;
    page(
        &format!("#{} {}", incident.id, incident.summary),
        html! {
            h1 { span class={ "severity " (incident.severity.as_str()) } { (incident.severity.as_str()) } " " (incident.service) }
            p.symptom { "#" (incident.id) " " (incident.summary) }
            p.history { (message.history) }
            @if let Some(change) = &message.change { p.change { (change) } }
            p.status { (message.status_line) }
            (buttons(incident))
            section { h2 { "What it probably is" } (analysis(explanation)) }
            section { h2 { "Why we think so" } (evidence(incident)) }
            @if !message.related.is_empty() {
                section { h2 { "Told together with it" } ul { @for line in &message.related { li { (line) } } } }
            }
            section { h2 { "Told" } (tellings(detail)) }
            section { h2 { "Timeline" } (timeline(&detail.timeline)) }
        },
    )
}

fn buttons(incident: &Incident) -> Markup {
    let offered: &[(Action, &str)] = if incident.status.is_open() {
        &[
            (Action::Ack, "Acknowledge"),
            (Action::Info, "Request more info"),
            (Action::Resolve, "Mark as resolved"),
            (Action::FalsePositive, "False positive"),
        ]
    } else {
        &[(Action::Reopen, "Reopen")]
    };
    html! {
        form.actions method="post" action=(format!("/incidents/{}/actions", incident.id)) {
            div { label for="user" { "Your name" } input id="user" name="user" autocomplete="username" maxlength="100"; }
            div { label for="solution" { "What fixed it (kept in memory)" } textarea id="solution" name="solution" rows="2" maxlength="8000" {} }
            div.buttons { @for (action, label) in offered { button name="action" value=(action.as_str()) { (label) } } }
        }
    }
}

fn analysis(explanation: &Explanation) -> Markup {
    let analysis = &explanation.analysis;
    html! {
        p { (analysis.summary) }
        ol { @for cause in &analysis.root_causes {
            li { strong { (cause.cause) } @if !cause.evidence.is_empty() { " " span.cites { (cause.evidence.join(", ")) } }
                 ul { @for fix in &cause.fixes { li { (fix) } } }
                 @if !cause.rollback.is_empty() { p.rollback { "To undo: " (cause.rollback) } } }
        } }
        p.confidence { "Confidence: " (analysis.confidence.as_str()) ". Written without a language model." }
        @if !explanation.confidence_because.is_empty() {
            details { summary { "How sure, and why" } ul { @for line in &explanation.confidence_because { li { (line) } } } }
        }
        @if !explanation.docs.is_empty() {
            details { summary { "Docs & runbooks" } ul { @for line in &explanation.docs { li { (line) } } } }
        }
    }
}

fn evidence(incident: &Incident) -> Markup {
    html! {
        ol.evidence { @for (index, entry) in incident.evidence.iter().enumerate() {
            li id=(format!("E{}", index + 1)) {
                span.cites { "E" (index + 1) } " " (entry.kind) ", rule " code { (entry.rule) } " in " (entry.at)
                ", score " (format!("{:.2}", entry.score)) ", event " (entry.event_id) ", " (moment(entry.seen_at))
                pre { (marked(&entry.line, &entry.text)) }
            }
        } }
    }
}

/// The line with the matched text marked.
fn marked(line: &str, text: &str) -> Markup {
    match (!text.is_empty()).then(|| line.split_once(text)).flatten() {
        Some((before, after)) => html! { (before) mark { (text) } (after) },
        None => html! { (line) },
    }
}

fn tellings(detail: &IncidentDetail) -> Markup {
    html! {
        ul { @for telling in &detail.notifications {
            li { (telling.reason.as_str().replace('_', " ")) ": " (telling.status.as_str()) " to " (telling.receiver)
                 @if let Some(at) = telling.sent_at { " at " (moment(at)) }
                 @if let Some(why) = &telling.why { " (" (why) ")" }
                 @if telling.edits > 0 { ", edited " (telling.edits) " times" } }
        } }
        @if detail.notifications.is_empty() { p.empty { "Nobody has been told." } }
    }
}

fn timeline(entries: &[TimelineEntry]) -> Markup {
    html! {
        ul.timeline { @for entry in entries {
            li { (moment(entry.at)) " " strong { (entry.who) } " " (entry.action.replace('_', " "))
                 @if let Some(note) = entry.details.get("note").and_then(|note| note.as_str()) { ": " (note) } }
        } }
    }
}
