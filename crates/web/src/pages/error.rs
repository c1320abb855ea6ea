//! What a browser sees where a program would get a problem body: the same words on a page, and a way back.

use super::layout::{Place, page, said};
use crate::guard::{CONTENT_SECURITY_POLICY, wants_html};
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

/// Addresses whose callers are programs, whatever they say they accept.
const FOR_PROGRAMS: [&str; 2] = ["/api/", "/in/"];

/// The outermost layer: turns problems into pages for those who asked for pages.
pub(crate) async fn for_browsers(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_program = FOR_PROGRAMS.iter().any(|prefix| path.starts_with(prefix));
    if is_program || !wants_html(request.headers()) {
        return next.run(request).await;
    }
    let response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes() == b"application/problem+json");
    if !is_problem {
        return response;
    }
    let (parts, body) = response.into_parts();
    let problem: Value = match to_bytes(body, 64 * 1024).await {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(_) => Value::Null,
    };
    let mut response = (parts.status, render(parts.status, &problem)).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().insert(name, value.clone());
        }
    }
    // Some problems arise outside of the guard, which sets it otherwise.
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}

fn render(status: StatusCode, problem: &Value) -> Markup {
    let word = |name: &str| problem.get(name).and_then(Value::as_str).map(|text| said(text, 600));
    let title = word("title").unwrap_or_else(|| "Something went wrong".to_owned());
    page(
        &title,
        Place::Nowhere,
        None,
        html! {
            h1 { (title) }
            @if let Some(detail) = word("detail") { p.symptom { (detail) } }
            p.buttons {
                a.button href="/" { "All incidents" }
                @if status == StatusCode::UNAUTHORIZED { a.button href="/login" { "Log in" } }
            }
            p.quiet { "Answer " (status.as_u16())
                @if let Some(id) = word("request_id") { ", request " code { (id) } ", to be found in the log" } "." }
        },
    )
}
