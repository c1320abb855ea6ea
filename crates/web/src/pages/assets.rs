//! The style sheet, the script and the icon. Their addresses carry a digest of their content, so that a
//! browser keeps them for good and still gets those of a new version.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("../../assets/foghorn.css");
const SCRIPT: &str = include_str!("../../assets/live.js");
const ICON: &str = include_str!("../../assets/icon.svg");

fn address(name: &str, content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    format!("/assets/{name}?v={:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
}

/// Where the style sheet is.
pub(super) static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| address("foghorn.css", STYLE));
/// Where the script is.
pub(super) static SCRIPT_ADDRESS: LazyLock<String> = LazyLock::new(|| address("live.js", SCRIPT));
/// Where the icon is.
pub(super) static ICON_ADDRESS: LazyLock<String> = LazyLock::new(|| address("icon.svg", ICON));

/// `GET /assets/{name}`.
pub(crate) async fn get_asset(Path(name): Path<String>) -> Response {
    let (content_type, content) = match name.as_str() {
        "foghorn.css" => ("text/css; charset=utf-8", STYLE),
        "live.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, content).into_response()
}
