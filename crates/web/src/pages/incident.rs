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
use super::query::address;
use crate::api::parse_id;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use foghorn_domain::incident::Incident;
use foghorn_domain::message::Message;
use foghorn_domain::words::with_thousands;
use foghorn_store::model::History;
use maud::{Markup, html};
use serde::Deserialize;

/// Which tab is open.
#[derive(Deserialize)]
pub(crate) struct TabQuery {
    tab: Option<String>,
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
    let history = app.store().history(incident.clone()).await?;
    let similar = app.pipeline.explainer.similar(incident, &history).await.unwrap_or_default();
    let now = app.store().clock().now();
    let open_tab = match tab {
        Tab::Events => events::latest(&app, incident).await?,
        Tab::Memory => recalled::recalled(&history, &similar, now),
        Tab::Docs => analysis::docs(&told.explanation),
        Tab::Timeline => history::timeline(&detail.timeline),
        Tab::Told => history::told(&detail.notifications),
    };
    let counts = [
        incident.event_count,
        similar.len() as u64,
        told.explanation.docs.len() as u64,
        detail.timeline.len() as u64,
        detail.notifications.len() as u64,
    ];
    let user = acting::name_in(&headers);
    let content = html! {
        (head(incident, &told.message, &history))
        (acting::buttons(incident, user.as_deref()))
        div.columns {
            div {
                (analysis::card(&told.explanation, id))
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
                    summary { "Told together with " (message.related.len()) " others" }
                    ul { @for line in &message.related { li { (line) } } }
                }
            }
        }
    }
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
