//! `GET /incidents/{id}`: what it is, what it probably comes from, what to do, and everything behind it in
//! tabs. The tab is part of the address, so that it works without a script and can be sent to somebody.

mod acting;
mod analysis;
mod events;
mod facts;
mod history;
mod marked;
mod recalled;

pub(super) use acting::{back_to, name_in};
pub(crate) use acting::{post_action, post_memory};

use super::layout::{Place, page, said, severity};
use super::memory::waiting;
use super::query::address;
use crate::api::parse_id;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use foghorn_domain::incident::Incident;
use foghorn_domain::message::Message;
use foghorn_domain::words::{counted, with_thousands};
use foghorn_pipeline::explain::Told;
use foghorn_store::model::History;
use maud::{Markup, html};
use serde::Deserialize;

/// Which tab is open, and what was just done to a memory on this page.
#[derive(Deserialize)]
pub(crate) struct TabQuery {
    tab: Option<String>,
    noted: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Events,
    Memory,
    Docs,
    Timeline,
    Told,
}

const TABS: [(Tab, &str, &str); 5] = [
    (Tab::Events, "events", "Raw events"),
    (Tab::Memory, "memory", "Memory context"),
    (Tab::Docs, "docs", "Docs & runbooks"),
    (Tab::Timeline, "timeline", "Timeline"),
    (Tab::Told, "told", "Told"),
];

impl Tab {
    fn parse(word: &str) -> Self {
        TABS.into_iter().find(|(_, name, _)| *name == word).map_or(Self::Events, |(tab, ..)| tab)
    }
}

pub(crate) async fn get_page(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<TabQuery>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let id = parse_id(&id, "incident")?;
    let tab = Tab::parse(query.tab.as_deref().unwrap_or_default());
    let mark = app.store().change_mark().await?;
    let detail = app.store().incident_detail(id).await?;
    let incident = &detail.incident;
    let told = app.pipeline.explainer.tell(incident, None).await?;
    let Told { explanation, message, similar, history, .. } = told;
    let now = app.store().clock().now();
    let user = acting::name_in(&headers);
    let open_tab = match tab {
        Tab::Events => events::latest(&app, incident).await?,
        Tab::Memory => recalled::recalled(id, &history, &similar, now, user.as_deref()),
        Tab::Docs => analysis::docs(&explanation),
        Tab::Timeline => history::timeline(&detail.timeline),
        Tab::Told => history::told(&detail.notifications),
    };
    let counts = [
        incident.event_count,
        similar.len() as u64,
        explanation.docs.len() as u64,
        detail.timeline.len() as u64,
        detail.notifications.len() as u64,
    ];
    let content = html! {
        @if let Some(noted) = query.noted.as_deref().and_then(noted) { p.noted role="status" { (noted) } }
        (head(incident, &message, &history))
        (acting::buttons(incident, user.as_deref()))
        (waiting(detail.draft.as_ref(), id, user.as_deref()))
        div.columns {
            div {
                (recalled::best_fix(id, &similar, user.as_deref()))
                (analysis::card(&explanation, id))
                (analysis::evidence(incident))
            }
            div {
                (acting::resolve_form(incident, user.as_deref()))
                (facts::card(incident))
            }
        }
        section #context data-live aria-label="Behind it" {
            (tabs(id, tab, counts))
            (open_tab)
        }
    };
    Ok(page(&format!("#{id} {}", said(&incident.summary, 80)), Place::Incidents, Some(mark), content))
}

fn head(incident: &Incident, message: &Message, history: &History) -> Markup {
    html! {
        div #headline data-live {
            h1 { (severity(incident.severity)) " " (said(&incident.service, 80)) }
            p.symptom { (said(&incident.summary, 600)) }
            p.history { (message.history) }
            @if let Some(change) = &message.change { p.change { (change) } }
            p.standing { (message.status_line) }
            @if let Some(previous) = incident.previous_incident_id.filter(|_| history.seen_before > 0) {
                p.quiet { "Before: " a href=(format!("/incidents/{previous}")) { "incident #" (previous) } }
            }
            @if !message.related.is_empty() {
                details #related {
                    summary { "Told together with " (counted(message.related.len() as u64, "other")) }
                    ul { @for line in &message.related { li { (line) } } }
                }
            }
        }
    }
}

/// What a button beside a memory did.
fn noted(act: &str) -> Option<&'static str> {
    Some(match act {
        "confirm" => "Confirmed: the next incident like this one shows that fix first.",
        "retire" => "Discarded: it is offered to nobody.",
        "helped" => "Noted that it helped: it counts more from now on.",
        "not_helped" => "Noted that it did not help: it counts less from now on.",
        _ => return None,
    })
}

fn tabs(id: i64, open: Tab, counts: [u64; 5]) -> Markup {
    html! {
        nav.tabs aria-label="Behind the incident" {
            @for ((tab, name, title), count) in TABS.into_iter().zip(counts) {
                a id=(format!("tab-{name}")) href={ (address(&format!("/incidents/{id}"), &[("tab", name)])) "#context" }
                  aria-current=[(tab == open).then_some("page")] {
                    (title) " " span.count { (with_thousands(count)) }
                }
            }
        }
    }
}
