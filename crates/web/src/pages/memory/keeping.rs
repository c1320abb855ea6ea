//! Keeping the memory in order: the buttons beside a memory, the draft that waits for somebody's word, the form
//! that rewrites one, and what they lead to. All of them are plain forms; each leads back to where it stood.

use crate::api::actions::actor;
use crate::api::parse_id;
use crate::guard::Caller;
use crate::pages::incident::{back_to, name_in};
use crate::pages::layout::{self, page, said, said_lines};
use crate::pages::query::address;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Form};
use foghorn_domain::incident::IncidentId;
use foghorn_pipeline::remember::{MAX_TEXT, cleaned_edit};
use foghorn_store::memory_keeping::MemoryEdit;
use foghorn_store::model::MemoryItem;
use maud::{Markup, html};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Where the buttons stand.
#[derive(Clone, Copy, Debug)]
pub(in crate::pages) enum Place<'a> {
    /// On the page of memories, which shows those with these words.
    List { q: &'a str },
    /// On the page of an incident.
    Incident { id: IncidentId },
}

impl<'a> Place<'a> {
    /// Reads the hidden fields.
    fn parse(incident: Option<&str>, q: Option<&'a str>) -> Result<Self, Problem> {
        Ok(match incident {
            Some(id) => Self::Incident { id: parse_id(id, "incident")? },
            None => Self::List { q: q.unwrap_or_default() },
        })
    }

    fn address(&self) -> String {
        match self {
            Self::List { q } => address("/memory", &[("q", q)]),
            Self::Incident { id } => format!("/incidents/{id}"),
        }
    }

    /// The hidden fields that say so.
    fn fields(&self) -> Markup {
        html! {
            @match self {
                Self::List { q } => @if !q.is_empty() { input type="hidden" name="q" value=(q); },
                Self::Incident { id } => input type="hidden" name="incident" value=(id);,
            }
        }
    }

    fn edit_address(&self, id: &str) -> String {
        match self {
            Self::List { q } => address("/memory/edit", &[("id", id), ("q", q)]),
            Self::Incident { id: incident } => {
                address("/memory/edit", &[("id", id), ("incident", &incident.to_string())])
            }
        }
    }
}

/// The name of a memory's place on its page; ids are anybody's text.
pub(super) fn anchor(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    format!("memory-{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
}

/// The form around buttons.
fn form(id: &str, place: &Place<'_>, user: Option<&str>, buttons: Markup) -> Markup {
    html! {
        form.buttons.keep method="post" action="/memory/act" {
            input type="hidden" name="id" value=(id);
            (place.fields())
            @if let Some(user) = user { input type="hidden" name="user" value=(user); }
            (buttons)
        }
    }
}

/// Whether a fix helped.
pub(in crate::pages) fn votes(id: &str, place: &Place<'_>, user: Option<&str>) -> Markup {
    form(
        id,
        place,
        user,
        html! { button name="act" value="helped" { "Helped" } button name="act" value="not_helped" { "Did not help" } },
    )
}

/// Everything that can be done to a memory where it is listed.
pub(super) fn buttons(item: &MemoryItem, place: &Place<'_>, user: Option<&str>) -> Markup {
    let buttons = html! {
        @if item.retired_at.is_some() { button name="act" value="restore" { "Restore" } } @else {
            @if !item.confirmed && item.solution.is_some() { button.primary name="act" value="confirm" { "Confirm" } }
            @if item.confirmed && item.solution.is_some() {
                button name="act" value="helped" { "Helped" }
                button name="act" value="not_helped" { "Did not help" }
            }
            a.button href=(place.edit_address(&item.id)) { "Edit" span.unseen { ": " (said(&item.summary, 80)) } }
            button name="act" value="retire" { "Retire" }
        }
    };
    form(&item.id, place, user, buttons)
}

/// The draft on an incident's page, if one waits: one click makes it a fix.
pub(in crate::pages) fn waiting(draft: Option<&MemoryItem>, incident: IncidentId, user: Option<&str>) -> Markup {
    let place = Place::Incident { id: incident };
    html! {
        // Always there, so that it can appear on an open page.
        div #draft data-live {
            @if let Some(draft) = draft {
                section.card.draft aria-label="Drafted fix" {
                    h2 { "Was it this?" }
                    (super::fix(draft.solution.as_deref(), draft.confirmed))
                    p.quiet { "Drafted from notes and changes. It is offered to nobody until somebody confirms it." }
                    (form(&draft.id, &place, user, html! {
                        button.primary #confirm-draft name="act" value="confirm" { "Confirm" }
                        a.button #edit-draft href=(place.edit_address(&draft.id)) { "Edit" }
                        button #discard-draft name="act" value="retire" { "Discard" }
                    }))
                }
            }
        }
    }
}

