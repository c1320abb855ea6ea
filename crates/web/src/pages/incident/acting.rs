//! The buttons and the form of an incident's page, and what they lead to.

use crate::api::actions::{actor, parse_action};
use crate::api::analysis::ask_anew;
use crate::api::parse_id;
use crate::guard::Caller;
use crate::pages::query::{percent_decode, percent_encode};
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use foghorn_domain::incident::{Action, Incident, Status};
use maud::{Markup, html};
use serde::Deserialize;

/// The cookie that spares people typing their name again. It proves nothing.
const NAME_COOKIE: &str = "foghorn_name";
const MOST_NAME_CHARACTERS: usize = 100;

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
) -> Result<Response, Problem> {
    let id = parse_id(&id, "incident")?;
    let action = parse_action(&form.action)?;
    let actor = actor(&caller, form.user.as_deref(), "dashboard")?;
    app.pipeline.acting.act(id, action, &actor, form.note.as_deref(), form.solution.as_deref()).await?;
    Ok(back_to(format!("/incidents/{id}"), form.user.as_deref()))
}

/// Has the language model asked about it anew.
pub(crate) async fn post_analysis(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = parse_id(&id, "incident")?;
    let actor = actor(&caller, name_in(&headers).as_deref(), "dashboard")?;
    ask_anew(&app, id, &actor).await?;
    Ok(back_to(format!("/incidents/{id}#model"), None))
}

/// The form that writes a fix down.
#[derive(Deserialize)]
pub(crate) struct MemoryForm {
    solution: Option<String>,
    user: Option<String>,
    /// Whether the incident is over with it.
    resolved: Option<String>,
}

pub(crate) async fn post_memory(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(form): Form<MemoryForm>,
) -> Result<Response, Problem> {
    let id = parse_id(&id, "incident")?;
    let actor = actor(&caller, form.user.as_deref(), "dashboard")?;
    let solution = form.solution.as_deref().map(str::trim).filter(|solution| !solution.is_empty());
    let acting = &app.pipeline.acting;
    match (form.resolved.is_some(), solution) {
        (true, solution) => drop(acting.act(id, Action::Resolve, &actor, None, solution).await?),
        (false, Some(solution)) => drop(acting.add_solution(id, &actor, solution).await?),
        (false, None) => return Err(Problem::invalid("solution", "solution: write what really fixed it")),
    }
    Ok(back_to(format!("/incidents/{id}?tab=memory"), form.user.as_deref()))
}

/// Back to a page of ours, with the name remembered.
pub(in crate::pages) fn back_to(address: String, user: Option<&str>) -> Response {
    let mut response = Redirect::to(&address).into_response();
    let name: String = user.unwrap_or_default().trim().chars().take(MOST_NAME_CHARACTERS).collect();
    if !name.is_empty() {
        let mut cookie = format!("{NAME_COOKIE}=");
        percent_encode(&name, &mut cookie);
        cookie.push_str("; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The name this browser gave the last time.
pub(in crate::pages) fn name_in(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let (_, name) =
        cookies.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == NAME_COOKIE)?;
    Some(crate::pages::layout::said(&percent_decode(name), MOST_NAME_CHARACTERS))
}

/// The buttons that would change something in its status.
pub(super) fn buttons(incident: &Incident, user: Option<&str>) -> Markup {
    let all: &[(Action, &str)] = &[
        (Action::Ack, "Acknowledge"),
        (Action::Info, "Request more info"),
        (Action::Resolve, "Mark as resolved"),
        (Action::FalsePositive, "False positive"),
    ];
    let is_useful = |(action, _): &&(Action, &str)| action.leads_to() != incident.status;
    // Somebody has to take what nobody has; after that it is to be ended.
    let is_new = matches!(incident.status, Status::Open | Status::Notified);
    let next = if is_new { Action::Ack } else { Action::Resolve };
    html! {
        form.actions.card #actions data-live method="post" action=(format!("/incidents/{}/actions", incident.id)) {
            div.buttons {
                @if incident.status.is_open() {
                    @for (action, label) in all.iter().filter(is_useful) {
                        button id=(format!("do-{}", action.as_str())) class=[(*action == next).then_some("primary")]
                               name="action" value=(action.as_str()) { (label) }
                    }
                } @else {
                    button #do-reopen name="action" value=(Action::Reopen.as_str()) { "Reopen" }
                }
            }
            div.field { label for="user" { "Your name" }
                input id="user" name="user" autocomplete="username" maxlength="100" value=[user]; }
            div.field.wide { label for="note" { "Note for the timeline" }
                input id="note" name="note" maxlength="2000" autocomplete="off"; }
        }
    }
}

pub(super) fn resolve_form(incident: &Incident, user: Option<&str>) -> Markup {
    html! {
        form.card.resolve #resolve data-live method="post" action=(format!("/incidents/{}/memory", incident.id)) {
            h2 { "Acknowledge & resolve" }
            div.field { label for="solution" { "What really fixed it" }
                textarea id="solution" name="solution" rows="3" maxlength="8000"
                         placeholder="Raised max_connections from 100 to 200" {} }
            div.field { label for="resolver" { "Your name" }
                input id="resolver" name="user" autocomplete="username" maxlength="100" value=[user]; }
            @if incident.status.is_open() {
                label.tick { input type="checkbox" name="resolved" value="yes" checked; " Mark as Resolved" }
            }
            button.primary { "Save to Memory" }
            p.quiet { "The next incident like this one shows it first, with your name." }
        }
    }
}
