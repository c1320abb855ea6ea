//! `GET /memory`: what was written down as the fix of something, newest first. [`keeping`] holds the buttons that
//! keep it in order, and the form that rewrites one.

mod keeping;

pub(super) use keeping::{Place as KeepingPlace, votes, waiting};
pub(crate) use keeping::{get_edit, post_act, post_edit};

use super::incident::name_in;
use super::layout::{Place, moment, page, pager, said, said_lines};
use super::query::address;
use crate::api::PagingQuery;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use foghorn_domain::analyst::is_risky;
use foghorn_domain::words::with_thousands;
use foghorn_store::model::MemoryItem;
use maud::{Markup, html};
use serde::Deserialize;

/// Words to look for.
#[derive(Deserialize)]
pub(crate) struct MemoryQuery {
    q: Option<String>,
}

pub(crate) async fn get_page(
    State(app): State<App>,
    Query(query): Query<MemoryQuery>,
    Query(paging): Query<PagingQuery>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let mark = app.store().change_mark().await?;
    let paging = paging.parse_for_page()?;
    let q = query.q.filter(|q| !q.trim().is_empty());
    let found = app.store().memories(q.clone(), paging).await?;
    let words = q.as_deref().unwrap_or_default();
    let older = found.next_cursor.map(|cursor| address("/memory", &[("q", words), ("cursor", &cursor.to_string())]));
    let newest = paging.cursor.map(|_| address("/memory", &[("q", words)]));
    let user = name_in(&headers);
    let keeping = KeepingPlace::List { q: words };
    let content = html! {
        h1 { "Memory" }
        p.quiet { "What fixed things before. Foghorn offers a confirmed fix again when something like it happens." }
        form.search method="get" action="/memory" role="search" {
            label for="q" { "Search" }
            input type="search" id="q" name="q" value=(words) maxlength="500"
                  placeholder="Words, service, author";
            button { "Search" }
        }
        div #memories data-live {
            @if found.items.is_empty() { (empty(q.is_some())) } @else {
                ul.cards { @for item in &found.items { li.card id=(keeping::anchor(&item.id)) { (memory(item)) (keeping::buttons(item, &keeping, user.as_deref())) } } }
                p.total { (with_thousands(found.total)) @if found.total_estimated { " or more" } " written down" }
            }
            (pager(older, newest))
        }
    };
    Ok(page("Memory", Place::Memory, Some(mark), content))
}

fn empty(is_search: bool) -> Markup {
    html! {
        @if is_search {
            p.empty { "Nothing in memory holds these words. " a href="/memory" { "Show all" } }
        } @else {
            p.empty { "Nothing is written down yet. Open an incident, write what really fixed it, and press "
                      strong { "Save to Memory" } "." }
        }
    }
}

fn memory(item: &MemoryItem) -> Markup {
    html! {
        h2 { (said(&item.summary, 300)) }
        @if let Some(at) = item.retired_at { p { span.flag { "retired" } " " span.quiet { (moment(at)) } } }
        (fix(item.solution.as_deref(), item.confirmed))
        p.quiet {
            @if !item.service.is_empty() { (said(&item.service, 80)) " · " }
            @if !item.incident_type.is_empty() { (said(&item.incident_type, 40)) " · " }
            @if let Some(author) = &item.author { "written by " (said(author, 80)) ", " }
            (moment(item.created_at))
            @if let Some(id) = item.incident_id { " · " a href=(format!("/incidents/{id}")) { "incident #" (id) } }
            (became(item.outcome.as_deref(), item.helped, item.not_helped))
        }
    }
}

/// What became of a fix: what was measured, and what people say.
fn became(outcome: Option<&str>, helped: u32, not_helped: u32) -> Markup {
    html! {
        @if let Some(outcome) = outcome { " · " (said(outcome, 100)) }
        @if helped > 0 { " · helped " (helped) "×" }
        @if not_helped > 0 { " · did not help " (not_helped) "×" }
    }
}

/// A written fix as text to judge, never as something to run.
pub(super) fn fix(solution: Option<&str>, confirmed: bool) -> Markup {
    html! {
        @match solution {
            Some(solution) => {
                p.fix {
                    @if !confirmed { span.flag { "draft, not confirmed" } " " }
                    @if let Some(danger) = is_risky(solution) { span.flag { "check before use: " (danger) } " " }
                    (said_lines(solution, 40, 2000))
                }
            },
            None => p.quiet { "No fix is written down." },
        }
    }
}