/// A button beside a memory.
#[derive(Deserialize)]
pub(crate) struct ActForm {
    id: String,
    act: String,
    user: Option<String>,
    incident: Option<String>,
    q: Option<String>,
}

/// `POST /memory/act`.
pub(crate) async fn post_act(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Form(form): Form<ActForm>,
) -> Result<Response, Problem> {
    let edit = match form.act.as_str() {
        "confirm" => MemoryEdit { confirmed: Some(true), ..MemoryEdit::default() },
        "retire" => MemoryEdit { retired: Some(true), ..MemoryEdit::default() },
        "restore" => MemoryEdit { retired: Some(false), ..MemoryEdit::default() },
        "helped" => MemoryEdit { helped: Some(true), ..MemoryEdit::default() },
        "not_helped" => MemoryEdit { helped: Some(false), ..MemoryEdit::default() },
        _ => return Err(Problem::invalid("act", "act: must be confirm, retire, restore, helped or not_helped")),
    };
    let place = Place::parse(form.incident.as_deref(), form.q.as_deref())?;
    let mut back = change(&app, &caller, &form.id, edit, form.user.as_deref(), &place).await?;
    if let Place::Incident { .. } = place {
        back = address(&back, &[("noted", &form.act)]);
    }
    Ok(back_to(back, form.user.as_deref()))
}

/// Changes a memory; answers the address to go back to.
async fn change(
    app: &App,
    caller: &Caller,
    id: &str,
    edit: MemoryEdit,
    user: Option<&str>,
    place: &Place<'_>,
) -> Result<String, Problem> {
    let actor = actor(caller, user, "dashboard")?;
    let mut details = actor.details();
    if let (Place::Incident { id }, Some(details)) = (place, details.as_object_mut()) {
        details.insert("on_page_of".to_owned(), (*id).into());
    }
    app.store().edit_memory(id.to_owned(), cleaned_edit(edit), actor.who, details).await?;
    Ok(match place {
        Place::Incident { .. } => place.address(),
        Place::List { .. } => format!("{}#{}", place.address(), anchor(id)),
    })
}

/// Which memory to rewrite, and where to go back to.
#[derive(Deserialize)]
pub(crate) struct EditQuery {
    id: String,
    incident: Option<String>,
    q: Option<String>,
}

/// `GET /memory/edit`: the form that rewrites a memory.
pub(crate) async fn get_edit(
    State(app): State<App>,
    Query(query): Query<EditQuery>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let item = app.store().memory(query.id).await?;
    let place = Place::parse(query.incident.as_deref(), query.q.as_deref())?;
    let solution = item.solution.as_deref().unwrap_or_default();
    let content = html! {
        h1 { "Edit what is remembered" }
        form.card.resolve method="post" action="/memory/edit" {
            input type="hidden" name="id" value=(item.id);
            (place.fields())
            div.field { label for="summary" { "What was wrong" }
                textarea id="summary" name="summary" rows="3" maxlength=(MAX_TEXT) required { (said_lines(&item.summary, usize::MAX, MAX_TEXT)) } }
            div.field { label for="solution" { "What really fixed it" }
                textarea id="solution" name="solution" rows="6" maxlength=(MAX_TEXT) required { (said_lines(solution, usize::MAX, MAX_TEXT)) } }
            div.field { label for="user" { "Your name" }
                input id="user" name="user" autocomplete="username" maxlength="100" value=[name_in(&headers)]; }
            div.buttons {
                button.primary { @if item.confirmed { "Save" } @else { "Save and confirm" } }
                a.button href=(place.address()) { "Cancel" }
            }
            p.quiet { "Confirmed fixes are offered, with your name, when something like it happens." }
        }
    };
    Ok(page("Edit memory", layout::Place::Memory, None, content))
}

/// The form, filled in.
#[derive(Deserialize)]
pub(crate) struct EditForm {
    id: String,
    summary: String,
    solution: String,
    user: Option<String>,
    incident: Option<String>,
    q: Option<String>,
}

/// `POST /memory/edit`. Who saves it stands behind it.
pub(crate) async fn post_edit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Form(form): Form<EditForm>,
) -> Result<Response, Problem> {
    for (field, text) in [("summary", &form.summary), ("solution", &form.solution)] {
        if text.trim().is_empty() {
            return Err(Problem::invalid(
                field,
                format!("{field}: must not be blank; what nobody needs can be retired"),
            ));
        }
    }
    // Browsers send line breaks as two characters.
    let text = |text: &str| Some(text.replace("\r\n", "\n"));
    let edit = MemoryEdit {
        summary: text(&form.summary),
        solution: text(&form.solution),
        confirmed: Some(true),
        ..MemoryEdit::default()
    };
    let place = Place::parse(form.incident.as_deref(), form.q.as_deref())?;
    let back = change(&app, &caller, &form.id, edit, form.user.as_deref(), &place).await?;
    Ok(back_to(back, form.user.as_deref()))
}
