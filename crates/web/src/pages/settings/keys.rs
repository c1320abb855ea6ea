//! The access keys on the page of settings: who may call, a form that makes a key, and the one time that its text is
//! shown. The answer to that form is the page itself, so that the text is in no address and no history.

use crate::api::actions::actor;
use crate::api::keys::refused;
use crate::api::parse_id;
use crate::guard::Caller;
use crate::pages::incident::{back_to, name_in};
use crate::pages::layout::{moment, said};
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use foghorn_domain::access_key::Scope;
use foghorn_domain::secret::Secret;
use foghorn_domain::words::with_thousands;
use foghorn_pipeline::access_keys::{Wanted, WantedFault};
use foghorn_store::access_keys::AccessKeyRow;
use maud::{Markup, html};
use serde::Deserialize;

/// Keys in the table.
const MOST_SHOWN: usize = 200;

/// What was typed.
#[derive(Default, Deserialize)]
pub(crate) struct KeyForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    quota: String,
    #[serde(default)]
    user: String,
}

/// What the card says beside the list.
enum Shown {
    Nothing,
    /// The key that was made.
    Made(Box<AccessKeyRow>, Secret),
    /// Why none was.
    Fault(WantedFault),
}

impl KeyForm {
    fn begin(user: Option<String>) -> Self {
        Self { scope: Scope::Intake.as_str().to_owned(), user: user.unwrap_or_default(), ..Self::default() }
    }

    fn user(&self) -> Option<&str> {
        Some(self.user.trim()).filter(|user| !user.is_empty())
    }
}

/// Makes a key and shows it, this once.
pub(crate) async fn post_key(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Form(form): Form<KeyForm>,
) -> Result<Response, Problem> {
    caller.may_manage_keys()?;
    let fault = |field, message: &str| Shown::Fault(WantedFault { field, message: message.to_owned() });
    let (status, form, shown) = match actor(&caller, form.user(), "dashboard") {
        Err(problem) => (StatusCode::BAD_REQUEST, form, fault("user", problem.detail())),
        Ok(actor) => match Wanted::parse(&form.name, &form.scope, Some(&form.source), Some(&form.quota), None) {
            Err(fault) => (StatusCode::BAD_REQUEST, form, Shown::Fault(fault)),
            Ok(wanted) => match app.pipeline.keys.add(wanted, &actor).await.map_err(refused) {
                Ok((row, key)) => {
                    (StatusCode::OK, KeyForm::begin(form.user().map(str::to_owned)), Shown::Made(Box::new(row), key))
                }
                Err(problem) if problem.status() == StatusCode::CONFLICT => {
                    (StatusCode::CONFLICT, form, fault("name", problem.detail()))
                }
                Err(problem) => return Err(problem),
            },
        },
    };
    let routing = super::routing::card(&app, form.user(), None);
    let page = super::render(&app, routing, card(&app, &form, &shown).await?).await?;
    Ok((status, page).into_response())
}

/// Who revokes a key.
#[derive(Deserialize)]
pub(crate) struct RevokeForm {
    user: Option<String>,
}

/// Revokes a key.
pub(crate) async fn post_revoke(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<RevokeForm>,
) -> Result<Response, Problem> {
    caller.may_manage_keys()?;
    let user = form.user.clone().or_else(|| name_in(&headers));
    let actor = actor(&caller, user.as_deref(), "dashboard")?;
    app.pipeline.keys.revoke(parse_id(&id, "key")?, &actor).await?;
    Ok(back_to("/settings#keys".to_owned(), form.user.as_deref()))
}

/// The card as it is where nobody has asked for a key just now.
pub(super) async fn unasked(app: &App, user: Option<String>) -> Result<Markup, Problem> {
    card(app, &KeyForm::begin(user), &Shown::Nothing).await
}

async fn card(app: &App, form: &KeyForm, shown: &Shown) -> Result<Markup, Problem> {
    let keys = app.pipeline.keys.list(true).await?;
    let (live, revoked): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.revoked_at.is_none());
    Ok(html! {
        section.card #keys aria-label="Access keys" {
            h2 { "Access keys" }
            p.quiet { "A key for each program that calls: what it may do, and how much it may send. The API token and "
                      "the intake key of the configuration stand beside them." }
            @if let Shown::Made(row, key) = shown { (made(row, key)) }
            @if live.is_empty() { p.empty { "No program has a key of its own." } }
            @else { (table("Keys that are live", &live, Some(form.user()))) }
            @if !revoked.is_empty() {
                details { summary { "Revoked keys" } (table("Keys that were revoked", &revoked, None)) }
            }
            (key_form(form, shown))
        }
    })
}

fn made(row: &AccessKeyRow, key: &Secret) -> Markup {
    html! {
        div #made role="status" {
            p { strong { "The key " (said(&row.name, 60)) " is made. " }
                "It is shown now and never again; put it where the program finds it." }
            pre tabindex="0" role="region" aria-label="The new key" { code { (key.expose()) } }
            @if row.scope == Scope::Intake {
                p.quiet { "It comes as " code { "Authorization: Bearer …" } ", or in the address "
                          code { "/in/…/events" } " where a tool can set no header." }
            } @else { p.quiet { "It comes as " code { "Authorization: Bearer …" } "." } }
        }
    }
}

