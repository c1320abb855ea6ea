//! The log-in page, where a token is needed.

use super::layout::{Place, page};
use crate::seldom::Seldom;
use crate::server::Peer;
use crate::session;
use crate::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use maud::{Markup, html};
use serde::Deserialize;
use std::time::Instant;

pub(crate) async fn get_page() -> Markup {
    form(None)
}

/// The token, typed in.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    token: String,
}

pub(crate) async fn post_login(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    Form(form_fields): Form<LoginForm>,
) -> Response {
    static WRONG: Seldom = Seldom::new();
    let (from, now) = (peer.map(|Extension(Peer(address))| address), Instant::now());
    if !app.attempts.may_try(from, now) {
        let wait = [(header::RETRY_AFTER, "1")];
        let told = form(Some("Too many wrong tokens came from your address. Wait a second and try again."));
        return (StatusCode::TOO_MANY_REQUESTS, wait, told).into_response();
    }
    match app.config.api_token.as_deref() {
        Some(token) if session::same(form_fields.token.trim(), token) => {
            let is_https = app.config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
            ([(header::SET_COOKIE, session::set_cookie(token, is_https))], Redirect::to("/")).into_response()
        }
        _ => {
            app.attempts.failed(from, now);
            if let Some(held_back) = WRONG.pass(now) {
                tracing::warn!(held_back, "a wrong token was given at the log-in page");
            }
            (StatusCode::UNAUTHORIZED, form(Some("That is not the token."))).into_response()
        }
    }
}

fn form(error: Option<&str>) -> Markup {
    page(
        "Log in",
        Place::Nowhere,
        None,
        html! {
            h1 { "Log in" }
            @if let Some(error) = error { p.wrong role="alert" { (error) } }
            form.card method="post" action="/login" {
                label for="token" { "Token (FOGHORN_API_TOKEN)" }
                input id="token" name="token" type="password" autocomplete="current-password" required;
                button.primary { "Log in" }
            }
        },
    )
}
