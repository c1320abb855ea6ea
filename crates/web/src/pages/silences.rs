//! `GET /silences`: who asked for quiet over what, until when and why, and what that would have hidden lately.
//! The form on it ([`form`]) shows what a silence would hide before it begins one.

mod form;
mod mutes;

use self::form::{Shown, SilenceForm};
use super::incident::{back_to, name_in};
use super::layout::{Place, moment, page, said};
use crate::api::actions::actor;
use crate::api::parse_id;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::words::{counted, with_thousands};
use foghorn_routing::Silence;
use maud::{Markup, html};
use serde::Deserialize;

/// Silences in one table; what they would have hidden is counted for those.
const MOST_SHOWN: usize = 100;

/// What the form begins with.
#[derive(Deserialize)]
pub(crate) struct SilencesQuery {
    service: Option<String>,
}

pub(crate) async fn get_page(
    State(app): State<App>,
    Query(query): Query<SilencesQuery>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let service = query.service.filter(|service| !service.is_empty());
    let form = SilenceForm::begin(service.as_deref(), name_in(&headers));
    render(&app, &form, &Shown::Nothing).await
}

/// Shows what a silence would hide; begins it once that has been seen.
pub(crate) async fn post_page(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Form(form): Form<SilenceForm>,
) -> Result<Response, Problem> {
    let refused = async |fault| {
        let page = render(&app, &form, &Shown::Fault(fault)).await?;
        Ok((StatusCode::BAD_REQUEST, page).into_response())
    };
    let actor = match actor(&caller, form.user(), "dashboard") {
        Ok(actor) => actor,
        Err(problem) => return refused(form::of_user(&problem)).await,
    };
    let silence = match app.pipeline.silences.preview(&form.body(), &actor) {
        Ok(silence) => silence,
        Err(fault) => return refused(fault).await,
    };
    if !form.begins_what_was_shown() {
        let hidden = app.pipeline.silences.would_have_hidden(&silence).await?;
        return Ok(render(&app, &form, &Shown::Preview { silence, hidden }).await?.into_response());
    }
    match app.pipeline.silences.add(&form.body(), &actor).await? {
        Ok(silence) => Ok(back_to(format!("/silences#silence-{}", silence.id), form.user())),
        Err(fault) => refused(fault).await,
    }
}

/// Who ends a silence.
#[derive(Deserialize)]
pub(crate) struct EndForm {
    user: Option<String>,
}

pub(crate) async fn post_end(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    let actor = actor(&caller, form.user.as_deref(), "dashboard")?;
    let silence = app.pipeline.silences.end(parse_id(&id, "silence")?, &actor).await?;
    Ok(back_to(format!("/silences#silence-{}", silence.id), form.user.as_deref()))
}

async fn render(app: &App, form: &SilenceForm, shown: &Shown) -> Result<Markup, Problem> {
    let mark = app.store().change_mark().await?;
    let now = app.store().clock().now();
    let all = app.pipeline.silences.list(true).await?;
    let (mut current, mut ended): (Vec<Silence>, Vec<Silence>) = all.into_iter().partition(|one| one.end() > now);
    let (many_current, many_ended) = (current.len(), ended.len());
    current.truncate(MOST_SHOWN);
    ended.truncate(MOST_SHOWN);
    let muted = app.pipeline.silences.mutes().await?;
    let mut hidden = app.pipeline.silences.would_have_hidden_each(&[current.clone(), ended.clone()].concat()).await?;
    let hidden_ended = hidden.split_off(current.len());
    let user = form.user();
    let content = html! {
        h1 { "Silences" }
        p.quiet { "While a silence holds, nobody is told of what it is over; everything is recorded and shown all the same. "
                  "When it ends, what still fires is told, once." }
        (form::render(form, shown, now))
        div #current data-live {
            h2 { "In force" }
            @if current.is_empty() {
                p.empty { "Nothing is silenced: people are told of everything that is routed to them." }
            } @else { (table("Silences in force", &current, &hidden, now, Some(user))) }
            (rest(many_current, current.len()))
        }
        div #mutes data-live {
            @if !muted.is_empty() {
                h2 { "False positives" }
                p.quiet { "What somebody called a false positive: its like is recorded and told to nobody until then. "
                          "To be told again, reopen the incident." }
                (mutes::table(&muted[..muted.len().min(MOST_SHOWN)]))
                (rest(muted.len(), muted.len().min(MOST_SHOWN)))
            }
        }
        div #ended data-live {
            @if !ended.is_empty() {
                h2 { "Ended" }
                (table("Silences that have ended", &ended, &hidden_ended, now, None))
                (rest(many_ended, ended.len()))
            }
        }
        p.quiet { "Maintenance that comes back and inhibition stand in the routing file; "
                  a href="/settings#routing" { "Settings" } " shows them." }
    };
    Ok(page("Silences", Place::Silences, Some(mark), content))
}

fn rest(many: usize, shown: usize) -> Markup {
    html! {
        @if many > shown { p.total { (with_thousands(many as u64)) " in all, the first " (shown) " of them shown" } }
    }
}

/// With `user`, somebody who may end them.
fn table(caption: &str, silences: &[Silence], hidden: &[usize], now: Timestamp, user: Option<Option<&str>>) -> Markup {
    html! {
        table role="table" {
            caption.unseen { (caption) }
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "Silence" } th role="columnheader" scope="col" { "Over what" }
                th role="columnheader" scope="col" { "Who" } th role="columnheader" scope="col" { "Why" }
                th role="columnheader" scope="col" { "Until" }
                th role="columnheader" scope="col" { "Fits, of the last 24 h" }
                @if user.is_some() { th role="columnheader" scope="col" { "End it" } }
            } }
            tbody role="rowgroup" {
                @for (silence, hidden) in silences.iter().zip(hidden) { (row(silence, *hidden, now, user)) }
            }
        }
    }
}

fn row(silence: &Silence, hidden: usize, now: Timestamp, user: Option<Option<&str>>) -> Markup {
    html! {
        tr role="row" id=(format!("silence-{}", silence.id)) data-item {
            th role="rowheader" scope="row" { "#" (silence.id) }
            td role="cell" data-label="Over what" { (matchers(silence)) }
            td role="cell" data-label="Who" { (said(&silence.created_by, 80)) }
            td role="cell" data-label="Why" { (said(&silence.comment, 600)) }
            td role="cell" data-label="Until" {
                @if silence.starts_at > now { "from " (moment(silence.starts_at)) " " }
                (moment(silence.end()))
            }
            td role="cell" data-label="Fits, of the last 24 h" { (counted(hidden as u64, "incident")) }
            @if let Some(user) = user { td role="cell" data-label="End it" { (end_form(silence.id, user)) } }
        }
    }
}

/// What a silence is over, a chip for each matcher.
fn matchers(silence: &Silence) -> Markup {
    html! { @for matcher in &silence.matchers { span.chip { (said(&matcher.to_string(), 200)) } " " } }
}

/// Two steps: whoever opens it sees what the button does.
fn end_form(id: i64, user: Option<&str>) -> Markup {
    let name = format!("ender-{id}");
    html! {
        details id=(format!("end-{id}")) {
            summary { "End" span.unseen { " silence " (id) } "…" }
            form.resolve method="post" action=(format!("/silences/{id}/end")) {
                p.quiet { "What it holds back and still fires is told at once." }
                div.field { label for=(name) { "Your name" }
                    input id=(name) name="user" autocomplete="username" maxlength="100" value=[user]; }
                button { "End silence " (id) " now" }
            }
        }
    }
}
