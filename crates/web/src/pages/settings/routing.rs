//! The routing in force on the page of settings: where it comes from, whom it knows, which way an incident takes,
//! and a button that tries it.

use crate::api::actions::actor;
use crate::api::routing::parse_kind;
use crate::guard::Caller;
use crate::pages::layout::{moment, said};
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::{Extension, Form};
use foghorn_domain::finding::Kind;
use foghorn_pipeline::trial::TrialOutcome;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// Routes below routes are drawn so deep.
const DEEPEST: u32 = 12;

/// A test that somebody asks for.
#[derive(Deserialize)]
pub(crate) struct TestForm {
    #[serde(default)]
    incident_type: String,
    user: Option<String>,
}

/// What became of it.
pub(super) struct Tried {
    kind: Kind,
    outcomes: Vec<TrialOutcome>,
}

/// Sends a test along the route of a kind and shows what every receiver said.
pub(crate) async fn post_test(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Form(form): Form<TestForm>,
) -> Result<Markup, Problem> {
    let kind = parse_kind(&form.incident_type).map_err(|error| Problem::invalid("incident_type", error))?;
    let actor = actor(&caller, form.user.as_deref(), "dashboard")?;
    let outcomes = app.pipeline.trial.run(kind, &actor).await?;
    let keys = super::keys::unasked(&app, form.user.clone()).await?;
    super::render(&app, card(&app, form.user.as_deref(), Some(&Tried { kind, outcomes })), keys).await
}

pub(super) fn card(app: &App, user: Option<&str>, tried: Option<&Tried>) -> Markup {
    let described = app.pipeline.routes.table().routing.describe();
    html! {
        section.card #routing aria-label="Who is told" {
            h2 { "Who is told" }
            (origin(app))
            h3 { "Receivers" }
            (receivers(app, &described))
            h3 { "Routes" }
            @match list(&described, "routes") {
                [] => p.quiet { "None: the fallback is told of everything." },
                routes => (tree(routes, DEEPEST)),
            }
            p { "Fallback, for what no route takes and for what a receiver could not be told: " (names(&described, "fallback")) }
            (quiet(&described))
            (trial(user, tried))
        }
    }
}

fn origin(app: &App) -> Markup {
    let routes = &app.pipeline.routes;
    html! {
        @match routes.file() {
            Some(file) => p.quiet { "From the file " code { (said(&file.display().to_string(), 300)) }
                                    ", read again when it changes." },
            None => p.quiet { "There is no routing file (" code { "routing.file" } "): whoever is set up is told of everything." },
        }
        @if let Some(fault) = routes.fault() {
            p.wrong role="alert" { "The newest version of the file cannot be used; what stands below stays in force." }
            pre #routing-fault tabindex="0" role="region" aria-label="Faults of the routing file" {
                @for line in fault.lines().take(50) { (said(line, 400)) "\n" }
            }
        }
    }
}

fn receivers(app: &App, described: &Value) -> Markup {
    let receivers = list(described, "receivers");
    html! {
        @if receivers.is_empty() { p.quiet { "Only this dashboard." } } @else {
            dl.facts { @for receiver in receivers {
                div { dt { (word(receiver, "name")) } dd {
                    (word(receiver, "kind"))
                    @for key in ["channel", "url", "routing_key_env", "secret_env"] {
                        @if !word(receiver, key).is_empty() { " · " (word(receiver, key)) }
                    }
                    @for to in list(receiver, "to") { " · " (said(to.as_str().unwrap_or_default(), 120)) }
                    @if let Some(last) = app.pipeline.outcomes.last(&word(receiver, "kind")) {
                        p.quiet { "Last message by " (word(receiver, "kind")) ": " (last.outcome.replace('_', " "))
                            @if let Some(error) = &last.error { " (" (said(error, 80)) ")" }
                            ", " (moment(last.at)) }
                    }
                } }
            } }
        }
    }
}

fn tree(routes: &[Value], deepest: u32) -> Markup {
    html! {
        ol { @for route in routes {
            li {
                strong { (word(route, "path")) }
                @match list(route, "match") {
                    [] => " takes everything",
                    matchers => { " takes " @for matcher in matchers { span.chip { (said(&text(matcher), 200)) } " " } },
                }
                @if !route["when"].is_null() { " in its hours" }
                @if !list(route, "receivers").is_empty() { " → " (names(route, "receivers")) }
                @if !word(route, "team").is_empty() { " · team " (word(route, "team")) }
                @for step in list(route, "escalation") {
                    " · after " (word(step, "after")) " " (names(step, "receivers"))
                }
                @if !word(route, "repeat_interval").is_empty() { " · again every " (word(route, "repeat_interval")) }
                @if route["continue"] == true { " · and goes on" }
                @if deepest > 0 && !list(route, "routes").is_empty() { (tree(list(route, "routes"), deepest - 1)) }
            }
        } }
    }
}

/// Maintenance and inhibition, each by its reason or name.
fn quiet(described: &Value) -> Markup {
    let (maintenance, inhibitions) = (list(described, "maintenance"), list(described, "inhibitions"));
    html! {
        @if !maintenance.is_empty() {
            h3 { "Maintenance" }
            ul { @for window in maintenance { li { (word(window, "why")) } } }
        }
        @if !inhibitions.is_empty() {
            h3 { "Inhibition" }
            ul { @for (index, rule) in inhibitions.iter().enumerate() {
                li { @match word(rule, "name") { name if name.is_empty() => { "inhibit[" (index) "]" }, name => (name) } }
            } }
        }
    }
}

fn trial(user: Option<&str>, tried: Option<&Tried>) -> Markup {
    let chosen = tried.map_or(Kind::Xss, |tried| tried.kind);
    html! {
        h3 { "Try it" }
        @if let Some(tried) = tried { div #outcomes role="status" { (outcomes(tried)) } }
        form.actions #test method="post" action="/settings/test#routing" {
            div.field { label for="incident_type" { "Incidents of the type" }
                select id="incident_type" name="incident_type" {
                    @for kind in Kind::ALL { option value=(kind.as_str()) selected[kind == chosen] { (kind.as_str()) } }
                } }
            div.field { label for="user" { "Your name" }
                input id="user" name="user" autocomplete="username" maxlength="100" value=[user]; }
            div.buttons { button { "Send test notification" } }
        }
        p.quiet { "Everybody whom such an incident is routed to gets a message that says that it is a test." }
    }
}

fn outcomes(tried: &Tried) -> Markup {
    html! {
        @if tried.outcomes.is_empty() {
            p { "Beside this dashboard nobody is told of " (tried.kind.as_str()) ": nothing was sent." }
        }
        ul { @for outcome in &tried.outcomes {
            li {
                strong { (said(&outcome.receiver, 80)) } " (" (outcome.kind) ", " (said(&outcome.channel, 120)) ") by "
                (said(&outcome.route, 200)) ": "
                @match &outcome.error {
                    None => span.good { "sent" },
                    Some(error) => span.wrong { (said(error, 400)) },
                }
            }
        } }
    }
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn word(value: &Value, field: &str) -> String {
    said(value.get(field).and_then(Value::as_str).unwrap_or_default(), 300)
}

fn names(value: &Value, field: &str) -> String {
    let names: Vec<String> = list(value, field).iter().map(|name| said(&text(name), 80)).collect();
    if names.is_empty() { "nobody but this dashboard".to_owned() } else { names.join(", ") }
}