/// With `user`, somebody who may revoke them.
fn table(caption: &str, keys: &[AccessKeyRow], user: Option<Option<&str>>) -> Markup {
    html! {
        table role="table" {
            caption.unseen { (caption) }
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "Name" } th role="columnheader" scope="col" { "May" }
                th role="columnheader" scope="col" { "Begins with" } th role="columnheader" scope="col" { "Quota" }
                th role="columnheader" scope="col" { "Last used" } th role="columnheader" scope="col" { "Made" }
                @match user {
                    Some(_) => th role="columnheader" scope="col" { "Revoke it" },
                    None => th role="columnheader" scope="col" { "Revoked" },
                }
            } }
            tbody role="rowgroup" { @for key in keys.iter().take(MOST_SHOWN) { (line(key, user)) } }
        }
        @if keys.len() > MOST_SHOWN {
            p.total { (with_thousands(keys.len() as u64)) " in all, the first " (MOST_SHOWN) " of them shown" }
        }
    }
}

fn line(key: &AccessKeyRow, user: Option<Option<&str>>) -> Markup {
    html! {
        tr role="row" id=(format!("key-{}", key.id)) data-item {
            th role="rowheader" scope="row" { (said(&key.name, 60)) }
            td role="cell" data-label="May" {
                (right(key.scope))
                @if let Some(source) = &key.source { " as " (said(source, 80)) }
            }
            td role="cell" data-label="Begins with" { code { (said(&key.prefix, 40)) "…" } }
            td role="cell" data-label="Quota" {
                @match key.quota {
                    Some(quota) => { (with_thousands(u64::from(quota.events_per_second()))) "/s, "
                                     (with_thousands(u64::from(quota.burst()))) " at once" },
                    None => span.quiet { "none" },
                }
            }
            td role="cell" data-label="Last used" {
                @match key.last_used_at { Some(at) => (moment(at)), None => span.quiet { "never" } }
            }
            td role="cell" data-label="Made" { (moment(key.created_at)) " by " (said(&key.created_by, 80)) }
            @match user {
                Some(user) => td role="cell" data-label="Revoke it" { (revoke_form(key, user)) },
                None => td role="cell" data-label="Revoked" {
                    @if let Some(at) = key.revoked_at { (moment(at)) }
                    @if let Some(who) = &key.revoked_by { " by " (said(who, 80)) }
                },
            }
        }
    }
}

fn right(scope: Scope) -> &'static str {
    match scope {
        Scope::Intake => "send events",
        Scope::Read => "read",
        Scope::Act => "read and act",
    }
}

/// Two steps: whoever opens it sees what the button does.
fn revoke_form(key: &AccessKeyRow, user: Option<&str>) -> Markup {
    let (id, name) = (key.id, said(&key.name, 60));
    let field = format!("revoker-{id}");
    html! {
        details id=(format!("revoke-{id}")) {
            summary { "Revoke" span.unseen { " the key " (name) } "…" }
            form.resolve method="post" action=(format!("/settings/keys/{id}/revoke")) {
                p.quiet { "Whatever calls with it is refused from then on, for good." }
                div.field { label for=(field) { "Your name" }
                    input id=(field) name="user" autocomplete="username" maxlength="100" value=[user]; }
                button { "Revoke " (name) " now" }
            }
        }
    }
}

fn key_form(form: &KeyForm, shown: &Shown) -> Markup {
    let fault = match shown {
        Shown::Fault(fault) => Some(fault),
        _ => None,
    };
    let wrong = |field: &str| fault.filter(|fault| fault.field == field).map(|fault| fault.message.as_str());
    let is_wrong = |field: &str| wrong(field).map(|_| "true");
    let told_by = |field: &str| wrong(field).map(|_| format!("key-{field}-wrong"));
    let said_wrong = |field: &str| {
        html! {
            @if let Some(text) = wrong(field) {
                p.wrong id=(format!("key-{field}-wrong")) role="alert" { (said(text, 300)) }
            }
        }
    };
    html! {
        h3 { "Make a key" }
        form.resolve #key-form method="post" action="/settings/keys#keys" {
            div.field { label for="key-name" { "Name, such as checkout or grafana" }
                input id="key-name" name="name" maxlength="60" required autocomplete="off" value=(form.name)
                    aria-invalid=[is_wrong("name")] aria-describedby=[told_by("name")];
                (said_wrong("name")) }
            div.field { label for="key-scope" { "May" }
                select id="key-scope" name="scope" { @for scope in Scope::ALL {
                    option value=(scope.as_str()) selected[scope.as_str() == form.scope] { (right(scope)) }
                } }
                (said_wrong("scope")) }
            div.field { label for="key-source" { "Source of events that name none (may stay empty)" }
                input id="key-source" name="source" maxlength="255" autocomplete="off" value=(form.source)
                    aria-invalid=[is_wrong("source")] aria-describedby=[told_by("source")];
                (said_wrong("source")) }
            div.field { label for="key-quota" { "Quota, such as 500/s (may stay empty)" }
                input id="key-quota" name="quota" maxlength="20" autocomplete="off" value=(form.quota)
                    aria-invalid=[is_wrong("quota")] aria-describedby=[told_by("quota")];
                (said_wrong("quota")) }
            div.field { label for="key-user" { "Your name" }
                input id="key-user" name="user" maxlength="100" autocomplete="username" value=(form.user)
                    aria-invalid=[is_wrong("user")] aria-describedby=[told_by("user")];
                (said_wrong("user")) }
            div.buttons { button.primary #make-key { "Make key" } }
        }
    }
}
