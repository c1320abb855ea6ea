//! `GET /settings`: the configuration in force, secrets shown only as set or not set, how much there is, which
//! programs may call ([`keys`]), and whom the [`routing`] tells.

mod keys;
mod routing;

pub(crate) use keys::{post_key, post_revoke};
pub(crate) use routing::post_test;

use super::incident::name_in;
use super::layout::{Place, banner, page, said};
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::http::HeaderMap;
use foghorn_domain::words::with_thousands;
use foghorn_store::model::Counts;
use maud::{Markup, html};
use serde_json::Value;

pub(crate) async fn get_page(State(app): State<App>, headers: HeaderMap) -> Result<Markup, Problem> {
    let user = name_in(&headers);
    let keys = keys::unasked(&app, user.clone()).await?;
    render(&app, routing::card(&app, user.as_deref(), None), keys).await
}

async fn render(app: &App, routing: Markup, keys: Markup) -> Result<Markup, Problem> {
    let counts = app.store().counts().await?;
    let content = html! {
        h1 { "Settings" }
        (banner(app))
        p.quiet { "What this server runs with. Values come from the configuration file, the environment and flags; "
                  "they are changed there, and take effect at the next start." }
        section.card aria-labelledby="server" {
            h2 #server { "This server" }
            (amounts(app, &counts))
        }
        (keys)
        (routing)
        @if let Some(sections) = app.config.effective_config.as_object() {
            @for (name, fields) in sections { (section(name, fields)) }
        }
        p.quiet { "The interface for programs is described in " a href="/openapi.json" { "openapi.json" }
                  "; measurements for Prometheus are at " a href="/metrics" { "/metrics" } "." }
    };
    Ok(page("Settings", Place::Settings, None, content))
}

fn amounts(app: &App, counts: &Counts) -> Markup {
    let incidents: u64 = counts.incidents.iter().map(|(_, count)| count).sum();
    html! {
        dl.facts {
            div { dt { "Version" } dd { "Foghorn " (env!("CARGO_PKG_VERSION")) } }
            div { dt { "Data directory" } dd { (said(&app.store().data_dir().display().to_string(), 300)) } }
            div { dt { "Events kept" } dd { (with_thousands(counts.events)) } }
            div { dt { "Waiting for triage" } dd { (with_thousands(counts.untriaged)) } }
            div { dt { "Incidents" } dd { (with_thousands(incidents)) } }
            div { dt { "Size on disk" } dd { (megabytes(counts.bytes)) } }
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", with_thousands(bytes.div_ceil(1_000_000)))
}

fn section(name: &str, fields: &Value) -> Markup {
    html! {
        section.card aria-label=(name) {
            h2 { (name) }
            dl.facts {
                @for (key, value) in fields.as_object().into_iter().flatten() {
                    div { dt { code { (name) "." (key) } } dd { (shown(value)) } }
                }
            }
        }
    }
}

fn shown(value: &Value) -> Markup {
    html! {
        @match value {
            Value::Null => span.quiet { "not set" },
            Value::String(text) => (said(text, 500)),
            other => (said(&other.to_string(), 500)),
        }
    }
}
