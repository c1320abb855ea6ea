//! What is quiet because somebody called it a false positive.

use crate::pages::layout::{moment, said};
use foghorn_store::mutes::Mute;
use maud::{Markup, html};

pub(super) fn table(mutes: &[Mute]) -> Markup {
    html! {
        table role="table" {
            caption.unseen { "False positives whose like is not told" }
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { "Incident" } th role="columnheader" scope="col" { "Service" }
                th role="columnheader" scope="col" { "What" } th role="columnheader" scope="col" { "Who" }
                th role="columnheader" scope="col" { "Until" }
            } }
            tbody role="rowgroup" {
                @for mute in mutes { (row(mute)) }
            }
        }
    }
}

fn row(mute: &Mute) -> Markup {
    let Mute { incident, muted_by, ends_at, .. } = mute;
    html! {
        tr role="row" id=(format!("mute-{}", incident.id)) data-item {
            th role="rowheader" scope="row" { a href=(format!("/incidents/{}", incident.id)) { "#" (incident.id) } }
            td role="cell" data-label="Service" { (said(&incident.service, 80)) }
            td role="cell" data-label="What" { (said(&incident.summary, 200)) }
            td role="cell" data-label="Who" { (muted_by.as_ref().map_or_else(|| "—".to_owned(), |who| said(who, 80))) }
            td role="cell" data-label="Until" { (moment(*ends_at)) }
        }
    }
}
