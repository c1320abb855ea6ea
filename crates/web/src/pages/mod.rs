//! The plain pages: a list of incidents, one incident with its buttons, and the log-in where a token is
//! needed. Server-rendered, no script; every text from outside is escaped by the template and bounded.

pub(crate) mod incident;
mod layout;
pub(crate) mod list;
pub(crate) mod login;

use axum::http::header;
use axum::response::IntoResponse;

/// The one style sheet.
pub(crate) async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("../../assets/foghorn.css"))
}
